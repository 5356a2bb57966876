// The drawer with the frames of this connection. Few people open it: what draws it is fetched
// when somebody does.

import { $ } from './dom.js';

export class FramesDrawer {
  #send;
  #loading = null;
  #list = null;

  /** `send(object)` says whether there is a connection. */
  constructor(send) {
    this.#send = send;
    $('frames-toggle').addEventListener('click', () => this.toggle());
  }

  async toggle(open = !this.#isOpen) {
    if (!open && $('frames').contains(document.activeElement)) $('frames-toggle').focus();
    $('frames').hidden = !open;
    $('frames-toggle').setAttribute('aria-expanded', String(open));
    if (open) await (this.#loading ??= this.#load());
    this.#list?.show(this.#isOpen);
  }

  connected() {
    this.#list?.frames.connected();
  }

  connectionLost() {
    this.#list?.frames.connectionLost();
  }

  /** One object from the server. Whether it was about frames. */
  received(object) {
    return this.#list?.frames.received(object) ?? false;
  }

  get #isOpen() {
    return !$('frames').hidden;
  }

  async #load() {
    try {
      const { FrameList } = await import('./frame-list.js');
      this.#list = await FrameList.in($('frames'), { send: this.#send, close: () => this.toggle(false) });
    } catch {
      this.#loading = null;
      $('frames').textContent = 'This could not be loaded. Close it, and open it again when the server can be reached.';
    }
  }
}
