// What is shown: its name, whether it is private, who is typing; and the title of the page.

import { typingWords } from '../model/typing.js';
import { $, setText } from './dom.js';

export function renderHeading(chat, conversation) {
  const isPrivate = conversation.kind === 'private';
  $('talk').classList.toggle('private', isPrivate);
  $('people').hidden = isPrivate;
  $('people-toggle').hidden = isPrivate;
  setText($('place'), placeWords(conversation));
  setText($('about'), isPrivate ? privateWords(chat, conversation.name) : '');
  const typing = typingWords(conversation.typists.names);
  $('typing').classList.toggle('active', typing !== '');
  setText($('typing-words'), typing);
  setTitle(chat, conversation);
}

export function placeWords({ kind, name }) {
  return kind === 'private' ? name : `#${name}`;
}

function privateWords(chat, name) {
  const here = chat.isPresent(name) ? '' : ` ${name} is in none of your rooms and may read it later.`;
  return `Private: only you and ${name} see this.${here}`;
}

/** Mentions and private messages are counted in the title, the rest is a dot. */
function setTitle(chat, conversation) {
  const others = chat.conversations;
  const calls = others.reduce((sum, { calls: of }) => sum + of, 0);
  const unread = others.some((other) => other.unread > 0);
  const mark = calls > 0 ? `(${calls}) ` : unread ? '• ' : '';
  const title = `${mark}${placeWords(conversation)} · wirechat`;
  if (document.title !== title) document.title = title;
}
