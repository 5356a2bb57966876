// Frames as objects: reading them, laying them out as RFC 6455 §5.2 does, and asking for them.

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { cutWords, fields, inflate, onTheWire, opcodeName, payloadWords, pieces, readFrame, reservedWords } from '../../src/server/web/model/frame.js';
import { Frames, FRAMES_MOST } from '../../src/server/web/model/frames.js';

const AT = 1_700_000_000_000;
const text = (content, extra = {}) => ({ from: 'server', at: AT, fin: true, rsv: 0, opcode: 1, key: null, length: Buffer.byteLength(content), text: content, ...extra });
const binary = (hex, extra = {}) => ({ from: 'client', at: AT, fin: true, rsv: 0, opcode: 2, key: '00000000', length: hex.length / 2, hex, ...extra });

// ---- reading

test('a frame is read with the names that the RFC gives', () => {
  const names = [0, 1, 2, 3, 8, 9, 10].map((opcode) => opcodeName(readFrame(binary('', { opcode }))));
  assert.deepEqual(names, ['continuation', 'text', 'binary', 'reserved', 'close', 'ping', 'pong']);
  assert.deepEqual([0, 4, 2, 5].map((rsv) => reservedWords(readFrame(binary('', { rsv })))), ['', 'compressed', 'RSV2', 'compressed, RSV3']);
});

test('what is no frame is none, and fields of a wrong type do no harm', () => {
  for (const none of [null, 7, [], {}, text('a', { opcode: 16 }), text('a', { rsv: -1 }), text('a', { length: '1' }), text('a', { length: 2 ** 60 })]) {
    assert.equal(readFrame(none), null, JSON.stringify(none));
  }
  const odd = readFrame({ opcode: 1, rsv: 0, length: 5, fin: 'yes', key: 'xyz', at: {}, hex: 'zz0g1', text: 7 });
  assert.deepEqual([odd.fin, odd.key, payloadWords(odd)], [false, null, '']);
  assert.ok(Number.isFinite(odd.at));
});

test('a payload is shown as text or in hexadecimal digits, and said to be cut where it is', () => {
  assert.equal(payloadWords(readFrame(text('héllo'))), 'héllo');
  assert.equal(payloadWords(readFrame(binary('00ff10'))), '00 ff 10');
  assert.equal(cutWords(readFrame(text('héllo'))), '');
  const long = readFrame(text('é'.repeat(64), { length: 70_000 }));
  assert.equal(cutWords(long), '128 of 70000 bytes');
  const tooMuch = readFrame(text('€'.repeat(100_000), { length: 300_000 }));
  assert.deepEqual([tooMuch.payload.length, payloadWords(tooMuch)], [128, '€'.repeat(42)]);
});

test('a close frame tells its code and reason', () => {
  const close = (hex) => payloadWords(readFrame(binary(hex, { opcode: 8 })));
  assert.equal(close(''), '');
  assert.equal(close('03e8'), '1000 normal closure');
  assert.equal(close(`03e9${Buffer.from('bye <b>').toString('hex')}`), '1001 going away: bye <b>');
  assert.equal(close('0bb8'), '3000');
});

test('a compressed message can be read, and its beginning if it is cut', async () => {
  const content = JSON.stringify({ type: 'message', content: 'hello hello hello', more: [...Array(30).keys()] });
  const compressed = deflateRawSync(content, { finishFlush: 2 }).subarray(0, -4); // Z_SYNC_FLUSH; RFC 7692 §7.2.1
  const whole = readFrame(binary(compressed.toString('hex'), { opcode: 1, rsv: 4 }));
  assert.equal(await inflate(whole), content);
  const cut = { ...whole, payload: whole.payload.subarray(0, 80) };
  const beginning = await inflate(cut);
  assert.ok(beginning.length > 20 && content.startsWith(beginning), beginning);
  assert.equal(await inflate({ ...whole, payload: Uint8Array.of(7, 7, 7) }), null, 'damaged');
  assert.equal(await inflate(readFrame(text('plain'))), null);
  const bomb = deflateRawSync(Buffer.alloc(1 << 20), { finishFlush: 2 }).subarray(0, 128);
  assert.ok((await inflate({ ...whole, length: 2000, payload: new Uint8Array(bomb) })).length <= 512);
});

// ---- layout

test('rfc_6455_5_7: the masked "Hello" is drawn as it is on the wire', () => {
  const hello = readFrame(text('Hello', { from: 'client', key: '37fa213d' }));
  assert.equal(Buffer.from(onTheWire(hello)).toString('hex'), '7f9f4d5158');
  assert.deepEqual(pieces(hello).map(({ name, size, value }) => `${name} ${size} ${value}`), [
    'FIN 1 1', 'RSV1 1 0', 'RSV2 1 0', 'RSV3 1 0', 'Opcode 4 0001', 'MASK 1 1', 'Payload len 7 0000101',
    'Masking-key 16 37 fa', '(continued) 16 21 3d', 'Payload data 16 7f 9f', '(continued) 16 4d 51', '(continued) 8 58',
  ]);
});

for (const [length, short, extended] of [[125, '1111101', null], [126, '1111110', 16], [65_535, '1111110', 16], [65_536, '1111111', 64], [2 ** 40 + 1, '1111111', 64]]) {
  test(`a length of ${length} is written as §5.2 says`, () => {
    const all = fields(readFrame(text('', { length })));
    assert.equal(all.find(({ name }) => name === 'Payload len').bits, short);
    const more = all.find(({ name }) => name === 'Extended payload length');
    assert.deepEqual(more && [more.bits.length, Number(`0b${more.bits}`)], extended ? [extended, length] : undefined);
  });
}

test('pieces never cross the middle of a line', () => {
  for (const [length, key] of [[0, null], [5, '01020304'], [300, null], [300, '01020304'], [70_000, '01020304']]) {
    let at = 0;
    for (const { size } of pieces(readFrame(text('x'.repeat(Math.min(length, 128)), { length, key })))) {
      assert.ok(at % 16 + size <= 16);
      at += size;
    }
  }
});

// ---- asking for them

let frames;
let sent;
let isOnline;

beforeEach(() => {
  [sent, isOnline] = [[], true];
  frames = new Frames({
    changed: () => {},
    send(object) {
      if (isOnline) sent.push(object.on);
      return isOnline;
    },
  });
});

const shows = (...list) => frames.received({ type: 'frames', frames: list });

test('frames are asked for while they are wanted, and again on every connection', () => {
  frames.connected();
  assert.deepEqual(sent, []);
  frames.want(true);
  shows(text('one'));
  isOnline = false;
  frames.connectionLost();
  assert.match(frames.trouble, /Not connected/);
  isOnline = true;
  frames.connected();
  shows(text('two'));
  frames.want(false);
  assert.deepEqual(sent, [true, true, false]);
  assert.deepEqual(frames.entries.map(({ frame }) => frame && payloadWords(frame)), ['one', null, 'two']);
  shows(text('late'));
  assert.equal(frames.entries.length, 3);
});

test('the last frames are kept, however many come at once', () => {
  frames.want(true);
  for (let i = 0; i < 3; i++) shows(...Array(500).fill(text(`${i}`)));
  assert.equal(frames.entries.length, FRAMES_MOST);
  frames.clear();
  assert.deepEqual(frames.entries, []);
});

test('a server that does not know them is said not to, and other objects are left alone', () => {
  frames.want(true);
  assert.equal(frames.received({ type: 'error', code: 'unknown_type', nonce: 'frames' }), true);
  assert.equal(frames.trouble, 'This server cannot show frames.');
  assert.equal(frames.received({ type: 'error', code: 'unknown_type', nonce: 'other' }), false);
  assert.equal(frames.received({ type: 'message', nonce: 'frames' }), false);
});

test('what is refused for the moment is asked for again', (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  frames.want(true);
  frames.received({ type: 'error', code: 'rate_limited', nonce: 'frames', retry_after_ms: 300 });
  mock.timers.tick(299);
  assert.deepEqual(sent, [true]);
  mock.timers.tick(1);
  assert.deepEqual(sent, [true, true]);
});
