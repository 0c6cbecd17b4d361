# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What a manager of services is told: that the trace has begun, that it is alive, that it ends."""
import os
import signal
import socket
import statistics
import time

import pytest

import pump
from lent import SUDO
from tracer import Tracer, run_tracer

WATCHDOG_S = 1.0


class Manager:
    """A socket as systemd's, and what was sent to it: [(when, {variable: value})]."""

    def __init__(self, name):
        self.name, self.told = name, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0"))
        self.socket.setblocking(False)
        pump.add(self.socket.fileno(), self._read)

    def _read(self):
        text = self.socket.recv(4096).decode()
        self.told.append((time.monotonic(), dict(line.split("=", 1) for line in text.split("\n"))))

    def env(self, **more):
        return {**os.environ, "NOTIFY_SOCKET": self.name, **more}

    def times(self, variable):
        return [when for when, values in self.told if values.get(variable) == "1"]

    def wait(self, variable, n=1):
        pump.wait_until(lambda: len(self.times(variable)) >= n, lambda: f"{n} {variable}: {self.told}")
        return self.times(variable)

    def close(self):
        pump.remove(self.socket.fileno())
        self.socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    m = Manager(f"{tmp_path}/notify" if request.param == "path" else f"@tst-{os.getpid()}")
    if request.param == "path":
        os.chmod(tmp_path, 0o700)  # only root may connect
    yield m
    m.close()


@pytest.mark.parametrize("more", [{}, SUDO], ids=["root", "sudo"])
def test_ready_and_stopping(world, manager, more):
    """READY when a connection is seen for sure; STOPPING still gets through without privileges."""
    ns = world.netns()
    client = world.agent(ns)
    tracer = Tracer("-q", netns=ns, env=manager.env(**more), ready=False)
    manager.wait("READY")
    client.connect("127.0.0.1", 9)
    tracer.wait_count(1, "handshake", outcome="refused")
    assert [values for _, values in manager.told] == [
        {"READY": "1", "STATUS": "Tracing TCP handshakes and closes"}]
    tracer.stop(signal.SIGTERM)
    manager.wait("STOPPING")
    assert len(manager.told) == 2


@pytest.mark.parametrize("output", ["json", None], ids=["records", "metrics"])
def test_watchdog(world, manager, tmp_path, output):
    """The loop pings twice in the time that it is given, also where nothing else would wake it up."""
    more = () if output else ("--metrics", f"unix:{tmp_path}/metrics")
    tracer = Tracer(*more, netns=world.netns(), output=output, ready=False,
                    env=manager.env(WATCHDOG_USEC=str(int(WATCHDOG_S * 1e6))))
    (begun,) = manager.wait("READY")
    pings = manager.wait("WATCHDOG", 6)
    # the manager may read late, and then several at once, but never early
    assert all(when - begun > (i + 1) * WATCHDOG_S / 2 - 0.05 for i, when in enumerate(pings))
    assert statistics.median(b - a for a, b in zip([begun, *pings], pings)) < 0.8 * WATCHDOG_S
    tracer.stop()
    manager.wait("STOPPING")


def test_watchdog_of_another_process(world, manager):
    env = manager.env(WATCHDOG_USEC="1000", WATCHDOG_PID="1")
    tracer = Tracer("-u", "0.3", netns=world.netns(), env=env)
    tracer.wait()
    manager.wait("STOPPING")
    assert not manager.times("WATCHDOG")


def test_not_the_commands(world, manager):
    env = manager.env(WATCHDOG_USEC="1000000")
    status, out, err = run_tracer("-o", "none", "--netns", world.netns().inode, "--", "env", env=env)
    assert status == 0, err
    assert "PATH=" in out and "NOTIFY_SOCKET" not in out and "WATCHDOG" not in out
    manager.wait("STOPPING")


def test_a_start_that_fails(manager):
    """It is never said to be ready."""
    status, _, _ = run_tracer("--btf", "/dev/null", env=manager.env())
    assert status != 0
    pump.turn(0)
    assert not manager.told


def test_no_manager(world):
    """It traces all the same, and says why it told nobody."""
    env = {**os.environ, "NOTIFY_SOCKET": "/nonexistent/notify", "WATCHDOG_USEC": "1000"}
    tracer = Tracer("-u", "0.1", netns=world.netns(), env=env)
    assert tracer.wait() == 0
    assert "NOTIFY_SOCKET: /nonexistent/notify: No such file" in tracer.stderr.text()
