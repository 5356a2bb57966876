// One WebSocket and its life: connect, notice when it dies, come back. No DOM
// here and no chat: objects go in, objects come out.
//
//                connectNow            the socket opened
//  disconnected ───────────► connecting ────────────────► connected
//       ▲                     ▲      │                        │
//       │        the time came│      │ did not open           │ ended, or silent
//       │       or connectNow │      ▼                        │
//       │                     └── reconnecting ◄──────────────┤
//       └─────────────────────────────────────────────────────┘
//                  ended with a code that says "do not come back"

import { closingWords, mayReconnect } from './closing.js';
import { parseObject } from './wire.js';

const SUBPROTOCOL = 'wirechat.v1';

/** How long an opening handshake may take, in ms. Browsers themselves wait for minutes. */
const CONNECT_DEADLINE = 10_000;
/** The time between two pings, in ms. A script cannot send a Ping frame, so these are JSON. */
const PING_EVERY = 10_000;
/** The first one is answered while the page is busy with what it joins, so another follows soon, in ms. */
const PING_AGAIN = 2_000;
/** How long the other end may stay silent after a ping, in ms; less than `PING_EVERY`. */
const PONG_DEADLINE = 8_000;
/** The same after something changed, when there is reason to doubt, in ms. */
const DOUBT_DEADLINE = 4_000;
/** A timer that is this late, in ms, shows that the computer slept or the page was held back. */
const OVERSLEPT = 2_000;
/** A connection that lived this long, in ms, lets the next back-off start from the beginning. */
const LASTED = 10_000;
const BACKOFF_FIRST = 1_000;
const BACKOFF_MOST = 30_000;
/** The longest wait that a server's `going_away` may ask for, in ms. */
const ASKED_WAIT_MOST = 300_000;

/**
 * The wait before the next attempt, in ms: exponential with full jitter, so that the
 * clients of a server that restarted do not all come back at once (RFC 6455 §7.2.3).
 */
export function backoff(attempt, random = Math.random) {
  return random() * Math.min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** attempt);
}

export class Connection {
  #url;
  #on;
  #socket = null;
  #state = { name: 'disconnected', why: '' };
  #attempt = 0;
  #askedWait = null;
  #notBefore = 0;
  #ping = { nonce: '', sent: 0, count: 0 };
  #timers = { deadline: 0, ping: 0, lasted: 0, retry: 0 };

  /**
   * `on` hears `changed(state)`, `opened()`, `closed()` and `received(object)`. A state is one of
   * `{name: 'connecting'}`, `{name: 'connected', latency}` (ms, or null until it is known),
   * `{name: 'reconnecting', at, why}` (ms since 1970; `why` is null if no connection could be
   * opened) and `{name: 'disconnected', why}`.
   */
  constructor(url, on) {
    this.#url = url;
    this.#on = on;
  }

  /** Connects without waiting any longer. Does nothing while a socket exists. */
  connectNow() {
    if (this.#socket) return;
    this.#clearTimers();
    this.#enter({ name: 'connecting' });
    const socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    // An abandoned socket may still report events: nobody listens any more.
    const whileOurs = (handle) => (event) => {
      if (this.#socket === socket) handle(event);
    };
    socket.onopen = whileOurs(() => this.#opened());
    socket.onmessage = whileOurs((event) => this.#received(event.data));
    socket.onclose = whileOurs((event) => this.#ended(event.code, event.reason));
    this.#timers.deadline = setTimeout(() => this.#abandon(), CONNECT_DEADLINE);
  }

  /**
   * Something changed (network, visibility, a computer that slept): find out now where we
   * stand. A server that asked for a wait gets it all the same.
   */
  nudge() {
    if (this.#state.name === 'reconnecting' && Date.now() >= this.#notBefore) this.connectNow();
    else if (this.#state.name === 'connected') this.#sendPing(PING_EVERY, DOUBT_DEADLINE);
  }

  /** Ends the connection for good: a Close with code 1000. */
  end() {
    const socket = this.#socket;
    this.#ended(1000, '', false);
    socket?.close(1000);
  }

  /** Hands one object to the socket; false when there is no open one. */
  send(object) {
    if (this.#state.name !== 'connected') return false;
    this.#socket.send(JSON.stringify(object));
    return true;
  }

  #opened() {
    clearTimeout(this.#timers.deadline);
    this.#timers.lasted = setTimeout(() => (this.#attempt = 0), LASTED);
    this.#enter({ name: 'connected', latency: null });
    this.#on.opened();
    this.#sendPing(PING_AGAIN);
  }

  #sendPing(next = PING_EVERY, deadline = PONG_DEADLINE) {
    clearTimeout(this.#timers.ping);
    clearTimeout(this.#timers.deadline);
    this.#timers.ping = setTimeout(() => this.#sendPing(), next);
    const due = Date.now() + deadline;
    this.#timers.deadline = setTimeout(() => this.#heardNothing(due), deadline);
    const count = this.#ping.count + 1;
    this.#ping = { nonce: `ping-${count}`, sent: performance.now(), count };
    this.send({ type: 'ping', nonce: this.#ping.nonce });
  }

  /** The answer of a page that slept may be waiting behind this timer: it asks once more. */
  #heardNothing(due) {
    if (Date.now() - due > OVERSLEPT) this.#sendPing();
    else this.#abandon();
  }

  #received(data) {
    // Whatever arrives proves that the other end lives, not only the pong.
    clearTimeout(this.#timers.deadline);
    const object = parseObject(data);
    if (object?.type === 'pong') this.#ponged(object.nonce);
    else if (object?.type === 'going_away') this.#wasAskedToWait(object.reconnect_after_ms);
    else if (object) this.#on.received(object);
  }

  #ponged(nonce) {
    if (nonce !== this.#ping.nonce) return;
    const latency = Math.round(performance.now() - this.#ping.sent);
    this.#enter({ name: 'connected', latency });
  }

  #wasAskedToWait(ms) {
    if (Number.isFinite(ms) && ms >= 0) this.#askedWait = Math.min(ms, ASKED_WAIT_MOST);
  }

  /** A socket that is silent may take minutes to report its end; do not wait for that. */
  #abandon() {
    const socket = this.#socket;
    this.#ended(1006, '');
    socket.close();
  }

  #ended(code, reason, comesBack = mayReconnect(code)) {
    const wasOpen = this.#state.name === 'connected';
    this.#socket = null;
    this.#clearTimers();
    const why = wasOpen || code !== 1006 ? closingWords(code, reason) : null;
    if (comesBack) this.#comeBackLater(why);
    else this.#enter({ name: 'disconnected', why });
    if (wasOpen) this.#on.closed();
  }

  #comeBackLater(why) {
    const wait = this.#askedWait ?? backoff(this.#attempt++);
    const at = Date.now() + wait;
    this.#notBefore = this.#askedWait === null ? 0 : at;
    this.#askedWait = null;
    this.#timers.retry = setTimeout(() => this.connectNow(), wait);
    this.#enter({ name: 'reconnecting', at, why });
  }

  #enter(state) {
    this.#state = state;
    this.#on.changed(state);
  }

  #clearTimers() {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
  }
}
