// The rows of one conversation, in order: messages, notices, and what this person wrote that
// is not settled yet. No DOM and no socket.
//
// A message of one's own is a row three times over: when it is written (`sending`), when the
// log hands it out, and when the `ack` ties its nonce to its id. Whichever comes first, it
// stays one row:
//
//   compose ──► sending ── broadcast or ack ──► delivered
//                 │ ▲                              ▲
//        refused  ▼ │ retry                        │ the log did have it after all
//                 failed ──────────────────────────┘
//
// What is not settled stands at the end, where nobody overlooks it.

/** So near the most, no older messages are taken: they would be the first to go. */
const FULL = 0.95;
/** Rows kept at most, and characters in them; the oldest go first. */
export const ROWS_MOST = 10_000;
const CHARACTERS_MOST = 4_000_000;

export class Timeline {
  /** In order. Only to be read by others. */
  rows = [];

  #byId = new Map();
  #unsettled = new Map();
  #characters = 0;
  #epoch = null;
  // How many lives of the log were seen: a `seq` can only be compared within one.
  #age = 0;
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  /** Whether there is no message in it. */
  get isEmpty() {
    return this.#byId.size === 0;
  }

  /** Whether there is no place for older messages. */
  get isFull() {
    return this.rows.length > FULL * ROWS_MOST || this.#characters > FULL * CHARACTERS_MOST;
  }

  /** The `seq` of the first message of the log's present life, or null. */
  get firstSeq() {
    return this.rows.find((row) => row.kind === 'message' && row.age === this.#age && row.seq !== undefined)?.seq ?? null;
  }

  enterEpoch(epoch) {
    if (this.#epoch === epoch) return;
    if (this.#epoch !== null) this.#age++;
    this.#epoch = epoch;
  }

  /** A message from the log. Its row, or null if it was known. */
  receive({ id, seq, username, content, timestamp }, own) {
    if (this.#byId.has(id)) return null;
    const written = own ? this.#unsettledWith(content) : undefined;
    if (written) {
      this.#settle(written, id, seq, timestamp);
      return written;
    }
    return this.#insert({ kind: 'message', state: 'delivered', own, username, content, timestamp, id, seq, age: this.#age });
  }

  /** A line that is nobody's message: `kind` is `system` or `error`. */
  note(kind, content, timestamp) {
    return this.#insert({ kind, content, timestamp });
  }

  /** Messages may be missing between this `seq` and what follows. */
  gap(seq, timestamp) {
    const rank = seq + 0.5;
    const above = this.rows.findLast((row) => row.age === this.#age && row.seq <= rank);
    if (above?.kind !== 'gap') this.#insert({ kind: 'gap', content: 'Messages may be missing here', timestamp, seq: rank, age: this.#age });
  }

  /** A message this person has just written. */
  compose(nonce, username, content, timestamp) {
    return this.#insert({ kind: 'message', state: 'sending', own: true, username, content, timestamp, nonce });
  }

  /** The server has it: the nonce is tied to an id. A private message has its rank in the id. */
  acknowledge(nonce, id, seq, timestamp) {
    const row = this.#unsettled.get(nonce);
    if (!row) return;
    // The log's own copy may already stand in a row that could not be recognised as this one.
    if (this.#byId.has(id)) this.#remove(row);
    else this.#settle(row, id, seq, timestamp);
  }

  /** The server refused it. `again` says whether the same text may pass later. */
  refuse(nonce, why, again) {
    const row = this.#unsettled.get(nonce);
    if (row) this.#touch(row, { state: 'failed', why, again });
  }

  /** A failed message is on its way again. */
  retry(nonce) {
    const row = this.#unsettled.get(nonce);
    if (row) this.#touch(row, { state: 'sending' });
  }

  /** Takes a message that is not settled out of the conversation. */
  takeBack(nonce) {
    const row = this.#unsettled.get(nonce);
    if (row) this.#remove(row);
  }

  #touch(row, fields) {
    Object.assign(row, fields);
    row.version++;
    this.#changed();
  }

  /** The row that a broadcast of one's own belongs to: the oldest one on its way comes first. */
  #unsettledWith(content) {
    const same = [...this.#unsettled.values()].filter((row) => row.content === content);
    return same.find((row) => row.state === 'sending') ?? same[0];
  }

  #settle(row, id, seq, timestamp) {
    this.#remove(row);
    this.#insert(Object.assign(row, { state: 'delivered', id, seq, timestamp, age: this.#age }));
  }

  #insert(row) {
    row.version = (row.version ?? 0) + 1;
    if (row.state === 'sending' || row.state === 'failed') this.#unsettled.set(row.nonce, row);
    else if (row.id !== undefined) this.#byId.set(row.id, row);
    // As late as the order allows, so that what arrives stands below what was there.
    let at = this.rows.length;
    while (at > 0 && !mayPrecede(this.rows[at - 1], row)) at--;
    this.rows.splice(at, 0, row);
    this.#characters += row.content.length;
    while (this.rows.length > ROWS_MOST || this.#characters > CHARACTERS_MOST) this.#remove(this.rows[0]);
    this.#changed();
    return row;
  }

  #remove(row) {
    this.rows.splice(this.rows.indexOf(row), 1);
    this.#characters -= row.content.length;
    if (row.id !== undefined) this.#byId.delete(row.id);
    this.#unsettled.delete(row.nonce);
    this.#changed();
  }
}

/** By `seq` where both have one; a notice has only its time; what is not settled comes last. */
function mayPrecede(above, row) {
  const [aboveWaits, rowWaits] = [above, row].map(({ state }) => state === 'sending' || state === 'failed');
  if (aboveWaits || rowWaits) return rowWaits;
  if (above.seq === undefined || row.seq === undefined) return above.timestamp <= row.timestamp;
  return above.age === row.age ? above.seq <= row.seq : above.age < row.age;
}
