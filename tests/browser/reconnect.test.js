// What the page does when the wire between it and the server breaks.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Person, startBrowser, startServer, startServerAt, startWire } from './harness.js';

let server;
let browser;
let wire;

before(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

beforeEach(async () => (wire = await startWire(server.port)));
afterEach(() => wire.stop());

/** Ada's wire can be cut; Bob's cannot. */
async function adaAndBob(room) {
  const [ada, bob] = await Promise.all([
    Person.at(browser, `${wire.url}?room=${room}`),
    Person.at(browser, `${server.url}?room=${room}`),
  ]);
  await ada.join(`Ada of ${room}`);
  await bob.join(`Bob of ${room}`);
  await ada.seesPeople(`Ada of ${room}`, `Bob of ${room}`);
  return [ada, bob];
}

test('a page that is cut off says so, comes back by itself and talks again without duplicates', async () => {
  const [ada, bob] = await adaAndBob('cut');
  await ada.say('before, from Ada');
  await bob.sees('before, from Ada');

  wire.cut();
  await ada.isConnection('Reconnecting');
  await ada.page.getByText('The connection was lost.').waitFor();
  await bob.say('while Ada is away');
  await bob.sees('while Ada is away');
  wire.mend();
  await ada.canTalk();
  await ada.isConnection('Connected');

  await ada.say('after, from Ada');
  await bob.sees('after, from Ada');
  await bob.say('after, from Bob');
  await ada.sees('after, from Bob');
  await ada.seesPeople('Ada of cut', 'Bob of cut');

  for (const person of [ada, bob]) {
    assert.deepEqual(await person.messages(), ['before, from Ada', 'while Ada is away', 'after, from Ada', 'after, from Bob']);
  }
  assert.equal(await ada.page.locator('.notice.gap').count(), 0);
});

test('a message cut off before its ack waits, and is delivered once when the wire is back', async () => {
  const [ada, bob] = await adaAndBob('retry');
  wire.stall();
  await ada.say('is this lost?');
  await ada.page.locator('.message.sending').waitFor();
  wire.cut();
  await ada.isConnection('Reconnecting');
  await ada.page.locator('.message.sending').waitFor();
  wire.mend();

  await Promise.all([ada.sees('is this lost?'), bob.sees('is this lost?')]);
  await ada.say('the end');
  await bob.sees('the end');
  assert.deepEqual(await ada.messages(), ['is this lost?', 'the end']);
  assert.deepEqual(await bob.messages(), ['is this lost?', 'the end']);
});

test('what is written while cut off goes out when the wire is back, even over a reload', async () => {
  const [ada, bob] = await adaAndBob('draft');
  await ada.say('before');
  await bob.sees('before');
  wire.cut();
  await ada.isConnection('Reconnecting');
  await ada.say('written while away');
  await ada.page.locator('.message.sending').waitFor();
  await ada.page.locator('#draft').fill('half a thought');
  wire.mend();
  await ada.page.reload();
  await bob.sees('written while away');
  await ada.sees('written while away');
  assert.equal(await ada.page.locator('#draft').inputValue(), 'half a thought');
  assert.deepEqual(await bob.messages(), ['before', 'written while away']);
});

test('a server that restarts is joined again, and the page says what it cannot know', async (t) => {
  const first = await startServer();
  t.after(() => first.stop());
  const ada = await Person.at(browser, `${first.url}?room=restart`);
  await ada.join('Ada of restart');
  await ada.say('before the restart');
  await ada.sees('before the restart');
  await first.stop();
  await ada.isConnection('Reconnecting');
  const second = await startServerAt(first.port);
  t.after(() => second.stop());
  await ada.triesNow();
  await ada.canTalk();
  await ada.say('after the restart');
  await ada.sees('after the restart');
  assert.deepEqual(await ada.messages(), ['before the restart', 'after the restart']);
  await ada.seesNotice('Messages may be missing');
});

test('a server that keeps what was said is gone on with as if nothing had been', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wirechat-page-'));
  const first = await startServer('--data', folder);
  t.after(async () => {
    await first.stop();
    await rm(folder, { recursive: true });
  });
  const ada = await Person.at(browser, `${first.url}?room=kept`);
  await ada.join('Ada of kept');
  await ada.say('before the restart');
  await ada.sees('before the restart');
  await first.stop();
  await ada.isConnection('Reconnecting');
  await ada.say('while it was away');
  const second = await startServerAt(first.port, '--data', folder);
  t.after(() => second.stop());
  await ada.triesNow();
  await ada.sees('while it was away');
  assert.deepEqual(await ada.messages(), ['before the restart', 'while it was away']);
  assert.equal(await ada.page.locator('.notice.gap').count(), 0);
});

test('a server that cannot be reached, and one that is full, are told apart in words', async () => {
  const ada = await waitingForLong('words');
  wire.cut();
  await ada.page.getByRole('button', { name: 'Try now' }).click();
  await ada.page.getByText('The server cannot be reached.').waitFor();

  await ada.page.route('**/healthz', (route) => route.fulfill({ status: 503 }));
  await ada.page.getByRole('button', { name: 'Try now' }).click();
  await ada.page.getByText('The server is full at the moment.').waitFor();
});

test('a close code that forbids it stops the reconnects, says why, and leaves a button', async () => {
  const ada = await Person.at(browser, 'about:blank');
  await ada.page.routeWebSocket('**/ws', (socket) => socket.close({ code: 4502, reason: 'spam' }));
  await ada.page.goto(`${server.url}?room=kicked`);
  await ada.isConnection('Disconnected');
  await ada.page.getByText('You were removed from the chat.').waitFor();
  await ada.page.getByRole('button', { name: 'Connect again' }).waitFor();
});

test('a page opened while the server is out of reach joins when it is back', async () => {
  const ada = await Person.at(browser, `${wire.url}?room=late`);
  await ada.isConnection('Connected');
  wire.cut();
  await ada.isConnection('Reconnecting');
  await ada.page.getByLabel('Your name').fill('Ada of late');
  await ada.page.getByLabel('Your name').press('Enter');
  wire.mend();
  await ada.canTalk();
  await ada.seesPeople('Ada of late');
});

/** A page that was cut off and will not try again by itself within this test. */
async function waitingForLong(room) {
  const ada = await Person.at(browser, `${wire.url}?room=${room}`);
  await ada.isConnection('Connected');
  await ada.page.evaluate(() => (Math.random = () => 1_000));
  wire.cut();
  await ada.isConnection('Reconnecting');
  wire.mend();
  return ada;
}

test('"try now" does not wait for the countdown', async () => {
  const ada = await waitingForLong('now');
  await ada.page.getByRole('button', { name: 'Try now' }).click();
  await ada.isConnection('Connected');
});

test('a network that is back ends the wait', async () => {
  const ada = await waitingForLong('online');
  await ada.page.evaluate(() => window.dispatchEvent(new Event('online')));
  await ada.isConnection('Connected');
});

test('a page that is looked at again ends the wait', async () => {
  const ada = await waitingForLong('visible');
  await ada.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await ada.isConnection('Connected');
});
