// One frame of a `frames` object, and how RFC 6455 §5.2 lays it out. Like everything that a
// server sends, it is not trusted.

import { text, time, whole } from './wire.js';

/** What the server shows of a payload, in bytes; no more is taken. */
const SHOWN_MOST = 128;
/** What is shown of a compressed one, in bytes. */
const INFLATED_MOST = 512;
/** The diagram has lines of this many bits, as the RFC's, and pieces that fit in half a line. */
export const LINE = 32;
const PIECE = LINE / 2;

const OPCODES = { 0: 'continuation', 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' };

const CLOSE_CODES = {
  1000: 'normal closure', 1001: 'going away', 1002: 'protocol error', 1003: 'unsupported data',
  1007: 'invalid data', 1008: 'policy violation', 1009: 'message too big', 1010: 'missing extension',
  1011: 'internal error', 1012: 'service restart', 1013: 'try again later', 4000: 'heartbeat missed',
  4001: 'too slow', 4500: 'replaced by a newer connection',
};

/** A frame that can be shown, or null if it is none. `payload` is the beginning, unmasked. */
export function readFrame(object) {
  const { from, at, fin, key } = Object(object);
  const [rsv, opcode, length] = [object?.rsv, object?.opcode, object?.length].map(whole);
  if (length === null || rsv === null || rsv > 7 || opcode === null || opcode > 15) return null;
  return {
    isOurs: from === 'client',
    at: time({ timestamp: at }),
    fin: fin === true,
    rsv,
    opcode,
    key: /^[\da-f]{8}$/.test(key) ? key : null,
    length,
    payload: readPayload(object).subarray(0, Math.min(length, SHOWN_MOST)),
    isText: typeof object.text === 'string',
  };
}

function readPayload(object) {
  if (typeof object.text === 'string') return new TextEncoder().encode(object.text.slice(0, SHOWN_MOST));
  return bytesOf(text(object.hex).slice(0, 2 * SHOWN_MOST));
}

function bytesOf(digits) {
  return Uint8Array.from(digits.match(/[\da-f]{2}/g) ?? [], (byte) => parseInt(byte, 16));
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

export function opcodeName({ opcode }) {
  return OPCODES[opcode] ?? 'reserved';
}

/** The names of the reserved bits that are set. The first one marks a compressed message (RFC 7692). */
export function reservedWords({ rsv }) {
  return [rsv & 4 ? 'compressed' : '', rsv & 2 ? 'RSV2' : '', rsv & 1 ? 'RSV3' : ''].filter(Boolean).join(', ');
}

export function payloadWords({ opcode, payload, isText }) {
  if (opcode === 8 && payload.length >= 2) return closeWords(payload);
  return isText ? decode(payload) : hex(payload);
}

function closeWords(payload) {
  const code = payload[0] << 8 | payload[1];
  const reason = decode(payload.subarray(2));
  return [code, CLOSE_CODES[code]].join(' ').trim() + (reason && `: ${reason}`);
}

/** A character that is cut at the end is left out. */
function decode(bytes) {
  return new TextDecoder().decode(bytes, { stream: true });
}

/** What of the payload is shown, in words; nothing if that is all of it. */
export function cutWords({ payload, length }) {
  return payload.length < length ? `${payload.length} of ${length} bytes` : '';
}

/**
 * The text in a compressed frame, or null if there is none to be had: only a message that begins
 * here and was compressed without the ones before it can be read alone (RFC 7692 §7.2.2).
 */
export async function inflate({ rsv, opcode, payload, fin, length }) {
  if (!(rsv & 4) || opcode !== 1) return null;
  // What the sender took off (§7.2.1), and an empty last block, which a stream must end with.
  const tail = fin && payload.length === length ? [0, 0, 255, 255, 1, 0, 0, 255, 255] : [];
  const stream = new DecompressionStream('deflate-raw');
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const first = reader.read();
  const ends = [writer.write(Uint8Array.from([...payload, ...tail])), writer.close(), reader.closed];
  // What is cut ends in an error, after all that could be read.
  for (const end of ends) end.catch(() => {});
  const { value } = await first.catch(() => ({}));
  reader.cancel().catch(() => {});
  return value ? decode(value.subarray(0, INFLATED_MOST)) : null;
}

/** The bytes as they are on the wire (§5.3). */
export function onTheWire({ payload, key }) {
  if (key === null) return payload;
  const mask = bytesOf(key);
  return payload.map((byte, i) => byte ^ mask[i % 4]);
}

/** The fields in their order: `{name, bits, words}`, the bits as digits. */
export function fields(frame) {
  const { fin, rsv, opcode, key, length } = frame;
  const [short, extended] = length < 126 ? [length, 0] : length < 1 << 16 ? [126, 16] : [127, 64];
  const all = [
    field('FIN', 1, Number(fin), fin ? 'the last frame of its message' : 'more frames of this message follow'),
    field('RSV1', 1, rsv >> 2, rsv & 4 ? 'the message is compressed' : 'not compressed'),
    field('RSV2', 1, rsv >> 1 & 1, 'not used'),
    field('RSV3', 1, rsv & 1, 'not used'),
    field('Opcode', 4, opcode, opcodeName(frame)),
    field('MASK', 1, Number(key !== null), key === null ? 'no masking key: from a server' : 'a masking key follows: from a client'),
    field('Payload len', 7, short, extended ? `${short}: the length is in the next ${extended} bits` : byteWords(length)),
  ];
  if (extended) all.push(field('Extended payload length', extended, length, byteWords(length)));
  if (key !== null) all.push(field('Masking-key', 32, parseInt(key, 16), hex(bytesOf(key))));
  return all;
}

function field(name, size, value, words) {
  return { name, bits: BigInt(value).toString(2).padStart(size, '0'), words };
}

function byteWords(length) {
  return length === 1 ? '1 byte' : `${length} bytes`;
}

/** The pieces of the diagram, `{name, size, value}`: the head, the rest of its last line, and one line more. */
export function pieces(frame) {
  const head = fields(frame);
  const size = head.reduce((sum, { bits }) => sum + bits.length, 0);
  const drawn = onTheWire(frame).subarray(0, (LINE + size % LINE) / 8);
  const payload = Array.from(drawn, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return [...head, { name: 'Payload data', bits: payload }].flatMap(({ name, bits }) => {
    const parts = bits.match(new RegExp(`.{1,${PIECE}}`, 'g')) ?? [];
    return parts.map((part, i) => ({ name: i === 0 ? name : '(continued)', size: part.length, value: valueWords(part) }));
  });
}

/** Bits as they are, and whole bytes in hexadecimal digits. */
function valueWords(bits) {
  return bits.length % 8 === 0 ? hex(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2))) : bits;
}
