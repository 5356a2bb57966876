// The frames of this connection as the server saw them: asked for while somebody wants to see
// them, and kept in a short list. No DOM and no socket.

import { PASSING } from './outbox.js';
import { readFrame } from './frame.js';
import { list, text, whole } from './wire.js';

export const FRAMES_MOST = 200;
/** Ours among the server's refusals. */
const NONCE = 'frames';
/** The wait before what was refused for the moment is tried again, in ms, where the server names none. */
const LATER = 2_000;

export class Frames {
  /** `{id, frame}`, oldest first; without a `frame` another connection begins. */
  entries = [];
  /** Why there are none, in words, or nothing. */
  trouble = '';

  #on;
  #isWanted = false;
  #again = 0;
  #count = 0;

  /** `on` hears `changed()` and `send(object)` (false if there is no connection). */
  constructor(on) {
    this.#on = on;
  }

  /** Whether somebody wants to see them. */
  want(isWanted) {
    this.#isWanted = isWanted;
    this.#tell();
  }

  clear() {
    this.entries = [];
    this.#on.changed();
  }

  connected() {
    if (!this.#isWanted) return;
    if (this.entries.at(-1)?.frame) this.#add(null);
    this.#tell();
  }

  connectionLost() {
    clearTimeout(this.#again);
    if (this.#isWanted) this.#wait();
  }

  /** One object from the server. Whether it was about frames. */
  received(object) {
    if (object.type === 'frames') this.#shown(object);
    else if (object.type === 'error' && object.nonce === NONCE) this.#refused(object);
    else return false;
    return true;
  }

  #shown(object) {
    if (!this.#isWanted) return;
    for (const frame of list(object.frames).slice(-FRAMES_MOST).map(readFrame)) if (frame) this.#add(frame);
    this.#on.changed();
  }

  #add(frame) {
    this.entries.push({ id: this.#count++, frame });
    if (this.entries.length > FRAMES_MOST) this.entries.shift();
  }

  #tell() {
    clearTimeout(this.#again);
    this.trouble = '';
    if (!this.#on.send({ type: 'inspect', on: this.#isWanted, nonce: NONCE })) this.#wait();
    this.#on.changed();
  }

  #wait() {
    this.trouble = 'Not connected. It goes on when the connection is back.';
    this.#on.changed();
  }

  #refused({ code, content, retry_after_ms: wait }) {
    if (PASSING.has(code)) {
      this.#again = setTimeout(() => this.#tell(), whole(wait) ?? LATER);
      return;
    }
    this.trouble = code === 'unknown_type' ? 'This server cannot show frames.' : `The server shows no frames: ${text(content)}`;
    this.#on.changed();
  }
}
