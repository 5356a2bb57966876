// The conversations that are open: rooms and private ones, in the order in which they were
// opened, and the one that is shown.

import { personName, privateKey, roomName } from './names.js';
import { Private } from './private.js';
import { Room } from './room.js';
import { text } from './wire.js';

/** Private conversations kept; the first that nobody looks at and that has nothing unread goes. */
const PRIVATE_MOST = 50;

export class Directory {
  #open = new Map();
  #shown = null;
  #isWatched = false;
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  get all() {
    return [...this.#open.values()];
  }

  get rooms() {
    return this.all.filter(({ kind }) => kind === 'room');
  }

  /** The room that is shown, or the first one. */
  get here() {
    return this.rooms.find(({ key }) => key === this.#shown) ?? this.rooms[0];
  }

  find(key) {
    return this.#open.get(key);
  }

  /** The room that an object from the server is about. */
  roomOf(object) {
    const room = this.find(roomName(text(object.room)));
    return room?.kind === 'room' ? room : undefined;
  }

  /** The conversation, opened if it was not. `read` is the position read by an earlier page. */
  open(kind, name, read) {
    const key = kind === 'room' ? roomName(name) : privateKey(name);
    if (this.#open.has(key)) return this.#open.get(key);
    const conversation = kind === 'room' ? new Room(name, this.#changed, read) : new Private(personName(name), this.#changed);
    this.#open.set(key, conversation);
    const people = this.all.filter((other) => other.kind === 'private');
    if (people.length > PRIVATE_MOST) this.close(people.find((other) => other.key !== this.#shown && other.unread === 0)?.key);
    this.#changed();
    return conversation;
  }

  close(key) {
    this.find(key)?.typists.clear();
    if (this.#open.delete(key)) this.#changed();
  }

  /** A private conversation follows a person who took another name. Whether there was one. */
  rename(was, user) {
    const [from, to] = [privateKey(was), privateKey(user)];
    const conversation = this.find(from);
    if (!conversation || user === '' || from === to || this.find(to)) return false;
    this.#open.delete(from);
    Object.assign(conversation, { key: to, name: user });
    this.#open.set(to, conversation);
    if (this.#shown === from) this.#shown = to;
    this.#changed();
    return true;
  }

  /** The person turns to this conversation. */
  show(key) {
    if (this.#shown !== key) this.find(this.#shown)?.settled();
    this.#shown = key;
    this.watch(this.#isWatched);
  }

  /** Whether the person sees the end of the conversation shown: nothing there is unread then. */
  watch(isWatched) {
    this.#isWatched = isWatched;
    if (isWatched) this.find(this.#shown)?.seen();
  }

  isWatched(conversation) {
    return this.#isWatched && conversation.key === this.#shown;
  }
}
