# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""-o top in a real terminal, beside real traffic.  What is on its screens in detail, tests/unit/test_top.c compares."""
import os
import shutil
import signal

import pytest
from lent import SUDO
from terminal import Terminal
from tracer import BINARY, FORCED, ROOM, Tracer, run_tracer

HERE = "127.0.0.1"
LEAKED = 5

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="there is no tmux")


@pytest.fixture
def terminal():
    opened = []

    def open_terminal(*argv, **how):
        opened.append(Terminal(*argv, **how))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


def top(ns, *args):
    return [BINARY, *FORCED, "--max-connections", ROOM, "-o", "top", "--netns", ns.inode, *args]


class Traffic:
    """leaky does not close what its peer has closed; other has one that is closed by both."""

    def __init__(self, world, ns):
        self.client = world.agent(ns, comm="visitor")
        self.leaky, self.other = world.agent(ns, comm="leaky"), world.agent(ns, comm="other")

    def pass_by(self):
        for server, n in ((self.other, 1), (self.leaky, LEAKED)):
            port = server.listen(HERE)
            for i in range(n):
                self.client.connect(HERE, port)
                server.accept(f"s{i}")
                self.client.close()
                assert server.recv_any(f"s{i}") == b""
        self.other.close("s0")

    @property
    def leaks(self):
        return f">leaky[{self.leaky.pid}] "


@pytest.mark.parametrize("width,height", [(80, 24), (40, 20)])
def test_the_leak_in_three_keys(world, terminal, width, height):
    ns = world.netns("lo")
    traffic = Traffic(world, ns)
    t = terminal(*top(ns), width=width, height=height)
    t.wait_text("no connection yet", "q")
    traffic.pass_by()
    t.wait_text(f" {LEAKED} CLOSE_WAIT")
    t.press("s")
    t.wait_text("w CLOSE_WAIT")
    t.press("w")
    screen = t.wait_text("sorted by C", f"\n{traffic.leaks}")
    assert "other[" in screen
    t.press("Enter")
    screen = t.wait_text("\n>CLOSE_WAIT ")
    assert screen.count(f" {HERE}:") == LEAKED * (2 if width == 80 else 1)
    t.press("Enter")
    t.wait_text("connection", "OPEN: in CLOSE_WAIT", "\u2502")
    t.press("Escape")
    t.wait_text("\n>CLOSE_WAIT ")
    t.press("Escape")
    t.wait_text(f"\n{traffic.leaks}")
    t.press("/")
    t.press("other")
    screen = t.wait_text("/other_", f"\n>other[{traffic.other.pid}] ")
    assert "leaky" not in screen
    t.press("Escape")
    t.wait_text(f"\n{traffic.leaks}")
    # it is closed at last, which a frozen screen does not show
    t.press("Space")
    t.wait_text("FROZEN")
    for i in range(LEAKED):
        traffic.leaky.close(f"s{i}")
    assert f"{LEAKED} CLOSE_WAIT" in t.screen()
    t.press("Space")
    t.wait_screen(lambda s: "open:  0 ESTABLISHED" in s and "FROZEN" not in s, "nothing open")
    t.press("q")
    assert t.wait_end() == 0


def test_ascii_and_another_size(world, terminal):
    ns = world.netns("lo")
    traffic = Traffic(world, ns)
    t = terminal(*top(ns), env={"LC_ALL": "C", "NO_COLOR": "1"})
    t.wait_text("tcpstates-trace: by process")
    traffic.pass_by()
    t.wait_text(f" {LEAKED} CLOSE_WAIT")
    t.press("/")
    t.press("leaky")
    t.wait_text(f"\n{traffic.leaks}", "/leaky_")
    t.press("Enter")
    t.wait_text('"leaky"')
    assert "\033[31m" not in t.screen("-e")
    t.press("Enter")
    t.wait_text("\n>CLOSE_WAIT ")
    t.press("Enter")
    assert t.wait_text("OPEN: in CLOSE_WAIT", "|").isascii()
    t.press("Escape")
    t.wait_text("\n>CLOSE_WAIT ")
    t.resize(40, 20)
    screen = t.wait_screen(lambda s: "Enter ladder" in s.rstrip("\n").split("\n")[-1] and "Space" not in s, "40 columns")
    assert len(screen.rstrip("\n").split("\n")) == 20
    t.resize(120, 40)
    t.wait_text("connections of", "cause")
    t.press("q")
    assert t.wait_end() == 0


@pytest.mark.parametrize("ends", ["key", "signal", "crash"])
def test_the_terminal_is_as_before(world, terminal, tmp_path, ends):
    """Under sudo, too."""
    ns = world.netns("lo")
    script = 'stty -g >"$1"; echo "what was here"; at=$2; shift 2; "$@"; echo "status $?"; stty -g >"$at"; exec cat'
    before, after = tmp_path / "before", tmp_path / "after"
    t = terminal(before, after, *top(ns), env=SUDO, script=script)
    t.wait_text("no connection yet")
    if ends == "key":
        t.press("q")
    else:
        os.kill(t.child(), signal.SIGTERM if ends == "signal" else signal.SIGABRT)
    screen = t.wait_text("status ")
    assert f"status {134 if ends == 'crash' else 0}\n" in screen
    assert "what was here" in screen and "sorted by" not in screen
    t.wait_screen(lambda _: after.exists() and after.read_text().endswith("\n"), "stty")
    assert before.read_text() == after.read_text()


def test_a_recording(world, terminal, tmp_path):
    ns = world.netns("lo")
    traffic = Traffic(world, ns)
    tracer = Tracer("-w", tmp_path / "r.pcapng", netns=ns)
    traffic.pass_by()
    tracer.wait_count(2 * (LEAKED + 1), "handshake")
    tracer.stop()
    t = terminal(BINARY, "-o", "top", "-r", tmp_path / "r.pcapng")
    t.wait_text("recording", f" {LEAKED} CLOSE_WAIT")
    t.press("s")
    t.wait_text("w CLOSE_WAIT")
    t.press("w")
    t.wait_text(f"\n{traffic.leaks}")
    t.press("Enter")
    t.wait_text("\n>CLOSE_WAIT ")
    os.kill(t.child(), signal.SIGINT)
    assert t.wait_end() == 0


def test_no_terminal():
    status, stdout, stderr = run_tracer("-o", "top")
    assert (status, stdout) == (1, "")
    assert stderr.startswith("tcpstates-trace: -o top: standard input is no terminal") and stderr.count("\n") == 1
