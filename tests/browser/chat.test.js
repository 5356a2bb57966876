// The chat model: one's own messages, their order, rooms, people, refusals. No browser, no server.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ROWS_MOST } from '../../src/server/web/model/timeline.js';
import {
  ack, all, arrived, broadcast, chat, comeBack, enter, hears,
  joined, last, lines, lose, notice, refusals, refuse, rowsOf, sent,
} from './model.js';

// ---- one's own messages

test('a message is on its way until its ack, and stands there once, whichever comes first', () => {
  joined();
  chat.say('lobby', 'one');
  chat.say('lobby', 'two');
  lines(['one (sending)', 'two (sending)']);
  const [first, second] = sent.map(({ nonce }) => nonce);
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.notEqual(first, second);
  broadcast(1, 'Ada', 'one');
  ack(first, 1);
  ack(second, 2);
  broadcast(2, 'Ada', 'two');
  lines(['one (delivered)', 'two (delivered)']);
});

test('the same words twice are two messages', () => {
  joined();
  chat.say('lobby', 'hi');
  chat.say('lobby', 'hi');
  broadcast(1, 'Ada', 'hi');
  broadcast(2, 'Ada', 'hi');
  sent.forEach(({ nonce }, i) => ack(nonce, i + 1));
  lines(['hi (delivered)', 'hi (delivered)']);
});

test('a message that the server changed stands there once, as the server has it', () => {
  joined();
  chat.say('lobby', 'cafe\u0301');
  broadcast(1, 'Ada', 'café');
  ack(sent[0].nonce, 1);
  lines(['café (delivered)']);
});

test('what has no ack when the connection is lost is sent again under the same nonce and session', () => {
  joined();
  chat.say('lobby', 'lost?');
  const { nonce } = sent[0];
  lose();
  lines(['lost? (sending)']);
  comeBack();
  assert.equal(last('message'), undefined, 'not before we are in the room');
  assert.equal(last('join').session, 's1');
  enter({ recovered: true });
  assert.deepEqual(last('message'), { type: 'message', room: 'lobby', content: 'lost?', nonce });
  hears({ type: 'ack', nonce, id: 'm1', seq: 1, duplicate: true });
  broadcast(1, 'Ada', 'lost?');
  lines(['lost? (delivered)']);
});

test('a message that did arrive is recognised in what was missed, and settled once', () => {
  joined();
  chat.say('lobby', 'arrived after all');
  const { nonce } = sent[0];
  lose();
  comeBack();
  enter({ recovered: true, seq: 2 });
  broadcast(1, 'Bob', 'earlier');
  broadcast(2, 'Ada', 'arrived after all');
  hears({ type: 'ack', nonce, id: 'm2', seq: 2, duplicate: true });
  lines(['earlier (delivered)', 'arrived after all (delivered)']);
});

test('what is written without a connection goes out when it is back, in order', () => {
  joined();
  lose();
  chat.say('lobby', 'one');
  chat.say('lobby', 'two');
  comeBack();
  enter({ recovered: true });
  assert.deepEqual(all('message').map(({ content }) => content), ['one', 'two']);
});

test('only a few messages are on their way at a time, and only so many are taken', () => {
  joined();
  let taken = 0;
  while (chat.say('lobby', `${taken}`)) taken++;
  assert.equal(taken, 100);
  assert.equal(all('message').length, 8);
  for (let i = 0; i < taken; i++) ack(all('message')[i].nonce, i + 1);
  assert.deepEqual(all('message').map(({ content }) => content), Array.from({ length: taken }, (_, i) => `${i}`));
});

test('what the server refuses for the moment is sent again by itself after the wait', () => {
  joined();
  chat.say('lobby', 'too fast');
  const { nonce } = sent[0];
  refuse(nonce, 'rate_limited', { retry_after_ms: 700 });
  lines(['too fast (sending)']);
  mock.timers.tick(699);
  assert.equal(all('message').length, 1);
  mock.timers.tick(1);
  assert.equal(last('message').nonce, nonce);
  assert.equal(all('message').length, 2);
});

test('a refusal without end is told after ten times', () => {
  joined();
  chat.say('lobby', 'never');
  for (let i = 0; i < 10; i++) {
    refuse(last('message').nonce, 'unavailable', { content: 'Not now' });
    mock.timers.tick(2_000);
  }
  lines(['never (failed)']);
  assert.equal(all('message').length, 10);
});

test('a refused message says why; it is retried under its nonce, or edited', () => {
  joined();
  chat.say('lobby', 'not now');
  chat.say('lobby', 'too long');
  const [now, long] = sent.map(({ nonce }) => nonce);
  refuse(now, 'forbidden', { content: 'No' });
  refuse(long, 'too_long', { content: 'At most 4 KiB' });
  assert.deepEqual(rowsOf().map(({ why, again }) => ({ why, again })), [{ why: 'No', again: true }, { why: 'At most 4 KiB', again: false }]);
  chat.retry('lobby', now);
  assert.equal(last('message').nonce, now);
  assert.equal(chat.takeBack('lobby', now), null, 'it is on its way again');
  assert.equal(chat.takeBack('lobby', long), 'too long');
  assert.equal(chat.takeBack('lobby', long), null);
  lines(['not now (sending)']);
});

// ---- the order

test('the order is that of the room\'s log, with what is on its way at the end', () => {
  joined();
  chat.say('lobby', 'mine');
  broadcast(1, 'Bob', 'first');
  lines(['first (delivered)', 'mine (sending)']);
  ack(sent[0].nonce, 3);
  broadcast(2, 'Bob', 'second');
  broadcast(3, 'Ada', 'mine');
  lines(['first (delivered)', 'second (delivered)', 'mine (delivered)']);
});

test('a message known by its id is not shown again, nor one of a room we are not in', () => {
  joined();
  broadcast(1, 'Bob', 'hello');
  broadcast(1, 'Bob', 'hello');
  broadcast(1, 'Bob', 'elsewhere', { room: 'kitchen', id: 'k1' });
  lines(['hello (delivered)']);
});

test('rows beyond the most are dropped from the top', () => {
  joined();
  for (let seq = 1; seq <= ROWS_MOST + 5; seq++) broadcast(seq, 'Bob', `${seq}`);
  assert.equal(rowsOf().length, ROWS_MOST);
  assert.equal(rowsOf()[0].content, '6');
});

// ---- rooms

test('a new connection enters one room first, and the others once the name is ours', () => {
  joined();
  chat.open({ kind: 'room', name: 'Kitchen' });
  assert.equal(last('join').room, 'kitchen');
  enter({ room: 'kitchen', epoch: 'k' });
  lose();
  comeBack();
  assert.deepEqual(all('join').map(({ room }) => room), ['lobby']);
  enter({ recovered: true });
  assert.deepEqual(all('join').map(({ room }) => room), ['lobby', 'kitchen']);
});

test('messages of a room that nobody looks at are unread, and mentions are counted apart', () => {
  joined();
  chat.open({ kind: 'room', name: 'kitchen' });
  enter({ room: 'kitchen', epoch: 'k' });
  const inKitchen = (seq, content) => broadcast(seq, 'Bob', content, { room: 'kitchen', id: `k${seq}` });
  inKitchen(1, 'tea?');
  inKitchen(2, 'Ada: tea?');
  broadcast(1, 'Bob', 'in the lobby');
  const kitchen = chat.find('kitchen');
  assert.deepEqual([kitchen.unread, kitchen.calls, chat.find('lobby').unread], [2, 1, 0]);
  assert.equal(kitchen.firstUnread.content, 'tea?');
  chat.show('kitchen');
  assert.deepEqual([kitchen.unread, kitchen.calls, kitchen.firstUnread?.content], [0, 0, 'tea?'], 'the divider stays while one looks');
  chat.show('lobby');
  assert.equal(kitchen.firstUnread, null);
  assert.deepEqual(arrived, ['kitchen tea?', 'kitchen Ada: tea? !', 'lobby in the lobby']);
});

test('a room that cannot be entered is dropped, and the other one says why', () => {
  joined();
  chat.open({ kind: 'room', name: 'one too many' });
  refuse(last('join').nonce, 'too_many_rooms', { content: 'At most 16' });
  assert.equal(chat.find('one too many'), undefined);
  lines(['* #one too many: At most 16']);
});

test('a join that came too fast is tried again after the wait', () => {
  chat.open({ kind: 'room', name: 'lobby' });
  chat.join('Ada');
  refuse(last('join').nonce, 'rate_limited', { retry_after_ms: 300 });
  mock.timers.tick(300);
  assert.equal(all('join').length, 2);
  assert.deepEqual(refusals, []);
});

test('leaving a room tells the server and forgets what was meant for it', () => {
  joined();
  chat.say('lobby', 'never mind');
  chat.close('lobby');
  assert.deepEqual(last('leave'), { type: 'leave', room: 'lobby', nonce: 'aside' });
  assert.deepEqual(JSON.parse(JSON.stringify(chat)).outbox, []);
});

test('a refused name is told with its suggestion, and is not joined again', () => {
  chat.open({ kind: 'room', name: 'lobby' });
  chat.join('Bob');
  refuse(last('join').nonce, 'name_taken', { content: 'Taken', suggestion: 'Bob-2' });
  assert.deepEqual(refusals, [{ code: 'name_taken', words: 'Taken', suggestion: 'Bob-2' }]);
  comeBack();
  assert.deepEqual(sent, []);
});

test('a new name that is refused leaves the old one in use', () => {
  joined();
  chat.join('Bob');
  refuse(last('join').nonce, 'name_taken', { suggestion: 'Bob-2' });
  assert.equal(refusals.length, 1);
  lose();
  comeBack();
  assert.equal(last('join').username, 'Ada');
});

// ---- people

test('notices stand in the log and keep the people right', () => {
  joined();
  const room = chat.find('lobby');
  notice({ event: 'join', user: 'Bob', content: 'Bob has joined' });
  notice({ event: 'join', user: 'Ada', content: 'Ada has joined' });
  assert.deepEqual([...room.people], ['Ada', 'Bob']);
  notice({ event: 'rename', was: 'Bob', user: 'Rob', content: 'Bob is now known as Rob' });
  assert.deepEqual([...room.people], ['Ada', 'Rob']);
  notice({ event: 'leave', user: 'Rob', content: 'Rob has left' });
  assert.deepEqual([[...room.people], room.count], [['Ada'], 1]);
  assert.equal(rowsOf().length, 4);
  hears({ type: 'presence', room: 'lobby', users: ['Ada', 'Eve'] });
  assert.deepEqual([...room.people], ['Ada', 'Eve']);
});

test('a crowd is counted even where only a few are named', () => {
  chat.open({ kind: 'room', name: 'lobby' });
  chat.join('Ada');
  enter({ users: ['Bob', 'Eve'], count: 1_000 });
  const room = chat.find('lobby');
  assert.equal(room.count, 1_000);
  notice({ event: 'leave', user: 'Somebody not named' });
  assert.equal(room.count, 999);
  notice({ event: 'join', user: 'Newcomer' });
  assert.equal(room.count, 1_000);
});

test('someone who speaks and is not known to be here makes us ask who is, not too often', () => {
  joined();
  for (let seq = 1; seq <= 3; seq++) broadcast(seq, 'Ghost', `${seq}`);
  assert.deepEqual(all('who'), [{ type: 'who', room: 'lobby', nonce: 'aside' }]);
  hears({ type: 'presence', room: 'lobby', users: ['Ada', 'Ghost'], count: 2 });
  mock.timers.tick(60_000);
  broadcast(4, 'Ghost', '4');
  assert.equal(all('who').length, 1);
});

test('only the first connection is welcomed', () => {
  joined();
  for (let i = 0; i < 2; i++) hears({ type: 'message', event: 'welcome', content: 'Welcome' });
  lines(['* Welcome']);
});

// ---- hostile objects

test('objects of unknown types and fields of wrong types do no harm', () => {
  joined();
  for (const object of [{}, { type: 'confetti' }, { type: 'presence', users: 'all' }, { type: 'ack', nonce: 1 }, { type: 'typing' },
    { type: 'history', room: 'lobby', messages: [null, 3, {}] }, { type: 'rooms', rooms: [{}] }, { type: 'private', id: 'x' },
    { type: 'message', event: 'rename', user: 4 }, { type: 'message', room: 'lobby', seq: -1, id: 'x' }, { type: 'joined', room: 5 },
    { type: 'message', room: 'lobby', seq: 1, id: 'x', username: 7, content: {}, timestamp: 1e300 }]) {
    chat.received(object);
  }
  assert.ok(rowsOf().every((row) => Number.isFinite(new Date(row.timestamp).getTime())));
});

test('an error about nothing in particular stands in the log', () => {
  joined();
  hears({ type: 'error', code: 'unknown_type', content: 'What?' });
  lines(['* What?']);
});
