// One frame drawn as in RFC 6455 §5.2, and the same in words.

import { cutWords, fields, hex, LINE, onTheWire, opcodeName, payloadWords, pieces } from '../model/frame.js';
import { make, setText } from './dom.js';

/** `inflated` is a promise of the text in a compressed frame; `close` what the button does. */
export function drawFrame(frame, inflated, close) {
  const drawing = document.createDocumentFragment();
  drawing.append(head(frame, close), diagram(frame), table(frame, inflated));
  return drawing;
}

function head(frame, close) {
  const element = make('div', 'frame-head');
  const words = `${opcodeName(frame)} frame ${frame.isOurs ? 'to the server' : 'to you'}`;
  const button = make('button', 'quiet', 'Back to the list');
  button.type = 'button';
  button.addEventListener('click', close);
  element.append(make('h3', '', words[0].toUpperCase() + words.slice(1)), button);
  return element;
}

/** For eyes: the table says the same. A narrow screen has lines of half the length. */
function diagram(frame) {
  const element = make('div', 'bits');
  element.setAttribute('aria-hidden', 'true');
  for (let bit = 0; bit < LINE; bit++) element.append(make('i', '', `${bit % 10}`));
  for (const { name, size, value } of pieces(frame)) {
    const piece = make('span', size === 1 ? 'bit' : 'piece');
    piece.style.gridColumn = `span ${size}`;
    piece.append(make('b', '', name), make('span', '', value));
    element.append(piece);
  }
  return element;
}

function table(frame, inflated) {
  const element = make('table', 'fields');
  const body = make('tbody');
  for (const { name, bits, words } of fields(frame)) body.append(line(name, bits.length > 8 ? '' : bits, words));
  body.append(...payloadLines(frame, inflated));
  element.append(body);
  return element;
}

function payloadLines(frame, inflated) {
  const { length, payload, key, rsv } = frame;
  if (length === 0) return [line('Payload data', '', 'none')];
  const words = [cutWords(frame), key === null ? '' : 'unmasked'].filter(Boolean).join(', ');
  const lines = [line('Payload data', words && `(${words})`, payloadWords(frame))];
  if (rsv & 4) {
    const inside = line('decompressed', '', '…');
    inflated.then((text) => setText(inside.lastChild, text ?? 'not readable by itself'));
    lines.push(inside);
  }
  if (key !== null) lines.push(line('on the wire', '', hex(onTheWire(frame))));
  return lines;
}

function line(name, value, words) {
  const row = make('tr');
  const title = make('th', '', name);
  title.scope = 'row';
  const bits = make('td', 'value', value);
  row.append(title, bits, make('td', 'words', words));
  return row;
}
