# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""One event loop for everything a test waits for.

Whatever produces output (tracers, tcpdump, the test programs) registers its pipe here, so that every
wait also drains all the others: a tracer never blocks on a full pipe while a test waits for something
else, and no test needs a thread or a fixed sleep.
"""
import os
import selectors
import time

_selector = selectors.DefaultSelector()

# on an emulated processor everything takes a multiple of its time
PATIENCE = float(os.environ.get("E2E_PATIENCE", 1))

# What is waited for comes, however busy the host is; a wait that has taken so long will never end.  How
# long something may take is no test's question, but the bench's.
HANG_S = 90 * PATIENCE


class Timeout(AssertionError):
    pass


def add(fd, callback):
    """Calls callback() whenever fd can be read."""
    _selector.register(fd, selectors.EVENT_READ, callback)


def remove(fd):
    try:
        _selector.unregister(fd)
    except KeyError:
        pass


def turn(timeout):
    if not _selector.get_map():
        time.sleep(timeout)
        return
    for key, _ in _selector.select(timeout):
        if key.fd in _selector.get_map():
            key.data()


def wait_until(predicate, what):
    """Turns the loop until predicate() is true and returns its value; Timeout names `what`."""
    begun = time.monotonic()
    while True:
        value = predicate()
        if value:
            return value
        waited = time.monotonic() - begun
        if waited > HANG_S:
            raise Timeout(f"not within {HANG_S} s: {what() if callable(what) else what}")
        # predicates may also look at things that have no file descriptor (/proc, a file), which costs others
        # their time: the longer it has taken, the less often
        turn(min(max(waited / 10, 0.002), 0.1))


class Lines:
    """Collects the lines of a pipe."""

    def __init__(self, fd, on_line=None):
        self.fd = fd
        self.lines = []
        self.eof = False
        self._rest = b""
        self._on_line = on_line
        os.set_blocking(fd, False)
        add(fd, self._read)

    def _read(self):
        while True:
            try:
                data = os.read(self.fd, 1 << 20)
            except BlockingIOError:
                return
            if not data:
                self.eof = True
                remove(self.fd)
                if self._rest:
                    self._line(self._rest)
                    self._rest = b""
                return
            *full, self._rest = (self._rest + data).split(b"\n")
            for line in full:
                self._line(line)

    def _line(self, line):
        text = line.decode("utf-8", "surrogateescape")
        self.lines.append(text)
        if self._on_line:
            self._on_line(text)

    def text(self):
        return "\n".join(self.lines)

    def pause(self):
        """Nobody reads until resume()."""
        remove(self.fd)

    def resume(self):
        add(self.fd, self._read)

    def close(self):
        remove(self.fd)
