// What the page knows of the chat, and the objects it exchanges with the server
// (dialect `wirechat.v1`). No DOM and no socket.

import { Timeline } from './timeline.js';

/** Refusals after which the same words may pass later. */
const PASSING = new Set(['rate_limited', 'unavailable', 'not_joined']);

/** A random nonce. `crypto.randomUUID` is missing on http origins other than localhost. */
function newNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class Chat {
  /** The room's name as the server says it, or as the address asked until then. */
  room;
  /** Whether the server has let us in on this connection. */
  joined = false;

  #on;
  #timeline;
  #username = null;
  #joining = false;
  #people = new Set();
  #count = 0;
  #welcomed = false;
  // Where to resume: the log's life, its head when we joined, and the last message seen.
  #epoch = null;
  #head = 0;
  #seen = null;
  #session = null;
  #gapIsShown = false;

  /**
   * `on` hears the `Timeline`'s events, `send(object)`, `joined(username)`,
   * `refused(content, suggestion)` and `people(names, count, self)`, where a server may
   * name only a few of a crowd.
   */
  constructor(room, on) {
    this.room = room;
    this.#on = on;
    this.#timeline = new Timeline(on);
  }

  /** Joins under this name: now, and again after every reconnect. */
  join(username) {
    // The server compares and shows names in this form, so own messages are found by it.
    this.#username = username.normalize('NFKC').trim();
    this.#sendJoin();
  }

  /** A new connection is open. */
  connected() {
    if (this.#username !== null) this.#sendJoin();
  }

  /** The connection is gone, and with it our place in the room. */
  connectionLost() {
    this.joined = false;
    this.#joining = false;
    this.#timeline.connectionLost();
  }

  /** Says something to the room. Only while joined. */
  say(content) {
    const nonce = newNonce();
    this.#timeline.compose(nonce, this.#username, content, Date.now());
    this.#sendMessage(nonce, content);
  }

  /** Sends a message that failed once more, under its first nonce, which makes that safe. */
  retry(nonce) {
    const content = this.joined ? this.#timeline.retry(nonce) : null;
    if (content !== null) this.#sendMessage(nonce, content);
  }

  /** Takes a message that failed out of the conversation; returns its content or null. */
  takeBack(nonce) {
    return this.#timeline.takeBack(nonce);
  }

  /** One object from the server. */
  received(object) {
    switch (object.type) {
      case 'message':
        if (object.event) this.#noticed(object);
        else this.#said(object);
        break;
      case 'joined': this.#entered(object); break;
      case 'ack': this.#timeline.acknowledge(object.nonce, object.id, object.seq); break;
      case 'error': this.#failed(object); break;
      case 'presence':
        if (this.#isHere(object)) this.#setPeople(object);
        break;
      default: // A newer server may say more than this page understands.
    }
  }

  #sendJoin() {
    this.#joining = true;
    const object = { type: 'join', username: this.#username, room: this.room };
    if (this.#epoch !== null) object.resume = { epoch: this.#epoch, seq: this.#seen ?? this.#head };
    if (this.#session !== null) object.session = this.#session;
    this.#on.send(object);
  }

  #sendMessage(nonce, content) {
    this.#on.send({ type: 'message', room: this.room, content, nonce });
  }

  #entered(object) {
    const { room, user, epoch, seq, session, recovered } = object;
    const returning = this.#epoch !== null;
    this.room = text(room) || this.room;
    this.#username = text(user) || this.#username;
    this.#session = text(session) || null;
    this.#joining = false;
    this.joined = true;
    if (returning && recovered === false) this.#mayHaveMissed();
    if (this.#epoch !== null && this.#epoch !== epoch) this.#seen = null;
    this.#epoch = epoch;
    this.#head = seq;
    this.#timeline.enterEpoch(epoch);
    this.#on.joined(this.#username);
    this.#setPeople(object);
  }

  #mayHaveMissed() {
    this.#seen = null;
    if (this.#gapIsShown) return;
    this.#gapIsShown = true;
    this.#timeline.note('gap', 'Messages may be missing', Date.now());
  }

  #said(object) {
    if (!this.#isHere(object)) return;
    const { id, seq } = object;
    const username = text(object.username);
    const message = { id, seq, username, content: text(object.content), timestamp: time(object) };
    this.#timeline.receive(message, username === this.#username);
    this.#seen = Math.max(this.#seen ?? 0, seq);
    this.#gapIsShown = false;
  }

  #noticed(object) {
    if (!this.#isHere(object)) return;
    if (object.event === 'welcome') {
      // Every connection is welcomed; a reconnect is not news.
      if (this.#welcomed) return;
      this.#welcomed = true;
    }
    this.#timeline.note('system', text(object.content), time(object));
    this.#updatePeople(object);
  }

  #updatePeople({ event, user, was }) {
    if (event === 'join') this.#arrived(user);
    else if (event === 'leave') this.#departed(user);
    else if (event === 'rename') {
      this.#departed(was);
      this.#arrived(user);
    }
    this.#showPeople();
  }

  #arrived(user) {
    if (this.#people.has(user) || typeof user !== 'string') return;
    this.#people.add(user);
    this.#count++;
  }

  /** Also someone who was counted but not named. */
  #departed(user) {
    if (this.#people.delete(user) || this.#count > this.#people.size) this.#count--;
  }

  #setPeople({ users, count }) {
    this.#people = new Set(Array.isArray(users) ? users.map(text) : []);
    this.#people.add(this.#username);
    this.#count = Math.max(Number.isInteger(count) ? count : 0, this.#people.size);
    this.#showPeople();
  }

  #showPeople() {
    if (this.joined) this.#on.people([...this.#people], this.#count, this.#username);
  }

  #failed({ code, content, nonce, suggestion }) {
    if (typeof nonce === 'string') {
      this.#timeline.refuse(nonce, text(content), PASSING.has(code));
    } else if (this.#joining) {
      this.#joining = false;
      this.#username = null;
      this.#on.refused(text(content), text(suggestion));
    } else {
      this.#timeline.note('error', text(content), Date.now());
    }
  }

  /** A notice without a room is for whoever hears it. */
  #isHere({ room }) {
    return room === undefined || room === this.room;
  }
}

/** A peer's string, or nothing. */
function text(value) {
  return typeof value === 'string' ? value : '';
}

/** A peer's timestamp in ms, or the time now if no date can be made of it. */
function time({ timestamp }) {
  return Number.isNaN(new Date(timestamp ?? NaN).getTime()) ? Date.now() : timestamp;
}
