//! `wirechat serve`: the chat server.

use std::io;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tokio::net::TcpListener;
use wirechat::chat::Rate;
use wirechat::engine::Disk;
use wirechat::server::{Server, ServerConfig, listen_on};

use super::args::parse_listen;
use super::{cannot_listen, complain, open_files, runtime, say, signals};

/// Options of `wirechat serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 stopped by SIGINT or SIGTERM, 1 the port or the folder cannot be used, \
                  2 usage."
)]
pub(crate) struct ServeArgs {
    /// Where to listen: ADDRESS:PORT, or a port for every interface
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_listen, default_value = "[::]:8080", env = "WIRECHAT_LISTEN")]
    listen: SocketAddr,

    /// Threads that serve connections [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    /// Only pages of this origin may connect, such as https://chat.example; may be repeated
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    allowed_origins: Vec<String>,

    /// Keep what is said in this folder, over a restart and a crash [default: in memory only]
    #[arg(long, value_name = "DIR", env = "WIRECHAT_DATA")]
    data: Option<PathBuf>,

    /// Messages of each room that are kept for those who come later
    #[arg(long, value_name = "N", default_value_t = ServerConfig::default().chat.history)]
    history: usize,

    /// Nobody reads or speaks before they have joined with a name
    #[arg(long)]
    require_join: bool,

    /// Decline every offer of compression (permessage-deflate)
    #[arg(long)]
    no_compression: bool,

    /// Connections in all [default: 10000]
    #[arg(long, value_name = "N")]
    max_connections: Option<NonZeroUsize>,

    /// Connections from one address, or from one IPv6 network of 64 bits [default: 200]
    #[arg(long, value_name = "N")]
    max_per_address: Option<NonZeroUsize>,

    /// Objects that one connection may send a second, and twice as many at once [default: 10]
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,

    /// Lift rate and per-address limits, for load tests
    #[arg(long, conflicts_with_all = ["max_per_address", "rate"])]
    no_rate_limits: bool,
}

pub(super) fn run(args: &ServeArgs) -> ExitCode {
    open_files::raise_limit();
    let served = runtime::with_threads(args.threads).and_then(|runtime| {
        runtime.block_on(async {
            let listener = listen_on(args.listen)?;
            serve(listener, config(args), args.data.as_deref()).await
        })
    });
    match served {
        Ok(code) => code,
        Err(error) => cannot_listen(args.listen, &error),
    }
}

fn config(args: &ServeArgs) -> ServerConfig {
    let mut config = ServerConfig::default();
    config.chat.require_join = args.require_join;
    config.chat.history = args.history;
    if !args.allowed_origins.is_empty() {
        config.allowed_origins = Some(args.allowed_origins.clone());
    }
    if args.no_compression {
        config.deflate = None;
    }
    if let Some(max) = args.max_connections {
        config.max_connections = max.get();
    }
    if let Some(max) = args.max_per_address {
        config.max_per_address = Some(max.get());
    }
    if let Some(rate) = args.rate {
        config.chat.rate = Some(Rate::per_second(rate.get(), rate.get().saturating_mul(2)));
    }
    if args.no_rate_limits {
        tracing::warn!("rate limits and limits per address are lifted: for load tests only");
        config.chat.rate = None;
        config.max_per_address = None;
    }
    config
}

async fn serve(
    listener: TcpListener,
    config: ServerConfig,
    data: Option<&Path>,
) -> io::Result<ExitCode> {
    let stop = signals::stop()?;
    let server = match data {
        None => Server::new(listener, config),
        Some(folder) => match Disk::open(folder, config.chat.history) {
            Ok(disk) => Server::with_engine(listener, config, disk),
            Err(error) => {
                return Ok(complain(format_args!(
                    "cannot keep the chat in {}: {error}",
                    folder.display()
                )));
            }
        },
    };
    let address = reachable(server.local_addr()?);
    say(format_args!(
        "wirechat: open http://{address}/ in a browser, or run: wirechat join ws://{address}/ws --name NAME"
    ));
    server.run(stop).await;
    Ok(ExitCode::SUCCESS)
}

/// The address to type: every interface has `localhost` among them.
fn reachable(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}
