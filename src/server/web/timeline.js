// The rows of the conversation, in order: messages of the room's log, notices, and what
// this person wrote that is still on its way. No DOM and no socket.
//
// A message of one's own is a row three times over: when it is written (`sending`), when the
// room's log hands it out, and when the `ack` ties its nonce to its id. Whichever comes first,
// it stays one row:
//
//   compose ──► sending ── broadcast or ack ──► delivered
//                 │ ▲                              ▲
//   refused, or   ▼ │ retry                        │ the log did have it after all
//   connection    failed ──────────────────────────┘
//   lost

/** Rows kept at most; the oldest go first. */
export const ROWS_MOST = 2_000;

export class Timeline {
  #rows = [];
  #byId = new Map();
  #unsettled = new Map();
  #epoch = null;
  #on;

  /**
   * `on` hears `inserted(row, before)`, with the row that now follows it or null,
   * `changed(row)` and `removed(row)`.
   */
  constructor(on) {
    this.#on = on;
  }

  /** Names the log's life: a `seq` can only be compared with another of the same epoch. */
  enterEpoch(epoch) {
    if (this.#epoch === null) for (const row of this.#rows) row.epoch = epoch;
    this.#epoch = epoch;
  }

  /** A message from the room's log. True if it was new. */
  receive({ id, seq, username, content, timestamp }, own) {
    if (this.#byId.has(id)) return false;
    const written = own ? this.#unsettledWith(content) : undefined;
    if (written) {
      this.#settle(written, id, seq, timestamp);
    } else {
      const row = { kind: 'message', state: 'delivered', own, username, content, timestamp, id, seq };
      this.#byId.set(id, row);
      this.#insert(row);
    }
    return true;
  }

  /** A line that is nobody's message: `kind` is `system`, `error` or `gap`. */
  note(kind, content, timestamp) {
    this.#insert({ kind, content, timestamp });
  }

  /** A message this person has just written, handed to the connection. */
  compose(nonce, username, content, timestamp) {
    const row = { kind: 'message', state: 'sending', own: true, username, content, timestamp, nonce };
    this.#unsettled.set(nonce, row);
    this.#insert(row);
  }

  /** The server has it: the nonce is tied to an id. */
  acknowledge(nonce, id, seq) {
    const row = this.#unsettled.get(nonce);
    if (!row) return;
    // The log's own copy may already stand in a row that could not be recognised as this one.
    if (this.#byId.has(id)) this.#remove(row);
    else this.#settle(row, id, seq, row.timestamp);
  }

  /** The server refused it. `again` says whether the same text may pass later. */
  refuse(nonce, why, again) {
    const row = this.#unsettled.get(nonce);
    if (row) this.#fail(row, why, again);
  }

  /** What has no ack yet may or may not have arrived. */
  connectionLost() {
    for (const row of this.#unsettled.values()) {
      if (row.state === 'sending') this.#fail(row, 'the connection was lost', true);
    }
  }

  /** Marks a failed message as on its way again, at the end. Returns its content. */
  retry(nonce) {
    const row = this.#unsettled.get(nonce);
    if (row?.state !== 'failed') return null;
    row.state = 'sending';
    this.#move(row);
    return row.content;
  }

  /** Takes a failed message out of the conversation. Returns its content. */
  takeBack(nonce) {
    const row = this.#unsettled.get(nonce);
    if (row?.state !== 'failed') return null;
    this.#remove(row);
    return row.content;
  }

  #fail(row, why, again) {
    row.state = 'failed';
    row.why = why;
    row.again = again;
    this.#on.changed(row);
  }

  /** The row that a broadcast of one's own belongs to: the oldest one on its way comes first. */
  #unsettledWith(content) {
    const same = [...this.#unsettled.values()].filter((row) => row.content === content);
    return same.find((row) => row.state === 'sending') ?? same[0];
  }

  #settle(row, id, seq, timestamp) {
    this.#unsettled.delete(row.nonce);
    this.#byId.set(id, row);
    Object.assign(row, { state: 'delivered', id, seq, timestamp, epoch: this.#epoch });
    if (this.#isInOrder(row)) this.#on.changed(row);
    else this.#move(row);
  }

  /** Where a row stands among others: by `seq`; on its way means last; no rank, no claim. */
  #rank(row) {
    if (row.state === 'sending') return Infinity;
    return row.state === 'delivered' && row.epoch === this.#epoch ? row.seq : undefined;
  }

  #isInOrder(row) {
    const ranked = this.#rows.filter((other) => this.#rank(other) !== undefined);
    const at = ranked.indexOf(row);
    const before = at === 0 ? -Infinity : this.#rank(ranked[at - 1]);
    const after = at === ranked.length - 1 ? Infinity : this.#rank(ranked[at + 1]);
    return before <= row.seq && row.seq <= after;
  }

  #insert(row) {
    row.epoch ??= this.#epoch;
    const at = this.#placeFor(this.#rank(row));
    this.#rows.splice(at, 0, row);
    this.#on.inserted(row, this.#rows[at + 1] ?? null);
    if (this.#rows.length > ROWS_MOST) this.#remove(this.#rows[0]);
  }

  /** As late as the order allows, so that what arrives stands below what was there. */
  #placeFor(rank) {
    let at = this.#rows.length;
    for (let i = at - 1; i >= 0; i--) {
      const other = this.#rank(this.#rows[i]);
      if (other === undefined) continue;
      if (rank === undefined ? other !== Infinity : other <= rank) break;
      at = i;
    }
    return at;
  }

  #move(row) {
    this.#rows.splice(this.#rows.indexOf(row), 1);
    this.#on.removed(row);
    this.#insert(row);
  }

  #remove(row) {
    this.#rows.splice(this.#rows.indexOf(row), 1);
    this.#byId.delete(row.id);
    this.#unsettled.delete(row.nonce);
    this.#on.removed(row);
  }
}
