// The reconnect state machine, with a scripted socket and virtual time.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { backoff, Connection } from '../../src/server/web/model/connection.js';
import { closingWords, mayReconnect, refusalWords } from '../../src/server/web/model/closing.js';

class ScriptedSocket {
  static made = [];

  constructor(url, subprotocol) {
    Object.assign(this, { url, subprotocol, sent: [], closed: false });
    ScriptedSocket.made.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
  }

  open() {
    this.onopen();
  }

  says(object) {
    this.onmessage({ data: JSON.stringify(object) });
  }

  ends(code = 1006, reason = '') {
    this.onclose({ code, reason });
  }
}

const last = (list) => list[list.length - 1];
const socket = () => last(ScriptedSocket.made);

/** In small steps: a timer set by a timer counts from the end of a tick, not from its own time. */
function pass(ms) {
  for (let left = ms; left > 0; left -= 500) mock.timers.tick(Math.min(left, 500));
}

let heard;

function connect() {
  const connection = new Connection('ws://host/ws', {
    changed: (state) => heard.states.push(state),
    opened: () => heard.calls.push('opened'),
    closed: () => heard.calls.push('closed'),
    received: (object) => heard.objects.push(object),
  });
  connection.connectNow();
  return connection;
}

const state = () => last(heard.states);
const wait = () => state().at - Date.now();

beforeEach(() => {
  heard = { states: [], calls: [], objects: [] };
  ScriptedSocket.made = [];
  globalThis.WebSocket = ScriptedSocket;
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  mock.method(Math, 'random', () => 1); // the longest wait that the back-off allows
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  delete globalThis.WebSocket;
});

test('the back-off doubles from one second to thirty, with full jitter', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 1_000].map((attempt) => backoff(attempt, () => 1));
  assert.deepEqual(longest, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  assert.equal(backoff(3, () => 0), 0);
});

test('it comes back by itself only after codes that allow it, as the terminal client does', () => {
  const may = [1001, 1005, 1006, 1011, 1012, 1013, 1014, 4000, 4001, 4499];
  const mayNot = [1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 3999, 4500, 4501, 4502, 4999];
  assert.deepEqual([...may, ...mayNot].filter(mayReconnect), may);
});

test('it offers the subprotocol and reports connecting, then connected', () => {
  connect();
  assert.equal(socket().subprotocol, 'wirechat.v1');
  assert.deepEqual(state(), { name: 'connecting' });
  socket().open();
  assert.deepEqual(state(), { name: 'connected', latency: null });
  assert.deepEqual(heard.calls, ['opened']);
});

test('nothing is sent before the socket is open or after it ended', () => {
  const connection = connect();
  assert.equal(connection.send({ type: 'who' }), false);
  socket().open();
  assert.equal(connection.send({ type: 'who' }), true);
  const first = socket();
  first.ends();
  assert.equal(connection.send({ type: 'who' }), false);
  assert.deepEqual(first.sent.map(({ type }) => type), ['ping', 'who']);
});

test('a lost connection comes back after the back-off, which grows until one lasts', () => {
  connect();
  const waits = [];
  for (let i = 0; i < 3; i++) {
    socket().open();
    socket().ends();
    waits.push(wait());
    pass(wait());
    assert.equal(state().name, 'connecting');
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000]);

  socket().open();
  socket().says({ type: 'welcome' });
  pass(9_999);
  socket().ends();
  assert.equal(wait(), 8_000, 'ten seconds had not passed');
  pass(wait());

  socket().open();
  socket().says({ type: 'welcome' });
  pass(10_000);
  socket().ends();
  assert.equal(wait(), 1_000);
});

test('a close code that forbids it stops the reconnects and says why', () => {
  const connection = connect();
  socket().open();
  socket().ends(4502, 'spam');
  assert.equal(state().name, 'disconnected');
  assert.match(state().why, /removed.*spam/);
  pass(1_000_000);
  assert.equal(ScriptedSocket.made.length, 1);

  connection.connectNow();
  socket().open();
  socket().ends(1008);
  assert.match(state().why, /does not allow/);
});

test('a reconnect says why the connection ended, or nothing if it never was open', () => {
  connect();
  socket().open();
  socket().ends(1006);
  assert.equal(state().why, 'The connection was lost.');
  pass(wait());
  socket().ends(1006);
  assert.equal(state().why, null);
});

test('every close code is told in words', () => {
  for (const code of [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1013, 4000, 4001, 4002, 4321, 4500, 4501, 4502, 4999]) {
    assert.match(closingWords(code, ''), /^[A-Z].{15,}\.$/, `${code}`);
  }
  assert.match(closingWords(4321, 'Tea time'), /Tea time/);
});

test('a handshake that fails is told by what plain HTTP answers', () => {
  const words = [[null, false], [null, true], [200, true], [429, true], [503, true], [502, true]].map(([status, online]) => refusalWords(status, online));
  assert.equal(new Set(words).size, words.length);
  assert.match(words[0], /offline/);
});

test('an opening handshake that hangs is given up after ten seconds', () => {
  connect();
  pass(9_999);
  assert.equal(socket().closed, false);
  pass(1);
  assert.equal(socket().closed, true);
  assert.equal(state().name, 'reconnecting');
  assert.deepEqual(heard.calls, [], 'it was never open, so it was not closed either');
});

test('it pings at once, after two seconds, then every ten, and reports the latency', () => {
  connect();
  socket().open();
  const at = [];
  for (let second = 0; second <= 32; second++) {
    if (socket().sent.length > at.length) {
      at.push(second);
      socket().says({ type: 'pong', nonce: last(socket().sent).nonce });
      assert.equal(typeof state().latency, 'number');
    }
    pass(1_000);
  }
  assert.deepEqual(at, [0, 2, 12, 22, 32]);
  assert.ok(socket().sent.every(({ type }) => type === 'ping'));
  assert.deepEqual(heard.objects, [], 'pongs are nobody else\'s business');
});

test('a pong with another nonce tells nothing about the latency', () => {
  connect();
  socket().open();
  socket().says({ type: 'pong', nonce: 'other' });
  assert.equal(state().latency, null);
});

test('a connection that stays silent after a ping is given up', () => {
  connect();
  socket().open();
  socket().says({ type: 'pong', nonce: last(socket().sent).nonce });
  const silent = socket();
  pass(2_000 + 8_000);
  assert.equal(silent.closed, true);
  assert.equal(state().name, 'reconnecting');
  assert.deepEqual(heard.calls, ['opened', 'closed']);

  silent.says({ type: 'message' });
  silent.ends(4502);
  assert.equal(state().name, 'reconnecting', 'nobody listens to an abandoned socket');
  assert.deepEqual(heard.objects, []);
});

test('any message after a ping proves that the other end lives', () => {
  connect();
  socket().open();
  for (let i = 0; i < 20; i++) {
    pass(5_000);
    socket().says({ type: 'message', content: 'news' });
  }
  assert.equal(ScriptedSocket.made.length, 1);
});

test('a server that goes away is asked again when it said', () => {
  connect();
  socket().open();
  socket().says({ type: 'going_away', reconnect_after_ms: 12_345 });
  socket().ends(1001);
  assert.equal(wait(), 12_345);
  pass(wait());
  socket().ends();
  assert.equal(wait(), 1_000, 'what it said counts once');
});

test('a wait asked for without measure is cut to five minutes, nonsense is ignored', () => {
  connect();
  socket().open();
  socket().says({ type: 'going_away', reconnect_after_ms: 1e300 });
  for (const nonsense of [-1, 'soon', null]) socket().says({ type: 'going_away', reconnect_after_ms: nonsense });
  socket().ends(1001);
  assert.equal(wait(), 300_000);
});

test('a nudge tries at once while waiting, and pings while connected', () => {
  const connection = connect();
  socket().ends();
  connection.nudge();
  assert.equal(ScriptedSocket.made.length, 2);
  socket().open();
  connection.nudge();
  assert.equal(socket().sent.length, 2);
  pass(1_000_000);
  assert.ok(ScriptedSocket.made.length > 2, 'the ping of a nudge has its deadline, too');
});

test('a nudge finds out within four seconds that nobody is there any more', () => {
  const connection = connect();
  socket().open();
  socket().says({ type: 'pong', nonce: last(socket().sent).nonce });
  connection.nudge();
  pass(3_999);
  assert.equal(state().name, 'connected');
  pass(1);
  assert.equal(state().name, 'reconnecting');
});

test('a nudge does not come before a server that goes away has asked for, a person may', () => {
  const connection = connect();
  socket().open();
  socket().says({ type: 'going_away', reconnect_after_ms: 5_000 });
  socket().ends(1001);
  connection.nudge();
  assert.equal(ScriptedSocket.made.length, 1);
  connection.connectNow();
  assert.equal(ScriptedSocket.made.length, 2);
});

test('after sleep the other end is asked once more before it is given up', () => {
  connect();
  socket().open();
  const first = socket();
  mock.timers.setTime(Date.now() + 3_600_000); // the clock went on; timers fire late
  mock.timers.tick(1);
  assert.equal(first.closed, false);
  assert.equal(last(first.sent).type, 'ping');
  pass(20_000);
  assert.equal(first.closed, true, 'and then it was silent');
});

test('ending for good closes with 1000 and does not come back', () => {
  const connection = connect();
  socket().open();
  connection.end();
  assert.equal(socket().closed, true);
  assert.equal(state().name, 'disconnected');
  assert.deepEqual(heard.calls, ['opened', 'closed']);
  pass(1_000_000);
  assert.equal(ScriptedSocket.made.length, 1);
});

test('trying twice at once makes one socket', () => {
  const connection = connect();
  connection.connectNow();
  socket().open();
  connection.connectNow();
  assert.equal(ScriptedSocket.made.length, 1);
});

test('what is not a JSON object is ignored', () => {
  connect();
  socket().open();
  for (const data of ['', '{', '[]', 'null', '1', '"text"', new ArrayBuffer(2)]) socket().onmessage({ data });
  assert.deepEqual(heard.objects, []);
  assert.equal(state().name, 'connected');
});
