// Everything on the screen but the log: the connection, the form to join, the composer,
// the people. It shows what it is told and reports what the person does.

import { make } from './log.js';

/** Names shown at most; a crowd is counted, not listed. */
const PEOPLE_MOST = 500;

const WORDS = {
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  disconnected: 'Disconnected',
};

const byName = new Intl.Collator().compare;

const $ = (id) => document.getElementById(id);

export class View {
  #on;
  #state = { name: 'connecting' };
  #countdown = 0;
  #online = false;
  #people = { names: [], count: 0, self: '' };
  #peopleFrame = 0;

  /** `on` hears `join(name)`, `say(content)` (true if it was taken) and `retryConnection()`. */
  constructor(on) {
    this.#on = on;
    $('connection-retry').addEventListener('click', () => on.retryConnection());
    $('join-form').addEventListener('submit', (event) => this.#submitName(event));
    $('join-suggestion').addEventListener('click', (event) => this.#takeSuggestion(event));
    $('composer').addEventListener('submit', (event) => this.#submitDraft(event));
    $('draft').addEventListener('keydown', (event) => this.#draftKey(event));
    $('draft').addEventListener('input', () => this.#draftChanged());
    $('people-toggle').addEventListener('click', () => this.#togglePeople());
  }

  showRoom(room) {
    for (const id of ['room', 'join-room']) $(id).textContent = `#${room}`;
    document.title = `#${room} · wirechat`;
  }

  showConnection(state) {
    this.#state = state;
    $('connection').dataset.state = state.name;
    // A status that is written again is read out again, even if it is the same.
    if ($('connection-words').textContent !== WORDS[state.name]) $('connection-words').textContent = WORDS[state.name];
    const retry = { reconnecting: 'Try now', disconnected: 'Connect again' }[state.name];
    $('connection-retry').hidden = !retry;
    $('connection-retry').textContent = retry ?? '';
    clearInterval(this.#countdown);
    if (state.name === 'reconnecting') this.#countdown = setInterval(() => this.#showDetail(), 250);
    this.#showDetail();
  }

  /** The form again, with what the server said about the name and one that it would take. */
  refuseName(content, suggestion) {
    this.#setJoining(false);
    $('join-error').textContent = content;
    $('name').setAttribute('aria-invalid', 'true');
    $('join-suggestion').hidden = suggestion === '';
    $('join-suggestion').textContent = `Join as ${suggestion}`;
    $('join-suggestion').value = suggestion;
    this.#showPart('join');
    $('name').select();
  }

  set name(name) {
    $('name').value = name;
  }

  showConversation() {
    const first = $('conversation').hidden;
    this.#clearRefusal();
    this.#setJoining(false);
    this.#showPart('conversation');
    if (first) $('draft').focus();
  }

  /** Whether what is written now would go out. */
  setOnline(online) {
    this.#online = online;
    document.body.classList.toggle('offline', !online);
    $('send').disabled = !online;
    this.#note(online ? '' : 'Not connected. What you write stays here.');
  }

  /** Puts text back into the composer, in front of what is there. */
  editDraft(content) {
    $('draft').value = [content, $('draft').value].filter(Boolean).join('\n');
    $('draft').focus();
    this.#draftChanged();
  }

  focusDraft() {
    $('draft').focus();
  }

  tooLong() {
    this.#note('This is too long to send.');
  }

  showPeople(names, count, self) {
    this.#people = { names, count, self };
    // Joins come in crowds: one drawing a frame is enough.
    this.#peopleFrame ||= requestAnimationFrame(() => {
      this.#peopleFrame = 0;
      this.#drawPeople();
    });
  }

  #drawPeople() {
    const { names, count, self } = this.#people;
    const words = count === 1 ? '1 person' : `${count} people`;
    $('people-title').textContent = words;
    $('people-toggle').textContent = words;
    names.sort(byName);
    const items = names.slice(0, PEOPLE_MOST).map((name) => {
      const item = make('li', name === self ? 'self' : '');
      item.append(make('bdi', '', name));
      if (name === self) item.append(make('span', 'you', ' you'));
      return item;
    });
    const more = count - items.length;
    if (more > 0) items.push(make('li', 'more', `and ${more} more`));
    $('people-list').replaceChildren(...items);
  }

  #showPart(id) {
    for (const part of ['join', 'conversation']) $(part).hidden = part !== id;
    $('people-toggle').hidden = id !== 'conversation';
  }

  #showDetail() {
    $('connection-detail').textContent = detail(this.#state);
  }

  #submitName(event) {
    event.preventDefault();
    const name = $('name').value.trim();
    if (name === '') return;
    this.#clearRefusal();
    this.#setJoining(true);
    this.#on.join(name);
  }

  #setJoining(joining) {
    $('join-submit').disabled = joining;
    $('join-submit').textContent = joining ? 'Joining…' : 'Join';
  }

  #takeSuggestion(event) {
    $('name').value = event.currentTarget.value;
    $('join-form').requestSubmit($('join-submit'));
  }

  #clearRefusal() {
    $('join-error').textContent = '';
    $('join-suggestion').hidden = true;
    $('name').removeAttribute('aria-invalid');
  }

  #draftKey(event) {
    // Enter also ends an input method's composition; then it is not for us.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $('composer').requestSubmit();
  }

  #submitDraft(event) {
    event.preventDefault();
    const content = $('draft').value;
    if (!this.#online || content.trim() === '' || !this.#on.say(content)) return;
    $('draft').value = '';
    $('draft').focus();
    this.#draftChanged();
  }

  #draftChanged() {
    if (this.#online) this.#note('');
    $('draft').style.height = 'auto';
    $('draft').style.height = `${$('draft').scrollHeight}px`;
  }

  #note(words) {
    $('composer-note').textContent = words;
  }

  #togglePeople() {
    const open = $('people').classList.toggle('open');
    $('people-toggle').setAttribute('aria-expanded', String(open));
  }
}

function detail(state) {
  switch (state.name) {
    case 'connected': return state.latency === null ? '' : `${state.latency} ms`;
    case 'reconnecting': return `in ${Math.max(0, Math.ceil((state.at - Date.now()) / 1000))} s`;
    case 'disconnected': return state.why;
    default: return '';
  }
}
