// The frames drawer: what a learner sees of their own connection.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person, startBrowser, startServer, startWire } from './harness.js';

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([startServer('--no-rate-limits'), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const WIDE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 640 } };

async function joined(name, { url = server.url, options = WIDE } = {}) {
  const person = await Person.at(browser, `${url}#/${name.toLowerCase()}`, options);
  await person.join(name);
  return person;
}

const toggle = (person) => person.page.getByRole('button', { name: 'Frames of this connection' });
/** The rows in which these words stand. */
const rows = (person, words) => person.page.getByRole('row').filter({ hasText: words });
/** The first control frame of this kind; the page's own pings and pongs are text frames. */
const control = (person, opcode) => person.page.getByRole('row')
  .filter({ has: person.page.getByRole('gridcell', { name: opcode, exact: true }) }).first();

async function watches(person) {
  await toggle(person).click();
  await control(person, 'pong').waitFor();
}

test('nothing of it is fetched, asked for or shown before it is opened', async () => {
  const ada = await joined('Closed');
  assert.ok(!ada.requests.some((url) => /frame-|frames\.css/.test(url)));
  assert.equal(await ada.page.locator('#frames').isVisible(), false);
  assert.equal(await toggle(ada).getAttribute('aria-expanded'), 'false');
});

test('a ping and its pong are seen, and what one says with mask, length and text', async () => {
  const ada = await joined('Seen');
  await watches(ada);
  assert.match(await control(ada, 'ping').textContent(), /↓ to you.*pingFIN0 bytes$/);
  assert.match(await control(ada, 'pong').textContent(), /↑ to server.*pongFIN[\da-f]{8}0 bytes$/);
  await ada.say('do you <b>see</b> me?');
  const own = rows(ada, 'do you <b>see</b> me?').filter({ hasText: 'to server' });
  assert.match(await own.textContent(), /↑ to server\d\d:\d\d:\d\d.\d{3}textFINcompressed[\da-f]{8}\d+ bytes\{"type":"message"/);
  await rows(ada, '"type":"ack"').waitFor();
  assert.equal(await ada.page.locator('#frames b').count(), 0);
  assert.equal(await rows(ada, '"type":"frames"').count(), 0);
  assert.deepEqual(ada.complaints, []);
});

test('a chosen frame is drawn as the RFC does, with mouse and keyboard', async () => {
  const ada = await joined('Chosen');
  await watches(ada);
  await ada.say('hello');
  const own = rows(ada, '"content":"hello"').filter({ hasText: 'to server' });
  await own.click();
  assert.equal(await own.getAttribute('aria-selected'), 'true');
  const detail = ada.page.getByRole('region', { name: 'The chosen frame' });
  await detail.getByRole('heading', { name: 'Text frame to the server' }).waitFor();
  assert.match(await detail.locator('.bits').innerText(), /F\s*I\s*N[^]*Opcode\s+0001[^]*Masking-key/i);
  await detail.getByRole('row', { name: 'MASK 1 a masking key follows' }).waitFor();
  await detail.getByRole('row', { name: /^decompressed \{"type":"message"/ }).waitFor();

  const { keyboard } = ada.page;
  await keyboard.press('Home');
  await detail.getByRole('heading', { name: 'Ping frame to you' }).waitFor();
  // A ping of the page may have come between it and its Pong.
  const place = (row) => row.evaluate((element) => [...element.parentElement.children].indexOf(element));
  const steps = await place(control(ada, 'pong')) - await place(control(ada, 'ping'));
  for (let i = 0; i < steps; i++) await keyboard.press('ArrowDown');
  await detail.getByRole('heading', { name: 'Pong frame to the server' }).waitFor();
  await keyboard.press('Escape');
  assert.equal(await detail.isVisible(), false);
  assert.match(await ada.page.evaluate(() => document.activeElement.textContent), /pong/);
  await keyboard.press('Enter');
  await detail.waitFor();
  await keyboard.press('Escape');
  await keyboard.press('Escape');
  assert.equal(await ada.page.locator('#frames').isVisible(), false);
  assert.equal(await ada.page.evaluate(() => document.activeElement.id), 'frames-toggle');
});

test('on a phone the chosen frame takes the place of the list, and gives it back', async () => {
  const ada = await joined('Phone', { options: PHONE });
  await watches(ada);
  await control(ada, 'pong').click();
  const detail = ada.page.getByRole('region', { name: 'The chosen frame' });
  await detail.waitFor();
  assert.equal(await rows(ada, 'to you').first().isVisible(), false);
  const tooWide = await ada.page.evaluate(() => [...document.querySelectorAll('#frames *')].filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5).length);
  assert.equal(tooWide, 0);
  await detail.getByRole('button', { name: 'Back to the list' }).click();
  await rows(ada, 'to you').first().waitFor();
  assert.match(await ada.page.evaluate(() => document.activeElement.textContent), /pong/);
});

test('pause holds the list, clear empties it, and neither loses what comes', async () => {
  const ada = await joined('Pause');
  await watches(ada);
  const pause = ada.page.getByRole('button', { name: 'Pause' });
  await pause.click();
  await ada.page.locator('#frames').getByText('Paused').waitFor();
  await ada.say('behind the pause');
  await ada.sees('behind the pause');
  assert.equal(await rows(ada, 'behind the pause').count(), 0);
  await pause.click();
  await rows(ada, 'behind the pause').first().waitFor();
  await ada.page.getByRole('button', { name: 'Clear' }).click();
  await ada.page.getByText('No frame has passed yet.').waitFor();
  await ada.say('after it');
  await rows(ada, 'after it').first().waitFor();
});

test('closed it stops: the server sends no more of them, and nothing is kept', async () => {
  const ada = await Person.at(browser, 'about:blank', WIDE);
  let shown = 0;
  ada.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => {
    if (payload.includes('"type":"frames"')) shown++;
  }));
  await ada.page.goto(`${server.url}#/stops`);
  await ada.join('Stops');
  await watches(ada);
  assert.ok(shown > 0);
  await toggle(ada).click();
  await ada.say('unseen');
  await ada.sees('unseen');
  const before = shown;
  for (const word of ['one', 'two', 'three']) {
    await ada.say(word);
    await ada.sees(word);
  }
  assert.equal(shown, before);
  await watches(ada);
  assert.equal(await rows(ada, 'unseen').count(), 0);
});

test('open over a reconnect it goes on, and shows where another connection begins', async (t) => {
  const wire = await startWire(server.port);
  t.after(() => wire.stop());
  const ada = await joined('Again', { url: wire.url });
  await watches(ada);
  wire.cut();
  await ada.page.locator('#frames').getByText('Not connected.').waitFor();
  wire.mend();
  await rows(ada, 'Another connection').waitFor();
  await rows(ada, '"type":"join"').waitFor();
  await ada.canTalk();
  await ada.say('seen again');
  await rows(ada, 'seen again').first().waitFor();
  assert.equal(await ada.page.locator('#frames').getByText('Not connected.').count(), 0);
});

test('a server that does not know of it is said not to', async () => {
  const ada = await Person.at(browser, 'about:blank', WIDE);
  await ada.page.routeWebSocket('**/ws', (socket) => {
    const upstream = socket.connectToServer();
    socket.onMessage((message) => {
      const { type, nonce } = JSON.parse(message);
      if (type !== 'inspect') upstream.send(message);
      else socket.send(JSON.stringify({ type: 'error', code: 'unknown_type', content: '`type` is not known here.', nonce }));
    });
  });
  await ada.page.goto(`${server.url}#/old`);
  await ada.join('Old');
  await toggle(ada).click();
  await ada.page.locator('#frames').getByText('This server cannot show frames.').waitFor();
  assert.equal(await ada.page.locator('.notice.error').count(), 0);
});

test('of many frames the last 200 are elements, and the focus stays in the list', async () => {
  const ada = await joined('Many');
  await watches(ada);
  await rows(ada, 'ping').first().click();
  await ada.page.keyboard.press('Escape');
  await ada.page.evaluate(() => new Promise((resolve, reject) => {
    window.chatter = new WebSocket(new URL('ws', location.href.replace('http', 'ws')), 'wirechat.v1');
    window.chatter.onerror = reject;
    window.chatter.onopen = () => resolve(window.chatter.send(JSON.stringify({ type: 'join', username: 'Chatter', room: 'many' })));
  }));
  // Of more than 50 at once the server shows the last.
  for (let line = 20; line <= 300; line += 20) {
    await ada.page.evaluate((last) => {
      for (let i = last - 19; i <= last; i++) window.chatter.send(JSON.stringify({ type: 'message', room: 'many', content: `line ${i}.` }));
    }, line);
    await rows(ada, `line ${line}.`).waitFor();
  }
  assert.equal(await ada.page.locator('.frame').count(), 200);
  assert.ok(await ada.page.evaluate(() => document.activeElement.matches('.frame')));
  assert.equal(await ada.page.locator('.frame[tabindex="0"]').count(), 1);
});
