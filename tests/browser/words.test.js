// The small pure parts of the page: links, mentions, emoji, addresses, typing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closingWords } from '../../src/server/web/model/closing.js';
import { addressOf, isRoomName, placeIn, privateKey } from '../../src/server/web/model/names.js';
import { TypingSender, typingWords } from '../../src/server/web/model/typing.js';
import { isOnlyEmoji, mentions, parts } from '../../src/server/web/model/words.js';

const links = (content) => parts(content).filter(({ link }) => link).map(({ text }) => text);
const href = (content) => parts(content).find(({ link }) => link)?.link;

test('links of http and https are found, without the punctuation around them', () => {
  assert.deepEqual(links('see https://example.org/a?b=c#d.'), ['https://example.org/a?b=c#d']);
  assert.deepEqual(links('(http://example.org/x_(y)) and "https://example.org"'), ['http://example.org/x_(y)', 'https://example.org']);
  assert.deepEqual(links('HTTPS://EXAMPLE.ORG/A!'), ['HTTPS://EXAMPLE.ORG/A']);
  assert.deepEqual(parts('a https://b.example c'), [{ text: 'a ' }, { text: 'https://b.example', link: 'https://b.example/' }, { text: ' c' }]);
});

test('nothing else becomes a link', () => {
  for (const content of ['javascript:alert(1)', 'data:text/html,x', 'https://', 'http://user:pass@evil.example/', 'https://good.example@evil.example/',
    'ftp://example.org', 'xhttps://example.org', `https://example.org/${'x'.repeat(3_000)}`]) {
    assert.deepEqual(links(content), [], content.slice(0, 60));
  }
});

test('a link shows where it leads and ends at invisible characters', () => {
  assert.match(href('https://аpple.com/'), /^https:\/\/xn--/);
  assert.deepEqual(links('https://example.org/\u202Egpj.exe'), ['https://example.org/']);
  assert.deepEqual(links('https://example.org/<b>'), ['https://example.org/']);
});

test('the parts are the whole text', () => {
  for (const content of ['', 'no link', 'https://a.example', 'x https://a.example, y https://b.example.', 'https://https://https://']) {
    assert.equal(parts(content).map(({ text }) => text).join(''), content);
  }
});

test('links are found in hostile text in no time', () => {
  const start = performance.now();
  for (const content of ['https://a'.repeat(7_000), `https://${')'.repeat(60_000)}`, 'h'.repeat(60_000)]) parts(content);
  assert.ok(performance.now() - start < 1_000);
});

test('a name is mentioned as a word of its own, in any case', () => {
  for (const content of ['Ada', 'hi @ada!', 'ADA: look', '(Ada)', 'Adam, Ada']) assert.ok(mentions(content, 'Ada'), content);
  for (const content of ['Adam', 'Canada', 'Adas', 'Ada_', 'Adaé', '']) assert.ok(!mentions(content, 'Ada'), content);
  assert.ok(mentions('hello Ada Lovelace', 'ada lovelace'));
  assert.ok(!mentions('anything', ''));
});

test('a few emoji alone are shown large', () => {
  for (const content of ['🎉', '👍🏽 👩‍👩‍👧', '❤️', '🇩🇪', '1️⃣']) assert.ok(isOnlyEmoji(content), content);
  for (const content of ['', ' ', '12', 'ok 🎉', '#', '🎉'.repeat(40)]) assert.ok(!isOnlyEmoji(content), content);
});

test('addresses name rooms and people', () => {
  assert.deepEqual(placeIn({ hash: '#/Kitchen' }), { kind: 'room', name: 'kitchen' });
  assert.deepEqual(placeIn({ hash: '#/@Ada%20Lovelace' }), { kind: 'private', name: 'Ada Lovelace' });
  assert.deepEqual(placeIn({ hash: '', search: '?room=ops' }), { kind: 'room', name: 'ops' });
  assert.deepEqual(placeIn({ hash: '#/%E0%A4%A' }), { kind: 'room', name: '%e0%a4%a' });
  for (const hash of ['', '#', '#/', '#/@', '#top']) assert.equal(placeIn({ hash }), null);
  for (const [kind, name] of [['room', 'küche'], ['private', 'Ada/#?& é'], ['private', '@@']]) {
    assert.deepEqual(placeIn({ hash: addressOf(kind, name) }), { kind, name });
  }
  assert.equal(privateKey('ADA'), privateKey(' ada '));
});

test('names of rooms have letters, digits, hyphens, dots and underscores', () => {
  for (const name of ['lobby', 'a.b-c_d', 'küche', '日本', '1']) assert.ok(isRoomName(name), name);
  for (const name of ['', 'two words', 'a/b', '@ada', 'x'.repeat(33)]) assert.ok(!isRoomName(name), name);
});

test('typing is told at once, then every three seconds, and its end once', () => {
  const sender = new TypingSender();
  assert.equal(sender.changed(false, 0), true);
  assert.equal(sender.changed(false, 2_999), null);
  assert.equal(sender.changed(false, 3_000), true);
  assert.equal(sender.changed(true, 3_500), false);
  assert.equal(sender.changed(true, 3_600), null);
  assert.equal(sender.changed(false, 3_700), true);
  sender.sent();
  assert.equal(sender.stopped(3_800), null, 'a message ended it for everybody');
});

test('who is typing, in words', () => {
  assert.deepEqual([[], ['A'], ['A', 'B'], ['A', 'B', 'C']].map(typingWords), ['', 'A is typing…', 'A and B are typing…', 'several people are typing…']);
});

test('the words for a close end with what to do where there is something', () => {
  assert.match(closingWords(4500, ''), /Close another one/);
});
