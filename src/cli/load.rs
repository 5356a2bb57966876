//! `wirechat load`: how much a server can take, how fast it is, and whether
//! everything arrives.
//!
//! ```text
//!   phases    connect ─▶ warm up ─▶ measure ─▶ drain ─▶ close ─▶ report
//!                │
//!   client    a task each, on one thread: dial, then turns of read, send, write
//!                │
//!   ear       whose message is it, is it in order?     log, sequence, content
//! ```

mod args;
mod client;
mod content;
mod crew;
mod dial;
mod ear;
mod frames;
mod help;
mod log;
mod pace;
mod phases;
mod process;
mod progress;
mod report;
mod sender;
mod sequence;
mod stats;
mod text;

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::task::LocalSet;
use tokio::time::timeout;

pub(crate) use self::args::LoadArgs;
use self::crew::Crew;
use self::phases::{Watch, conduct};
use self::process::Process;
use self::progress::Progress;
use self::report::Report;
use super::{complain, open_files, runtime, say, signals};

/// What was asked for cannot be.
const USAGE: u8 = 2;
const UNREACHABLE: u8 = 3;

/// What shells report for a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Open files beside the connections.
const OTHER_FILES: u64 = 32;

/// How long the server's name may take to be looked up.
const LOOKUP: Duration = Duration::from_secs(10);

pub(super) fn run(args: &LoadArgs, quiet: bool) -> ExitCode {
    if let Err(problem) = prepare(args) {
        complain(format_args!("{problem}"));
        return ExitCode::from(USAGE);
    }
    // The load comes from one thread: a core for it, the others for the server.
    let runtime = match runtime::with_threads(NonZeroUsize::new(1)) {
        Ok(runtime) => runtime,
        Err(error) => return complain(format_args!("cannot start: {error}")),
    };
    let report = LocalSet::new().block_on(&runtime, load(args, quiet));
    // A name that is being looked up must not keep the program from ending.
    runtime.shutdown_background();
    match report {
        Ok(report) => {
            match args.json {
                true => say(format_args!("{}", report.json())),
                false => say(format_args!("{report}")),
            }
            ExitCode::from(u8::from(!report.ok))
        }
        Err(problem) => {
            complain(format_args!("cannot connect to {}: {problem}", args.uri));
            ExitCode::from(UNREACHABLE)
        }
    }
}

/// What can be known to fail before it begins.
fn prepare(args: &LoadArgs) -> Result<(), String> {
    args.check()?;
    if let Some(pid) = args.pid {
        if !cfg!(target_os = "linux") {
            return Err("--pid reads /proc, which only Linux has".to_owned());
        }
        let process = Process::new(pid);
        process.cpu().and_then(|_| process.resident()).map_err(|error| {
            format!("--pid {pid}: cannot read its CPU time and memory: {error}")
        })?;
    }
    let needed = u64::from(args.clients) + u64::from(args.never_read) + OTHER_FILES;
    match open_files::raise_limit() {
        Some(limit) if limit < needed => Err(format!(
            "{} connections need {needed} open files, and this system allows {limit}: raise the \
             limit (as root: ulimit -Hn {needed}; ulimit -n {needed}) or ask for fewer --clients",
            needed - OTHER_FILES
        )),
        _ => Ok(()),
    }
}

/// Runs, and reports; or says why there is no connection at all.
async fn load(args: &LoadArgs, quiet: bool) -> Result<Report, String> {
    let addresses = addresses(args).await.map_err(|error| error.to_string())?;
    let mut run = [0; 2];
    getrandom::fill(&mut run).map_err(|error| error.to_string())?;
    let crew = Rc::new(Crew::new(args, addresses, u16::from_ne_bytes(run)));
    let watch = Watch::new((!quiet).then(Progress::new), stopped());
    let notes = conduct(&crew, args, watch).await;
    if crew.stats.borrow().made == 0 {
        let refusal = crew.first_refusal.take();
        return Err(refusal.map_or("stopped".to_owned(), |refusal| refusal.to_string()));
    }
    Ok(Report::new(args, &crew, &notes))
}

async fn addresses(args: &LoadArgs) -> io::Result<Vec<SocketAddr>> {
    let found = timeout(LOOKUP, lookup_host((args.uri.host(), args.uri.port()))).await??;
    let addresses: Vec<SocketAddr> = found.collect();
    match addresses.is_empty() {
        true => Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")),
        false => Ok(addresses),
    }
}

/// Completes when the user wants the run to end: with a report of what was done
/// until then. At the second time the program ends at once.
async fn stopped() {
    // Without signals, the system's own way of ending holds.
    let Ok(stop) = signals::stop() else { return std::future::pending().await };
    stop.await;
    let Ok(again) = signals::stop() else { return };
    tokio::spawn(async {
        again.await;
        std::process::exit(INTERRUPTED);
    });
}
