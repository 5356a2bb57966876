// Noticing that the computer slept: timers stand still meanwhile, the clock does not.

const LOOK_EVERY = 2_000;
/** A browser delays the timers of a hidden page by up to a minute; that is no sleep. */
const JUMPED = 70_000;
const JUMPED_WHILE_VISIBLE = 6_000;

/** Calls `woke` after the clock has jumped. `isVisible` tells whether timers run on time. */
export function watchForWake(woke, isVisible) {
  let last = Date.now();
  setInterval(() => {
    const now = Date.now();
    const jumped = Math.abs(now - last) > (isVisible() ? JUMPED_WHILE_VISIBLE : JUMPED);
    last = now;
    if (jumped) woke();
  }, LOOK_EVERY);
}
