// Noticing that the computer slept, with a scripted clock.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { watchForWake } from '../../src/server/web/model/wake.js';

beforeEach(() => mock.timers.enable({ apis: ['setInterval', 'Date'], now: 1_700_000_000_000 }));
afterEach(() => mock.timers.reset());

/** How often it woke; `sleep` lets the clock go on while timers stand still. */
function watch(isVisible) {
  const seen = { wakes: 0, sleep: (ms) => mock.timers.setTime(Date.now() + ms) };
  watchForWake(() => seen.wakes++, () => isVisible);
  return seen;
}

test('time that passes while timers run is no sleep', () => {
  const seen = watch(true);
  for (let i = 0; i < 60; i++) mock.timers.tick(1_000);
  assert.equal(seen.wakes, 0);
});

for (const [words, ms] of [['an hour', 3_600_000], ['ten seconds', 10_000]]) {
  test(`a clock that jumped by ${words} is noticed once`, () => {
    const seen = watch(true);
    mock.timers.tick(4_000);
    seen.sleep(ms);
    for (let i = 0; i < 10; i++) mock.timers.tick(1_000);
    assert.equal(seen.wakes, 1);
  });
}
