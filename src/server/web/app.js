// The wiring: the person acts on the views, the views on the chat, the chat on the
// connection, and back. Each of them works without knowing the others.
//
// Whatever changes, one drawing a frame shows it: views compare and touch what is different.

import { Chat } from './model/chat.js';
import { refusalWords } from './model/closing.js';
import { Connection } from './model/connection.js';
import { drafts, settings, tab } from './model/memory.js';
import { addressOf, placeIn } from './model/names.js';
import { TypingSender } from './model/typing.js';
import { watchForWake } from './model/wake.js';
import { Announcer } from './view/announcer.js';
import { Composer } from './view/composer.js';
import { RoomsDialog, SettingsDialog } from './view/dialogs.js';
import { $ } from './view/dom.js';
import { EmojiBoard } from './view/emoji.js';
import { FramesDrawer } from './view/frames.js';
import { placeWords, renderHeading } from './view/heading.js';
import { JoinView } from './view/join.js';
import { LogView } from './view/log.js';
import { Notifications } from './view/notifications.js';
import { PeopleView } from './view/people.js';
import { SideView } from './view/side.js';
import { StatusView } from './view/status.js';

/** The server closes a connection whose message is larger than this, in bytes (1009). */
const MESSAGE_MOST = 64 * 1024;
/** What a message's object holds beside its content, in bytes, generously. */
const MESSAGE_HEAD = 1024;
/** A hidden page draws no frames, but its title counts on, in ms. */
const DRAW_HIDDEN = 250;
const SAVE_AFTER = 500;
const PROBE_DEADLINE = 5_000;

let shown = null;
let isInside = false;
let isLeaving = false;
let drawing = false;
let saving = 0;
const typing = new TypingSender();

const chat = new Chat({
  changed: draw,
  send: (object) => connection.send(object),
  entered,
  refused,
  arrived,
  moved: (from, to) => {
    if (shown === from) history.replaceState(null, '', addressOf('private', chat.find(to).name));
    if (shown === from) shown = to;
  },
}, tab.load());

const status = new StatusView(() => connection.connectNow());
const join = new JoinView({ join: enter });
const announcer = new Announcer();
const notifications = new Notifications(settings, (conversation) => {
  window.focus();
  go(conversation.kind, conversation.name);
});
const people = new PeopleView();
const side = new SideView({ close: (key) => chat.close(key) });
const log = new LogView({
  retry(nonce) {
    chat.retry(shown, nonce);
    composer.focus();
  },
  edit: (nonce) => composer.edit(chat.takeBack(shown, nonce)),
  older: () => chat.loadOlder(shown),
  moved: watch,
});
const composer = new Composer({
  say,
  typed(isEmpty) {
    tellTyping(typing.changed(isEmpty, Date.now()));
  },
}, drafts);
const emoji = new EmojiBoard({
  chosen: (text) => composer.insert(text),
  closed: () => composer.focus(),
});
const frames = new FramesDrawer((object) => connection.send(object));
const rooms = new RoomsDialog({
  enter: (room) => go('room', room),
  askRooms: () => chat.askRooms(),
});
const options = new SettingsDialog({
  name: () => chat.name ?? '',
  rename: (name) => chat.join(name),
  theme(theme) {
    settings.set('theme', theme);
    document.documentElement.dataset.theme = theme;
  },
  signOut() {
    isLeaving = true;
    connection.end();
    tab.forget();
    location.reload();
  },
}, notifications, settings.get('theme') || 'auto');

const connection = new Connection(socketAddress(), {
  changed(state) {
    status.show(state);
    if (state.name === 'reconnecting' && state.why === null) explainFailure();
  },
  opened() {
    frames.connected();
    chat.connected();
  },
  closed() {
    frames.connectionLost();
    chat.connectionLost();
  },
  received: (object) => frames.received(object) || chat.received(object),
});

isInside = chat.hasName;
navigate();
connection.connectNow();

addEventListener('hashchange', navigate);
addEventListener('online', () => connection.nudge());
addEventListener('offline', () => connection.nudge());
addEventListener('pagehide', save);
document.addEventListener('visibilitychange', () => {
  watch();
  if (isVisible()) connection.nudge();
  else save();
});
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') closeDrawers();
});
$('talk').addEventListener('pointerdown', ({ target }) => {
  if (!target.closest('#people-toggle')) closeDrawers();
});
watchForWake(() => connection.nudge(), isVisible);

// ---- where the person is

function navigate() {
  const place = placeIn(location) ?? { kind: 'room', name: chat.conversations[0]?.key ?? 'lobby' };
  const before = shown;
  const conversation = chat.open(place);
  shown = conversation.key;
  // Without a name one is nowhere yet: the room of the address is the one to enter.
  if (!isInside && before !== null && before !== shown) {
    chat.close(before);
    join.moved();
  }
  const address = addressOf(conversation.kind, conversation.name);
  if (location.hash !== address || location.search) history.replaceState(null, '', location.pathname + address);
  tellTyping(typing.stopped(Date.now()), before);
  chat.show(shown);
  closeDrawers();
  draw();
  // Whoever has a mouse has no keyboard on the screen that would pop up.
  if (isInside && before !== shown && matchMedia('(hover: hover)').matches) composer.focus();
}

function go(kind, name) {
  location.hash = addressOf(kind, name);
}

function closeDrawers() {
  side.drawer.toggle(false);
  people.drawer.toggle(false);
}

// ---- entering

function enter(name) {
  chat.join(name);
  // A server that did not want us back may have changed its mind.
  connection.connectNow();
}

function entered() {
  isInside = true;
  save();
  draw();
}

function refused(refusal) {
  if (options.isOpen) {
    options.refuse(refusal);
    return;
  }
  isInside = false;
  showPart();
  join.refuse(refusal);
}

// ---- talking

/** Words why this cannot be sent, or nothing if it is on its way. */
function say(content) {
  if (new TextEncoder().encode(JSON.stringify(content)).length > MESSAGE_MOST - MESSAGE_HEAD) return 'This is too long to send.';
  if (!chat.say(shown, content)) return 'Too much waits to be sent. Wait until some of it is through.';
  typing.sent();
  log.scrollToEnd();
  save();
  return '';
}

function tellTyping(isTyping, key = shown) {
  if (isTyping !== null && key !== null) chat.typing(key, isTyping);
}

function arrived(conversation, row, isCall) {
  if (conversation.key === shown || isCall) announcer.arrived(conversation, row);
  if (isCall && (!isVisible() || !document.hasFocus() || conversation.key !== shown)) notifications.arrived(conversation, row);
}

/** What the person sees is not unread. */
function watch() {
  chat.watch(isVisible() && log.isAtEnd);
}

function isVisible() {
  return document.visibilityState === 'visible';
}

// ---- drawing and remembering

function draw() {
  saving ||= setTimeout(save, SAVE_AFTER);
  if (drawing) return;
  drawing = true;
  if (isVisible()) requestAnimationFrame(drawNow);
  else setTimeout(drawNow, DRAW_HIDDEN);
}

function drawNow() {
  drawing = false;
  const conversation = chat.find(shown);
  if (!conversation) {
    // It was left, or could not be entered.
    go('room', chat.conversations[0]?.key ?? 'lobby');
    return;
  }
  if (chat.name) settings.set('name', chat.name);
  showPart();
  renderHeading(chat, conversation);
  if (!isInside) return;
  side.render(chat, shown);
  if (conversation.kind === 'room') people.render(conversation, chat.name);
  rooms.render(chat.rooms, (room) => Boolean(chat.find(room)?.joined));
  options.render(chat.name);
  composer.show(conversation);
  log.show(conversation);
  log.render();
  watch();
}

function showPart() {
  const wasHidden = $('chat').hidden;
  $('chat').dataset.in = String(chat.isIn);
  $('chat').hidden = !isInside;
  for (const id of ['side-toggle', 'frames-toggle', 'settings-open']) $(id).hidden = !isInside;
  if (!isInside) join.show(placeWords(chat.find(shown)), settings.get('name'));
  else join.hide();
  if (wasHidden && isInside) requestAnimationFrame(() => composer.focus());
}

function save() {
  clearTimeout(saving);
  saving = 0;
  if (isLeaving) return;
  composer.save();
  if (isInside) tab.save(chat);
}

// ---- the connection

function socketAddress() {
  const address = new URL('ws', document.baseURI);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return address;
}

/** Why no WebSocket could be opened: a script only learns that by asking in plain HTTP. */
async function explainFailure() {
  const answer = fetch('healthz', { cache: 'no-store', signal: AbortSignal.timeout(PROBE_DEADLINE) });
  const code = await answer.then((response) => response.status, () => null);
  if (!status.isConnected) status.explain(refusalWords(code, navigator.onLine));
}
