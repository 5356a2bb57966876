// Where the connection stands, in a dot and in words, always in sight.

import { $, setText } from './dom.js';

const WORDS = {
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  disconnected: 'Disconnected',
};
const RETRY = { reconnecting: 'Try now', disconnected: 'Connect again' };

export class StatusView {
  #state = { name: 'connecting' };
  #countdown = 0;

  /** `retry()` is what the button does. */
  constructor(retry) {
    $('connection-retry').addEventListener('click', retry);
  }

  get isConnected() {
    return this.#state.name === 'connected';
  }

  show(state) {
    const before = this.#state.name;
    this.#state = state;
    $('connection').dataset.state = state.name;
    setText($('connection-words'), WORDS[state.name]);
    const button = $('connection-retry');
    button.hidden = !RETRY[state.name];
    setText(button, RETRY[state.name] ?? '');
    clearInterval(this.#countdown);
    if (state.name === 'reconnecting') this.#countdown = setInterval(() => this.#showDetail(), 250);
    this.#showDetail();
    // What was wrong stays to be read until it is over.
    if (state.name === 'connected' && before !== 'connected') this.explain('');
    else if (state.why) this.explain(state.why);
  }

  /** What is wrong and what to do, below the bar. */
  explain(words) {
    const rest = words && this.#state.name !== 'disconnected' ? ' What you write is kept and sent when the connection is back.' : '';
    setText($('trouble'), words && words + rest);
    $('trouble').hidden = words === '';
  }

  #showDetail() {
    setText($('connection-detail'), detail(this.#state));
  }
}

function detail(state) {
  switch (state.name) {
    case 'connected': return state.latency === null ? '' : `${state.latency} ms`;
    case 'reconnecting': return `in ${Math.max(0, Math.ceil((state.at - Date.now()) / 1000))} s`;
    default: return '';
  }
}
