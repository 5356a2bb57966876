// What the browser tests share: the real server, a real browser, a person at a page, and
// a wire between the two that can be cut.
//
//   cargo build && cd tests/browser && npm ci && npm test
//
// WIRECHAT_BIN names another server program, CHROMIUM another browser than /usr/bin/chromium.

import { spawn } from 'node:child_process';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** Every wait of these tests ends by itself, in ms. */
const PATIENCE = 15_000;

const PROGRAM = process.env.WIRECHAT_BIN
  ?? fileURLToPath(new URL('../../target/debug/wirechat', import.meta.url));

const BROWSER_FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** Starts the server on a free port. Its page is at `url`; `stop` resolves when it is gone. */
export async function startServer(...options) {
  return startServerAt(0, ...options);
}

/** The same on a port that is known, such as that of a server that has stopped. */
export async function startServerAt(wanted, ...options) {
  const child = spawn(PROGRAM, ['serve', '--listen', `127.0.0.1:${wanted}`, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', reject);
  });
  const url = await Promise.race([announcedUrl(child), gone.then(() => Promise.reject(new Error(`${PROGRAM} ended at once`)))]);
  const stop = () => {
    child.kill();
    return gone;
  };
  return { url, port: Number(new URL(url).port), stop };
}

async function announcedUrl(child) {
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(line);
    if (!url) continue;
    child.stdout.resume(); // a full pipe would block the server
    return url[0];
  }
  throw new Error(`${PROGRAM} never said where it listens`);
}

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: BROWSER_FLAGS,
    timeout: 2 * PATIENCE,
  });
}

/** A TCP wire to a port: it can stall (bytes wait), be cut (connections reset, new ones refused), and be mended. */
export async function startWire(port) {
  let up = true;
  const pairs = new Set();
  const server = net.createServer((near) => {
    if (!up) {
      near.destroy();
      return;
    }
    const far = net.connect(port, '127.0.0.1');
    const pair = [near, far];
    pairs.add(pair);
    near.pipe(far).pipe(near);
    for (const end of pair) {
      end.on('error', () => {}); // its close follows
      end.on('close', () => {
        pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    up = false;
    for (const pair of pairs) for (const end of pair) end.destroy();
  };
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stall() {
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    stallAnswers() {
      for (const [near, far] of pairs) far.unpipe(near).pause();
    },
    cut,
    mend: () => (up = true),
    stop() {
      cut();
      server.close();
    },
  };
}

/** Somebody without a page says "line 1", "line 2" and so on in a room, as fast as it goes. */
export async function chatter(browser, { port }, { name, room, count, more = '' }) {
  const page = await browser.newPage();
  await page.evaluate(({ address, name, room, count, more }) => new Promise((resolve, reject) => {
    const socket = new WebSocket(address, 'wirechat.v1');
    const send = (object) => socket.send(JSON.stringify({ room, ...object }));
    let [sent, stored] = [0, 0];
    const say = () => {
      while (sent < count && sent < stored + 100) {
        sent++;
        send({ type: 'message', content: `line ${sent}${more.repeat(sent % 7)}`, nonce: `${sent}` });
      }
    };
    socket.onclose = reject;
    socket.onopen = () => {
      send({ type: 'join', username: name });
      say();
    };
    socket.onmessage = ({ data }) => {
      if (JSON.parse(data).type !== 'ack') return;
      stored++;
      if (stored === count) resolve();
      else say();
    };
  }), { address: `ws://127.0.0.1:${port}/ws`, name, room, count, more });
  await page.close();
}

/** One person with a browser profile of their own. */
export class Person {
  static async at(browser, url, options = {}) {
    const context = await browser.newContext({ viewport: { width: 900, height: 640 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const person = new Person(page);
    await page.goto(url);
    return person;
  }

  constructor(page) {
    this.page = page;
    /** Errors and warnings of the console, exceptions included. */
    this.complaints = [];
    this.requests = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => this.requests.push(request.url()));
    page.on('websocket', (socket) => this.requests.push(socket.url()));
  }

  async join(name) {
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByRole('button', { name: 'Join', exact: true }).click();
    await this.canTalk();
  }

  async say(content) {
    await this.page.locator('#draft').fill(content);
    await this.page.getByRole('button', { name: /^Send/ }).click();
  }

  /** What stands in the log as messages, in its order. */
  messages(state = '') {
    return this.page.locator(`#rows .message${state && `.${state}`} .content`).allTextContents();
  }

  /** Waits until this message stands in the log as delivered. */
  async sees(content) {
    await this.page.locator('#rows .message.delivered .content').getByText(content, { exact: true }).first().waitFor();
  }

  async seesMessages(count) {
    await this.page.waitForFunction((n) => document.querySelectorAll('#rows .message.delivered').length >= n, count);
  }

  async seesNotice(words) {
    await this.page.locator('#rows .notice').getByText(words).first().waitFor();
  }

  async seesPeople(...names) {
    const wanted = names.sort().join();
    await this.page.waitForFunction(
      (list) => [...document.querySelectorAll('#people-list bdi')].map((name) => name.textContent).sort().join() === list,
      wanted,
    );
  }

  /** Waits for the words of the connection, such as "Connected". */
  async isConnection(words) {
    await this.page.locator('#connection-words').getByText(words, { exact: true }).waitFor();
  }

  /** Waits until the connection stands and we are in the room. */
  async canTalk() {
    await this.page.locator('#chat[data-in="true"]').waitFor();
  }

  /** Asks for an attempt now. A page that began one by itself has hidden the button: that is as good. */
  async triesNow() {
    await this.page.locator('#connection-retry').dispatchEvent('click');
  }

  /** Goes to a place by its address, as a link would. */
  async goes(address) {
    await this.page.evaluate((hash) => new Promise((resolve) => {
      addEventListener('hashchange', () => requestAnimationFrame(resolve), { once: true });
      location.hash = hash;
    }), address);
  }

  /** Chooses a person in the room to write to them alone. */
  async opensPrivate(name) {
    await this.page.locator('#people-list').getByText(name).click();
    await this.page.getByText(`Private: only you and ${name} see this.`).waitFor();
  }

  /** The conversation in the list beside, such as "#kitchen". */
  inList(name) {
    return this.page.locator('#side a').filter({ has: this.page.locator('bdi', { hasText: new RegExp(`^${name}$`) }) });
  }

  /** Makes the page believe that it is in the background, or that it is back. */
  async isHidden(hidden) {
    await this.page.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden ? 'hidden' : 'visible');
  }
}
