// What the page does when the wire between it and the server breaks.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Person, startBrowser, startServer, startWire } from './harness.js';

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
  await ada.page.locator('#send:disabled').waitFor();
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

  const seen = await ada.messages();
  assert.equal(new Set(seen).size, seen.length, 'no message twice');
  assert.deepEqual(await bob.messages(), ['before, from Ada', 'while Ada is away', 'after, from Ada', 'after, from Bob']);
  // Either nothing is missing, or the page does not pretend so.
  const gaps = await ada.page.locator('.notice.gap').count();
  assert.equal(gaps, seen.includes('while Ada is away') ? 0 : 1);
});

test('a message cut off before its ack is marked, and a retry delivers it once', async () => {
  const [ada, bob] = await adaAndBob('retry');
  wire.stall();
  await ada.say('is this lost?');
  await ada.page.locator('.message.sending').waitFor();
  wire.cut();
  await ada.page.locator('.message.failed').getByText('Not delivered').waitFor();
  wire.mend();
  await ada.canTalk();

  await ada.page.getByRole('button', { name: 'Retry' }).click();
  await Promise.all([ada.sees('is this lost?'), bob.sees('is this lost?')]);
  await ada.say('the end');
  await bob.sees('the end');
  assert.deepEqual(await ada.messages(), ['is this lost?', 'the end']);
  assert.deepEqual(await bob.messages(), ['is this lost?', 'the end']);
});

test('a draft survives being cut off, and Enter does not send it into the void', async () => {
  const [ada, bob] = await adaAndBob('draft');
  wire.cut();
  await ada.isConnection('Reconnecting');
  const draft = ada.page.getByLabel('Message', { exact: true });
  await draft.fill('written while away');
  await draft.press('Enter');
  assert.equal(await draft.inputValue(), 'written while away');
  wire.mend();
  await ada.canTalk();
  await draft.press('Enter');
  await bob.sees('written while away');
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
