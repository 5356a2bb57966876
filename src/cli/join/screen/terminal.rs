//! The terminal, taken over and given back as it was.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Size};

use super::paint::Painter;

/// Whether the terminal is ours at the moment.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// The terminal as long as it is ours: dropping it gives it back, and so does a
/// panic.
#[derive(Debug)]
pub(super) struct Terminal {
    painter: Painter,
    has_mouse: bool,
}

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn enter(has_mouse: bool) -> io::Result<Terminal> {
        restore_before_panic();
        let mut terminal = Terminal { painter: Painter::new(), has_mouse };
        terminal.take()?;
        Ok(terminal)
    }

    fn take(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        IS_OURS.store(true, Ordering::SeqCst);
        self.painter.forget();
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
        self.mouse(self.has_mouse)
    }

    /// Shows what `draw` draws.
    ///
    /// # Errors
    /// It cannot be written to.
    pub(super) fn show(
        &mut self,
        size: Size,
        draw: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<()> {
        // One write for a whole picture.
        let mut picture = Vec::new();
        self.painter.paint(&mut picture, size, draw)?;
        let mut out = io::stdout().lock();
        out.write_all(&picture)?;
        out.flush()
    }

    pub(super) fn bell(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(b"\x07")?;
        out.flush()
    }

    /// Gets the mouse, or leaves it to the terminal, which marks text with it.
    ///
    /// # Errors
    /// It cannot be written to.
    pub(super) fn mouse(&mut self, has_mouse: bool) -> io::Result<()> {
        self.has_mouse = has_mouse;
        match has_mouse {
            true => execute!(io::stdout(), EnableMouseCapture),
            false => execute!(io::stdout(), DisableMouseCapture),
        }
    }

    /// Gives the terminal back and stops, until somebody wants us to go on.
    ///
    /// # Errors
    /// It cannot be taken again.
    #[cfg(unix)]
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        restore();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
        self.take()
    }

    #[cfg(not(unix))]
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back as it was, if it is ours. That it cannot be written to
/// any more is no news.
pub(super) fn restore() {
    if !IS_OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = disable_raw_mode();
    let _ = execute!(
        io::stdout(),
        SetAttribute(Attribute::Reset),
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        Show,
        LeaveAlternateScreen
    );
}

/// What a panic says must be read on the ordinary screen.
fn restore_before_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            usual(panic);
        }));
    });
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::File;
    use std::io::Read;
    use std::process::Command;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, tcgetattr};

    use super::*;

    #[test]
    #[ignore = "the test below runs it, in a terminal of its own"]
    fn breaks_down_in_front_of_the_person() {
        let _terminal = Terminal::enter(true).expect("there is a terminal");
        panic!("what a person has to know");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_speaks() {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it is ours");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let name = name.into_string().expect("of ASCII");
        let slave = File::options().read(true).write(true).open(name).expect("its other end");
        let end = || slave.try_clone().expect("one more");
        let test = "cli::join::screen::terminal::tests::breaks_down_in_front_of_the_person";
        let status = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env("RUST_BACKTRACE", "0")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .status()
            .expect("it runs");
        assert!(!status.success());
        let modes = tcgetattr(&slave).expect("the terminal's settings").local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO), "it is not raw any more");
        drop(slave);
        let mut written = Vec::new();
        // It ends with an error, as there is no other end any more.
        let _ = File::from(master).read_to_end(&mut written);
        let written = String::from_utf8_lossy(&written);
        let (before, after) = written.split_once("\x1b[?1049l").expect("the ordinary screen");
        assert!(before.contains("\x1b[?1049h") && before.contains("\x1b[?1000l"), "{written:?}");
        assert!(after.contains("what a person has to know"), "{written:?}");
    }
}
