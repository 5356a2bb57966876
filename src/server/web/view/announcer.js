// Tells a screen reader what arrives, without reading out what is only loaded or repeated.

import { $, make } from './dom.js';

const EVERY = 1_000;
/** More than so many at once are only counted. */
const READ_OUT_MOST = 3;
const CHARACTERS_MOST = 300;
const KEPT_MOST = 4;

export class Announcer {
  #waiting = [];
  #timer = 0;

  arrived(conversation, row) {
    const place = conversation.kind === 'private' ? 'privately' : `in ${conversation.name}`;
    this.#waiting.push(`${row.username} ${place}: ${row.content.slice(0, CHARACTERS_MOST)}`);
    this.#timer ||= setTimeout(() => this.#say(), EVERY);
  }

  #say() {
    this.#timer = 0;
    const lines = this.#waiting.length > READ_OUT_MOST ? [`${this.#waiting.length} new messages`] : this.#waiting;
    this.#waiting = [];
    const region = $('announcer');
    region.append(...lines.map((line) => make('p', '', line)));
    while (region.children.length > KEPT_MOST) region.firstChild.remove();
  }
}
