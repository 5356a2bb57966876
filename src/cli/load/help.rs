//! What `wirechat load --help` says beside the options.

const EXAMPLES: &str = "\
Examples:
  wirechat serve --no-rate-limits      in another terminal; then
  wirechat load localhost              how much can it take?
  wirechat load localhost --clients 1000 --rate 500
                                       how long does a message take at this rate?
  wirechat load localhost --clients 5000 --rooms 500 --rate 0 --pid \"$(pgrep -xo wirechat)\"
                                       what does an idle connection cost?
  wirechat load localhost --rate 500 --vanish 20 --never-read 5
                                       and with people who behave like people?";

const MEASURE: &str = "\
What is measured:
  A message is what one client sends, a delivery what one client gets of it: in a room of 50, one
  message is 50 deliveries, the sender's own among them. Latency is the time to each delivery, from
  when the message was sent or, at a fixed --rate, from when it should have been: a server that
  stalls is not spared what it kept us from sending. Throughput, latency and CPU are those of the
  --duration. The proof of delivery covers everything from the first message on: of all messages
  that the clients should have got, how many came, did not come, came again, or came behind a
  later one of the same room (chat) or sender (relay, echo). Who vanishes does not miss what is
  said until it is back, and what it had on the way itself is not expected to arrive.

  All load comes from one thread. If that is what limits the numbers, the report says so. Several
  runs at once do not disturb each other's proof, not even in the same rooms.

  CPU times come from /proc, which counts in ticks of 10 ms: short runs tell little. Memory is
  resident memory (RSS); only a server that was just started shows what its first connections cost.
  Both are those of one process with its threads, not of its children.";

const JSON: &str = "\
--json prints one object:
  url, kind, clients, rooms, size,     what was asked for; in_flight or rate is null
    in_flight, rate, never_read
  seconds                              how long was measured
  messages, messages_per_second        sent in that time
  deliveries, deliveries_per_second    come in that time
  unsent                               at a fixed rate: due, but the server took no more in time
  latency_us                           count, min, p50, p90, p99, p999, max; null if nothing came
  histogram                            [{from_us, to_us, count}, ...]
  connections                          made, per_second, handshake_us (as latency_us),
                                       refused {why: count}, broken {code: count},
                                       vanished, returned
  never_read_ended                     {close code: count}: those of --never-read that were closed
  errors                               {code: count} of the server's `error` objects
  proof                                expected, delivered, lost, duplicated, out_of_order
  server                               with --pid: pid, cpu_percent, cpu_us_per_message,
                                       cpu_us_per_delivery, rss_before, rss_connected, rss_end,
                                       bytes_per_connection; otherwise null
  load_cpu_percent                     of one core, used by this program; null if not known
  ok                                   whether the exit code is 0";

const EXIT_CODES: &str = "\
Exit codes:
  0  every message was delivered, once and in order
  1  something was lost, duplicated or out of order, or was refused or broke
  2  wrong usage, or this system does not allow so many connections
  3  cannot connect";

/// Behind the options of `-h`.
pub(super) fn short() -> String {
    format!("{EXAMPLES}\n\n{EXIT_CODES}")
}

/// Behind the options of `--help`.
pub(super) fn long() -> String {
    format!("{EXAMPLES}\n\n{MEASURE}\n\n{JSON}\n\n{EXIT_CODES}")
}
