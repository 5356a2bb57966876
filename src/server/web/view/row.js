// One row of the conversation as an element.

import { isOnlyEmoji, parts } from '../model/words.js';
import { avatar, hiddenText, hue, icon, make } from './dom.js';
import { timeElement } from './times.js';

/** What is longer is shown in part, until the person asks for all of it. */
const SHORT_CHARACTERS = 1_500;
const SHORT_LINES = 20;

/** `on` hears `retry(nonce)` and `edit(nonce)` for messages that failed. */
export function rowElement(row, on) {
  return row.kind === 'message' ? messageElement(row, on) : noticeElement(row);
}

function noticeElement(row) {
  const item = make('li', `notice ${row.kind}`);
  const words = make('span', 'content', row.content);
  words.dir = 'auto';
  if (row.kind !== 'system') item.append(icon('alert'));
  item.append(words);
  if (row.kind !== 'gap') item.append(timeElement(row.timestamp));
  return item;
}

function messageElement(row, on) {
  const item = make('li', `message ${row.state}`);
  item.classList.toggle('own', row.own);
  item.classList.toggle('call', row.isCall === true);
  if (!row.own) item.append(avatar(row.username));
  const body = make('div', 'body');
  const name = make('bdi', `name ${hue(row.username)}`, row.username);
  const line = make('div', 'line');
  const meta = make('span', 'meta');
  if (row.state !== 'failed') meta.append(timeElement(row.timestamp));
  if (row.own) meta.append(...stateMarks(row));
  line.append(contentElement(row), meta);
  body.append(name, line);
  if (isLong(row) && !row.isUnfolded) body.append(foldButton(row, line.firstChild));
  if (row.state === 'failed') body.append(failureElement(row, on));
  item.append(body);
  return item;
}

function contentElement({ content }) {
  const element = make('div', 'content');
  element.dir = 'auto';
  element.classList.toggle('large', isOnlyEmoji(content));
  for (const { text, link } of parts(content)) element.append(link ? linkElement(text, link) : text);
  return element;
}

function isLong({ content }) {
  return content.length > SHORT_CHARACTERS || content.split('\n', SHORT_LINES + 1).length > SHORT_LINES;
}

/** Folds the content; the button that unfolds it. */
function foldButton(row, content) {
  content.classList.add('folded');
  const unfold = button('Show all', () => {
    row.isUnfolded = true;
    content.classList.remove('folded');
    unfold.remove();
  });
  unfold.classList.add('unfold');
  return unfold;
}

/** Says where it leads: letters that look like others show in the address. */
function linkElement(text, link) {
  const element = make('a', '', text);
  element.href = link;
  element.title = link;
  element.target = '_blank';
  element.rel = 'noopener noreferrer nofollow';
  return element;
}

function stateMarks({ state }) {
  if (state === 'delivered') return [icon('check'), hiddenText('Delivered')];
  if (state === 'sending') return [make('span', 'waiting'), hiddenText('Sending…')];
  return [];
}

function failureElement(row, on) {
  const line = make('div', 'failure');
  line.append(icon('alert'), make('span', '', `Not delivered: ${row.why || 'the server refused it.'}`));
  if (row.again) line.append(button('Retry', () => on.retry(row.nonce)));
  line.append(button('Edit', () => on.edit(row.nonce)));
  return line;
}

function button(words, act) {
  const element = make('button', 'quiet', words);
  element.type = 'button';
  element.addEventListener('click', act);
  return element;
}
