// A list beside the conversation, which on a small screen lies over it until it is closed.

export class Drawer {
  #panel;
  #button;

  constructor(panel, button) {
    this.#panel = panel;
    this.#button = button;
    button.addEventListener('click', () => this.toggle());
  }

  toggle(open = !this.#isOpen) {
    if (open === this.#isOpen) return;
    const hadFocus = this.#panel.contains(document.activeElement);
    this.#panel.classList.toggle('open', open);
    this.#button.setAttribute('aria-expanded', String(open));
    if (open) this.#panel.querySelector('[aria-current], a, button')?.focus();
    else if (hadFocus) this.#button.focus();
  }

  get #isOpen() {
    return this.#panel.classList.contains('open');
  }
}
