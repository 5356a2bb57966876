"""A child process whose output is collected line by line as it comes."""

import subprocess
import threading
import time

# The longest that any one thing may take. It only ends a test that has failed.
PATIENCE = 15.0


class Lines:
    """What a program has written to one stream so far."""

    def __init__(self, stream):
        self._lines = []
        self._ended = False
        self._changed = threading.Condition()
        threading.Thread(target=self._collect, args=(stream,), daemon=True).start()

    def _collect(self, stream):
        for line in stream:
            with self._changed:
                self._lines.append(line.decode("utf-8", "backslashreplace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def so_far(self):
        with self._changed:
            return list(self._lines)

    def wait_until(self, enough, what, seconds=PATIENCE):
        """The lines, as soon as `enough(lines)` holds."""
        with self._changed:
            self._changed.wait_for(lambda: enough(self._lines) or self._ended, seconds)
            assert enough(self._lines), f"no {what} among: {self._lines}"
            return list(self._lines)

    def wait_for(self, fits, what, seconds=PATIENCE):
        """The first line that fits."""
        lines = self.wait_until(lambda lines: any(map(fits, lines)), what, seconds)
        return next(filter(fits, lines))

    def wait_for_end(self, seconds=PATIENCE):
        """All lines, once the stream has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended, seconds)
            assert self._ended, f"the output has not ended: {self._lines}"
            return list(self._lines)


class Program:
    """A program that runs, to be talked to by lines."""

    def __init__(self, command):
        self.command = command
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.pid = self._process.pid
        self.stdout = Lines(self._process.stdout)
        self.stderr = Lines(self._process.stderr)

    def type(self, *lines):
        """Writes lines to its standard input."""
        self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())

    def end_input(self):
        self._process.stdin.close()

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        """SIGKILL: it gets no chance to say goodbye."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def is_running(self):
        return self._process.poll() is None

    def wait(self, seconds=PATIENCE):
        """Its exit code."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running: {self.command}") from None
        self.stdout.wait_for_end()
        self.stderr.wait_for_end()
        return code


def eventually(holds, what, seconds=PATIENCE):
    """Waits until `holds()` is true, for what cannot tell us when it changes."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)
