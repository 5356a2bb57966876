// Why a connection ended, in words that a person understands, with what to do.

/** The protocol was broken (RFC 6455 §7.4.1), which the next attempt would break again; or all is said. */
const FINAL = new Set([1000, 1002, 1003, 1007, 1008, 1009, 1010]);

/**
 * Whether a client may come back by itself after this close code. Most of what is registered
 * by others, 3000 to 3999 (§7.4.2), says no; 4500 to 4999 mean "not without a change" in the
 * chat protocol.
 */
export function mayReconnect(code) {
  return !FINAL.has(code) && !(code >= 3000 && code <= 3999) && !(code >= 4500 && code <= 4999);
}

const WORDS = {
  1000: 'The server has ended the conversation.',
  1001: 'The server is going away, probably to come back in a moment.',
  1002: 'The server and this page did not understand each other. Reload the page.',
  1003: 'The server and this page did not understand each other. Reload the page.',
  1007: 'Something was damaged on its way. Reload the page.',
  1008: 'The server does not allow this connection. Ask whoever runs it.',
  1009: 'A message was too large for the server. Connect again, and send it in parts.',
  1011: 'The server had a problem of its own.',
  1013: 'The server is too busy at the moment.',
  4000: 'The server heard nothing from here for too long.',
  4001: 'This connection was too slow for all that is said here.',
  4002: 'The server moves its people around.',
  4500: 'You have opened the chat in too many places, and this was the oldest. Close another one, then connect again.',
  4501: 'You are not allowed in here. Ask whoever runs the server.',
  4502: 'You were removed from the chat. Ask whoever runs the server before you come back.',
};

/** Why an open connection ended. The reason is the server's own words, if it gave any. */
export function closingWords(code, reason) {
  const words = WORDS[code];
  if (words) return reason && !mayReconnect(code) ? `${words} (It says: ${reason})` : words;
  if (code === 1006) return 'The connection was lost.';
  return reason ? `The server ended the connection: ${reason}.` : `The server ended the connection (code ${code}).`;
}

/**
 * Why no connection could be opened. A browser does not tell a script why an opening
 * handshake failed; so the server is asked by plain HTTP. `status` is the answer's, or
 * null if there was none.
 */
export function refusalWords(status, isOnline) {
  if (status === null && !isOnline) return 'This device is offline. Check its network.';
  if (status === null) return 'The server cannot be reached. It may be down, or something on the way blocks it.';
  if (status === 429) return 'Too many connections come from your address. Close some.';
  if (status === 503) return 'The server is full at the moment.';
  if (status >= 500) return 'Something between here and the server is broken.';
  return 'The server is there, but refuses the connection: this page may not be allowed, or a proxy on the way does not let WebSockets through.';
}
