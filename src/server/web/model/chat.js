// What the page knows of the chat, and the objects it exchanges with the server (dialect
// `wirechat.v1`). No DOM and no socket.
//
// A new connection enters one room first, since only that tells whether the name is ours;
// then all the others, with the session that the first answer named.

import { Directory } from './directory.js';
import { personName, privateKey, roomName } from './names.js';
import { Outbox, PASSING } from './outbox.js';
import { list, newNonce, privately, text, time, whole } from './wire.js';
import { mentions } from './words.js';

const HISTORY_PAGE = 50;
const GAP_PAGE = 100;
/** The wait before what was refused for the moment is tried again, in ms, where the server names none. */
const LATER = 2_000;
/** The nonce of what nobody has to know about if it is refused. */
const ASIDE = 'aside';

export class Chat {
  /** Our name as the server has it, or null before we are in. */
  name = null;
  /** Rooms that others are in, `{room, users}`, as of the last time we asked. */
  rooms = [];

  #on;
  #outbox;
  #wanted = null;
  #session;
  #entered = false;
  #directory;
  #joins = new Map();
  #rejoin = 0;
  #asks = 0;
  #privateSeen;
  #isFresh = true;
  #welcomed = false;

  /**
   * `on` hears `changed()`, `send(object)` (false if there is no connection), `entered()`,
   * `refused({code, words, suggestion})`, `arrived(conversation, row, isCall)` for messages of
   * others, and `moved(from, to)` when a conversation has another key. `saved` is what
   * `toJSON` gave to an earlier page of this tab.
   */
  constructor(on, saved = {}) {
    this.#on = on;
    this.#directory = new Directory(() => on.changed());
    this.#outbox = new Outbox({
      send: (entry) => this.#sendEntry(entry),
      refused: ({ nonce, key, why, again }) => this.find(key)?.timeline.refuse(nonce, why, again),
    });
    this.#session = text(saved.session) || null;
    this.#privateSeen = text(saved.privateSeen) || null;
    if (text(saved.name)) this.#restore(saved);
  }

  // ---- what the person does

  /** Whether `join` was called, here or on an earlier page of this tab. */
  get hasName() {
    return this.#wanted !== null;
  }

  /** Whether the server has let us in on this connection. */
  get isIn() {
    return this.#entered;
  }

  get conversations() {
    return this.#directory.all;
  }

  find(key) {
    return this.#directory.find(key);
  }

  /** Joins under this name: now, and again after every reconnect. Later: another name. */
  join(username) {
    this.#wanted = personName(username);
    this.#joinFirst();
  }

  /** The conversation at this place, opened if it was not. */
  open({ kind, name }) {
    const conversation = this.#directory.open(kind, name);
    if (kind === 'room' && this.#entered && !conversation.joined) this.#sendJoin(conversation);
    return conversation;
  }

  /** Leaves a room, or closes a private conversation. */
  close(key) {
    const conversation = this.find(key);
    if (!conversation) return;
    if (conversation.joined) this.#on.send({ type: 'leave', room: conversation.name, nonce: ASIDE });
    this.#outbox.forget(key);
    this.#directory.close(key);
  }

  /** The person turns to this conversation. */
  show(key) {
    this.#directory.show(key);
  }

  /** Whether the person sees the end of the conversation shown: nothing there is unread then. */
  watch(isWatched) {
    this.#directory.watch(isWatched);
  }

  /** Says something. False if too much waits already. */
  say(key, content) {
    if (this.#outbox.isFull) return false;
    const conversation = this.find(key);
    const entry = { nonce: newNonce(), key, content, timestamp: Date.now() };
    conversation.settled();
    conversation.timeline.compose(entry.nonce, this.name ?? this.#wanted, content, entry.timestamp);
    this.#outbox.add(entry);
    return true;
  }

  /** Sends a message that failed once more, under its first nonce, which makes that safe. */
  retry(key, nonce) {
    this.find(key)?.timeline.retry(nonce);
    this.#outbox.retry(nonce);
  }

  /** Takes a message that failed out of the conversation; its content, or null. */
  takeBack(key, nonce) {
    const content = this.#outbox.takeBack(nonce);
    if (content !== null) this.find(key)?.timeline.takeBack(nonce);
    return content;
  }

  typing(key, isTyping) {
    const conversation = this.find(key);
    if (!conversation || !this.#entered) return;
    const place = conversation.kind === 'room' ? { room: conversation.name } : { to: conversation.name };
    this.#on.send({ type: 'typing', isTyping, ...place, nonce: ASIDE });
  }

  /** Asks for messages before the first one here. */
  loadOlder(key) {
    const room = this.find(key);
    if (room?.kind === 'room') this.#ask(room, 'older');
  }

  askRooms() {
    if (this.#entered) this.#on.send({ type: 'rooms', nonce: ASIDE });
  }

  /** Whether someone of this name is in a room with us. */
  isPresent(name) {
    return this.#directory.rooms.some(({ people }) => people.has(name));
  }

  // ---- what the connection says

  connected() {
    if (this.#wanted !== null) this.#joinFirst();
  }

  connectionLost() {
    this.#entered = false;
    this.#joins.clear();
    clearTimeout(this.#rejoin);
    this.#outbox.connectionLost();
    for (const room of this.#directory.rooms) room.leave();
    this.#on.changed();
  }

  /** One object from the server. */
  received(object) {
    switch (object.type) {
      case 'message':
        if (object.event) this.#noticed(object);
        else this.#said(object);
        break;
      case 'joined': this.#joined(object); break;
      case 'private': this.#whispered(object); break;
      case 'ack': this.#acknowledged(object); break;
      case 'typing': this.#typed(object); break;
      case 'presence': this.#directory.roomOf(object)?.setPeople(object); break;
      case 'history': this.#answered(object); break;
      case 'rooms': this.#listed(object); break;
      case 'error': this.#failed(object); break;
      default: // A newer server may say more than this page understands.
    }
  }

  /** What the next page of this tab needs to go on. */
  toJSON() {
    const rooms = this.#directory.rooms.map((room) => ({ room: room.name, ...room.read }));
    const people = this.conversations.filter(({ kind }) => kind === 'private').map(({ name }) => name);
    return { name: this.#wanted, session: this.#session, rooms, people, privateSeen: this.#privateSeen, outbox: this.#outbox.entries };
  }

  // ---- entering

  #restore({ name, rooms, people, outbox }) {
    this.#wanted = name;
    for (const { room, ...read } of list(rooms).map(Object)) if (text(room)) this.#directory.open('room', room, read);
    for (const person of list(people)) if (text(person)) this.#directory.open('private', person);
    for (const entry of list(outbox).map(Object)) {
      const { nonce, key, content, timestamp, state, why, again } = entry;
      const conversation = this.find(key);
      if (!conversation) continue;
      this.#outbox.restore(entry);
      conversation.timeline.compose(nonce, this.#wanted, content, timestamp);
      if (state === 'refused') conversation.timeline.refuse(nonce, why, again);
    }
  }

  #joinFirst() {
    this.#sendJoin(this.#directory.here ?? this.#directory.open('room', 'lobby'));
  }

  #sendJoin(room) {
    const nonce = `join-${++this.#asks}`;
    const object = { type: 'join', username: this.#wanted, room: room.name, nonce };
    if (room.resume && !room.joined) object.resume = room.resume;
    if (this.#session !== null) object.session = this.#session;
    if (!this.#entered && this.#privateSeen) object.private_after = this.#privateAfter;
    if (this.#on.send(object)) this.#joins.set(nonce, room.key);
  }

  /** A page that shows nothing yet wants everything again that is kept. */
  get #privateAfter() {
    return this.#isFresh ? this.#privateSeen.replace(/\d+$/, '0') : this.#privateSeen;
  }

  #joined(object) {
    const key = roomName(text(object.room));
    const room = this.find(key) ?? this.#directory.open('room', key);
    for (const [nonce, joining] of this.#joins) if (joining === key) this.#joins.delete(nonce);
    const isFirst = !this.#entered;
    this.#entered = true;
    this.#isFresh = false;
    this.name = text(object.user) || this.#wanted;
    this.#wanted = this.name;
    this.#session = text(object.session) || this.#session;
    this.#privateSeen ??= text(object.private_after) || null;
    room.enter(object);
    if (isFirst) {
      this.#joinAgain();
      this.#on.entered();
    }
    this.#outbox.pump();
    this.#on.changed();
  }

  #joinAgain() {
    if (!this.#entered) this.#joinFirst();
    else for (const room of this.#directory.rooms) if (!room.joined) this.#sendJoin(room);
  }

  #joinRefused(key, refusal) {
    const { code, content, suggestion, retry_after_ms: wait } = refusal;
    if (PASSING.has(code)) {
      this.#rejoin = setTimeout(() => this.#joinAgain(), whole(wait) ?? LATER);
    } else if (this.#entered && !text(code).startsWith('name_')) {
      this.close(key);
      this.#note({ ...refusal, content: `#${key}: ${text(content)}` });
    } else {
      if (this.#entered) this.#wanted = this.name;
      else this.#wanted = null;
      this.#on.refused({ code: text(code), words: text(content), suggestion: text(suggestion) });
    }
  }

  // ---- messages

  #sendEntry({ nonce, key, content }) {
    const conversation = this.find(key);
    if (!this.#entered || !conversation) return false;
    if (conversation.kind === 'private') return this.#on.send({ type: 'private', to: conversation.name, content, nonce });
    return conversation.joined && this.#on.send({ type: 'message', room: conversation.name, content, nonce });
  }

  #said(object) {
    const room = this.#directory.roomOf(object);
    if (!room?.joined) return;
    room.typists.hears(text(object.username), false);
    if (room.wonders(text(object.username), Date.now())) this.#on.send({ type: 'who', room: room.name, nonce: ASIDE });
    const row = room.said(object, this.name);
    if (row && !row.own) this.#arrived(room, row, mentions(row.content, this.name), room.wasAway(row));
    if (room.lacksSome) this.#ask(room, 'newer');
  }

  #whispered(object) {
    const message = privately(object);
    if (!message) return;
    const partner = message.from === this.name ? message.to : message.from;
    const wasSeen = this.#wasSeen(message);
    const row = this.open({ kind: 'private', name: partner }).said(message, this.name);
    if (!wasSeen) this.#privateSeen = message.id;
    if (row && !row.own && !wasSeen) this.#arrived(this.find(privateKey(partner)), row, true);
  }

  /** Whether an earlier page of this tab had this private message. */
  #wasSeen({ epoch, seq }) {
    const [, seenEpoch, seenSeq] = /^(.+)-(\d+)$/.exec(this.#privateSeen ?? '') ?? [];
    return seenEpoch === epoch && seq <= Number(seenSeq);
  }

  #arrived(conversation, row, isCall, wasAway = false) {
    row.isCall = isCall && conversation.kind === 'room';
    if (wasAway || !this.#directory.isWatched(conversation)) conversation.missed(row, isCall);
    this.#on.arrived(conversation, row, isCall);
  }

  #acknowledged(object) {
    const entry = this.#outbox.acknowledged(object.nonce);
    const id = text(object.id);
    const seq = whole(object.seq) ?? Number(/\d+$/.exec(id)?.[0] ?? 0);
    if (entry && id) this.find(entry.key)?.timeline.acknowledge(entry.nonce, id, seq, time(object));
  }

  #noticed(object) {
    if (object.event === 'welcome') {
      // Every connection is welcomed; a reconnect is not news.
      if (this.#welcomed) return;
      this.#welcomed = true;
    }
    if (object.event === 'rename') this.#renamed(text(object.was), text(object.user));
    const room = object.room === undefined ? this.#directory.here : this.#directory.roomOf(object);
    room?.noticed(object);
  }

  /** A private conversation follows the person. */
  #renamed(was, user) {
    if (!this.#directory.rename(was, user)) return;
    this.#outbox.move(privateKey(was), privateKey(user));
    this.#on.moved(privateKey(was), privateKey(user));
  }

  #typed(object) {
    const name = text(object.username);
    if (name === '' || name === this.name) return;
    const conversation = object.room === undefined ? this.find(privateKey(text(object.from))) : this.#directory.roomOf(object);
    conversation?.typists.hears(name, object.isTyping === true);
  }

  #listed(object) {
    this.rooms = list(object.rooms).map(({ room, users }) => ({ room: text(room), users: whole(users) ?? 0 }));
    this.#on.changed();
  }

  // ---- history

  #ask(room, what) {
    const range = room.ask(what);
    if (!range) return;
    const limit = what === 'newer' ? GAP_PAGE : HISTORY_PAGE;
    this.#on.send({ type: 'history', room: room.name, ...range, limit, nonce: `history-${room.key}` });
  }

  #answered(object) {
    const room = this.#directory.roomOf(object);
    if (!room) return;
    const { rows, again } = room.answered(object, this.name);
    for (const row of rows) if (!row.own) this.#arrived(room, row, mentions(row.content, this.name));
    if (again || room.lacksSome) this.#ask(room, 'newer');
  }

  #notAnswered(room, object) {
    if (PASSING.has(object.code)) setTimeout(() => room?.askedTooSoon(), whole(object.retry_after_ms) ?? LATER);
    else room?.unanswered(object);
  }

  // ---- refusals

  #failed(object) {
    const nonce = text(object.nonce);
    const [, about, key] = /^(history|join)-(.*)$/s.exec(nonce) ?? [];
    if (about === 'join') {
      const room = this.#joins.get(nonce);
      this.#joins.delete(nonce);
      if (room !== undefined) this.#joinRefused(room, object);
    } else if (about === 'history') {
      this.#notAnswered(this.find(key), object);
    } else if (nonce === '') {
      this.#note(object);
    } else {
      this.#outbox.refused(nonce, { code: object.code, why: text(object.content), retryAfter: whole(object.retry_after_ms) });
    }
  }

  #note(object) {
    this.#directory.here?.timeline.note('error', text(object.content), time(object));
  }
}
