// A small board of emoji to choose from, for mouse and arrow keys.

import { $, make } from './dom.js';

const CHOICE = '😀 😄 😅 😂 🙂 😉 😊 😍 😎 🤔 😐 😴 😕 😢 😭 😡 😱 🤯 🥳 🤗 👍 👎 👏 🙌 🙏 💪 👋 🤝 👀 🧠 ❤️ 💔 🔥 ✨ 🎉 💡 ✅ ❌ ❓ ⚠️ 🚀 🐛 🔧 📌 📎 ⏰ ☕ 🍕'.split(' ');
const COLUMNS = 8;

export class EmojiBoard {
  #on;

  /** `on` hears `chosen(emoji)` and `closed()`. */
  constructor(on) {
    this.#on = on;
    $('emoji-open').addEventListener('click', () => this.toggle());
    $('emoji').addEventListener('keydown', (event) => this.#pressed(event));
    $('emoji').addEventListener('click', (event) => this.#clicked(event));
    document.addEventListener('pointerdown', ({ target }) => {
      if (!target.closest('#emoji, #emoji-open')) this.toggle(false);
    });
  }

  toggle(open = $('emoji').hidden) {
    if (open && $('emoji').childElementCount === 0) $('emoji').append(...CHOICE.map(emojiButton));
    $('emoji').hidden = !open;
    $('emoji-open').setAttribute('aria-expanded', String(open));
    if (open) $('emoji').firstChild.focus();
  }

  #clicked({ target }) {
    const button = target.closest('button');
    if (!button) return;
    this.toggle(false);
    this.#on.chosen(button.textContent);
  }

  #pressed(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (event.key === 'Escape') {
      this.toggle(false);
      this.#on.closed();
    } else if (step) {
      event.preventDefault();
      const buttons = [...$('emoji').children];
      buttons[buttons.indexOf(document.activeElement) + step]?.focus();
    }
  }
}

function emojiButton(emoji) {
  const button = make('button', '', emoji);
  button.type = 'button';
  return button;
}
