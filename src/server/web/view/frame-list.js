// What the frames drawer shows: a list of frames, and the one that is chosen drawn beside it.

import { cutWords, inflate, opcodeName, payloadWords, reservedWords } from '../model/frame.js';
import { Frames } from '../model/frames.js';
import { $, hiddenText, icon, make, setText } from './dom.js';
import { drawFrame } from './frame-diagram.js';

const COLUMNS = ['Direction', 'Time', 'Opcode', 'FIN', 'RSV', 'Masking key', 'Length', 'Payload'];
/** How far from its end, in pixels, the list still follows what comes. */
const NEAR_END = 8;

const clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' });

export class FrameList {
  #status = make('p', 'frames-status');
  #empty = make('p', 'frames-empty');
  #scroller = make('div', 'frames-list');
  #rows = make('div', 'frames-rows');
  #detail = make('div', 'frame-detail');
  #pause;
  #shown = [];
  #chosen = null;
  #isShown = false;
  #isPaused = false;
  #isDrawing = false;

  /** Fills the panel. `on` hears `send(object)` and `close()`. Its style comes with it. */
  static async in(panel, on) {
    await loadStyle();
    return new FrameList(panel, on);
  }

  constructor(panel, on) {
    this.frames = new Frames({ send: on.send, changed: () => this.#drawSoon() });
    this.#pause = button('Pause', () => this.#setPaused(!this.#isPaused));
    const close = make('button', 'icon small');
    close.type = 'button';
    close.ariaLabel = 'Close the frames';
    close.append(icon('close'));
    close.addEventListener('click', on.close);
    const head = make('div', 'frames-head');
    this.#status.role = 'status';
    head.append(make('h2', '', 'Frames'), make('p', 'hint', 'of this connection, as the server sees them'), this.#status, this.#pause, button('Clear', () => this.#clear()), close);

    this.#rows.role = 'rowgroup';
    this.#scroller.role = 'grid';
    this.#scroller.ariaLabel = 'Frames, oldest first';
    this.#scroller.append(titles(), this.#rows);
    this.#detail.role = 'region';
    this.#detail.ariaLabel = 'The chosen frame';
    this.#detail.tabIndex = 0;
    const main = make('div', 'frames-main');
    main.append(this.#empty, this.#scroller, this.#detail);
    panel.replaceChildren(head, main);
    this.#choose(null);

    this.#rows.addEventListener('click', ({ target }) => this.#choose(target.closest('.frame') ?? this.#chosen));
    this.#rows.addEventListener('focusin', ({ target }) => this.#keepTabStop(target));
    panel.addEventListener('keydown', (event) => this.#pressed(event, on));
  }

  /** The drawer was opened or closed. */
  show(isShown) {
    if (isShown === this.#isShown) return;
    this.#isShown = isShown;
    this.#setPaused(false);
    if (!isShown) this.#clear();
    this.frames.want(isShown);
  }

  // ---- what the person does

  #clear() {
    this.#choose(null);
    this.#setPaused(false);
    this.frames.clear();
  }

  #setPaused(isPaused) {
    this.#isPaused = isPaused;
    this.#pause.setAttribute('aria-pressed', String(isPaused));
    this.#drawSoon();
  }

  #pressed(event, on) {
    const { key, target } = event;
    if (key === 'Escape') {
      if (this.#chosen) this.#close();
      else on.close();
      return;
    }
    if (!target.matches('.frame')) return;
    const all = [...this.#rows.querySelectorAll('.frame')];
    const at = all.indexOf(target);
    const next = { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) }[key];
    if (key === 'Enter' || key === ' ') this.#choose(target);
    else if (next) this.#goTo(next);
    else return;
    event.preventDefault();
  }

  /** While a frame is drawn, the choice follows the focus. */
  #goTo(row) {
    row.focus();
    if (this.#chosen) this.#choose(row);
  }

  #choose(row) {
    this.#chosen?.setAttribute('aria-selected', 'false');
    this.#chosen = row;
    row?.setAttribute('aria-selected', 'true');
    this.#detail.hidden = row === null;
    this.#detail.parentNode.classList.toggle('chosen', row !== null);
    if (row === null) return;
    const { frame, inflated } = this.#shown.find((shown) => shown.row === row);
    this.#detail.replaceChildren(drawFrame(frame, inflated, () => this.#close()));
    this.#detail.scrollTop = 0;
    // Where there is no room for both, the list is out of reach.
    if (getComputedStyle(this.#scroller).visibility === 'hidden') this.#detail.focus();
  }

  /** Back to the list, where the person was. */
  #close() {
    const row = this.#chosen;
    this.#choose(null);
    (row?.isConnected ? row : this.#rows.querySelector('[tabindex="0"]'))?.focus();
  }

  /** One row is reached with Tab: where the person was last, or else the newest. */
  #keepTabStop(row = this.#rows.querySelector('.frame[tabindex="0"]') ?? this.#rows.lastElementChild) {
    for (const other of this.#rows.querySelectorAll('[tabindex="0"]')) if (other !== row) other.tabIndex = -1;
    if (row?.matches('.frame')) row.tabIndex = 0;
  }

  // ---- drawing

  #drawSoon() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#isDrawing = false;
    setText(this.#status, this.frames.trouble || (this.#isPaused ? 'Paused' : ''));
    if (!this.#isPaused) this.#drawRows();
    this.#empty.hidden = this.#shown.length > 0;
    setText(this.#empty, this.frames.trouble ? '' : 'No frame has passed yet. Say something.');
  }

  #drawRows() {
    const { entries } = this.frames;
    const follows = this.#isAtEnd && !this.#chosen && !this.#rows.contains(document.activeElement);
    const first = entries[0]?.id ?? Infinity;
    while (this.#shown.length > 0 && this.#shown[0].id < first) this.#drop(this.#shown.shift());
    const last = this.#shown.at(-1)?.id ?? -1;
    const added = entries.filter(({ id }) => id > last).map(shownEntry);
    this.#shown.push(...added);
    this.#rows.append(...added.map(({ row }) => row));
    this.#keepTabStop();
    if (follows) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Somebody who was on this row is on the next one then. */
  #drop({ row }) {
    if (row === document.activeElement) row.nextElementSibling?.focus();
    row.remove();
  }

  get #isAtEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
    return scrollTop + clientHeight >= scrollHeight - NEAR_END;
  }
}

function loadStyle() {
  const link = make('link');
  link.rel = 'stylesheet';
  link.href = new URL('../style/frames.css', import.meta.url);
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = reject;
    document.head.append(link);
  });
}

function button(words, act) {
  const element = make('button', 'quiet', words);
  element.type = 'button';
  element.addEventListener('click', act);
  return element;
}

function titles() {
  const group = make('div', 'frames-titles');
  group.role = 'rowgroup';
  const row = make('div', 'frame-row');
  row.role = 'row';
  for (const words of COLUMNS) {
    const title = make('span', '', words);
    title.role = 'columnheader';
    row.append(title);
  }
  group.append(row);
  return group;
}

function shownEntry({ id, frame }) {
  if (frame === null) return { id, row: dividerElement() };
  const inflated = inflate(frame);
  return { id, frame, inflated, row: rowElement(frame, inflated) };
}

function dividerElement() {
  const row = make('div', 'frames-divider');
  row.role = 'row';
  const words = make('span', '', 'Another connection');
  words.role = 'gridcell';
  words.setAttribute('aria-colspan', COLUMNS.length);
  row.append(words);
  return row;
}

function rowElement(frame, inflated) {
  const row = make('div', `frame frame-row ${frame.isOurs ? 'ours' : 'theirs'}`);
  row.role = 'row';
  row.tabIndex = -1;
  row.setAttribute('aria-selected', 'false');
  const arrow = make('span', 'arrow', frame.isOurs ? '↑' : '↓');
  arrow.setAttribute('aria-hidden', 'true');
  const time = make('time', '', clock.format(frame.at));
  time.dateTime = new Date(frame.at).toISOString();
  const words = make('span', 'words', payloadWords(frame));
  inflated.then((text) => text !== null && setText(words, text));
  row.append(
    cell('direction', arrow, frame.isOurs ? ' to server' : ' to you'),
    cell('', time),
    cell('opcode', opcodeName(frame)),
    cell('fin', frame.fin ? 'FIN' : 'more'),
    cell('rsv', reservedWords(frame)),
    cell('key', frame.key ?? ''),
    cell('length', `${frame.length}`, hiddenText(' bytes')),
    cell('payload', words, make('span', 'cut', cutWords(frame))),
  );
  return row;
}

function cell(name, ...content) {
  const element = make('span', name);
  element.role = 'gridcell';
  element.append(...content);
  return element;
}
