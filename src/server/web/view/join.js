// The form that asks for a name, and says why the server did not take one.

import { $, setText } from './dom.js';

export class JoinView {
  #on;

  /** `on` hears `join(name)`. */
  constructor(on) {
    this.#on = on;
    $('join-form').addEventListener('submit', (event) => this.#submit(event));
    $('join-suggestion').addEventListener('click', (event) => this.#takeSuggestion(event));
  }

  show(place, name) {
    setText($('join-place'), place);
    if ($('name').value === '') $('name').value = name;
    if (!$('join').hidden) return;
    $('join').hidden = false;
    $('name').focus();
  }

  hide() {
    $('join').hidden = true;
    this.#clearRefusal();
    this.#setJoining(false);
  }

  /** What the server said, and a name that it would take. */
  refuse({ code, words, suggestion }) {
    this.#setJoining(false);
    setText($('join-error'), refusalWords(code, words));
    if (code.startsWith('name_')) $('name').setAttribute('aria-invalid', 'true');
    $('join-suggestion').hidden = suggestion === '';
    setText($('join-suggestion'), `Join as ${suggestion}`);
    $('join-suggestion').value = suggestion;
    $('join-lobby').hidden = code !== 'room_invalid';
    $('name').select();
  }

  /** The address is another one: what was refused is no longer asked for. */
  moved() {
    this.#clearRefusal();
  }

  #submit(event) {
    event.preventDefault();
    const name = $('name').value.trim();
    if (name === '') return;
    this.#clearRefusal();
    this.#setJoining(true);
    this.#on.join(name);
  }

  #setJoining(joining) {
    $('join-submit').disabled = joining;
    setText($('join-submit'), joining ? 'Joining…' : 'Join');
  }

  #takeSuggestion(event) {
    $('name').value = event.currentTarget.value;
    $('join-form').requestSubmit($('join-submit'));
  }

  #clearRefusal() {
    setText($('join-error'), '');
    $('join-suggestion').hidden = true;
    $('join-lobby').hidden = true;
    $('name').removeAttribute('aria-invalid');
  }
}

/** In this page's words where they say more about what to do. */
export function refusalWords(code, words) {
  switch (code) {
    case 'name_reserved': return 'This name is kept for the server itself. Choose another one.';
    case 'name_invalid': return 'This cannot be a name: use 1 to 32 characters that everybody can see.';
    case 'room_invalid': return 'This cannot be a room: its name has 1 to 32 letters, digits, hyphens, dots or underscores.';
    default: return words || 'The server did not let you in.';
  }
}
