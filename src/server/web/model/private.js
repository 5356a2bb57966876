// A private conversation with one person.

import { Conversation } from './conversation.js';
import { privateKey } from './names.js';

export class Private extends Conversation {
  constructor(name, changed) {
    super('private', privateKey(name), name, changed);
  }

  /** A private message of either person. Its row, or null if it was known. */
  said(message, self) {
    this.timeline.enterEpoch(message.epoch);
    const own = message.from === self;
    this.name = own ? message.to : message.from; // as the server writes it
    if (!own) this.typists.hears(message.from, false);
    return this.timeline.receive(message, own);
  }
}
