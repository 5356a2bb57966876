// What the tests of the chat model share: a chat without browser, server or clock, and the
// objects that a server would send it.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock } from 'node:test';
import { Chat } from '../../src/server/web/model/chat.js';

/** The chat of this test. */
export let chat;
/** Objects sent, names refused, and messages of others told to the person. */
export let sent;
export let refusals;
export let arrived;

let online;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_700_000_000_000 });
  open();
});

afterEach(() => mock.timers.reset());

/** A new page of the tab, with what an earlier one has saved. */
export function open(saved) {
  [sent, refusals, arrived, online] = [[], [], [], true];
  chat = new Chat({
    changed: () => {},
    send(object) {
      if (online) sent.push(object);
      return online;
    },
    entered: () => {},
    refused: (refusal) => refusals.push(refusal),
    arrived: (conversation, row, isCall) => arrived.push(`${conversation.key} ${row.content}${isCall ? ' !' : ''}`),
    moved: () => {},
  }, saved);
}

// ---- what the server says

export const hears = (object) => chat.received({ username: 'System', content: '', timestamp: Date.now(), ...object });
export const enter = (extra = {}) => hears({
  type: 'joined', user: 'Ada', room: 'lobby', epoch: 'e1', seq: 0, users: ['Ada'], session: 's1', recovered: false, ...extra,
});
export const logged = (seq, username, content, extra = {}) => ({
  type: 'message', room: 'lobby', seq, id: `m${seq}`, username, content, timestamp: 1_600_000_000_000 + seq, ...extra,
});
export const broadcast = (...message) => hears(logged(...message));
/** The answer to `history`: messages of Bob with these numbers. */
export const history = (seqs, more) => hears({
  type: 'history', room: 'lobby', epoch: 'e1', messages: seqs.map((seq) => logged(seq, 'Bob', `${seq}`)), more,
});
export const whisper = (n, from, to, content) => hears({ type: 'private', from, to, username: from, content, id: `p1-${n}` });
export const notice = (object) => hears({ type: 'message', room: 'lobby', ...object });
export const ack = (nonce, seq) => hears({ type: 'ack', nonce, id: `m${seq}`, seq });
export const refuse = (nonce, code, extra = {}) => hears({ type: 'error', code, nonce, ...extra });

// ---- what became of it

export const all = (type) => sent.filter((object) => object.type === type);
export const last = (type) => all(type).at(-1);
export const rowsOf = (key = 'lobby') => chat.find(key).timeline.rows;

export function lines(expected, key = 'lobby') {
  assert.deepEqual(rowsOf(key).map((row) => (row.state ? `${row.content} (${row.state})` : `* ${row.content}`)), expected);
}

// ---- the connection

export function lose() {
  online = false;
  chat.connectionLost();
}

/** The connection is lost, and the person goes on. */
export function goOffline() {
  online = false;
}

export function comeBack() {
  online = true;
  sent.length = 0;
  chat.connected();
}

/** Ada is in the lobby and looks at it. */
export function joined() {
  chat.open({ kind: 'room', name: 'lobby' });
  chat.show('lobby');
  chat.watch(true);
  chat.connected();
  chat.join('Ada');
  enter();
  sent.length = 0;
}
