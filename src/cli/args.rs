//! What can be typed.

use std::io::{self, IsTerminal};
use std::net::{Ipv6Addr, SocketAddr};
use std::num::NonZeroUsize;

use clap::{Args, Parser, Subcommand};

use super::serve::ServeArgs;

/// A chat on a WebSocket implementation of its own: server, web page, terminal.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Log more (-v debug, -vv trace); WIRECHAT_LOG takes a finer filter
    #[arg(short, long, action = clap::ArgAction::Count, global = true, display_order = 100)]
    verbose: u8,

    /// Log only what went wrong, and show no progress
    #[arg(short, long, global = true, conflicts_with = "verbose", display_order = 101)]
    pub(crate) quiet: bool,
}

impl Cli {
    /// Whether log lines would be written into the picture.
    pub(crate) fn would_disturb_a_screen(&self) -> bool {
        let is_screen = matches!(&self.command, Command::Join(args) if args.takes_screen());
        is_screen && io::stderr().is_terminal()
    }

    /// What is logged unless the environment says otherwise.
    pub(crate) fn log_filter(&self) -> &'static str {
        match (self.quiet, self.verbose) {
            (true, _) => "error",
            (false, 0) => "info",
            (false, 1) => "debug",
            (false, _) => "trace",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the chat server: WebSockets and the web page on one port
    Serve(ServeArgs),
    /// Send every message back: for conformance tests and benchmarks
    Echo(EchoArgs),
    /// Chat from the terminal: a screen for a person, lines or JSON for a script
    Join(super::join::JoinArgs),
    /// Put load on a server: throughput, latency, and a proof that everything arrived
    Load(super::load::LoadArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, for man -l or a file
    Man,
}

/// Options of `wirechat completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
bash:  wirechat completions bash > ~/.local/share/bash-completion/completions/wirechat
zsh:   wirechat completions zsh > \"${fpath[1]}/_wirechat\"
fish:  wirechat completions fish > ~/.config/fish/completions/wirechat.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Options of `wirechat echo`.
#[derive(Debug, Args)]
pub(crate) struct EchoArgs {
    /// Where to listen: ADDRESS:PORT, or a port on every interface
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_listen, default_value = "127.0.0.1:9001")]
    pub(crate) listen: SocketAddr,

    /// Threads that serve connections [default: one a core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Reads `ADDR:PORT`; `:PORT` and `PORT` mean every interface.
pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let every_interface = || {
        let port = text.trim_start_matches(':').parse().ok()?;
        Some(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)))
    };
    text.parse()
        .ok()
        .or_else(every_interface)
        .ok_or_else(|| "write an address and a port, as in 127.0.0.1:8080 or [::1]:8080".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_defined() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_listening_address_may_be_short() {
        for (text, address) in [
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("[::1]:80", "[::1]:80"),
            (":80", "[::]:80"),
            ("80", "[::]:80"),
        ] {
            assert_eq!(parse_listen(text), Ok(address.parse().unwrap()));
        }
        for text in ["", "here", "127.0.0.1", "127.0.0.1:99999", "localhost:80"] {
            assert!(parse_listen(text).is_err(), "{text:?}");
        }
    }
}
