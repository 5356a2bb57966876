// The two dialogs: entering another room, and settings.

import { addressOf, isRoomName, roomName } from '../model/names.js';
import { $, make, setText } from './dom.js';
import { refusalWords } from './join.js';

/** Rooms listed at most. */
const ROOMS_MOST = 100;

for (const button of document.querySelectorAll('dialog [data-close]')) {
  button.addEventListener('click', () => button.closest('dialog').close());
}

export class RoomsDialog {
  #on;

  /** `on` hears `enter(room)` and `askRooms()`. */
  constructor(on) {
    this.#on = on;
    $('rooms-open').addEventListener('click', () => this.#open());
    $('rooms-form').addEventListener('submit', (event) => this.#submit(event));
    $('open-rooms').addEventListener('click', () => $('rooms-dialog').close());
  }

  render(rooms, isJoined) {
    if (!$('rooms-dialog').open) return;
    const others = rooms.filter(({ room }) => room !== '' && !isJoined(room)).slice(0, ROOMS_MOST);
    const items = others.map(({ room, users }) => {
      const link = make('a');
      link.href = addressOf('room', room);
      link.append(make('bdi', '', `#${room}`), make('span', 'detail', users === 1 ? '1 person' : `${users} people`));
      const item = make('li');
      item.append(link);
      return item;
    });
    if (items.length === 0) items.push(make('li', 'hint', 'No other room has people in it now.'));
    $('open-rooms').replaceChildren(...items);
  }

  #open() {
    $('room-name').value = '';
    setText($('room-error'), '');
    $('rooms-dialog').showModal();
    this.#on.askRooms();
  }

  #submit(event) {
    const room = roomName($('room-name').value);
    if (isRoomName(room)) {
      this.#on.enter(room);
      return;
    }
    event.preventDefault();
    setText($('room-error'), refusalWords('room_invalid', ''));
  }
}

export class SettingsDialog {
  #on;
  #notifications;
  #shownName = null;

  /** `on` has `name()`, and hears `rename(name)`, `theme(theme)` and `signOut()`. */
  constructor(on, notifications, theme) {
    this.#on = on;
    this.#notifications = notifications;
    $('settings-open').addEventListener('click', () => this.#open());
    $('rename-form').addEventListener('submit', (event) => this.#rename(event));
    $('notify').addEventListener('change', () => this.#turnNotifications());
    $('sign-out').addEventListener('click', () => on.signOut());
    for (const choice of document.querySelectorAll('[name="theme"]')) {
      choice.checked = choice.value === theme;
      choice.addEventListener('change', () => on.theme(choice.value));
    }
  }

  get isOpen() {
    return $('settings-dialog').open;
  }

  /** The server did not take the new name. */
  refuse({ code, words, suggestion }) {
    setText($('rename-error'), refusalWords(code, words));
    if (suggestion) $('new-name').value = suggestion;
    $('new-name').select();
  }

  /** Shows the name as the server has it, when that becomes another one. */
  render(name) {
    if (name === this.#shownName) return;
    this.#shownName = name;
    $('new-name').value = name ?? '';
    setText($('rename-error'), '');
  }

  #open() {
    this.#shownName = null;
    this.render(this.#on.name());
    this.#showNotifications();
    $('settings-dialog').showModal();
  }

  #rename(event) {
    event.preventDefault();
    const name = $('new-name').value.trim();
    if (name !== '') this.#on.rename(name);
  }

  async #turnNotifications() {
    await this.#notifications.turn($('notify').checked);
    this.#showNotifications();
  }

  #showNotifications() {
    const { isOn, whyNot } = this.#notifications;
    $('notify').checked = isOn;
    $('notify').disabled = whyNot !== '';
    setText($('notify-note'), whyNot);
  }
}
