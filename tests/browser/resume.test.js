// The chat model over breaks: reconnects, gaps, history, reloads; and private conversations.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ROWS_MOST } from '../../src/server/web/model/timeline.js';
import {
  all, arrived, broadcast, chat, comeBack, enter, goOffline, hears, history,
  joined, last, lines, lose, notice, open, refuse, rowsOf, sent, whisper,
} from './model.js';

// ---- coming back

test('a reconnect resumes after the last message seen, not after the head', () => {
  chat.open({ kind: 'room', name: 'lobby' });
  chat.join('Ada');
  assert.equal(last('join').resume, undefined);
  enter({ seq: 7 });
  lose();
  comeBack();
  assert.deepEqual(last('join').resume, { epoch: 'e1', seq: 7 });
  enter({ seq: 9, recovered: true });
  broadcast(8, 'Bob', 'missed');
  lose();
  comeBack();
  assert.deepEqual(last('join').resume, { epoch: 'e1', seq: 8 }, 'the ninth has not arrived');
});

test('a connection joins nothing before the person did', () => {
  chat.connected();
  assert.deepEqual(sent, []);
});

test('a gap that the server admits is told once, where it is', () => {
  joined();
  broadcast(1, 'Bob', 'before');
  for (let i = 0; i < 2; i++) {
    lose();
    comeBack();
    enter({ recovered: false, reason: 'too_old', seq: 40 });
  }
  broadcast(40, 'Bob', 'after');
  lines(['before (delivered)', '* Messages may be missing here', 'after (delivered)']);
  assert.equal(last('history'), undefined);
});

test('a first join misses nothing', () => {
  chat.open({ kind: 'room', name: 'lobby' });
  chat.join('Ada');
  enter({ seq: 12 });
  broadcast(13, 'Bob', 'hello');
  lines(['hello (delivered)']);
});

test('a new epoch starts a new order below the old one', () => {
  joined();
  broadcast(1, 'Bob', 'old');
  lose();
  comeBack();
  enter({ epoch: 'e2', seq: 1, reason: 'epoch_changed' });
  broadcast(1, 'Bob', 'new', { id: 'n1' });
  lines(['old (delivered)', '* Messages may be missing here', 'new (delivered)']);
  lose();
  comeBack();
  assert.deepEqual(last('join').resume, { epoch: 'e2', seq: 1 });
});

test('a rename is no gap', () => {
  joined();
  broadcast(1, 'Bob', 'hello');
  chat.join('Ada King');
  enter({ user: 'Ada King', seq: 1 });
  lines(['hello (delivered)']);
  broadcast(2, 'Ada King', 'mine');
  assert.equal(rowsOf()[1].own, true);
});

// ---- history

test('a seq that jumps asks for what is between, and shows it in its place', () => {
  joined();
  broadcast(1, 'Bob', '1');
  broadcast(4, 'Bob', '4');
  assert.deepEqual([last('history').after, last('history').before], [1, undefined]);
  broadcast(5, 'Bob', '5');
  assert.equal(all('history').length, 1);
  history([2, 3, 4, 5], false);
  lines(['1 (delivered)', '2 (delivered)', '3 (delivered)', '4 (delivered)', '5 (delivered)']);
  lose();
  comeBack();
  assert.deepEqual(last('join').resume, { epoch: 'e1', seq: 5 });
});

test('while a gap is open, a reconnect resumes from before it', () => {
  joined();
  broadcast(1, 'Bob', '1');
  broadcast(9, 'Bob', '9');
  lose();
  comeBack();
  assert.deepEqual(last('join').resume, { epoch: 'e1', seq: 1 });
});

test('a gap that the server cannot fill is shown', () => {
  joined();
  broadcast(1, 'Bob', '1');
  broadcast(300, 'Bob', '300');
  history([299, 300], false);
  lines(['1 (delivered)', '* Messages may be missing here', '299 (delivered)', '300 (delivered)']);
});

test('a long gap is filled page by page', () => {
  joined();
  broadcast(1, 'Bob', '1');
  broadcast(5, 'Bob', '5');
  history([2, 3], true);
  assert.equal(last('history').after, 3);
  history([4, 5], false);
  assert.deepEqual(rowsOf().map(({ content }) => content), ['1', '2', '3', '4', '5']);
});

test('older messages are asked for once, stand above, and are not unread', () => {
  joined();
  notice({ event: 'join', user: 'Ada', content: 'Ada has joined', timestamp: 1_650_000_000_000 });
  chat.loadOlder('lobby');
  chat.loadOlder('lobby');
  assert.equal(all('history').length, 1);
  assert.equal(last('history').before, undefined, 'nothing is here: the newest');
  history([8, 9], true);
  chat.loadOlder('lobby');
  assert.equal(last('history').before, 8);
  history([7], false);
  chat.loadOlder('lobby');
  assert.equal(all('history').length, 2, 'there is nothing older');
  lines(['7 (delivered)', '8 (delivered)', '9 (delivered)', '* Ada has joined']);
  assert.equal(chat.find('lobby').unread, 0);
  assert.deepEqual(arrived, []);
});

test('what nobody has to know about is not told', () => {
  joined();
  chat.loadOlder('lobby');
  refuse(last('history').nonce, 'unknown_type');
  chat.typing('lobby', true);
  refuse(last('typing').nonce, 'rate_limited');
  chat.askRooms();
  refuse(last('rooms').nonce, 'rate_limited');
  chat.loadOlder('lobby');
  assert.equal(all('history').length, 1);
  lines([]);
});

test('a question that came too soon is asked again after the wait, not at once', () => {
  joined();
  chat.loadOlder('lobby');
  refuse(last('history').nonce, 'rate_limited', { retry_after_ms: 500 });
  chat.loadOlder('lobby');
  assert.equal(all('history').length, 1);
  mock.timers.tick(500);
  chat.loadOlder('lobby');
  assert.equal(all('history').length, 2);
  history([9], true);
  assert.equal(chat.find('lobby').hasOlder, true);
});

test('answers that lead nowhere are not asked for again', () => {
  joined();
  broadcast(1, 'Bob', '1');
  chat.loadOlder('lobby');
  history([1], true);
  chat.loadOlder('lobby');
  assert.equal(all('history').length, 1);
  broadcast(9, 'Bob', '9');
  history([1], true);
  assert.equal(all('history').length, 2);
});

test('older messages are not asked for when there is no place for them', () => {
  joined();
  for (let seq = 1; seq <= ROWS_MOST; seq++) broadcast(seq, 'Bob', `${seq}`);
  chat.loadOlder('lobby');
  assert.equal(last('history'), undefined);
});

test('what was said while we were away is marked as new, even in the room that one looks at', () => {
  joined();
  broadcast(1, 'Bob', 'before');
  lose();
  comeBack();
  enter({ recovered: true, seq: 2 });
  broadcast(2, 'Bob', 'missed');
  broadcast(3, 'Bob', 'live');
  chat.watch(true);
  const room = chat.find('lobby');
  assert.deepEqual([room.firstUnread.content, room.unread], ['missed', 0]);
});

// ---- private

test('a private message opens a conversation with the other person, whoever wrote it', () => {
  joined();
  whisper(1, 'Bob', 'Ada', 'psst');
  whisper(2, 'Ada', 'Eve', 'from my other tab');
  assert.deepEqual(chat.conversations.map(({ key }) => key), ['lobby', '@bob', '@eve']);
  assert.deepEqual([chat.find('@bob').unread, chat.find('@bob').calls, chat.find('@eve').unread], [1, 1, 0]);
  lines(['psst (delivered)'], '@bob');
  lines(['from my other tab (delivered)'], '@eve');
  lines([]);
  assert.deepEqual(arrived, ['@bob psst !']);
});

test('a private message of one\'s own goes to one person and is settled by its ack', () => {
  joined();
  chat.open({ kind: 'private', name: 'Bob' });
  chat.say('@bob', 'psst');
  const { nonce } = last('private');
  assert.deepEqual(last('private'), { type: 'private', to: 'Bob', content: 'psst', nonce });
  hears({ type: 'ack', nonce, id: 'p1-4' });
  whisper(4, 'Ada', 'Bob', 'psst');
  whisper(5, 'Bob', 'Ada', 'yes?');
  lines(['psst (delivered)', 'yes? (delivered)'], '@bob');
});

test('a reconnect asks for private messages after the last one seen', () => {
  joined();
  whisper(7, 'Bob', 'Ada', 'psst');
  lose();
  comeBack();
  assert.equal(last('join').private_after, 'p1-7');
});

test('who has seen no private message comes back with the place behind which they begin', () => {
  chat.open({ kind: 'room', name: 'lobby' });
  chat.join('Ada');
  assert.equal(last('join').private_after, undefined);
  enter({ private_after: 'p1-3' });
  lose();
  comeBack();
  assert.equal(last('join').private_after, 'p1-3');
  enter({ private_after: 'p1-3', recovered: true });
  whisper(4, 'Bob', 'Ada', 'said meanwhile');
  assert.equal(chat.find('@bob').unread, 1);
});

test('a private conversation follows a person who takes another name', () => {
  joined();
  whisper(1, 'Bob', 'Ada', 'psst');
  notice({ event: 'rename', was: 'Bob', user: 'Rob' });
  chat.say('@rob', 'still there?');
  assert.equal(last('private').to, 'Rob');
});

// ---- typing

test('others who type are named until they stop, speak, leave or are forgotten', () => {
  joined();
  const { typists } = chat.find('lobby');
  const types = (username, isTyping = true) => hears({ type: 'typing', username, isTyping, room: 'lobby' });
  types('Ada');
  types('Bob');
  types('Eve');
  assert.deepEqual(typists.names, ['Bob', 'Eve']);
  types('Bob', false);
  broadcast(1, 'Eve', 'said it');
  assert.deepEqual(typists.names, []);
  types('Bob');
  notice({ event: 'leave', user: 'Bob' });
  assert.deepEqual(typists.names, []);
  types('Eve');
  mock.timers.tick(8_000);
  assert.deepEqual(typists.names, []);
});

test('typing for one person shows in the conversation with them', () => {
  joined();
  whisper(1, 'Bob', 'Ada', 'psst');
  hears({ type: 'typing', username: 'Bob', isTyping: true, from: 'Bob' });
  assert.deepEqual(chat.find('@bob').typists.names, ['Bob']);
  assert.deepEqual(chat.find('lobby').typists.names, []);
});

// ---- over a reload

test('the next page of the tab goes on: name, session, rooms, what was read, what waits', () => {
  joined();
  chat.open({ kind: 'room', name: 'kitchen' });
  enter({ room: 'kitchen', epoch: 'k', seq: 3 });
  broadcast(1, 'Bob', 'read');
  broadcast(4, 'Bob', 'not read', { room: 'kitchen', id: 'k4' });
  whisper(9, 'Bob', 'Ada', 'psst');
  goOffline();
  chat.say('lobby', 'on its way');
  const saved = JSON.parse(JSON.stringify(chat));

  open(saved);
  assert.equal(chat.hasName, true);
  lines(['on its way (sending)']);
  chat.show('lobby');
  chat.watch(true);
  chat.connected();
  const { nonce, ...join } = last('join');
  assert.deepEqual(join, { type: 'join', username: 'Ada', room: 'lobby', resume: { epoch: 'e1', seq: 1 }, session: 's1', private_after: 'p1-0' });
  enter({ recovered: true, seq: 1 });
  assert.deepEqual(last('join').resume, { epoch: 'k', seq: 3 });
  assert.equal(last('message').content, 'on its way');
  enter({ room: 'kitchen', epoch: 'k', seq: 4, recovered: true });
  broadcast(4, 'Bob', 'not read', { room: 'kitchen', id: 'k4' });
  whisper(9, 'Bob', 'Ada', 'psst');
  assert.deepEqual([chat.find('kitchen').unread, chat.find('@bob').unread], [1, 0], 'the private one was read before');
  lines(['psst (delivered)'], '@bob');
});

test('nonsense in the storage is as good as nothing', () => {
  for (const saved of [{}, { session: 7 }, { session: 's', name: 3, rooms: 'all', people: {}, outbox: 5 }, { session: 's', rooms: [null], outbox: [null] }]) open(saved);
});
