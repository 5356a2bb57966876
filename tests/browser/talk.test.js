// The page as people meet it: open it, join, talk.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person, startBrowser, startServer } from './harness.js';

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Each test has a room of its own, so that none hears another. */
const room = (name) => `${server.url}?room=${name}`;
const at = (url, options) => Person.at(browser, url, options);

test('the page loads without complaints and asks nobody but its own server', async () => {
  const ada = await at(room('quiet'));
  await ada.isConnection('Connected');
  await ada.join('Ada');
  await ada.say('hello');
  await ada.sees('hello');

  const foreign = ada.requests.filter((url) => !url.startsWith('data:') && new URL(url).host !== new URL(server.url).host);
  assert.deepEqual(foreign, []);
  assert.deepEqual(ada.complaints, []);
});

test('the content security policy allows no inline script', async () => {
  const ada = await at(room('policy'));
  await ada.isConnection('Connected');
  const ran = await ada.page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.inlineRan = true';
    document.head.append(script);
    return window.inlineRan === true;
  });
  assert.equal(ran, false);
});

test('two people talk in both directions, and both see the same order', async () => {
  const [ada, bob] = await Promise.all([at(room('pair')), at(room('pair'))]);
  await ada.join('Ada of pair');
  await bob.join('Bob of pair');
  await ada.seesNotice('Bob of pair');
  await Promise.all([ada, bob].map((person) => person.seesPeople('Ada of pair', 'Bob of pair')));

  const talk = async (person, word) => {
    for (let i = 0; i < 8; i++) await person.say(`${word} ${i}`);
  };
  await Promise.all([talk(ada, 'ping'), talk(bob, 'pong')]);
  await Promise.all([ada.seesMessages(16), bob.seesMessages(16)]);

  assert.deepEqual(await ada.messages(), await bob.messages());
  assert.equal(new Set(await ada.messages()).size, 16);
});

test('own messages, messages of others and notices look different', async () => {
  const [ada, bob] = await Promise.all([at(room('looks')), at(room('looks'))]);
  await ada.join('Ada of looks');
  await bob.join('Bob of looks');
  await ada.say('mine');
  await bob.sees('mine');
  await bob.say('yours');
  await ada.sees('yours');

  assert.deepEqual(await ada.page.locator('.message.own .content').allTextContents(), ['mine']);
  assert.deepEqual(await bob.page.locator('.message.own .content').allTextContents(), ['yours']);
  assert.ok((await ada.page.locator('.notice.system').count()) > 0);
});

test('someone who leaves is announced and no longer listed', async () => {
  const [ada, bob] = await Promise.all([at(room('leaving')), at(room('leaving'))]);
  await ada.join('Ada of leaving');
  await bob.join('Bob of leaving');
  await ada.seesPeople('Ada of leaving', 'Bob of leaving');
  await bob.page.context().close();
  await ada.seesNotice(/Bob of leaving.*left/);
  await ada.seesPeople('Ada of leaving');
});

test('a reserved name shows the error, and the form stays', async () => {
  const ada = await at(room('reserved'));
  await ada.page.getByLabel('Your name').fill('Admin');
  await ada.page.getByRole('button', { name: 'Join', exact: true }).click();
  await ada.page.locator('#join-error:not(:empty)').waitFor();
  assert.ok(await ada.page.locator('#join').isVisible());
  assert.ok(await ada.page.locator('#conversation').isHidden());

  await ada.join('Ada of reserved');
});

test('a taken name offers another one, which joins', async () => {
  const [ada, bob] = await Promise.all([at(room('taken')), at(room('taken'))]);
  await ada.join('Ada of taken');
  await bob.page.getByLabel('Your name').fill('Ada of taken');
  await bob.page.getByRole('button', { name: 'Join', exact: true }).click();
  await bob.page.locator('#join-suggestion').click();
  await bob.canTalk();
  await bob.say('I am the other one');
  await ada.sees('I am the other one');
});

test('hostile text appears as text', async () => {
  const [ada, bob] = await Promise.all([at(room('hostile')), at(room('hostile'))]);
  await ada.join('Ada of hostile');
  await bob.join('Bob of hostile');
  const markup = '<img src=x onerror="window.owned=true"><script>window.owned=true</script>';
  const reversed = 'invoice\u202Egnp.exe';
  const long = 'w'.repeat(3_000);
  for (const content of [markup, reversed, long]) {
    await ada.say(content);
    await bob.sees(content);
  }

  assert.equal(await bob.page.locator('#rows img, #rows script').count(), 0);
  assert.equal(await bob.page.evaluate(() => window.owned), undefined);
  assert.deepEqual(bob.complaints, []);
});

test('nothing sticks out sideways on a screen 320 px wide', async () => {
  const ada = await at(room('m'.repeat(32)), { viewport: { width: 320, height: 568 } });
  const outside = () => ada.page.evaluate(() => [...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
    .map((element) => element.outerHTML));
  await ada.isConnection('Connected');
  assert.deepEqual(await outside(), []);
  await ada.join('Wilhelmina-Wolfeschlegelstein-32');
  await ada.say('m'.repeat(500));
  await ada.seesMessages(1);
  await ada.page.locator('#people-toggle').click();
  assert.deepEqual(await outside(), []);
});

test('a keyboard is enough to join, to write two lines, and to talk', async () => {
  const ada = await at(room('keys'));
  const { keyboard } = ada.page;
  await ada.page.waitForFunction(() => document.activeElement?.id === 'name');
  await keyboard.type('Ada of keys');
  await keyboard.press('Enter');
  await ada.page.waitForFunction(() => document.activeElement?.id === 'draft');
  await keyboard.type('first line');
  await keyboard.press('Shift+Enter');
  await keyboard.type('second line');
  await keyboard.press('Enter');
  await ada.seesMessages(1);
  assert.deepEqual(await ada.messages(), ['first line\nsecond line']);
});

test('the name is remembered for another tab, and a reload asks for nothing', async () => {
  const ada = await at(room('memory'));
  await ada.join('Ada of memory');
  await ada.page.reload();
  await ada.canTalk();
  await ada.seesPeople('Ada of memory');
  const other = await ada.page.context().newPage();
  await other.goto(room('memory'));
  await other.getByLabel('Your name').waitFor();
  assert.equal(await other.getByLabel('Your name').inputValue(), 'Ada of memory');
});

test('a message too long for the server stays with its writer, who can edit it', async () => {
  const ada = await at(room('long'));
  await ada.join('Ada of long');
  const long = 'l'.repeat(5_000);
  await ada.say(long);
  await ada.page.getByRole('button', { name: 'Edit' }).click();
  assert.equal(await ada.page.getByLabel('Message', { exact: true }).inputValue(), long);
  assert.deepEqual(await ada.messages(), []);
});

/** Two people in a room in which there is more than fits, of which Ada sees the end. */
async function withMuchToRead(name) {
  const [ada, bob] = await Promise.all([at(room(name)), at(room(name))]);
  await ada.join(`Ada of ${name}`);
  await bob.join(`Bob of ${name}`);
  await bob.say('a line\n'.repeat(400));
  await ada.seesMessages(1);
  await bob.say('another line\n'.repeat(200));
  await ada.seesMessages(2);
  await ada.page.waitForFunction(() => {
    const { scrollHeight, scrollTop, clientHeight } = document.getElementById('log');
    return scrollHeight > clientHeight && scrollHeight - scrollTop - clientHeight < 2;
  });
  return [ada, bob];
}

test('a reader who has scrolled up is not pulled down, and is told of what is new', async () => {
  const [ada, bob] = await withMuchToRead('scroll');
  const log = ada.page.locator('#log');
  await log.evaluate((element) => (element.scrollTop = 0));
  await bob.say('news');
  await ada.page.getByRole('button', { name: '1 new message' }).click();
  await ada.page.locator('#newer').waitFor({ state: 'hidden' });
  assert.ok((await log.evaluate((element) => element.scrollTop)) > 0);
});

test('whoever scrolls up in the moment in which a message arrives is not pulled down', async () => {
  const [ada, bob] = await withMuchToRead('moment');
  // What is to be drawn in a frame can be held back until both are there.
  await ada.page.evaluate(() => {
    window.held = [];
    const real = window.requestAnimationFrame;
    window.requestAnimationFrame = (draw) => real((now) => (window.holds ? window.held.push(draw) : draw(now)));
  });
  await bob.say('drawn at once');
  await ada.seesMessages(3);
  const isReadOut = (words) => ada.page.waitForFunction(
    (pattern) => RegExp(pattern).test(document.getElementById('announcer').textContent),
    words,
    { polling: 20 },
  );
  await isReadOut('drawn at once|new messages');
  await ada.page.evaluate(() => (window.holds = true));
  await bob.say('news');
  await isReadOut(': news'); // and is not yet drawn
  const top = await ada.page.evaluate(() => new Promise((resolve) => {
    const log = document.getElementById('log');
    log.scrollTop = 0;
    const drawBoth = () => {
      if (window.held.length < 2) return setTimeout(drawBoth, 20);
      window.holds = false;
      for (const draw of window.held) draw(performance.now());
      resolve(log.scrollTop);
    };
    drawBoth();
  }));
  assert.equal(top, 0);
  await ada.page.locator('#newer').waitFor();
});
