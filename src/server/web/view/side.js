// The conversations beside the one that is shown, with what is unread in them.

import { addressOf } from '../model/names.js';
import { $, avatar, hiddenText, icon, make, reconcile, setText } from './dom.js';
import { Drawer } from './drawer.js';

export class SideView {
  #items = new Map();
  #on;

  /** `on` hears `close(key)`. */
  constructor(on) {
    this.#on = on;
    this.drawer = new Drawer($('side'), $('side-toggle'));
  }

  render(chat, shownKey) {
    const { conversations } = chat;
    const rooms = conversations.filter(({ kind }) => kind === 'room');
    const people = conversations.filter(({ kind }) => kind === 'private');
    const item = (conversation) => this.#item(conversation, {
      isShown: conversation.key === shownKey,
      isPresent: conversation.kind === 'private' && chat.isPresent(conversation.name),
      mayClose: conversation.kind === 'private' || rooms.length > 1,
    });
    reconcile($('room-list'), rooms.map(item));
    reconcile($('private-list'), people.map(item));
    for (const key of this.#items.keys()) if (!chat.find(key)) this.#items.delete(key);
    $('private-hint').hidden = people.length > 0;
    const unread = conversations.filter(({ key }) => key !== shownKey).reduce((sum, other) => sum + other.unread, 0);
    $('side-badge').hidden = unread === 0;
    setText($('side-badge'), unread > 99 ? '99+' : `${unread}`);
    $('side-toggle').ariaLabel = unread === 0 ? 'Conversations' : `Conversations, ${unread} unread`;
  }

  /** An item is made anew only if something on it is another. */
  #item(conversation, { isShown, isPresent, mayClose }) {
    const { key, name, unread, calls } = conversation;
    const state = [name, unread, calls, isShown, isPresent, mayClose].join('\n');
    const known = this.#items.get(key);
    if (known?.state === state) return known.element;
    const hadFocus = known?.element.contains(document.activeElement);
    const element = this.#make(conversation, { isShown, isPresent, mayClose });
    this.#items.set(key, { state, element });
    if (hadFocus) queueMicrotask(() => element.querySelector('a').focus());
    return element;
  }

  #make({ key, kind, name, unread, calls }, { isShown, isPresent, mayClose }) {
    const item = make('li', `side-item ${kind}`);
    const link = make('a');
    link.href = addressOf(kind, name);
    if (isShown) link.setAttribute('aria-current', 'page');
    link.classList.toggle('unread', unread > 0);
    const mark = kind === 'room' ? make('span', 'hash', '#') : avatar(name);
    mark.setAttribute('aria-hidden', 'true');
    link.append(mark, make('bdi', 'side-name', name));
    if (isPresent) link.append(make('span', 'presence'), hiddenText(' (here)'));
    if (unread > 0) link.append(badge(unread, calls));
    item.append(link);
    if (mayClose) item.append(this.#closeButton(key, kind, name));
    return item;
  }

  #closeButton(key, kind, name) {
    const button = make('button', 'icon small close');
    button.type = 'button';
    button.ariaLabel = kind === 'room' ? `Leave #${name}` : `Close the conversation with ${name}`;
    button.append(icon('close'));
    button.addEventListener('click', () => this.#on.close(key));
    return button;
  }
}

function badge(unread, calls) {
  const element = make('span', calls > 0 ? 'badge call' : 'badge', unread > 99 ? '99+' : `${unread}`);
  element.append(hiddenText(' unread'));
  return element;
}
