"""`wirechat join` on a terminal, and the screen that a person sees there.

The terminal is a pseudo-terminal whose other end is read by pyte, a terminal in memory.
Nothing sleeps: whoever waits is woken by what the program writes.
"""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import threading
import time

import pyte

from peers import wirechat
from program import PATIENCE, eventually

ENTER, TAB, ESCAPE, UP, TO_THE_TOP = "\r", "\t", "\x1b", "\x1b[A", "\x1b[1;5H"


def control(letter):
    return chr(ord(letter) & 0x1F)


class Watched(pyte.Screen):
    """A screen that counts bells and knows which modes are on."""

    def __init__(self, columns, lines):
        super().__init__(columns, lines)
        self.bells = 0
        self.private_modes = set()

    def bell(self, *arguments):
        self.bells += 1

    def set_mode(self, *modes, **keywords):
        if keywords.get("private"):
            self.private_modes.update(modes)
        super().set_mode(*modes, **keywords)

    def reset_mode(self, *modes, **keywords):
        if keywords.get("private"):
            self.private_modes.difference_update(modes)
        super().reset_mode(*modes, **keywords)


class Terminal:
    """A person's terminal, with a program in it."""

    def __init__(self, command, columns=80, lines=24, environment=()):
        self.command = list(map(str, command))
        self.screen = Watched(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._changed = threading.Condition()
        self._ended = False
        self.written = b""
        self._master, slave = os.openpty()
        self._slave = slave  # kept open: its settings are looked at after the end
        self._set_size(columns, lines)
        self.settings_before = termios.tcgetattr(slave)
        inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        variables = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC", **inherited}
        self._process = subprocess.Popen(
            self.command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**variables, **dict(environment)},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.pid = self._process.pid
        self._is_watched, self._stop_watching = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _set_size(self, columns, lines):
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self):
        while True:
            ready, _, _ = select.select([self._master, self._is_watched], [], [])
            if self._is_watched in ready:
                return
            try:
                data = os.read(self._master, 65536)
            except OSError:
                data = b""
            with self._changed:
                self.written += data
                self._stream.feed(data)
                self._ended = not data
                self._changed.notify_all()
            if not data:
                return

    # ---- what a person sees

    def rows(self):
        with self._changed:
            return self._rows()

    def wait_until(self, holds, what, seconds=PATIENCE):
        """Waits until `holds(rows)`; the rows."""
        with self._changed:
            self._changed.wait_for(lambda: holds(self._rows()), seconds)
            rows = self._rows()
            assert holds(rows), "\n".join([f"never seen: {what}", *rows])
            return rows

    def _rows(self):
        return ["".join(cells).rstrip() for cells in self._cells()]

    def _cells(self):
        """What is in each cell. The second one of a wide character is empty."""
        screen = self.screen
        return [
            [screen.buffer[y][x].data for x in range(screen.columns)] for y in range(screen.lines)
        ]

    def wait_for(self, pattern, seconds=PATIENCE):
        """Waits until a row matches; that row."""
        matches = re.compile(pattern).search
        rows = self.wait_until(lambda rows: any(map(matches, rows)), pattern, seconds)
        return next(row for row in rows if matches(row))

    def wait_until_gone(self, pattern, seconds=PATIENCE):
        matches = re.compile(pattern).search
        self.wait_until(lambda rows: not any(map(matches, rows)), f"no {pattern}", seconds)

    def wait_until_connected(self):
        self.wait_for("● connected")
        return self

    def style_of(self, text):
        """The cell in which this text begins."""
        with self._changed:
            for y, cells in enumerate(self._cells()):
                for x in range(self.screen.columns):
                    if "".join(cells[x:]).startswith(text):
                        return self.screen.buffer[y][x]
        raise AssertionError(f"not on the screen: {text}")

    # ---- what a person does

    def press(self, *keys):
        os.write(self._master, "".join(keys).encode())

    def enter(self, text):
        self.press(text, ENTER)

    def paste(self, text):
        """What a terminal does with the clipboard, if the program has asked for that."""
        assert (2004 << 5) in self.screen.mode or 2004 in self.screen.private_modes
        self.press(f"\x1b[200~{text}\x1b[201~")

    def click(self, text):
        for y, row in enumerate(self.rows()):
            if text in row:
                self.press(f"\x1b[<0;{row.index(text) + 1};{y + 1}M")
                return
        raise AssertionError(f"not on the screen: {text}")

    def column(self, x):
        """What stands in this cell of each row."""
        with self._changed:
            return [cells[x] for cells in self._cells()]

    def resize(self, columns, lines):
        with self._changed:
            self.screen.resize(lines, columns)
        self._set_size(columns, lines)

    def signal(self, number):
        self._process.send_signal(number)

    def hang_up(self):
        """Closes the window."""
        os.close(self._stop_watching)
        self._reader.join(PATIENCE)
        os.close(self._slave)
        os.close(self._master)

    # ---- how it ends

    def is_running(self):
        return self._process.poll() is None

    def kill(self):
        self._process.kill()
        self._process.wait(PATIENCE)

    @property
    def stderr(self):
        """What the tests print of a program when one fails: the screen."""
        terminal = self

        class Rows:
            def so_far(self):
                return terminal.rows()

        return Rows()

    def wait(self, seconds=PATIENCE):
        """Its exit code; the terminal must be as it was."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError("\n".join(["still running:", *self.rows()])) from None
        self.wait_until_restored()
        return code

    def wait_until_stopped(self):
        """Waits until it is suspended, as a shell does."""

        def is_stopped():
            return os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG) is not None

        eventually(is_stopped, "suspended")

    def is_restored(self):
        off = [b"\x1b[?1049l", b"\x1b[?2004l", b"\x1b[?1000l", b"\x1b[?25h"]
        on = [b"\x1b[?1049h", b"\x1b[?2004h", b"\x1b[?1000h", b"\x1b[?25l"]
        last = self.written.rfind
        return termios.tcgetattr(self._slave) == self.settings_before and all(
            last(end) >= last(begin) for end, begin in zip(off, on)
        )

    def wait_until_restored(self, seconds=PATIENCE):
        with self._changed:
            self._changed.wait_for(self.is_restored, seconds)
            assert self.is_restored(), self.written[-500:]

    def wait_for_last_words(self, words, seconds=PATIENCE):
        """Waits until this stands on the ordinary screen, after the end."""

        def are_there():
            _, _, after = self.written.rpartition(b"\x1b[?1049l")
            return words in " ".join(after.decode().split())

        with self._changed:
            self._changed.wait_for(are_there, seconds)
            assert are_there(), self.written[-1000:]


class Screen(Terminal):
    """`wirechat join` as a person starts it."""

    def __init__(self, uri, username, *options, columns=80, lines=24, environment=()):
        command = wirechat("join", uri, "--name", username, *options)
        super().__init__(command, columns, lines, environment)
