// The conversation on the screen. Of all its rows only those around what the person looks at
// are elements, so ten thousand cost no more than a few hundred.
//
// While the person is at the end, the view follows what arrives. Otherwise one row is the
// anchor: whatever comes or goes above it, it stays where it is on the screen.

import { $, make, reconcile, setText } from './dom.js';
import { rowElement } from './row.js';
import { dayOf, dayWords } from './times.js';

/** Rows that are elements, at most, and the step in which they change. */
const SHOWN_MOST = 300;
const STEP = 50;
/** Consecutive messages of one person within this time, in ms, stand under one name. */
const ONE_BREATH = 5 * 60_000;
/** How far from the end, in px, still counts as being at the end. */
const NEAR_END = 48;
/** How near the beginning, in px, older messages are asked for. */
const NEAR_BEGINNING = 600;

export class LogView {
  #scroller = $('log');
  #list = $('rows');
  #on;
  #conversation = null;
  #positions = new WeakMap();
  // Elements of rows and of days, by row; those of other conversations go when it is left.
  #elements = new Map();
  #rowOf = new WeakMap();
  #days = new Map();
  #divider = dividerElement();
  // Null while the view follows the end; else `{row, top}`, px from the top of what is seen.
  #anchor = null;
  #range = { from: 0, to: 0, isLast: true };
  #scrollFrame = 0;

  /** `on` hears `retry(nonce)`, `edit(nonce)`, `older()` and `moved()` when the person scrolled. */
  constructor(on) {
    this.#on = on;
    $('newer').addEventListener('click', () => this.scrollToEnd());
    this.#scroller.addEventListener('scroll', () => {
      this.#scrollFrame ||= requestAnimationFrame(() => this.#scrolled());
    }, { passive: true });
    // The on-screen keyboard and a growing composer take room from the log.
    new ResizeObserver(() => this.render()).observe(this.#scroller);
  }

  /** Whether the person is at the end, where new messages appear. */
  get isAtEnd() {
    return this.#anchor === null;
  }

  /** Turns to another conversation, at the place where it was left. */
  show(conversation) {
    if (conversation === this.#conversation) return;
    this.#heedScroll();
    this.#forgetScroll();
    if (this.#conversation) this.#positions.set(this.#conversation, this.#anchor);
    this.#conversation = conversation;
    this.#elements.clear();
    this.#days.clear();
    this.#anchor = this.#positions.get(conversation) ?? this.#atFirstUnread(conversation);
    this.render();
  }

  scrollToEnd() {
    this.#forgetScroll();
    this.#anchor = null;
    this.render();
    this.#on.moved();
    // The button that was pressed is gone.
    if (document.activeElement === document.body) this.#scroller.focus({ preventScroll: true });
  }

  render() {
    if (!this.#conversation || this.#scroller.clientHeight === 0) return;
    const { rows } = this.#conversation.timeline;
    this.#heedScroll();
    this.#range = this.#rangeOf(rows);
    reconcile(this.#list, this.#elementsOf(rows));
    this.#forgetElements();
    this.#showTop();
    this.#restorePosition();
    this.#showNewer();
    this.#askForOlder();
  }

  /** What is new is read from its beginning, if it does not fit at once. */
  #atFirstUnread({ firstUnread, unread }) {
    return unread > 10 && firstUnread ? { row: firstUnread, top: 60 } : null;
  }

  #rangeOf(rows) {
    const at = this.#anchor === null ? rows.length : Math.max(0, rows.indexOf(this.#anchor.row));
    const wanted = Math.floor((at - SHOWN_MOST / 2) / STEP) * STEP;
    const from = Math.max(0, Math.min(wanted, rows.length - SHOWN_MOST));
    const to = Math.min(rows.length, from + SHOWN_MOST);
    return { from, to, isLast: to === rows.length };
  }

  #elementsOf(rows) {
    const elements = [];
    let day = this.#range.from === 0 ? null : dayOf(rows[this.#range.from - 1].timestamp);
    for (let i = this.#range.from; i < this.#range.to; i++) {
      const [above, row] = [rows[i - 1], rows[i]];
      // A gap has the time of its discovery.
      const isNewDay = row.kind !== 'gap' && day !== dayOf(row.timestamp);
      if (isNewDay) day = dayOf(row.timestamp);
      const isFirstUnread = row === this.#conversation.firstUnread;
      if (isNewDay) elements.push(this.#dayElement(row));
      if (isFirstUnread) elements.push(this.#divider);
      const element = this.#elementOf(row);
      element.classList.toggle('continued', !isNewDay && !isFirstUnread && isContinued(above, row));
      elements.push(element);
    }
    return elements;
  }

  #elementOf(row) {
    const known = this.#elements.get(row);
    if (known?.version === row.version) return known.element;
    const element = rowElement(row, this.#on);
    this.#elements.set(row, { element, version: row.version });
    this.#rowOf.set(element, row);
    return element;
  }

  #dayElement(row) {
    const day = dayOf(row.timestamp);
    const element = this.#days.get(row) ?? make('li', 'day');
    this.#days.set(row, element);
    setText(element, dayWords(day));
    return element;
  }

  #forgetElements() {
    for (const [row, { element }] of this.#elements) if (!element.isConnected) this.#elements.delete(row);
    for (const [row, element] of this.#days) if (!element.isConnected) this.#days.delete(row);
  }

  #showTop() {
    const words = this.#range.from > 0 ? '' : topWords(this.#conversation);
    $('log-top').hidden = words === '';
    setText($('log-top'), words);
  }

  #restorePosition() {
    const scroller = this.#scroller;
    if (this.#anchor === null) {
      scroller.scrollTop = scroller.scrollHeight;
      return;
    }
    const element = this.#elements.get(this.#anchor.row)?.element;
    const moved = element ? element.offsetTop - scroller.scrollTop - this.#anchor.top : 0;
    if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
  }

  /** Where the person has just scrolled counts, also if something arrived in the same moment. */
  #heedScroll() {
    if (this.#scrollFrame === 0) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END && this.#range.isLast;
    this.#anchor = isAtEnd ? null : this.#findAnchor(scrollTop);
  }

  #forgetScroll() {
    cancelAnimationFrame(this.#scrollFrame);
    this.#scrollFrame = 0;
  }

  #scrolled() {
    this.#heedScroll();
    this.#scrollFrame = 0;
    const { from, to } = this.#rangeOf(this.#conversation.timeline.rows);
    if (from !== this.#range.from || to !== this.#range.to) this.render();
    this.#showNewer();
    this.#askForOlder();
    this.#on.moved();
  }

  /** The first row whose end is below the top of what is seen. */
  #findAnchor(scrollTop) {
    const { children } = this.#list;
    let [low, high] = [0, children.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (children[middle].offsetTop + children[middle].offsetHeight > scrollTop) high = middle;
      else low = middle + 1;
    }
    for (let i = low; i < children.length; i++) {
      const row = this.#rowOf.get(children[i]);
      if (row) return { row, top: children[i].offsetTop - scrollTop };
    }
    return null;
  }

  #showNewer() {
    const { unread } = this.#conversation;
    $('newer').hidden = this.isAtEnd;
    $('newer').classList.toggle('unread', unread > 0);
    setText($('newer-words'), unread === 0 ? 'Newest' : unread === 1 ? '1 new message' : `${unread} new messages`);
  }

  #askForOlder() {
    if (this.#range.from === 0 && this.#scroller.scrollTop < NEAR_BEGINNING) this.#on.older();
  }
}

/** What stands above the first row. */
function topWords({ asked, hasOlder, kind, name, timeline }) {
  if (asked === 'older') return 'Loading older messages…';
  if (kind === 'private' && timeline.isEmpty) return `What you write here, only ${name} can read.`;
  if (kind === 'private' || hasOlder !== false) return '';
  if (timeline.isEmpty) return 'Nothing has been said here yet. Whoever has the address of this page can join.';
  return timeline.rows.length > 20 ? 'The server keeps nothing older than this.' : '';
}

function isContinued(above, row) {
  return above?.kind === 'message' && row.kind === 'message' && above.username === row.username
    && above.own === row.own && Math.abs(row.timestamp - above.timestamp) < ONE_BREATH;
}

function dividerElement() {
  const element = make('li', 'unread-divider');
  element.append(make('span', '', 'New'));
  return element;
}
