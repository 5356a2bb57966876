// The wiring: the person acts on the view, the view on the chat, the chat on the
// connection, and back. Each of them works without knowing the others.

import { Chat } from './chat.js';
import { Connection } from './connection.js';
import { LogView } from './log.js';
import { View } from './view.js';

const NAME_KEY = 'wirechat.name';

/** The server closes a connection whose message is larger than this, in bytes (1009). */
const MESSAGE_MOST = 64 * 1024;
/** What a message's object holds beside its content, in bytes, generously. */
const MESSAGE_HEAD = 1024;

const room = new URLSearchParams(location.search).get('room')?.trim() || 'lobby';

const view = new View({
  join(name) {
    remember(name);
    chat.join(name);
  },
  say(content) {
    if (!fits(content)) {
      view.tooLong();
      return false;
    }
    chat.say(content);
    log.scrollToEnd();
    return true;
  },
  retryConnection: () => connection.connectNow(),
});

const log = new LogView({
  retry(nonce) {
    chat.retry(nonce);
    view.focusDraft();
  },
  edit: (nonce) => view.editDraft(chat.takeBack(nonce)),
});

const chat = new Chat(room, {
  send: (object) => connection.send(object),
  inserted: (row, before) => log.insert(row, before),
  changed: (row) => log.change(row),
  removed: (row) => log.remove(row),
  joined() {
    view.showRoom(chat.room);
    view.showConversation();
    view.setOnline(true);
  },
  refused: (content, suggestion) => view.refuseName(content, suggestion),
  people: (names, count, self) => view.showPeople(names, count, self),
});

const connection = new Connection(socketAddress(), {
  changed: (state) => view.showConnection(state),
  opened: () => chat.connected(),
  closed() {
    chat.connectionLost();
    view.setOnline(false);
  },
  received: (object) => chat.received(object),
});

view.showRoom(room);
view.name = remembered();
view.setOnline(false);
connection.connectNow();

addEventListener('online', () => connection.nudge());
addEventListener('offline', () => connection.nudge());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') connection.nudge();
});

function socketAddress() {
  const address = new URL('ws', document.baseURI);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return address;
}

function fits(content) {
  return new TextEncoder().encode(JSON.stringify(content)).length <= MESSAGE_MOST - MESSAGE_HEAD;
}

// A browser may refuse storage altogether; a name not remembered is no reason to fail.
function remember(name) {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch { /* it is asked for again next time */ }
}

function remembered() {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    return '';
  }
}
