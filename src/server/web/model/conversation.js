// What a room and a private conversation have in common: rows, typists, what is unread.

import { Timeline } from './timeline.js';
import { Typists } from './typing.js';

export class Conversation {
  /** `room` or `private`. */
  kind;
  key;
  name;
  timeline;
  typists;
  /** Messages of others that nobody has looked at, and those of them that mean this person. */
  unread = 0;
  calls = 0;
  /** The row above which "new" stands, or null. */
  firstUnread = null;

  changed;

  constructor(kind, key, name, changed) {
    Object.assign(this, { kind, key, name, changed });
    this.timeline = new Timeline(changed);
    this.typists = new Typists(changed);
  }

  /** A message came in that nobody looks at. */
  missed(row, isCall) {
    if (this.unread === 0) this.firstUnread = row;
    // What fills a gap may stand above the first one.
    else if (this.#isAbove(row, this.firstUnread)) this.firstUnread = row;
    this.unread++;
    if (isCall) this.calls++;
    this.changed();
  }

  /** The person sees the end of the conversation; the divider stays until they leave it. */
  seen() {
    if (this.unread === 0) return;
    this.unread = 0;
    this.calls = 0;
    this.changed();
  }

  /** The person turned to something else, or answered: what was new is old. */
  settled() {
    if (this.firstUnread === null || this.unread > 0) return;
    this.firstUnread = null;
    this.changed();
  }

  #isAbove(row, other) {
    return row.seq !== undefined && other.seq !== undefined && row.age === other.age && row.seq < other.seq;
  }
}
