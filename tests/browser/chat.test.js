// The chat model: what stands in the log, in which order, and what is sent. No browser, no server.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Chat } from '../../src/server/web/chat.js';
import { ROWS_MOST } from '../../src/server/web/timeline.js';

let chat;
let rows;
let sent;
let people;
let count;
let refusals;

beforeEach(() => {
  rows = [];
  sent = [];
  people = [];
  refusals = [];
  chat = new Chat('lobby', {
    send: (object) => sent.push(object),
    inserted: (row, before) => rows.splice(before ? rows.indexOf(before) : rows.length, 0, row),
    changed: (row) => assert.ok(rows.includes(row)),
    removed: (row) => rows.splice(rows.indexOf(row), 1),
    joined: () => {},
    refused: (content, suggestion) => refusals.push({ content, suggestion }),
    people(names, total) {
      people = names.sort();
      count = total;
    },
  });
});

function enter(extra = {}) {
  chat.received({ type: 'joined', room: 'lobby', epoch: 'e1', seq: 0, users: ['Ada'], session: 's1', ...extra });
}

function joined() {
  chat.join('Ada');
  enter();
  sent.length = 0;
}

function broadcast(seq, username, content, extra = {}) {
  chat.received({ type: 'message', room: 'lobby', seq, id: `m${seq}`, username, content, timestamp: 1_700_000_000_000 + seq, ...extra });
}

const notice = (object) => chat.received({ type: 'message', room: 'lobby', username: 'System', ...object });
const ack = (nonce, seq) => chat.received({ type: 'ack', nonce, id: `m${seq}`, seq });
const nonceOf = (object) => object.nonce;
const shown = () => rows.map((row) => (row.state ? `${row.content} (${row.state})` : `* ${row.content}`));
const lines = (...expected) => assert.deepEqual(shown(), expected);

test('a message is on its way until its ack, and stands there once, whichever comes first', () => {
  joined();
  chat.say('one');
  chat.say('two');
  lines('one (sending)', 'two (sending)');
  const [first, second] = sent.map(nonceOf);
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(first, second);

  broadcast(1, 'Ada', 'one');
  ack(first, 1);
  ack(second, 2);
  broadcast(2, 'Ada', 'two');
  lines('one (delivered)', 'two (delivered)');
});

test('the same words twice are two messages', () => {
  joined();
  chat.say('hi');
  chat.say('hi');
  broadcast(1, 'Ada', 'hi');
  broadcast(2, 'Ada', 'hi');
  sent.forEach((object, i) => ack(object.nonce, i + 1));
  lines('hi (delivered)', 'hi (delivered)');
});

test('a message that the server changed stands there once, as the server has it', () => {
  joined();
  chat.say('cafe\u0301');
  broadcast(1, 'Ada', 'café');
  ack(sent[0].nonce, 1);
  lines('café (delivered)');
});

test('the order is that of the room\'s log, with what is on its way at the end', () => {
  joined();
  chat.say('mine');
  broadcast(1, 'Bob', 'first');
  lines('first (delivered)', 'mine (sending)');
  ack(sent[0].nonce, 3);
  broadcast(2, 'Bob', 'second');
  broadcast(3, 'Ada', 'mine');
  lines('first (delivered)', 'second (delivered)', 'mine (delivered)');
});

test('a message known by its id is not shown again', () => {
  joined();
  broadcast(1, 'Bob', 'hello');
  broadcast(1, 'Bob', 'hello');
  lines('hello (delivered)');
});

test('a message of another room is not shown', () => {
  joined();
  broadcast(1, 'Bob', 'elsewhere', { room: 'kitchen' });
  lines();
});

test('what has no ack when the connection is lost is marked, and a retry uses the same nonce', () => {
  joined();
  chat.say('lost?');
  const { nonce } = sent[0];
  chat.connectionLost();
  lines('lost? (failed)');
  chat.retry(nonce);
  lines('lost? (failed)');
  assert.equal(sent.length, 1, 'a retry waits until we are back in the room');

  chat.connected();
  enter({ recovered: true });
  broadcast(1, 'Bob', 'meanwhile');
  chat.retry(nonce);
  assert.equal(sent.at(-1).nonce, nonce);
  ack(nonce, 2);
  lines('meanwhile (delivered)', 'lost? (delivered)');
});

test('a failed message that the log did have takes its place there', () => {
  joined();
  chat.say('arrived after all');
  chat.connectionLost();
  chat.connected();
  enter({ recovered: true });
  broadcast(1, 'Bob', 'earlier');
  broadcast(2, 'Ada', 'arrived after all');
  lines('earlier (delivered)', 'arrived after all (delivered)');
});

test('a refused message says why; it is retried or edited', () => {
  joined();
  chat.say('too fast');
  chat.say('too long');
  const [fast, long] = sent.map(nonceOf);
  chat.received({ type: 'error', code: 'rate_limited', nonce: fast, content: 'Slow down' });
  chat.received({ type: 'error', code: 'too_long', nonce: long, content: 'At most 4 KiB' });
  assert.deepEqual(rows.map(({ why, again }) => ({ why, again })), [
    { why: 'Slow down', again: true },
    { why: 'At most 4 KiB', again: false },
  ]);
  assert.equal(chat.takeBack(long), 'too long');
  assert.equal(chat.takeBack(long), null);
  lines('too fast (failed)');
});

test('a message that no longer waits cannot be retried', () => {
  joined();
  chat.say('once');
  const { nonce } = sent[0];
  ack(nonce, 1);
  chat.retry(nonce);
  assert.equal(sent.length, 1);
});

test('a reconnect joins again, with the session and the last message seen', () => {
  chat.join('Ada');
  assert.deepEqual(sent[0], { type: 'join', username: 'Ada', room: 'lobby' });
  enter({ seq: 7 });
  chat.connectionLost();
  chat.connected();
  assert.deepEqual(sent.at(-1).resume, { epoch: 'e1', seq: 7 });
  assert.equal(sent.at(-1).session, 's1');

  enter({ seq: 9, recovered: true });
  broadcast(8, 'Bob', 'missed');
  chat.connectionLost();
  chat.connected();
  assert.deepEqual(sent.at(-1).resume, { epoch: 'e1', seq: 8 }, 'not the head: the ninth has not arrived');
});

test('a connection joins nothing before the person did', () => {
  chat.connected();
  assert.deepEqual(sent, []);
});

test('a gap is told once', () => {
  joined();
  const comeBack = () => {
    chat.connectionLost();
    chat.connected();
    enter({ recovered: false, reason: 'unknown' });
  };
  comeBack();
  comeBack();
  lines('* Messages may be missing');
  broadcast(1, 'Bob', 'hello');
  comeBack();
  lines('* Messages may be missing', 'hello (delivered)', '* Messages may be missing');
});

test('a first join misses nothing', () => {
  chat.join('Ada');
  enter({ recovered: false });
  lines();
});

test('a new epoch starts a new order below the old one', () => {
  joined();
  broadcast(41, 'Bob', 'old');
  chat.connectionLost();
  chat.connected();
  enter({ epoch: 'e2', seq: 0, recovered: true });
  broadcast(1, 'Bob', 'new', { id: 'n1' });
  lines('old (delivered)', 'new (delivered)');
  chat.connectionLost();
  chat.connected();
  assert.deepEqual(sent.at(-1).resume, { epoch: 'e2', seq: 1 });
});

test('notices stand in the log and keep the people right', () => {
  joined();
  notice({ event: 'join', user: 'Bob', content: 'Bob has joined' });
  assert.deepEqual(people, ['Ada', 'Bob']);
  notice({ event: 'rename', was: 'Bob', user: 'Rob', content: 'Bob is now known as Rob' });
  assert.deepEqual(people, ['Ada', 'Rob']);
  notice({ event: 'leave', user: 'Rob', content: 'Rob has left' });
  assert.deepEqual(people, ['Ada']);
  assert.equal(count, 1);
  lines('* Bob has joined', '* Bob is now known as Rob', '* Rob has left');

  chat.received({ type: 'presence', room: 'lobby', users: ['Ada', 'Eve'] });
  assert.deepEqual(people, ['Ada', 'Eve']);
});

test('one\'s own arrival is counted once', () => {
  joined();
  notice({ event: 'join', user: 'Ada', content: 'Ada has joined' });
  assert.deepEqual(people, ['Ada']);
  assert.equal(count, 1);
});

test('a crowd is counted even where only a few are named', () => {
  chat.join('Ada');
  enter({ users: ['Bob', 'Eve'], count: 1_000 });
  assert.deepEqual(people, ['Ada', 'Bob', 'Eve']);
  assert.equal(count, 1_000);
  notice({ event: 'leave', user: 'Somebody not named', content: 'left' });
  assert.equal(count, 999);
  notice({ event: 'join', user: 'Newcomer', content: 'joined' });
  assert.equal(count, 1_000);
});

test('only the first connection is welcomed', () => {
  const welcome = () => chat.received({ type: 'message', event: 'welcome', content: 'Welcome' });
  welcome();
  welcome();
  lines('* Welcome');
});

test('a refused name is told with its suggestion, and is not joined again', () => {
  chat.join('Bob');
  chat.received({ type: 'error', code: 'name_taken', content: 'Taken', suggestion: 'Bob-2' });
  assert.deepEqual(refusals, [{ content: 'Taken', suggestion: 'Bob-2' }]);
  sent.length = 0;
  chat.connected();
  assert.deepEqual(sent, []);
});

test('an error about nothing in particular stands in the log', () => {
  joined();
  chat.received({ type: 'error', code: 'unknown_type', content: 'What?' });
  lines('* What?');
  assert.equal(rows[0].kind, 'error');
});

test('rows beyond the most are dropped from the top', () => {
  joined();
  for (let seq = 1; seq <= ROWS_MOST + 5; seq++) broadcast(seq, 'Bob', `${seq}`);
  assert.equal(rows.length, ROWS_MOST);
  assert.equal(rows[0].content, '6');
});

test('objects of unknown types and fields of wrong types do no harm', () => {
  joined();
  for (const object of [{}, { type: 'confetti' }, { type: 'presence', users: 'all' }, { type: 'ack', nonce: 1 },
    { type: 'error' }, { type: 'message', seq: 1, id: 'x', username: 7, content: {}, timestamp: 1e300 }]) {
    chat.received(object);
  }
  assert.ok(rows.every((row) => Number.isFinite(new Date(row.timestamp).getTime())));
});
