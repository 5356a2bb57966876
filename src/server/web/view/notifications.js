// Desktop notifications, for those who asked for them.

import { placeWords } from './heading.js';

const BODY_MOST = 200;

export class Notifications {
  #settings;
  #open;

  /** `open(conversation)` is what a click on a notification does. */
  constructor(settings, open) {
    this.#settings = settings;
    this.#open = open;
  }

  get isOn() {
    return this.#settings.get('notify') === 'yes' && this.#permission === 'granted';
  }

  /** Why they cannot be had, or nothing. */
  get whyNot() {
    if (this.#permission === 'unsupported') return 'This browser shows no notifications for this page.';
    if (this.#permission === 'denied') return 'The browser blocks them for this page: allow them in its settings, then come back.';
    return '';
  }

  /** Asks the person, by way of the browser. Resolves to whether they are on. */
  async turn(on) {
    if (on && this.#permission === 'default') await Notification.requestPermission();
    this.#settings.set('notify', on ? 'yes' : 'no');
    return this.isOn;
  }

  arrived(conversation, row) {
    if (!this.isOn) return;
    const title = conversation.kind === 'private' ? `${row.username} (private)` : `${row.username} in ${placeWords(conversation)}`;
    try {
      const notification = new Notification(title, { body: row.content.slice(0, BODY_MOST), tag: conversation.key });
      notification.onclick = () => {
        notification.close();
        this.#open(conversation);
      };
    } catch { /* some phones have them for service workers only */ }
  }

  get #permission() {
    return typeof Notification === 'undefined' || !isSecureContext ? 'unsupported' : Notification.permission;
  }
}
