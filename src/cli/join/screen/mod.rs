//! `wirechat join` on a terminal: the chat as a screen.
//!
//! ```text
//!   terminal ── keys ──> state <── events ── client
//!      ^                 │   │                 ^
//!      └── paint <── draw┘   └──── deeds ──────┘
//! ```
//!
//! | to learn about | read |
//! |---|---|
//! | what is shown, and what a key does | `state`, which knows no terminal and no network |
//! | how it looks | `draw`, `look` |
//! | why nothing that others say breaks it | `text`, `paint` |
//! | how the terminal comes back in any case | `terminal` |

mod clock;
mod draw;
mod errands;
mod look;
mod paint;
mod state;
mod terminal;
mod text;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossterm::event::Event as Input;
use ratatui_core::layout::Size;
use tokio::sync::{Notify, mpsc};
use wirechat::chat::Timestamp;
use wirechat::client::{ChatClient, Event, Events, Options, State as ClientState, connect};

use self::clock::Clock;
use self::errands::Errands;
pub(super) use self::look::Choice;
use self::look::Look;
use self::state::{Deed, Now, State};
use self::terminal::Terminal;
use super::exit_code;
use super::view::Harmless;
use crate::cli::{complain, signals};

/// How often the screen is drawn anew while something on it changes by itself.
const TICK: Duration = Duration::from_millis(250);

/// Events that are taken before the screen is drawn again.
const BURST: usize = 256;

/// Keys that may wait.
const KEYS: usize = 64;

/// What shells report for a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// How long giving the terminal back may take when it does not take anything.
const RESTORE: Duration = Duration::from_millis(500);

/// Shows the chat until the person leaves, or it ends; the exit code.
pub(super) async fn run(options: Options, look: Choice, has_mouse: bool) -> u8 {
    let (width, height) = crossterm::terminal::size().unwrap_or((80, 24));
    let size = Size::new(width, height);
    let (user, address) = (options.user.to_string(), options.uri.to_string());
    let mut state = State::new(&user, &address, size, Clock::local(), now());
    state.has_mouse = has_mouse;
    let terminal = match Terminal::enter(has_mouse) {
        Ok(terminal) => terminal,
        Err(error) => {
            complain(format_args!("no screen on this terminal, try --lines: {error}"));
            return super::USAGE;
        }
    };
    let (client, events) = connect(options);
    let (stop, suspend) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    tokio::spawn(stop_on_signals(Arc::clone(&stop)));
    let at_suspension = Arc::clone(&suspend);
    tokio::spawn(signals::at_suspension(move || at_suspension.notify_one()));
    let look = Look::new(look, |name| std::env::var(name).ok());
    let screen =
        Screen { state, look, terminal, errands: Errands::new(client.clone()), client, events };
    let (code, last_words) = screen.live(&stop, &suspend).await;
    // The terminal is an ordinary one again.
    for words in last_words {
        complain(format_args!("{}", Harmless(&words)));
    }
    code
}

struct Screen {
    state: State,
    look: Look,
    terminal: Terminal,
    client: ChatClient,
    events: Events,
    errands: Errands,
}

impl Screen {
    /// Until it is over; the exit code, and what is to be said then.
    async fn live(mut self, stop: &Notify, suspend: &Notify) -> (u8, Vec<String>) {
        let mut keys = read_keys();
        let mut code = None;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_broken = false;
        while !self.state.is_over {
            if !is_broken && self.show().is_err() {
                // The terminal has gone.
                is_broken = true;
                self.client.close();
            }
            tokio::select! {
                event = self.events.recv(), if code.is_none() => {
                    code = self.hear_all(event).await;
                    self.state.is_over |= code.is_some() && is_broken;
                }
                Some(input) = keys.recv() => self.state.input(&input, now()),
                () = stop.notified() => {
                    self.client.close();
                    self.state.stop();
                }
                () = suspend.notified() => {
                    if self.terminal.suspend().is_err() {
                        self.client.close();
                    }
                }
                _ = ticks.tick(), if self.state.needs_ticks() => self.state.tick(now()),
            }
            self.act();
        }
        let everything_arrived = self.state.undelivered().is_empty();
        let code = match code.unwrap_or(0) {
            0 if !everything_arrived => super::UNDELIVERED,
            code => code,
        };
        (code, self.state.last_words())
    }

    fn show(&mut self) -> io::Result<()> {
        let Screen { state, look, terminal, .. } = self;
        terminal.show(state.size, |buffer| draw::draw(state, look, Instant::now(), buffer))
    }

    /// Takes this event and those that wait already; the exit code if one was the
    /// last.
    async fn hear_all(&mut self, event: Option<Event>) -> Option<u8> {
        let mut next = event;
        for _ in 0..BURST {
            // Without a last event, the client has broken down.
            let Some(event) = next else { return Some(super::UNDELIVERED) };
            self.errands.settle(&event, &mut self.state);
            self.state.hear(&event, now());
            if let Event::State(ClientState::Closed(end)) = &event {
                return Some(exit_code(end));
            }
            next = tokio::select! {
                biased;
                event = self.events.recv() => event,
                () = std::future::ready(()) => return None,
            };
        }
        None
    }

    /// Does what the state wants done.
    fn act(&mut self) {
        for deed in self.state.take_deeds() {
            let done = match deed {
                Deed::Ask(request, errand) => {
                    self.errands.ask(request, errand, &mut self.state);
                    Ok(())
                }
                Deed::Typing(place, is_typing) => {
                    self.errands.typing(&place, is_typing);
                    Ok(())
                }
                Deed::Reconnect => {
                    self.client.reconnect_now();
                    Ok(())
                }
                Deed::Finish => {
                    let client = self.client.clone();
                    tokio::spawn(async move { client.finish().await });
                    Ok(())
                }
                Deed::Close => {
                    self.client.close();
                    Ok(())
                }
                Deed::Suspend => self.terminal.suspend(),
                Deed::Bell => self.terminal.bell(),
                Deed::Mouse(has_mouse) => self.terminal.mouse(has_mouse),
            };
            if done.is_err() {
                self.client.close();
            }
        }
    }
}

/// What comes from the terminal. It is read by a thread of its own, which nothing
/// can interrupt: the program ends without waiting for it.
fn read_keys() -> mpsc::Receiver<Input> {
    let (keys, queue) = mpsc::channel(KEYS);
    std::thread::spawn(move || {
        while let Ok(input) = crossterm::event::read() {
            if keys.blocking_send(input).is_err() {
                return;
            }
        }
    });
    queue
}

/// A first signal closes in good order; a second one ends the program at once,
/// even if the terminal does not take what is written to it.
async fn stop_on_signals(stop: Arc<Notify>) {
    // Without signals, the system's own way of ending holds.
    let Ok(signal) = signals::stop_or_hangup() else { return };
    signal.await;
    stop.notify_one();
    let Ok(signal) = signals::stop_or_hangup() else { return };
    signal.await;
    std::thread::spawn(terminal::restore);
    tokio::time::sleep(RESTORE).await;
    std::process::exit(INTERRUPTED);
}

fn now() -> Now {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Now { at: Instant::now(), wall: Timestamp::from_millis(millis) }
}
