// One room: the people in it, and where this page stands in its log. Who has seen a message
// with a `seq` that is more than one above the last knows that something is missing, asks for
// it, and says so if it cannot be had.

import { Conversation } from './conversation.js';
import { roomName } from './names.js';
import { list, logged, text, time, whole } from './wire.js';

/** In ms. */
const WONDER_EVERY = 5_000;

export class Room extends Conversation {
  /** Whether the server has let us in on this connection. */
  joined = false;
  /** Names of the people, some of them where they are very many, and how many they are. */
  people = new Set();
  count = 0;
  /** Rises whenever the people change. */
  peopleVersion = 0;
  /** Whether the server may have older messages than the first one here: null if not known. */
  hasOlder = null;
  /** What was asked of the log: `older` or `newer` messages, or null. */
  asked = null;

  #epoch = null;
  // Everything up to here was seen, from wherever we began; null until the first one.
  #seen = null;
  #head = 0;
  #newest = -1;
  #wondered = -Infinity;

  /** `read` is the position of the last message that an earlier page of this tab has shown. */
  constructor(name, changed, read = {}) {
    super('room', roomName(name), roomName(name), changed);
    const [epoch, seq] = [text(read.epoch), whole(read.seq)];
    if (epoch === '' || seq === null) return;
    this.#epoch = epoch;
    this.#seen = seq;
    this.#newest = seq;
    this.timeline.enterEpoch(epoch);
  }

  /** Where to go on after a reconnect, `{epoch, seq}`, or undefined at the first join. */
  get resume() {
    return this.#epoch === null ? undefined : { epoch: this.#epoch, seq: this.#seen ?? this.#head };
  }

  /** The position of the last message that the person has seen. */
  get read() {
    const first = this.unread > 0 ? this.firstUnread?.seq : undefined;
    return first === undefined ? this.resume : { epoch: this.#epoch, seq: first - 1 };
  }

  /** `joined` arrived. */
  enter(object) {
    const epoch = text(object.epoch);
    const head = whole(object.seq) ?? 0;
    const sameLife = this.#epoch === epoch;
    if (this.joined && sameLife) {
      this.setPeople(object); // a room that one is in already is not entered again
      return;
    }
    const first = this.#epoch === null;
    this.joined = true;
    this.timeline.enterEpoch(epoch);
    if (first) {
      this.#seen = head;
    } else if (object.recovered === false) {
      this.timeline.gap(sameLife ? this.#seen ?? this.#head : -1, time(object));
      this.#seen = null;
      this.hasOlder = null;
    }
    if (!sameLife) this.#newest = -1;
    this.#epoch = epoch;
    this.#head = head;
    this.setPeople(object);
  }

  leave() {
    this.joined = false;
    this.asked = null;
    this.typists.clear();
  }

  /** A live message. Its row, or null if it was known or is none. */
  said(object, self) {
    const message = logged(object);
    if (!message) return null;
    const row = this.timeline.receive(message, message.username === self);
    this.#newest = Math.max(this.#newest, message.seq);
    if (!this.lacksSome && this.asked !== 'newer') this.#seen = this.#newest;
    return row;
  }

  /** Whether this message was said while we were away. */
  wasAway({ seq }) {
    return seq <= this.#head;
  }

  /** Whether something between what was seen and the newest message is missing. */
  get lacksSome() {
    return this.#seen !== null && this.#newest > this.#seen + 1;
  }

  /** What range of the log to ask for, or null if this is not the time. */
  ask(what) {
    if (!this.joined || this.asked) return null;
    if (what === 'older' && (this.hasOlder === false || this.timeline.isFull)) return null;
    this.asked = what;
    this.changed();
    if (what === 'newer') return { after: this.#seen };
    const first = this.timeline.firstSeq;
    return first === null ? {} : { before: first };
  }

  /** The answer. Returns the rows that filled a gap, and whether to ask `again`. */
  answered(object, self) {
    const { asked } = this;
    this.asked = null;
    this.changed();
    if (text(object.epoch) !== this.#epoch || !asked) return { rows: [], again: false };
    const messages = list(object.messages).map(logged).filter(Boolean);
    const more = object.more === true && messages.length > 0;
    if (asked === 'newer') return this.#filled(messages, more, self);
    const first = this.timeline.firstSeq;
    for (const message of messages) this.timeline.receive(message, message.username === self);
    this.hasOlder = more && this.timeline.firstSeq !== first;
    return { rows: [], again: false };
  }

  /** The server would have answered later. */
  askedTooSoon() {
    this.asked = null;
    this.changed();
  }

  /** The server does not answer this question. */
  unanswered(object) {
    if (this.asked === 'newer') this.#missing(time(object));
    else this.hasOlder = false;
    this.asked = null;
    this.changed();
  }

  #filled(messages, more, self) {
    if (messages.length === 0) this.#missing(Date.now());
    else if (messages[0].seq > this.#seen + 1) this.timeline.gap(this.#seen, messages[0].timestamp);
    const rows = messages.map((message) => this.timeline.receive(message, message.username === self)).filter(Boolean);
    const seen = Math.max(this.#seen, ...messages.map(({ seq }) => seq));
    const again = more && seen > this.#seen;
    this.#seen = again ? seen : Math.max(seen, this.#newest);
    return { rows, again };
  }

  #missing(timestamp) {
    this.timeline.gap(this.#seen, timestamp);
    this.#seen = this.#newest;
  }

  /** A notice from the server. */
  noticed(object) {
    this.timeline.note('system', text(object.content), time(object));
    const { event, user, was } = object;
    if (event === 'join') this.#arrived(user);
    else if (event === 'leave') this.#departed(user);
    else if (event === 'rename') {
      this.#departed(was);
      this.#arrived(user);
    }
  }

  /**
   * Whether to ask who is here, since someone speaks who is not known to be: a list made
   * while their connection was broken does not name them. Not more often than every few seconds.
   */
  wonders(name, now) {
    const isKnown = this.people.has(name) || this.count > this.people.size;
    if (isKnown || now - this.#wondered < WONDER_EVERY) return false;
    this.#wondered = now;
    return true;
  }

  setPeople({ users, count }) {
    this.people = new Set(list(users).map(text).filter(Boolean));
    this.count = Math.max(whole(count) ?? 0, this.people.size);
    this.#peopleChanged();
  }

  #arrived(user) {
    if (text(user) === '' || this.people.has(user)) return;
    this.people.add(user);
    this.count++;
    this.#peopleChanged();
  }

  /** Also someone who was counted but not named. */
  #departed(user) {
    if (this.people.delete(user) || this.count > this.people.size) this.count--;
    this.typists.hears(text(user), false);
    this.#peopleChanged();
  }

  #peopleChanged() {
    this.peopleVersion++;
    this.changed();
  }
}
