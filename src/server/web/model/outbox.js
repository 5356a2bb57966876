// What this person wrote and the server has not acknowledged. It is sent again after a
// reconnect under the same nonce, which makes that safe: the server stores it once.

/** So many may be on their way at a time; the others wait for the acks of these. */
const ON_THE_WAY_MOST = 8;
/** So many are kept; then nothing more can be written until some are through. */
export const KEPT_MOST = 100;
/** How often the server may ask to try later before the person is told. */
const TRIES_MOST = 10;
const RETRY_AFTER = 2_000;
const RETRY_AFTER_MOST = 60_000;

/** Refusals that pass by themselves. */
export const PASSING = new Set(['rate_limited', 'unavailable']);
/** Refusals after which the same words can never pass. */
const FINAL = new Set(['too_long', 'bad_message', 'bad_json']);

export class Outbox {
  #entries = new Map();
  #paused = 0;
  #on;

  /**
   * `on` has `send(entry)`, which hands an entry to the connection and returns false if that
   * cannot be now, and `refused(entry)`. An entry is
   * `{nonce, key, content, timestamp, state, tries, why?, again?}`.
   */
  constructor(on) {
    this.#on = on;
  }

  get entries() {
    return [...this.#entries.values()];
  }

  get isFull() {
    return this.#entries.size >= KEPT_MOST;
  }

  /** Takes a message and sends it as soon as it can be. */
  add({ nonce, key, content, timestamp }) {
    this.#entries.set(nonce, { nonce, key, content, timestamp, state: 'waiting', tries: 0 });
    this.pump();
  }

  /** What an earlier page of this tab had not got through, as `entries` gave it. */
  restore(entry) {
    this.#entries.set(entry.nonce, { ...entry, state: entry.state === 'refused' ? 'refused' : 'waiting', tries: 0 });
  }

  /** Sends what waits, as far as that can be. */
  pump() {
    if (this.#paused) return;
    let room = ON_THE_WAY_MOST - this.entries.filter(({ state }) => state === 'sent').length;
    for (const entry of this.#entries.values()) {
      if (room <= 0) return;
      if (entry.state !== 'waiting' || !this.#on.send(entry)) continue;
      entry.state = 'sent';
      room--;
    }
  }

  /** The server has it. Its entry, or undefined. */
  acknowledged(nonce) {
    const entry = this.#entries.get(nonce);
    this.#entries.delete(nonce);
    this.pump();
    return entry;
  }

  /** The server refused it: for now, or until the person does something. */
  refused(nonce, { code, why, retryAfter }) {
    const entry = this.#entries.get(nonce);
    if (!entry) return;
    if (PASSING.has(code) && ++entry.tries < TRIES_MOST) {
      entry.state = 'waiting';
      this.#pause(Math.min(retryAfter ?? RETRY_AFTER, RETRY_AFTER_MOST));
      return;
    }
    Object.assign(entry, { state: 'refused', why, again: !FINAL.has(code) });
    this.#on.refused(entry);
    this.pump();
  }

  /** The person wants a refused message to be tried again. */
  retry(nonce) {
    const entry = this.#entries.get(nonce);
    if (entry?.state !== 'refused') return false;
    Object.assign(entry, { state: 'waiting', tries: 0 });
    this.pump();
    return true;
  }

  /** Forgets a refused message; its content, or null. */
  takeBack(nonce) {
    const entry = this.#entries.get(nonce);
    if (entry?.state !== 'refused') return null;
    this.#entries.delete(nonce);
    return entry.content;
  }

  /** A conversation is closed, and what was meant for it dropped. */
  forget(key) {
    for (const entry of this.entries) if (entry.key === key) this.#entries.delete(entry.nonce);
  }

  /** A conversation has another key. */
  move(from, to) {
    for (const entry of this.entries) if (entry.key === from) entry.key = to;
  }

  /** What is on its way may or may not have arrived: it is sent again. */
  connectionLost() {
    for (const entry of this.#entries.values()) if (entry.state === 'sent') entry.state = 'waiting';
  }

  #pause(ms) {
    clearTimeout(this.#paused);
    this.#paused = setTimeout(() => {
      this.#paused = 0;
      this.pump();
    }, ms);
  }
}
