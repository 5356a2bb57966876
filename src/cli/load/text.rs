//! The report for people.

use std::fmt::{self, Display, Formatter};

use super::report::{Connections, Octave, Quantiles, Report, Server};
use super::stats::Tally;

/// Characters of the histogram's longest bar.
const BAR: usize = 50;

/// Bytes in a MiB.
const MIB: f64 = (1 << 20) as f64;

/// Above this part of a core, in percent, the load may have been what limits.
const BUSY: f64 = 95.0;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write_headline(f)?;
        self.write_traffic(f)?;
        write_connections(f, &self.connections)?;
        if self.never_read > 0 {
            let ended = self.never_read_ended.values().sum::<u64>();
            write!(f, "never read   {}, closed by the server {ended}", self.never_read)?;
            writeln!(f, "{}", named(&self.never_read_ended))?;
        }
        if !self.errors.is_empty() {
            let count = self.errors.values().sum::<u64>();
            writeln!(f, "errors       {}{}", grouped(count), named(&self.errors))?;
        }
        if let Some(server) = &self.server {
            write_server(f, server)?;
        }
        self.write_advice(f)?;
        let proof = &self.proof;
        write!(
            f,
            "delivered: {} of {}, lost {}, duplicated {}, out of order {}",
            proof.delivered, proof.expected, proof.lost, proof.duplicated, proof.out_of_order
        )
    }
}

impl Report {
    fn write_headline(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.kind, self.url, several(self.clients, "client"))?;
        if self.kind == "chat" {
            write!(f, " in {}", several(self.rooms, "room"))?;
        }
        match (self.in_flight, self.rate) {
            (Some(count), _) => write!(f, ", {} bytes, {count} in flight", self.size)?,
            (_, Some(0) | None) => f.write_str(", idle")?,
            (_, Some(rate)) => {
                write!(f, ", {} bytes, {} messages/s", self.size, grouped(rate.into()))?;
            }
        }
        writeln!(f, ", {:.1} s", self.seconds)
    }

    fn write_traffic(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.rate == Some(0) {
            return Ok(());
        }
        writeln!(
            f,
            "throughput   {} messages/s, {} deliveries/s",
            grouped(self.messages_per_second as u64),
            grouped(self.deliveries_per_second as u64)
        )?;
        if self.unsent > 0 {
            let unsent = grouped(self.unsent);
            writeln!(f, "             {unsent} more were due: the server did not take them")?;
        }
        if let Some(latency) = &self.latency_us {
            writeln!(f, "latency      {latency}")?;
        }
        let most = self.histogram.iter().map(|octave| octave.count).max().unwrap_or(0);
        let all: u64 = self.histogram.iter().map(|octave| octave.count).sum();
        self.histogram.iter().try_for_each(|octave| write_octave(f, octave, most, all))
    }

    fn write_advice(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.errors.contains_key("rate_limited")
            || self.connections.refused.contains_key("HTTP 429")
        {
            writeln!(
                f,
                "note         the server has limits: for load tests, `wirechat serve --no-rate-limits` lifts them"
            )?;
        }
        match self.load_cpu_percent {
            Some(percent) if percent > BUSY => writeln!(
                f,
                "note         this program used a whole core: the server may be able to do more"
            ),
            Some(percent) => writeln!(f, "load         CPU {percent:.0} % of a core"),
            None => Ok(()),
        }
    }
}

impl Display for Quantiles {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Quantiles { count: _, min, p50, p90, p99, p999, max } = self;
        let named = [("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p999), ("max", max)];
        write!(f, "min {}", time(*min))?;
        named.iter().try_for_each(|(name, value)| write!(f, "   {name} {}", time(**value)))
    }
}

fn write_octave(f: &mut Formatter<'_>, octave: &Octave, most: u64, all: u64) -> fmt::Result {
    let length = (octave.count as f64 / most as f64 * BAR as f64).ceil() as usize;
    let percent = octave.count as f64 / all as f64 * 100.0;
    let (from, to) = (time(octave.from_us), time(octave.to_us));
    let line = format!("  {from:>8} - {to:>8} {percent:>6.2} %  {}", "#".repeat(length));
    writeln!(f, "{}", line.trim_end())
}

fn write_connections(f: &mut Formatter<'_>, connections: &Connections) -> fmt::Result {
    let Connections { made, per_second, handshake_us, refused, broken, vanished, returned } =
        connections;
    write!(f, "connections  {} made, {} a second", grouped(*made), grouped(*per_second as u64))?;
    if let Some(times) = handshake_us {
        write!(f, ", handshake p50 {}, p99 {}", time(times.p50), time(times.p99))?;
    }
    writeln!(f)?;
    for (what, tally) in [("refused", refused), ("broken", broken)] {
        if !tally.is_empty() {
            let count = tally.values().sum::<u64>();
            writeln!(f, "             {} {what}{}", grouped(count), named(tally))?;
        }
    }
    if *vanished > 0 {
        writeln!(f, "             {vanished} vanished, {returned} came back")?;
    }
    Ok(())
}

fn write_server(f: &mut Formatter<'_>, server: &Server) -> fmt::Result {
    write!(f, "server       CPU {:.0} %", server.cpu_percent)?;
    if let (Some(message), Some(delivery)) = (server.cpu_us_per_message, server.cpu_us_per_delivery)
    {
        write!(f, ", {message:.2} µs a message, {delivery:.3} µs a delivery")?;
    }
    writeln!(f)?;
    let [before, connected, end] =
        [server.rss_before, server.rss_connected, server.rss_end].map(|bytes| bytes as f64 / MIB);
    writeln!(
        f,
        "             memory {before:.1} MiB, {connected:.1} MiB with all connected \
         ({} bytes a connection), {end:.1} MiB at the end",
        grouped(server.bytes_per_connection.max(0.0) as u64)
    )
}

/// What there was of each name, in brackets. Names come from the server.
fn named(tally: &Tally) -> String {
    if tally.is_empty() {
        return String::new();
    }
    let each: Vec<String> =
        tally.iter().map(|(name, count)| format!("{}: {count}", name.escape_debug())).collect();
    format!(" ({})", each.join(", "))
}

/// How many there are of what one has this name.
fn several(number: u32, name: &str) -> String {
    format!("{} {name}{}", grouped(number.into()), if number == 1 { "" } else { "s" })
}

/// A number in groups of three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A time, given in microseconds, in the unit that suits it.
pub(super) fn time(microseconds: f64) -> String {
    let (value, unit) = match microseconds {
        us if us < 1e3 => (us, "µs"),
        us if us < 1e6 => (us / 1e3, "ms"),
        us => (us / 1e6, "s"),
    };
    match value {
        value if value < 10.0 => format!("{value:.2} {unit}"),
        value if value < 100.0 => format!("{value:.1} {unit}"),
        value => format!("{value:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Proof;
    use super::*;

    fn report() -> Report {
        let quantiles = |scale: f64| Quantiles {
            count: 1000,
            min: scale,
            p50: 2.0 * scale,
            p90: 3.0 * scale,
            p99: 4.0 * scale,
            p999: 5.0 * scale,
            max: 6.0 * scale,
        };
        Report {
            url: "ws://a/".to_owned(),
            kind: "chat",
            clients: 1234,
            rooms: 2,
            size: 64,
            in_flight: Some(64),
            rate: None,
            never_read: 3,
            seconds: 10.0,
            messages: 10_000,
            messages_per_second: 1000.0,
            deliveries: 12_340_000,
            deliveries_per_second: 1_234_000.0,
            unsent: 0,
            latency_us: Some(quantiles(100.0)),
            histogram: vec![
                Octave { from_us: 64.0, to_us: 128.0, count: 250 },
                Octave { from_us: 128.0, to_us: 256.0, count: 0 },
                Octave { from_us: 256.0, to_us: 512.0, count: 750 },
            ],
            connections: Connections {
                made: 1234,
                per_second: 5000.0,
                handshake_us: Some(quantiles(1000.0)),
                refused: Tally::new(),
                broken: Tally::new(),
                vanished: 0,
                returned: 0,
            },
            never_read_ended: Tally::from([("4001".to_owned(), 2)]),
            errors: Tally::new(),
            proof: Proof {
                expected: 13_574_000,
                delivered: 13_574_000,
                lost: 0,
                duplicated: 0,
                out_of_order: 0,
            },
            server: Some(Server {
                pid: 1,
                cpu_percent: 99.6,
                cpu_us_per_message: Some(996.0),
                cpu_us_per_delivery: Some(0.807),
                rss_before: 5 << 20,
                rss_connected: 8 << 20,
                rss_end: 9 << 20,
                bytes_per_connection: 2549.0,
            }),
            load_cpu_percent: Some(60.0),
            ok: true,
        }
    }

    #[test]
    fn the_report_is_a_page_with_the_proof_at_the_end() {
        let expected = "\
chat ws://a/: 1,234 clients in 2 rooms, 64 bytes, 64 in flight, 10.0 s
throughput   1,000 messages/s, 1,234,000 deliveries/s
latency      min 100 µs   p50 200 µs   p90 300 µs   p99 400 µs   p99.9 500 µs   max 600 µs
   64.0 µs -   128 µs  25.00 %  #################
    128 µs -   256 µs   0.00 %
    256 µs -   512 µs  75.00 %  ##################################################
connections  1,234 made, 5,000 a second, handshake p50 2.00 ms, p99 4.00 ms
never read   3, closed by the server 2 (4001: 2)
server       CPU 100 %, 996.00 µs a message, 0.807 µs a delivery
             memory 5.0 MiB, 8.0 MiB with all connected (2,549 bytes a connection), 9.0 MiB at the end
load         CPU 60 % of a core
delivered: 13574000 of 13574000, lost 0, duplicated 0, out of order 0";
        assert_eq!(report().to_string(), expected);
    }

    #[test]
    fn what_went_wrong_is_said_and_what_to_do_about_it() {
        let mut report = report();
        report.errors = Tally::from([("rate_limited".to_owned(), 7), ("a\n".to_owned(), 1)]);
        report.connections.refused = Tally::from([("HTTP 429".to_owned(), 2)]);
        report.connections.broken = Tally::from([("1006".to_owned(), 4)]);
        report.load_cpu_percent = Some(99.0);
        let text = report.to_string();
        for line in [
            "             2 refused (HTTP 429: 2)",
            "             4 broken (1006: 4)",
            "errors       8 (a\\n: 1, rate_limited: 7)",
            "note         the server has limits: for load tests, `wirechat serve --no-rate-limits` lifts them",
            "note         this program used a whole core: the server may be able to do more",
        ] {
            assert!(text.lines().any(|it| it == line), "no {line:?} in:\n{text}");
        }
    }

    #[test]
    fn an_idle_run_has_no_throughput() {
        let idle = Report { in_flight: None, rate: Some(0), latency_us: None, ..report() };
        let text = Report { histogram: Vec::new(), ..idle }.to_string();
        assert!(
            text.starts_with("chat ws://a/: 1,234 clients in 2 rooms, idle, 10.0 s\nconnections")
        );
    }

    #[test]
    fn every_field_of_the_json_is_explained_in_the_help() {
        fn check(value: &serde_json::Value, help: &str) {
            for (name, value) in value.as_object().into_iter().flatten() {
                let is_tally = name.parse::<u16>().is_ok();
                assert!(is_tally || help.contains(name.as_str()), "{name} is not explained");
                check(value, help);
                value.as_array().into_iter().flatten().for_each(|value| check(value, help));
            }
        }
        let json = serde_json::from_str(&report().json()).unwrap();
        check(&json, &super::super::help::long());
    }

    #[test]
    fn numbers_are_grouped_and_times_have_three_digits() {
        assert_eq!([several(1, "room"), several(1000, "room")], ["1 room", "1,000 rooms"]);
        let numbers = [0, 999, 1000, 12_345, 1_000_000].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "12,345", "1,000,000"]);
        let times = [0.5, 12.34, 999.0, 1000.0, 56_789.0, 2e6, 3e8].map(time);
        let expected = ["0.50 µs", "12.3 µs", "999 µs", "1.00 ms", "56.8 ms", "2.00 s", "300 s"];
        assert_eq!(times, expected);
    }
}
