//! `wirechat join`: chat from a terminal or a script.

mod advice;
mod command;
mod input;
mod json;
mod screen;
mod view;

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use wirechat::chat::{RoomName, UserName};
use wirechat::client::{ChatClient, End, Event, Events, Options, State, connect};
use wirechat::proto::handshake::Uri;

use self::input::Speaker;
use self::view::View;
use super::{address, complain, runtime, signals};

/// How long a script tries to connect unless it says otherwise.
const SCRIPT_PATIENCE: Duration = Duration::from_secs(60);

/// What shells report for a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Something was not delivered, or nobody knows whether it was.
const UNDELIVERED: u8 = 1;
/// What was asked for cannot be.
const USAGE: u8 = 2;

/// How many older messages a person sees first unless they say otherwise.
const PERSON_HISTORY: u32 = 20;
const SCREEN_HISTORY: u32 = 50;

const AFTER_HELP: &str = "\
On a terminal it is a screen with tabs for rooms and people: F1 or /help shows its keys and
commands. Elsewhere, or with --lines or --json, it reads and writes lines.

Lines of input are messages; those of others appear as `[HH:MM:SS] name: text` (UTC), with
`#room` before the name when one is in several. What happens to the connection is told on
standard error. A line that begins with a slash is a command: /help lists them. With --json
it is not: there, {\"type\":\"join\",\"room\":\"ops\"} and the like are sent as they are.

With --json, these come beside the server's objects:
  {\"type\":\"state\",\"state\":\"connecting\"}
  {\"type\":\"state\",\"state\":\"connected\",\"dialect\":\"wirechat.v1\"}   or \"plain\"
  {\"type\":\"state\",\"state\":\"reconnecting\",\"after_ms\":N,\"reason\":TEXT}
  {\"type\":\"state\",\"state\":\"closed\",\"code\":EXIT_CODE,\"reason\":TEXT}
  {\"type\":\"latency\",\"latency_ms\":N}         about every 10 s
  {\"type\":\"delivered\",\"content\":TEXT,\"nonce\":...,\"id\":TEXT,\"seq\":N}
  {\"type\":\"undelivered\",\"content\":TEXT,\"reason\":TEXT}
  {\"type\":\"missed\",\"room\":TEXT,\"reason\":CODE,\"from\":SEQ,\"to\":SEQ}   without from, to if unknown

Exit codes:
  0  left as asked to, and everything was delivered
  1  a line was not understood or not delivered, or the server did not confirm the last ones
  2  wrong usage
  3  cannot connect
  4  the server refused the opening handshake, or is no WebSocket server
  5  one side broke the protocol
  6  the server closed the connection for good, or refused the name or the room
  7  gave up reconnecting";

/// Options of `wirechat join`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct JoinArgs {
    /// The server: ws://HOST:PORT/PATH, http:// for the same, or HOST or HOST:PORT for
    /// ws://HOST:PORT/ws with port 8080
    #[arg(value_name = "URL", value_parser = address::parse, default_value = "ws://127.0.0.1:8080/ws")]
    uri: Uri,

    /// The name to go by [default: your login name]
    #[arg(short, long, value_name = "NAME", value_parser = parse_user)]
    name: Option<UserName>,

    /// The room to join [default: the server's choice]
    #[arg(short, long, value_name = "ROOM", value_parser = parse_room)]
    room: Option<RoomName>,

    /// Write one JSON object a line: those of the server as they came, and those below. A
    /// line of input that is a JSON object is sent as one
    #[arg(long)]
    json: bool,

    /// Begin with up to N messages from before [default: 50 on a screen, 20 lines on a
    /// terminal, otherwise 0]
    #[arg(long, value_name = "N")]
    history: Option<u32>,

    /// The `session` of an earlier `joined`: come back as the same person. Whoever knows it
    /// can do that
    #[arg(long, value_name = "TOKEN", env = "WIRECHAT_SESSION", hide_env_values = true)]
    session: Option<String>,

    /// The `id` of the last private message that was seen: begin with those after it
    #[arg(long, value_name = "ID")]
    private_after: Option<String>,

    /// After the end of input, stay this long
    #[arg(long, value_name = "SECS", default_value_t = 0)]
    wait: u32,

    /// Without a connection for this long, give up [default: 60 if the input is not a
    /// terminal; otherwise never]
    #[arg(long, value_name = "SECS")]
    give_up_after: Option<u32>,

    /// Lines instead of a screen, although this is a terminal
    #[arg(long)]
    lines: bool,

    /// The screen's colours
    #[arg(long, value_name = "LOOK", value_enum, default_value_t = screen::Choice::Auto)]
    look: screen::Choice,

    /// Leave the mouse to the terminal (F2 does that too)
    #[arg(long)]
    no_mouse: bool,
}

impl JoinArgs {
    /// Whether somebody sits in front of a terminal that can show a screen.
    pub(crate) fn takes_screen(&self) -> bool {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        !self.lines
            && !self.json
            && !is_dumb
            && io::stdin().is_terminal()
            && io::stdout().is_terminal()
    }

    fn default_history(&self) -> u32 {
        match io::stdout().is_terminal() {
            true if self.takes_screen() => SCREEN_HISTORY,
            true => PERSON_HISTORY,
            false => 0,
        }
    }
}

pub(super) fn run(args: &JoinArgs) -> ExitCode {
    let Some(user) = args.name.clone().or_else(login_name) else {
        complain(format_args!("say who you are: wirechat join --name NAME"));
        return ExitCode::from(USAGE);
    };
    let patience = args.give_up_after.map(|seconds| Duration::from_secs(seconds.into()));
    let options = Options {
        room: args.room.clone(),
        history: args.history.unwrap_or_else(|| args.default_history()),
        session: args.session.clone(),
        private_after: args.private_after.clone(),
        give_up_after: patience.or((!io::stdin().is_terminal()).then_some(SCRIPT_PATIENCE)),
        ..Options::new(args.uri.clone(), user)
    };
    // One thread for the chat: writing to a terminal that has been stopped
    // (Ctrl-S) must not hold up the one that waits for Ctrl-C.
    let runtime = match runtime::with_threads(std::num::NonZeroUsize::new(2)) {
        Ok(runtime) => runtime,
        Err(error) => return complain(format_args!("cannot start: {error}")),
    };
    let code = match args.takes_screen() {
        true => runtime.block_on(screen::run(options, args.look, !args.no_mouse)),
        false => runtime.block_on(join(options, args)),
    };
    // A name that is being looked up must not keep the program from ending.
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// The name under which the person is logged in, if it can be one in a chat.
fn login_name() -> Option<UserName> {
    let name = std::env::var(if cfg!(windows) { "USERNAME" } else { "USER" }).ok()?;
    UserName::parse(&name).ok()
}

fn parse_user(text: &str) -> Result<UserName, String> {
    UserName::parse(text).map_err(|error| error.to_string())
}

fn parse_room(text: &str) -> Result<RoomName, String> {
    RoomName::parse(text).map_err(|error| error.to_string())
}

async fn join(options: Options, args: &JoinArgs) -> u8 {
    let mut view = View::new(args.json, &options);
    let (client, events) = connect(options);
    tokio::spawn(close_when_stopped(client.clone()));
    let stay = Duration::from_secs(args.wait.into());
    let understood = Arc::new(AtomicBool::new(true));
    let speaker = Speaker::new(client.clone(), args.json, Arc::clone(&understood));
    tokio::spawn(speaker.say_all(stay));
    match show_all(events, &client, &mut view).await {
        0 if !understood.load(Ordering::Relaxed) => UNDELIVERED,
        code => code,
    }
}

/// A first Ctrl-C, or request to terminate, closes the connection in good order;
/// a second one ends the program at once.
async fn close_when_stopped(client: ChatClient) {
    // Without signals, the system's own way of ending holds.
    let Ok(stop) = signals::stop() else { return };
    stop.await;
    client.close();
    let Ok(stop) = signals::stop() else { return };
    stop.await;
    std::process::exit(INTERRUPTED);
}

/// Shows what happens until the end; the exit code.
async fn show_all(mut events: Events, client: &ChatClient, view: &mut View) -> u8 {
    let (mut everything_delivered, mut somebody_reads) = (true, true);
    let mut code = 0;
    while let Some(event) = events.recv().await {
        match &event {
            Event::Undelivered(_) => everything_delivered = false,
            Event::State(State::Closed(end)) => code = exit_code(end),
            _ => {}
        }
        if somebody_reads && view.show(&event, code).is_err() {
            // Whoever read our output has gone, and so do we, without a word.
            somebody_reads = false;
            client.close();
        }
    }
    match (code, everything_delivered) {
        (0, false) if somebody_reads => UNDELIVERED,
        _ => code,
    }
}

fn exit_code(end: &End) -> u8 {
    match end {
        End::Done => 0,
        End::Unanswered => UNDELIVERED,
        End::Unreachable(_) | End::GaveUp { was_connected: false, .. } => 3,
        End::NoWebSocket(_) => 4,
        End::Protocol(_) => 5,
        End::Dismissed(_) | End::Refused(_) => 6,
        End::GaveUp { was_connected: true, .. } => 7,
        _ => 1,
    }
}
