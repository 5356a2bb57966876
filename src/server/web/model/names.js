// Names of people and rooms, and the address of a conversation: `#/room` or `#/@name`.
//
// The key of a conversation is the name of its room, or `@` and a person's folded name.
// No room's name begins with `@`.

/** A person's name in the form in which the server shows and compares it. */
export function personName(raw) {
  return raw.normalize('NFKC').trim();
}

/** A room's name as the server writes it. */
export function roomName(raw) {
  return raw.normalize('NFKC').trim().replace(/^#/, '').toLowerCase();
}

/** Whether the server will take it: it has the last word. */
export function isRoomName(name) {
  return /^[\p{Alphabetic}\p{M}\p{N}\-_.]{1,32}$/u.test(name);
}

export function privateKey(person) {
  return `@${personName(person).toLowerCase()}`;
}

/** What stands after `#` in the address of this conversation. */
export function addressOf(kind, name) {
  return `#/${kind === 'private' ? '@' : ''}${encodeURIComponent(name)}`;
}

/** The conversation that an address names, `{kind, name}`, or null. */
export function placeIn({ hash = '', search = '' }) {
  const name = fromHash(hash) || new URLSearchParams(search).get('room')?.trim() || '';
  if (name.startsWith('@')) {
    const person = personName(name.slice(1));
    return person === '' ? null : { kind: 'private', name: person };
  }
  const room = roomName(name);
  return room === '' ? null : { kind: 'room', name: room };
}

function fromHash(hash) {
  if (!hash.startsWith('#/')) return '';
  try {
    return decodeURIComponent(hash.slice(2));
  } catch {
    return hash.slice(2);
  }
}
