//! The command line: one program, a subcommand for each thing it does.

mod address;
mod args;
mod echo;
mod join;
mod load;
mod manual;
mod open_files;
mod runtime;
mod serve;
mod signals;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;

use self::args::{Cli, Command};

/// The program could not do what it was asked to: a port is taken, say.
const FAILURE: ExitCode = ExitCode::FAILURE;

/// Runs the program and gives its exit code.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    if !cli.would_disturb_a_screen() {
        start_logging(cli.log_filter());
    }
    match cli.command {
        Command::Serve(args) => serve::run(&args),
        Command::Echo(args) => echo::run(&args),
        Command::Join(args) => join::run(&args),
        Command::Load(args) => load::run(&args, cli.quiet),
        Command::Completions(args) => manual::completions(args.shell),
        Command::Man => manual::page(),
    }
}

/// Log lines go to standard error: standard output belongs to what a command is
/// asked for. Control characters in logged values come out escaped, since every
/// value from a peer is logged with `?`.
fn start_logging(default_filter: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("WIRECHAT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default_filter));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(wants_colour())
        .with_target(false)
        .init();
}

/// Whether standard error is a terminal whose user has not asked for plain text
/// (no-color.org).
fn wants_colour() -> bool {
    use std::io::IsTerminal;
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::io::stderr().is_terminal()
}

/// Prints a line on standard output. That nobody reads it any more is no reason
/// to stop a server.
fn say(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Says on standard error what went wrong and what to do about it.
fn complain(problem: std::fmt::Arguments<'_>) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "wirechat: {problem}");
    FAILURE
}

/// Says why there is no server on this address, and what to do about it.
fn cannot_listen(address: SocketAddr, error: &io::Error) -> ExitCode {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "it is in use; stop the other program or choose another with --listen".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            format!("{error}; ports below 1024 need a privilege, choose another with --listen")
        }
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => error.to_string(),
    };
    complain(format_args!("cannot listen on {address}: {advice}"))
}
