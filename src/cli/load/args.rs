//! What can be asked for.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::{Args, ValueEnum};
use wirechat::proto::handshake::Uri;

use super::content::Stamp;
use super::help;
use crate::cli::address;

/// Messages that are on the way at once unless it is said otherwise.
const USUAL_IN_FLIGHT: u32 = 64;

/// Pairs of receiver and sender that a relay's proof keeps count of, of some 80
/// bytes each.
const MAX_PAIRS: u64 = 1 << 21;

/// Options of `wirechat load`.
#[derive(Debug, Args)]
#[command(after_help = help::short(), after_long_help = help::long())]
pub(crate) struct LoadArgs {
    /// The server: ws://HOST:PORT/PATH, http:// for the same, or HOST or HOST:PORT for
    /// ws://HOST:PORT/ws with port 8080
    #[arg(value_name = "URL", value_parser = address::parse)]
    pub(super) uri: Uri,

    /// What kind of server it is
    #[arg(long, value_enum, default_value_t = Kind::Chat)]
    pub(super) kind: Kind,

    /// Clients that send and receive
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) clients: u32,

    /// Rooms that the clients are spread over: load-1, load-2, ...
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) rooms: u32,

    /// Bytes of text in a message
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = clap::value_parser!(u32).range(Stamp::LEN as i64..=1 << 20))]
    pub(super) size: u32,

    /// Keep N messages on the way in all: a client sends its next one when it gets its own back
    /// [default: one a client, at most 64]
    #[arg(long, value_name = "N", conflicts_with = "rate")]
    in_flight: Option<NonZeroU32>,

    /// Send N messages a second in all, whether the server keeps up or not; 0 only connects
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    rate: Option<u32>,

    /// How long to measure
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(super) duration: Duration,

    /// How long to send before that
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(super) warm_up: Duration,

    /// Begin N new connections a second [default: as fast as they come, 64 at a time]
    #[arg(long, value_name = "N")]
    pub(super) ramp: Option<NonZeroU32>,

    /// N more clients join and never read
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub(super) never_read: u32,

    /// N times a second, a client drops its connection without a word and comes back at once
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub(super) vanish: u32,

    /// The server's process on this machine: tells its CPU time and memory (Linux)
    #[arg(long, value_name = "PID")]
    pub(super) pid: Option<u32>,

    /// Print the report as one JSON object; --help describes it
    #[arg(long)]
    pub(super) json: bool,
}

/// What a server does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// `wirechat serve`: everybody in the sender's room gets it
    Chat,
    /// Everybody gets it as it came, the sender too
    Relay,
    /// The sender gets it back as it came, as from `wirechat echo`
    Echo,
}

/// When messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Never.
    Idle,
    /// So that this many are on the way.
    InFlight(u32),
    /// This many a second.
    Rate(u32),
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Chat => "chat",
            Kind::Relay => "relay",
            Kind::Echo => "echo",
        }
    }
}

impl LoadArgs {
    pub(super) fn pace(&self) -> Pace {
        match (self.rate, self.in_flight) {
            (Some(0), _) => Pace::Idle,
            (Some(rate), _) => Pace::Rate(rate),
            (None, Some(count)) => Pace::InFlight(count.get()),
            (None, None) => Pace::InFlight(self.clients.min(USUAL_IN_FLIGHT)),
        }
    }

    /// Rooms that there are: only a chat has more than one.
    pub(super) fn rooms(&self) -> u32 {
        if self.kind == Kind::Chat { self.rooms } else { 1 }
    }

    /// What cannot be, though each option is right by itself.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.uri.is_secure() {
            return Err("wss:// needs TLS, which this build does not have".to_owned());
        }
        if self.rooms() > self.clients {
            return Err(format!("{} clients cannot fill {} rooms", self.clients, self.rooms));
        }
        let senders = match self.pace() {
            Pace::Idle => 0,
            Pace::InFlight(count) => count.min(self.clients),
            Pace::Rate(_) => self.clients,
        };
        let pairs = u64::from(self.clients) * u64::from(senders);
        if self.kind == Kind::Relay && pairs > MAX_PAIRS {
            return Err(format!(
                "the proof for a relay keeps count for each pair of receiver and sender, and \
                 {} x {senders} are too many: use fewer --clients or less --in-flight",
                self.clients
            ));
        }
        Ok(())
    }
}

/// Reads seconds, of which there are at most a day's.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds
        .filter(|seconds| *seconds <= Duration::from_secs(86_400))
        .ok_or_else(|| "write seconds, as in 10 or 0.5, at most a day".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        load: LoadArgs,
    }

    fn parse(options: &str) -> Result<LoadArgs, String> {
        let words = ["load", "localhost"].into_iter().chain(options.split_whitespace());
        let args = Program::try_parse_from(words).map_err(|error| error.to_string())?.load;
        args.check()?;
        Ok(args)
    }

    fn pace(options: &str) -> Pace {
        parse(options).unwrap().pace()
    }

    #[test]
    fn by_default_each_client_has_one_message_on_the_way_and_there_are_at_most_64() {
        assert_eq!(pace(""), Pace::InFlight(50));
        assert_eq!(pace("--clients 200"), Pace::InFlight(64));
        assert_eq!(pace("--clients 200 --in-flight 1000"), Pace::InFlight(1000));
    }

    #[test]
    fn a_rate_of_0_only_connects_and_a_rate_excludes_a_window() {
        assert_eq!(pace("--rate 0"), Pace::Idle);
        assert_eq!(pace("--rate 7"), Pace::Rate(7));
        assert!(parse("--rate 7 --in-flight 7").is_err());
    }

    #[test]
    fn times_are_seconds_with_or_without_a_fraction() {
        let args = parse("--duration 0.5 --warm-up 0").unwrap();
        assert_eq!((args.duration, args.warm_up), (Duration::from_millis(500), Duration::ZERO));
        for wrong in ["x", "-1", "86401", "nan"] {
            assert!(parse(&format!("--duration={wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_in_words() {
        for (options, word) in [
            ("--clients 0", "clients"),
            ("--size 19", "20.."),
            ("--clients 2 --rooms 3", "rooms"),
            ("--kind relay --clients 10000 --rate 1", "relay"),
            ("--kind relay --clients 100000", "relay"),
        ] {
            let error = parse(options).unwrap_err();
            assert!(error.contains(word), "{options}: {error}");
        }
        assert!(parse("--kind relay --clients 1000 --rate 1").is_ok());
        assert!(parse("--kind echo --rooms 100").is_ok(), "an echo has no rooms");
    }
}
