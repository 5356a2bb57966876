// Reading the objects that a server sends. They are never trusted: a field of a wrong type
// counts as absent.

/** The object that a WebSocket message holds, or null. */
export function parseObject(data) {
  try {
    const value = JSON.parse(data);
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** A string, or the empty one. */
export function text(value) {
  return typeof value === 'string' ? value : '';
}

/** A whole number from 0, or null. */
export function whole(value) {
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** A list, or the empty one. */
export function list(value) {
  return Array.isArray(value) ? value : [];
}

/** An object's timestamp in ms, or the time now if no date can be made of it. */
export function time({ timestamp }) {
  return Number.isNaN(new Date(timestamp ?? NaN).getTime()) ? Date.now() : Number(timestamp);
}

/** A message of a room's log, or null if it is none. */
export function logged(object) {
  const message = {
    id: text(object?.id),
    seq: whole(object?.seq),
    username: text(object?.username),
    content: text(object?.content),
    timestamp: time(object ?? {}),
  };
  return message.id !== '' && message.seq !== null ? message : null;
}

/**
 * A private message, or null if it is none. Its id is `<epoch>-<n>`, and `n` orders it
 * among the others of the same epoch.
 */
export function privately(object) {
  const id = text(object.id);
  const dash = id.lastIndexOf('-');
  const number = id.slice(dash + 1);
  const seq = /^\d{1,15}$/.test(number) ? Number(number) : null;
  const [from, to] = [text(object.from), text(object.to)];
  if (dash < 1 || seq === null || from === '' || to === '') return null;
  const epoch = id.slice(0, dash);
  return { id, epoch, seq, from, to, username: from, content: text(object.content), timestamp: time(object) };
}

/** A random nonce. `crypto.randomUUID` is missing on http origins other than localhost. */
export function newNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
