// Where one writes: a field that grows, a draft for every conversation, and what to know
// before sending.

import { $, setText } from './dom.js';

/** Characters of a draft that are kept over a reload. */
const DRAFT_MOST = 20_000;

export class Composer {
  #on;
  #drafts;
  #key = null;
  #saving = 0;

  /**
   * `on` hears `say(content)` (words why not, or nothing if it was taken) and
   * `typed(isEmpty)`. `drafts` has `get(key)` and `set(key, text)`.
   */
  constructor(on, drafts) {
    this.#on = on;
    this.#drafts = drafts;
    $('composer').addEventListener('submit', (event) => this.#submit(event));
    $('draft').addEventListener('keydown', (event) => this.#pressed(event));
    $('draft').addEventListener('input', () => {
      this.#changed();
      on.typed($('draft').value.trim() === '');
    });
  }

  /** Turns to a conversation and its draft. */
  show({ key, kind, name }) {
    if (this.#key !== key) {
      this.save();
      this.#key = key;
      $('draft').value = this.#drafts.get(key);
      this.#changed();
    }
    const label = kind === 'private' ? `Private message to ${name}` : 'Message';
    if ($('draft').ariaLabel !== label) $('draft').ariaLabel = label;
    $('draft').placeholder = kind === 'private' ? `Write to ${name} alone` : `Write to #${name}`;
    $('send').ariaLabel = kind === 'private' ? 'Send privately' : 'Send';
  }

  focus() {
    $('draft').focus();
  }

  /** Puts text back, in front of what is there. */
  edit(content) {
    $('draft').value = [content, $('draft').value].filter(Boolean).join('\n');
    this.focus();
    this.#changed();
  }

  /** Puts text in place of what is selected. */
  insert(text) {
    const draft = $('draft');
    draft.setRangeText(text, draft.selectionStart, draft.selectionEnd, 'end');
    draft.dispatchEvent(new InputEvent('input', { bubbles: true }));
    this.focus();
  }

  note(words) {
    setText($('composer-note'), words);
  }

  #pressed(event) {
    // Enter also ends an input method's composition; then it is not for us.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $('composer').requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const content = $('draft').value;
    if (content.trim() === '') {
      this.focus();
      return;
    }
    const whyNot = this.#on.say(content);
    if (whyNot) {
      this.note(whyNot);
      return;
    }
    $('draft').value = '';
    this.focus();
    this.#changed();
    this.save();
  }

  #changed() {
    this.note('');
    const draft = $('draft');
    draft.style.height = 'auto';
    draft.style.height = `${draft.scrollHeight}px`;
    // Not every letter is worth a write.
    this.#saving ||= setTimeout(() => this.save(), 300);
  }

  /** Also when the page may be about to go. */
  save() {
    clearTimeout(this.#saving);
    this.#saving = 0;
    if (this.#key !== null) this.#drafts.set(this.#key, $('draft').value.slice(0, DRAFT_MOST));
  }
}
