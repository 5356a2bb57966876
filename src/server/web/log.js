// The log of messages on the screen: rows in, elements out. What others wrote becomes
// text, never markup.

const clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const fullDate = new Intl.DateTimeFormat([], { dateStyle: 'full', timeStyle: 'medium' });

/** Consecutive messages of one person within this time, in ms, stand under one name. */
const ONE_BREATH = 5 * 60_000;
/** How far from the end, in px, still counts as being at the end. */
const NEAR_END = 48;
/** Names are told apart by this many colours. */
const HUES = 8;

export class LogView {
  #scroller = document.getElementById('log');
  #list = document.getElementById('rows');
  #newer = document.getElementById('newer');
  #elements = new Map();
  #follows = true;
  #unread = 0;
  #frame = 0;
  #on;

  /** `on` hears `retry(nonce)` and `edit(nonce)` for messages that failed. */
  constructor(on) {
    this.#on = on;
    this.#newer.addEventListener('click', () => this.scrollToEnd());
    this.#scroller.addEventListener('scroll', () => {
      // While rows wait for their frame, the distance says nothing about the person.
      if (!this.#frame) this.#noticePosition();
    });
    // The on-screen keyboard and a growing composer take room from the log.
    new ResizeObserver(() => this.#follows && this.scrollToEnd()).observe(this.#scroller);
  }

  insert(row, before) {
    this.#beforeAdding();
    const element = rowElement(row, this.#on);
    this.#elements.set(row, element);
    this.#list.insertBefore(element, this.#elements.get(before) ?? null);
    group(element);
    group(element.nextElementSibling);
    if (!row.own) this.#unread++;
  }

  change(row) {
    const element = rowElement(row, this.#on);
    this.#elements.get(row).replaceWith(element);
    this.#elements.set(row, element);
    group(element);
    group(element.nextElementSibling);
  }

  remove(row) {
    const element = this.#elements.get(row);
    const next = element.nextElementSibling;
    element.remove();
    this.#elements.delete(row);
    group(next);
  }

  scrollToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#noticePosition();
  }

  /** The position is read once a frame, before its first row, when the layout is still known. */
  #beforeAdding() {
    if (this.#frame) return;
    this.#noticePosition();
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#follows) this.scrollToEnd();
      else this.#showUnread();
    });
  }

  #noticePosition() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#follows = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.#follows) this.#unread = 0;
    this.#showUnread();
  }

  #showUnread() {
    this.#newer.hidden = this.#follows || this.#unread === 0;
    this.#newer.textContent = `↓ ${this.#unread} new`;
  }
}

function rowElement(row, on) {
  return row.kind === 'message' ? messageElement(row, on) : noticeElement(row);
}

function noticeElement(row) {
  const item = make('li', `notice ${row.kind}`);
  const words = make('span', 'content', row.content);
  words.dir = 'auto';
  item.append(words, timeElement(row.timestamp));
  return item;
}

function messageElement(row, on) {
  const item = make('li', `message ${row.state}`);
  item.classList.toggle('own', row.own);
  item.dataset.username = row.username;
  item.dataset.timestamp = row.timestamp;
  const name = make('bdi', `name hue-${hue(row.username)}`, row.username);
  const head = make('div', 'head');
  head.append(name, timeElement(row.timestamp));
  const content = make('div', 'content', row.content);
  content.dir = 'auto';
  item.append(head, content);
  if (row.state === 'sending') item.append(make('div', 'delivery', 'Sending…'));
  if (row.state === 'failed') item.append(failureElement(row, on));
  return item;
}

function failureElement(row, on) {
  const line = make('div', 'delivery', `Not delivered: ${row.why} `);
  const button = make('button', row.again ? 'quiet retry' : 'quiet', row.again ? 'Retry' : 'Edit');
  button.type = 'button';
  button.addEventListener('click', () => (row.again ? on.retry(row.nonce) : on.edit(row.nonce)));
  line.append(button);
  return line;
}

function timeElement(timestamp) {
  const date = new Date(timestamp);
  const element = make('time', '', clock.format(date));
  element.dateTime = date.toISOString();
  element.title = fullDate.format(date);
  return element;
}

/** Hides a message's name (from eyes, not from ears) if the one above has the same. */
function group(element) {
  if (!element?.classList.contains('message')) return;
  const above = element.previousElementSibling;
  const same = above?.dataset.username === element.dataset.username
    && Math.abs(element.dataset.timestamp - above.dataset.timestamp) < ONE_BREATH;
  element.classList.toggle('continued', same);
}

function hue(name) {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) % 65_521;
  return hash % HUES;
}

export function make(tag, className, text = '') {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
