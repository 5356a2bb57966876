// Small helpers for elements. What others wrote becomes text, never markup.

export const $ = (id) => document.getElementById(id);

export function make(tag, className = '', text = '') {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function hiddenText(text) {
  return make('span', 'visually-hidden', text);
}

/** Sets text only if it is another one: a live region that is written again is read out again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes the children of a list these, touching only what is not in its place. */
export function reconcile(parent, children) {
  let at = parent.firstChild;
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** Names are told apart by this many colours. */
const HUES = 8;

export function hue(name) {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) % 65_521;
  return `hue-${hash % HUES}`;
}

const graphemes = new Intl.Segmenter([], { granularity: 'grapheme' });

/** The first letter of a name on its colour, for eyes only. */
export function avatar(name) {
  const [letter] = graphemes.segment(name);
  const element = make('span', `avatar ${hue(name)}`, (letter?.segment ?? '?').slice(0, 8).toUpperCase());
  element.setAttribute('aria-hidden', 'true');
  return element;
}
