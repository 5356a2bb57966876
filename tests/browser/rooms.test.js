// Several rooms, private conversations, typing, history: what people do beside talking in one room.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chatter, Person, startBrowser, startServer, startWire } from './harness.js';

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([startServer('--no-rate-limits'), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Each test has rooms and names of its own, so that none hears another. */
const at = (room, url = server.url) => Person.at(browser, `${url}#/${room}`, { viewport: { width: 1200, height: 700 } });

async function pair(word, url) {
  const [ada, bob] = await Promise.all([at(word, url), at(word)]);
  await ada.join(`Ada ${word}`);
  await bob.join(`Bob ${word}`);
  await ada.seesPeople(`Ada ${word}`, `Bob ${word}`);
  return [ada, bob];
}

const badge = (person, name) => person.inList(name).locator('.badge');
const hash = (person) => person.page.evaluate(() => decodeURIComponent(location.hash));

test('two people talk in two rooms; what one does not look at is counted, and marked when one comes', async () => {
  const [ada, bob] = await pair('two');
  await ada.goes('#/two-more');
  await ada.canTalk();
  await ada.page.locator('#place').getByText('#two-more').waitFor();
  await bob.say('one');
  await bob.say('two');
  await badge(ada, 'two').getByText('2').waitFor();
  await ada.say('nobody is here');
  await ada.sees('nobody is here');
  assert.deepEqual(await bob.messages(), ['one', 'two']);

  await ada.inList('two').click();
  await ada.sees('two');
  await badge(ada, 'two').waitFor({ state: 'detached' });
  assert.deepEqual(await ada.messages(), ['one', 'two']);
  const divided = await ada.page.locator('.unread-divider + .message .content').textContent();
  assert.equal(divided, 'one');
  assert.equal(await hash(ada), '#/two');
  await ada.page.goBack();
  await ada.sees('nobody is here');
});

test('a room is entered by its name or from the list, and left again', async () => {
  const [ada, bob] = await pair('doors');
  await bob.goes('#/doors-open');
  await bob.page.locator('#place').getByText('#doors-open').waitFor();
  await ada.page.getByRole('button', { name: 'Enter another room' }).click();
  await ada.page.getByLabel('Name of the room').fill('no spaces please');
  await ada.page.getByRole('button', { name: 'Enter', exact: true }).click();
  await ada.page.getByText('This cannot be a room').waitFor();
  await ada.page.locator('#open-rooms').getByText('#doors-open').click();
  await ada.seesPeople('Ada doors', 'Bob doors');
  assert.equal(await hash(ada), '#/doors-open');

  await ada.page.getByRole('button', { name: 'Enter another room' }).click();
  await ada.page.getByLabel('Name of the room').fill('Doors-New');
  await ada.page.keyboard.press('Enter');
  await ada.seesPeople('Ada doors');
  assert.equal(await hash(ada), '#/doors-new');

  await ada.inList('doors-open').hover();
  await ada.page.getByRole('button', { name: 'Leave #doors-open' }).click();
  await bob.seesPeople('Bob doors');
  await ada.page.getByRole('button', { name: 'Leave #doors-new' }).click();
  await ada.page.locator('#place').getByText('#doors', { exact: true }).waitFor();
});

test('a room that cannot be is told, with a way out', async () => {
  const ada = await at('no%20spaces');
  await ada.page.getByLabel('Your name').fill('Ada nowhere');
  await ada.page.keyboard.press('Enter');
  await ada.page.getByText('This cannot be a room').waitFor();
  await ada.page.getByRole('link', { name: 'Go to #lobby' }).click();
  await ada.page.getByRole('button', { name: 'Join', exact: true }).click();
  await ada.canTalk();
  assert.equal(await hash(ada), '#/lobby');
});

test('a private message is seen by the two alone, says that it is private, and is counted', async () => {
  const [ada, bob] = await pair('secret');
  const eve = await at('secret');
  await eve.join('Eve secret');
  await ada.opensPrivate('Bob secret');
  assert.equal(await hash(ada), '#/@Bob secret');
  await ada.say('just for you');
  await ada.sees('just for you');

  await badge(bob, 'Ada secret').getByText('1').waitFor();
  await bob.page.waitForFunction(() => document.title.startsWith('(1) '));
  await bob.inList('Ada secret').click();
  await bob.sees('just for you');
  await bob.page.waitForFunction(() => !document.title.startsWith('('));
  await bob.say('thank you');
  await ada.sees('thank you');
  assert.deepEqual(await ada.messages(), ['just for you', 'thank you']);

  await bob.goes('#/secret');
  await bob.say('the end');
  await eve.sees('the end');
  assert.deepEqual(await eve.messages(), ['the end']);
  assert.equal(await eve.page.locator('#private-list li').count(), 0);
});

test('a private message to nobody fails with words, and can be edited', async () => {
  const [ada] = await pair('nobody');
  await ada.goes('#/@Nobody at all');
  await ada.say('hello?');
  await ada.page.locator('.message.failed').waitFor();
  await ada.page.getByRole('button', { name: 'Edit' }).click();
  assert.equal(await ada.page.locator('#draft').inputValue(), 'hello?');
});

test('who types is named until they stop', async () => {
  const [ada, bob] = await pair('typing');
  const eve = await at('typing');
  await eve.join('Eve typing');
  const typing = ada.page.locator('#typing-words');
  await bob.page.locator('#draft').pressSequentially('hm');
  await typing.getByText('Bob typing is typing…').waitFor();
  await eve.page.locator('#draft').pressSequentially('hm');
  await typing.getByText('Bob typing and Eve typing are typing…').waitFor();
  await bob.page.locator('#draft').fill('');
  await typing.getByText('Eve typing is typing…').waitFor();
  await eve.page.keyboard.press('Enter');
  await typing.filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
  assert.equal(await bob.page.locator('#typing-words').textContent(), '');

  await bob.opensPrivate('Ada typing');
  await bob.page.locator('#draft').pressSequentially('psst');
  await bob.page.keyboard.press('Enter');
  await ada.inList('Bob typing').click();
  await bob.page.locator('#draft').pressSequentially('more');
  await typing.getByText('Bob typing is typing…').waitFor();
});

test('who comes later loads what was said before, more of it while scrolling up', async () => {
  const ada = await at('history');
  await ada.join('Ada history');
  await chatter(browser, server, { name: 'Bob history', room: 'history', count: 80 });
  await ada.sees('line 80');
  const eve = await at('history');
  await eve.join('Eve history');
  await eve.sees('line 80');
  await eve.page.locator('#rows').getByText('line 31', { exact: true }).waitFor({ state: 'attached' });
  await eve.page.locator('#log').evaluate((log) => (log.scrollTop = 0));
  await eve.page.locator('#rows').getByText('line 1', { exact: true }).waitFor({ state: 'attached' });
  assert.deepEqual(await eve.messages(), Array.from({ length: 80 }, (_, i) => `line ${i + 1}`));
  assert.equal(await eve.page.locator('.unread-divider').count(), 0);
  assert.deepEqual(await ada.messages(), await eve.messages());
});

test('what was missed while cut off is there, once, and marked as new', async () => {
  const wire = await startWire(server.port);
  const [ada, bob] = await pair('resume', wire.url);
  await ada.say('before');
  await bob.sees('before');
  wire.cut();
  await ada.isConnection('Reconnecting');
  for (const word of ['missed 1', 'missed 2', 'missed 3']) await bob.say(word);
  await bob.sees('missed 3');
  wire.mend();
  await ada.sees('missed 3');
  await bob.say('after');
  await ada.sees('after');
  assert.deepEqual(await ada.messages(), ['before', 'missed 1', 'missed 2', 'missed 3', 'after']);
  assert.equal(await ada.page.locator('.unread-divider + .message .content').textContent(), 'missed 1');
  assert.equal(await ada.page.locator('.notice.gap').count(), 0);
  assert.equal(await ada.page.locator('.notice').getByText('has left').count(), 0, 'a short failure is no news');
  wire.stop();
});

test('a message whose ack was lost is stored once', async () => {
  const wire = await startWire(server.port);
  const [ada, bob] = await pair('once', wire.url);
  // What Ada sends arrives; what the server answers does not.
  wire.stallAnswers();
  await ada.say('did you get this?');
  await bob.sees('did you get this?');
  await ada.page.locator('.message.sending').waitFor();
  wire.cut();
  wire.mend();
  await ada.sees('did you get this?');
  await ada.say('the end');
  await bob.sees('the end');
  for (const person of [ada, bob]) assert.deepEqual(await person.messages(), ['did you get this?', 'the end']);
  wire.stop();
});

test('a reload keeps the name, the rooms, what was read, private words and the draft', async () => {
  const [ada, bob] = await pair('reload');
  await ada.goes('#/reload-more');
  await ada.page.locator('#place').getByText('#reload-more').waitFor();
  await ada.seesPeople('Ada reload');
  await bob.say('not yet read');
  await badge(ada, 'reload').getByText('1').waitFor();
  await bob.opensPrivate('Ada reload');
  await bob.say('psst');
  await ada.inList('Bob reload').click();
  await ada.sees('psst');
  await ada.page.locator('#draft').fill('half a thou');
  await ada.page.reload();
  await ada.canTalk();
  await ada.sees('psst');
  assert.equal(await ada.page.locator('#draft').inputValue(), 'half a thou');
  await badge(ada, 'reload').getByText('1').waitFor();
  await ada.inList('reload').click();
  await ada.sees('not yet read');
  await ada.page.locator('.unread-divider').waitFor();
  assert.equal(await ada.page.locator('.notice.gap').count(), 0);
});

test('two tabs of one person are one person', async () => {
  const [ada, bob] = await pair('tabs');
  const context = ada.page.context();
  const stored = await ada.page.evaluate(() => ({ ...sessionStorage }));
  const second = new Person(await context.newPage());
  await second.page.addInitScript((entries) => Object.assign(sessionStorage, entries), stored);
  await second.page.goto(`${server.url}#/tabs`);
  await second.canTalk();
  await second.say('from the second tab');
  await Promise.all([ada, bob].map((person) => person.sees('from the second tab')));
  assert.equal(await ada.page.locator('.message.own').count(), 1);
  await ada.seesPeople('Ada tabs', 'Bob tabs');
});

test('a new name is known to all, a taken one is refused where it was typed', async () => {
  const [ada, bob] = await pair('rename');
  await ada.page.getByRole('button', { name: 'Settings' }).click();
  await ada.page.getByLabel('Name that others see').fill('Bob rename');
  await ada.page.getByRole('button', { name: 'Change' }).click();
  await ada.page.locator('#rename-error').getByText('in use').waitFor();
  await ada.page.getByLabel('Name that others see').fill('Countess');
  await ada.page.getByRole('button', { name: 'Change' }).click();
  await bob.seesPeople('Bob rename', 'Countess');
  await ada.page.keyboard.press('Escape');
  await ada.say('still me');
  await bob.sees('still me');
  assert.equal(await ada.page.locator('.message.own').count(), 1);
});

test('whoever leaves the chat is asked for a name again, and is gone for the others', async () => {
  const [ada, bob] = await pair('leaving');
  await ada.page.getByRole('button', { name: 'Settings' }).click();
  await ada.page.getByRole('button', { name: 'Leave the chat' }).click();
  await ada.page.getByLabel('Your name').waitFor();
  await bob.seesPeople('Bob leaving');
});

test('a mention in a hidden page is counted in the title and shown on the desktop, only after asking', async () => {
  const [ada, bob] = await pair('bell');
  await ada.page.evaluate(() => {
    window.shown = [];
    window.Notification = class {
      static permission = 'default';
      static async requestPermission() { return (this.permission = 'granted'); }
      constructor(title, { body }) { window.shown.push(`${title}: ${body}`); }
      close() {}
    };
  });
  const shown = () => ada.page.evaluate(() => window.shown);
  await ada.isHidden(true);
  await bob.say('Ada bell, are you there?');
  await ada.page.waitForFunction(() => document.title.startsWith('(1) #bell'));
  await bob.say('hello?');
  await ada.page.waitForFunction(() => document.querySelectorAll('.message').length === 2);
  assert.deepEqual(await shown(), []);
  await ada.isHidden(false);
  await ada.page.waitForFunction(() => document.title === '#bell · wirechat');
  await ada.page.locator('.message.call').getByText('are you there?').waitFor();

  await ada.page.getByRole('button', { name: 'Settings' }).click();
  await ada.page.getByLabel('Notify me').check();
  await ada.page.keyboard.press('Escape');
  await ada.isHidden(true);
  await bob.say('nobody in particular');
  await bob.say('@Ada bell?');
  await ada.page.waitForFunction(() => window.shown.length > 0);
  assert.deepEqual(await shown(), ['Bob bell in #bell: @Ada bell?']);
});
