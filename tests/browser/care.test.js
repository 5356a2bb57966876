// What nobody notices until it is missing: a page for keyboards, screen readers, small screens
// and long conversations.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chatter, Person, startBrowser, startServer, startWire } from './harness.js';

let server;
let browser;
let axe;

before(async () => {
  const source = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));
  [server, browser, axe] = await Promise.all([startServer('--no-rate-limits'), startBrowser(), readFile(source, 'utf8')]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const WIDE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 640 } };

const at = (room, options = WIDE) => Person.at(browser, `${server.url}#/${room}`, options);

/** What an automated check finds wrong with the page as it is now. */
async function violations(person) {
  await person.page.evaluate(axe);
  const { violations: found } = await person.page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join('\n')}`);
}

for (const [words, options] of [
  ['wide and light', WIDE],
  ['wide and dark', { ...WIDE, colorScheme: 'dark' }],
  ['a phone in light', PHONE],
  ['a phone in dark', { ...PHONE, colorScheme: 'dark' }],
]) {
  test(`an accessibility check finds nothing: ${words}`, async () => {
    const room = words.replaceAll(' ', '-');
    const bob = await at(room);
    await bob.join(`Bob ${words}`);
    const ada = await at(room, { ...options, reducedMotion: 'reduce' });
    assert.deepEqual(await violations(ada), [], 'the form to join');
    await ada.join(`Ada ${words}`);
    await ada.say('hello, see https://example.org/');
    await ada.say('x'.repeat(5_000));
    await ada.page.locator('.message.failed').waitFor();
    for (const content of [`Ada ${words}: hi`, '🎉', 'a long one\n'.repeat(40)]) await bob.say(content);
    await bob.page.locator('#draft').pressSequentially('more');
    await ada.seesMessages(4);
    await ada.page.locator('.typing.active').waitFor();
    assert.deepEqual(await violations(ada), [], 'a room');

    await ada.page.getByRole('button', { name: 'Emoji' }).click();
    assert.deepEqual(await violations(ada), [], 'emoji');
    await ada.page.keyboard.press('Escape');
    for (const button of ['Conversations', /^\d people$/]) {
      const toggle = ada.page.getByRole('button', { name: button });
      if (!(await toggle.isVisible())) continue;
      await toggle.click();
      assert.deepEqual(await violations(ada), [], `${button}`);
      await ada.page.keyboard.press('Escape');
    }
    await ada.page.getByRole('button', { name: 'Frames of this connection' }).click();
    await ada.page.locator('.frame', { hasText: 'pong' }).first().waitFor();
    await ada.say('x'.repeat(500));
    await ada.page.locator('.frame .cut:not(:empty)').first().waitFor();
    assert.deepEqual(await violations(ada), [], 'frames');
    await ada.page.locator('.frame.ours', { hasText: 'xxx' }).last().click();
    await ada.page.getByRole('button', { name: 'Pause' }).click();
    assert.deepEqual(await violations(ada), [], 'a frame');
    await ada.page.getByRole('button', { name: 'Close the frames' }).click();
    for (const button of ['Settings', 'Enter another room']) {
      if (options.viewport === PHONE.viewport && button !== 'Settings') await ada.page.getByRole('button', { name: 'Conversations' }).click();
      await ada.page.getByRole('button', { name: button }).click();
      assert.deepEqual(await violations(ada), [], button);
      await ada.page.keyboard.press('Escape');
    }
    await ada.goes(`#/@Bob ${words}`);
    await ada.say('psst');
    await ada.sees('psst');
    assert.deepEqual(await violations(ada), [], 'a private conversation');
  });
}

for (const colorScheme of ['light', 'dark']) {
  test(`an accessibility check finds nothing while the connection is broken: ${colorScheme}`, async (t) => {
    const wire = await startWire(server.port);
    t.after(() => wire.stop());
    const ada = await Person.at(browser, `${wire.url}#/broken`, { ...PHONE, colorScheme, reducedMotion: 'reduce' });
    await ada.join(`Ada broken ${colorScheme}`);
    await ada.page.evaluate(() => (Math.random = () => 1_000));
    wire.cut();
    await ada.isConnection('Reconnecting');
    await ada.say('on its way');
    await ada.page.locator('.message.sending').waitFor();
    assert.deepEqual(await violations(ada), [], 'reconnecting');
    wire.mend();
    await ada.page.routeWebSocket('**/ws', (socket) => socket.close({ code: 4502 }));
    await ada.page.getByRole('button', { name: 'Try now' }).click();
    await ada.isConnection('Disconnected');
    assert.deepEqual(await violations(ada), [], 'disconnected');
  });
}

test('a keyboard alone joins, changes rooms, writes privately, chooses emoji and comes back', async () => {
  const bob = await at('keys');
  await bob.join('Bob keys');
  const ada = await at('keys');
  const { keyboard } = ada.page;
  const focused = () => ada.page.evaluate(() => {
    const element = document.activeElement;
    return element.ariaLabel || element.textContent.trim() || element.id;
  });
  /** Tabs on until this has the focus. */
  const tabTo = async (wanted, key = 'Tab') => {
    for (let i = 0; i < 40; i++) {
      if (wanted.test(await focused())) return;
      await keyboard.press(key);
    }
    assert.fail(`nothing like ${wanted} gets the focus`);
  };
  await ada.page.waitForFunction(() => document.activeElement?.id === 'name');
  await keyboard.type('Ada keys');
  await keyboard.press('Enter');
  await ada.page.waitForFunction(() => document.activeElement?.id === 'draft');

  await tabTo(/^Emoji$/);
  await keyboard.press('Enter');
  await keyboard.press('ArrowRight');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await keyboard.press('Enter');
  await ada.seesMessages(1);
  assert.deepEqual(await ada.messages(), ['🤔']);

  await tabTo(/^Enter another room$/, 'Shift+Tab');
  await keyboard.press('Enter');
  await keyboard.type('keys-two');
  await keyboard.press('Enter');
  await ada.page.locator('#place').getByText('#keys-two').waitFor();
  await tabTo(/^#keys$/, 'Shift+Tab');
  await keyboard.press('Enter');
  await ada.page.locator('#place').getByText('#keys', { exact: true }).waitFor();
  await ada.seesPeople('Ada keys', 'Bob keys');
  await tabTo(/Bob keys: write privately/);
  await keyboard.press('Enter');
  await ada.page.getByText('Private: only you and Bob keys see this.').waitFor();
  await tabTo(/^Private message to Bob keys$/);
  await keyboard.type('first');
  await keyboard.press('Shift+Enter');
  await keyboard.type('second');
  await keyboard.press('Enter');
  await ada.sees('first\nsecond');
});

test('a screen reader is told what arrives, and not what was only loaded', async () => {
  const bob = await at('voice');
  await bob.join('Bob voice');
  for (const word of ['one', 'two', 'three']) await bob.say(word);
  await bob.sees('three');
  const ada = await at('voice');
  await ada.join('Ada voice');
  await ada.sees('three');
  await bob.say('four');
  await ada.page.locator('#announcer').getByText('Bob voice in voice: four').waitFor({ state: 'attached' });
  assert.equal(await ada.page.locator('#announcer').textContent(), 'Bob voice in voice: four');
});

test('hostile names and texts stay text, in their place, at every width', async () => {
  const names = ['‮‮', '<b>Eve</b>', 'Ｅｖｅ', '𝕰𝖛𝖊-with-a-name-of-32-chars', 'م'.repeat(32), 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚'];
  const ada = await at('hostile', PHONE);
  await ada.join('Ada hostile');
  let joined = 0;
  for (const name of names) {
    const eve = await at('hostile');
    await eve.page.getByLabel('Your name').fill(name);
    await eve.page.keyboard.press('Enter');
    await Promise.race([eve.canTalk(), eve.page.locator('#join-error:not(:empty)').waitFor()]);
    if (await eve.page.locator('#join').isVisible()) continue;
    joined++;
    for (const text of ['مرحبا بالعالم, hello', `${'m'.repeat(400)}`, '\u202Egnp.exe', 'https://example.org/'.repeat(40), '<script>window.owned = true</script>', 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚'.repeat(20)]) await eve.say(text);
  }
  assert.ok(joined >= 3, `${joined}`);
  await ada.seesMessages(joined * 6);
  const outside = () => ada.page.evaluate(() => [...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5 && element.getBoundingClientRect().width > 0)
    .map((element) => element.outerHTML.slice(0, 200)));
  assert.deepEqual(await outside(), []);
  assert.equal(await ada.page.evaluate(() => window.owned), undefined);
  assert.equal(await ada.page.locator('#rows script, #rows b').count(), 0);
  assert.deepEqual(ada.complaints, []);
  const links = await ada.page.locator('#rows a').evaluateAll((all) => all.map(({ rel, target }) => `${rel} ${target}`));
  assert.ok(links.every((link) => link === 'noopener noreferrer nofollow _blank'));
});

test('what was chosen is remembered', async () => {
  const ada = await at('chosen');
  await ada.join('Ada chosen');
  const ground = () => ada.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await ada.page.getByRole('button', { name: 'Settings' }).click();
  await ada.page.getByLabel('Dark').check();
  const dark = await ground();
  assert.notEqual(light, dark);
  await ada.page.reload();
  await ada.canTalk();
  assert.equal(await ground(), dark);
});

test('the first message is visible within 100 ms of the open socket', async () => {
  const bob = await at('quick');
  await bob.join('Bob quick');
  await bob.say('welcome');
  const ada = await at('quick');
  await ada.join('Ada quick');
  await ada.sees('welcome');
  const times = [];
  await ada.page.addInitScript(() => {
    const Socket = window.WebSocket;
    window.WebSocket = class extends Socket {
      constructor(...parameters) {
        super(...parameters);
        this.addEventListener('open', () => (window.openedAt = performance.now()));
      }
    };
    const look = () => {
      if (document.querySelector('.message')) window.visibleAt = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  for (let i = 0; i < 5; i++) {
    await ada.page.reload();
    await ada.page.waitForFunction(() => window.visibleAt > 0);
    times.push(await ada.page.evaluate(() => window.visibleAt - window.openedAt));
  }
  times.sort((a, b) => a - b);
  assert.ok(times[1] < 100, `${times.map(Math.round)} ms`); // others may keep this machine busy
});

test('ten thousand messages scroll smoothly, and few of them are elements', async () => {
  const ada = await at('long');
  await ada.join('Ada long');
  await chatter(browser, server, { name: 'Eve long', room: 'long', count: 10_000, more: ' and some more words' });
  await ada.page.locator('#rows .content').getByText('line 10000').waitFor();
  assert.ok(await ada.page.locator('#rows > li').count() <= 1_000);

  let frames;
  // Others may keep this machine busy.
  for (let attempt = 0; attempt < 3 && !(frames?.at95 < 50); attempt++) {
    frames = await ada.page.evaluate(scrollUp);
    assert.ok(frames.most <= 1_000, `${frames.most} rows`);
  }
  assert.ok(frames.at95 < 50, `95 % of the frames within ${frames.at95} ms`);
  assert.ok(Number(/line (\d+)/.exec(frames.top)[1]) < 9_500, 'it went up');

  const anchor = () => ada.page.evaluate(() => {
    const log = document.getElementById('log').getBoundingClientRect();
    const row = [...document.querySelectorAll('#rows .message')].find((element) => element.getBoundingClientRect().bottom > log.top);
    return [row.querySelector('.content').textContent, Math.round(row.getBoundingClientRect().top)];
  });
  const before = await anchor();
  const bob = await at('long');
  await bob.join('Bob long');
  await bob.say('news');
  await ada.page.getByRole('button', { name: '1 new message' }).waitFor();
  assert.deepEqual(await anchor(), before, 'what is read stays where it is');
  await ada.page.getByRole('button', { name: '1 new message' }).click();
  await ada.sees('news');
});

/** In the page: 300 frames in which it scrolls up fast, and what they cost, in ms. */
function scrollUp() {
  return new Promise((resolve) => {
    const log = document.getElementById('log');
    const lengths = [];
    let [last, most] = [performance.now(), 0];
    const frame = (now) => {
      lengths.push(now - last);
      last = now;
      most = Math.max(most, document.querySelectorAll('#rows > li').length);
      log.scrollTop -= 400;
      if (lengths.length < 300) {
        requestAnimationFrame(frame);
        return;
      }
      const sorted = lengths.slice(5).sort((a, b) => a - b);
      resolve({ at95: sorted[Math.floor(sorted.length * 0.95)], most, top: document.querySelector('#rows .content').textContent });
    };
    requestAnimationFrame(frame);
  });
}
