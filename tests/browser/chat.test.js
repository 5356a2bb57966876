// The chat model: what stands in a conversation, in which order, and what is sent. No browser,
// no server, virtual time.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { Chat } from '../../src/server/web/model/chat.js';
import { ROWS_MOST } from '../../src/server/web/model/timeline.js';

let chat;
let sent;
let refusals;
let arrived;
let online;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_700_000_000_000 });
  open();
});

afterEach(() => mock.timers.reset());

function open(saved) {
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

const hears = (object) => chat.received({ username: 'System', content: '', timestamp: Date.now(), ...object });
const enter = (extra = {}) => hears({ type: 'joined', user: 'Ada', room: 'lobby', epoch: 'e1', seq: 0, users: ['Ada'], session: 's1', recovered: false, ...extra });
const broadcast = (seq, username, content, extra = {}) => hears({
  type: 'message', room: 'lobby', seq, id: `m${seq}`, username, content, timestamp: 1_600_000_000_000 + seq, ...extra,
});
const whisper = (n, from, to, content, epoch = 'p1') => hears({ type: 'private', from, to, username: from, content, id: `${epoch}-${n}` });
const notice = (object) => hears({ type: 'message', room: 'lobby', ...object });
const ack = (nonce, seq) => hears({ type: 'ack', nonce, id: `m${seq}`, seq });
const refuse = (nonce, code, extra = {}) => hears({ type: 'error', code, nonce, ...extra });

const last = (type) => sent.filter((object) => object.type === type).at(-1);
const all = (type) => sent.filter((object) => object.type === type);
const rowsOf = (key = 'lobby') => chat.find(key).timeline.rows;
const lines = (expected, key = 'lobby') => assert.deepEqual(rowsOf(key).map((row) => (row.state ? `${row.content} (${row.state})` : `* ${row.content}`)), expected);

function lose() {
  online = false;
  chat.connectionLost();
}

function comeBack() {
  online = true;
  sent.length = 0;
  chat.connected();
}

/** Ada is in the lobby and looks at it. */
function joined() {
  chat.open({ kind: 'room', name: 'lobby' });
  chat.show('lobby');
  chat.watch(true);
  chat.connected();
  chat.join('Ada');
  enter();
  sent.length = 0;
}

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
  const message = (seq) => ({ type: 'message', seq, id: `m${seq}`, username: 'Bob', content: `${seq}`, timestamp: 1_600_000_000_000 + seq });
  hears({ type: 'history', room: 'lobby', epoch: 'e1', messages: [2, 3, 4, 5].map(message), more: false });
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
  hears({ type: 'history', room: 'lobby', epoch: 'e1', messages: [299, 300].map((seq) => ({ seq, id: `m${seq}`, username: 'Bob', content: `${seq}`, timestamp: 1_600_000_000_000 + seq })), more: false });
  lines(['1 (delivered)', '* Messages may be missing here', '299 (delivered)', '300 (delivered)']);
});

test('a long gap is filled page by page', () => {
  joined();
  broadcast(1, 'Bob', '1');
  broadcast(5, 'Bob', '5');
  const page = (...seqs) => seqs.map((seq) => ({ seq, id: `m${seq}`, username: 'Bob', content: `${seq}`, timestamp: 1_600_000_000_000 + seq }));
  hears({ type: 'history', room: 'lobby', epoch: 'e1', messages: page(2, 3), more: true });
  assert.equal(last('history').after, 3);
  hears({ type: 'history', room: 'lobby', epoch: 'e1', messages: page(4, 5), more: false });
  assert.deepEqual(rowsOf().map(({ content }) => content), ['1', '2', '3', '4', '5']);
});

test('older messages are asked for once, stand above, and are not unread', () => {
  joined();
  notice({ event: 'join', user: 'Ada', content: 'Ada has joined', timestamp: 1_650_000_000_000 });
  chat.loadOlder('lobby');
  chat.loadOlder('lobby');
  assert.equal(all('history').length, 1);
  assert.equal(last('history').before, undefined, 'nothing is here: the newest');
  const page = (...seqs) => seqs.map((seq) => ({ seq, id: `m${seq}`, username: 'Bob', content: `${seq}`, timestamp: 1_600_000_000_000 + seq }));
  hears({ type: 'history', room: 'lobby', epoch: 'e1', messages: page(8, 9), more: true });
  chat.loadOlder('lobby');
  assert.equal(last('history').before, 8);
  hears({ type: 'history', room: 'lobby', epoch: 'e1', messages: page(7), more: false });
  chat.loadOlder('lobby');
  assert.equal(all('history').length, 2, 'there is nothing older');
  lines(['7 (delivered)', '8 (delivered)', '9 (delivered)', '* Ada has joined']);
  assert.equal(chat.find('lobby').unread, 0);
  assert.deepEqual(arrived, []);
});

test('a server without history or typing is not asked again', () => {
  joined();
  chat.loadOlder('lobby');
  refuse(last('history').nonce, 'unknown_type');
  chat.typing('lobby', true);
  refuse(last('typing').nonce, 'unknown_type');
  chat.loadOlder('lobby');
  chat.typing('lobby', true);
  assert.equal(sent.length, 2);
  lines([]);
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
  assert.deepEqual(last('leave'), { type: 'leave', room: 'lobby' });
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
  assert.deepEqual(all('who'), [{ type: 'who', room: 'lobby' }]);
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
  online = false;
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
