// Who is typing: telling others, and being told.

/** One who goes on typing says so again after this time, in ms. */
export const REPEAT_EVERY = 3_000;
/** The server ends it after 6 s of silence; a client that hears nothing more ends it a little later. */
export const FORGOTTEN_AFTER = 8_000;
/** More than these are only "several people". */
const KEPT_MOST = 20;

/** Decides when to tell the others that this person is typing. */
export class TypingSender {
  #said = -Infinity;

  /** The draft changed: what to say, true or false, or null to say nothing. */
  changed(isEmpty, now) {
    if (isEmpty) return this.stopped(now);
    if (now - this.#said < REPEAT_EVERY) return null;
    this.#said = now;
    return true;
  }

  /** The draft is gone. */
  stopped(now) {
    const wasTyping = now - this.#said < FORGOTTEN_AFTER;
    this.#said = -Infinity;
    return wasTyping ? false : null;
  }

  /** A message was sent, which ends it for everybody. */
  sent() {
    this.#said = -Infinity;
  }
}

/** The people who are typing in one conversation. */
export class Typists {
  #timers = new Map();
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  get names() {
    return [...this.#timers.keys()];
  }

  hears(name, isTyping) {
    const known = this.#timers.has(name);
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    if (isTyping && this.#timers.size < KEPT_MOST) {
      this.#timers.set(name, setTimeout(() => this.hears(name, false), FORGOTTEN_AFTER));
    }
    if (known !== this.#timers.has(name)) this.#changed();
  }

  clear() {
    for (const name of this.names) this.hears(name, false);
  }
}

/** "Alice is typing…", in words for any number of people. */
export function typingWords(names) {
  switch (names.length) {
    case 0: return '';
    case 1: return `${names[0]} is typing…`;
    case 2: return `${names[0]} and ${names[1]} are typing…`;
    default: return 'several people are typing…';
  }
}
