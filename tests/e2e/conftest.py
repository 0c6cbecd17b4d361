# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
import os
import signal
import subprocess
import sys
import time

import pytest
from _pytest.runner import runtestprotocol

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import checks  # noqa: E402
import hidden  # noqa: E402
import kernel  # noqa: E402
import netns  # noqa: E402
import precision  # noqa: E402
import tracer as tracers  # noqa: E402
import wireshark  # noqa: E402
from agent import Agent  # noqa: E402
from capture import Capture  # noqa: E402
from tracer import BINARY, Tracer  # noqa: E402

# A tracer started in the background by a shell would otherwise inherit "ignore".
signal.signal(signal.SIGINT, signal.default_int_handler)


def why_no_bpf():
    """None where BPF works; else the tracer's own words about the right or support it lacks."""
    if not os.path.exists(BINARY):
        pytest.exit(f"{BINARY}: not there (run make, or set TCPSTATES_TRACE)", 2)
    if os.geteuid() != 0:
        return "not root"
    status, _, text = kernel.trial()
    if status or not kernel.can_tell("state"):
        return f"BPF is not available here: {text.strip().splitlines()[-1]}"
    return None


_recordings = {}  # by test; of those that passed
_agreed = []  # connections, by module


@pytest.fixture(scope="module", autouse=True)
def as_wireshark_sees_it(tmp_path_factory):
    """When a module has ended: its recordings, beside the captures that its tests took."""
    _recordings.clear()
    yield
    recordings = [r for of_test in _recordings.values() for r in of_test]
    if recordings:
        _agreed.append(wireshark.check(recordings, str(tmp_path_factory.mktemp("wireshark"))))


@pytest.fixture(autouse=True)
def recordings(request):
    noises = len(checks.Noise.measured)
    wireshark.forget()
    yield
    _recordings[request.node.nodeid] = wireshark.collect(request.node.name, noises)


@pytest.fixture(autouse=True)
def bpf_or_skip():
    reason = why_no_bpf()
    if reason:
        pytest.skip(reason)


TRIES = 3  # of a test beside which the kernel hid events from BPF
_ran_again = []


def pytest_sessionstart(session):
    session.witness = hidden.Witness() if os.geteuid() == 0 else None


def pytest_sessionfinish(session):
    if session.witness:
        session.witness.end()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """As pytest's own, but a failure beside an event that BPF was not shown is no result."""
    witness = item.session.witness
    if not witness:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for tries in range(TRIES):
        witness.take()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        # what a module's recordings are wrong about is not this test's
        failed = [r for r in reports if r.failed and wireshark.OTHERWISE not in str(r.longrepr)]
        unseen = witness.take()
        if failed or unseen:
            _recordings.pop(item.nodeid, None)  # it is not the whole truth
        if not failed or not unseen or tries == TRIES - 1:
            break
        _ran_again.append(f"ran again: {item.name}: {len(unseen)} events were hidden from BPF")
        item._initrequest()
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


class World:
    """Makes what a test needs and takes it all away afterwards."""

    def __init__(self, directory):
        self.directory = str(directory)
        self.namespaces, self.agents, self.wires = [], [], []

    def netns(self, tag="n"):
        self.namespaces.append(netns.Netns(tag))
        return self.namespaces[-1]

    def link(self, kind, **how):
        if kind == "lo":
            return netns.loopback(self.netns("lo"))
        return netns.veth(self.netns("a"), self.netns("b"), **how)

    def agent(self, ns, comm=None):
        self.agents.append(Agent(ns, comm))
        return self.agents[-1]

    def capture(self, ns, dev):
        return Capture(ns, dev, self.directory)

    def captures(self, link):
        """(as the client's namespace saw it, as the server's did)"""
        a = self.capture(link.a, link.dev_a)
        return (a, a) if link.a is link.b else (a, self.capture(link.b, link.dev_b))

    def clean(self):
        for tracer in list(Tracer.running):
            tracer.kill()
        for capture in list(Capture.running):
            capture.kill()
        for child in list(netns.Child.alive):
            child.kill()
        for wire in self.wires:
            wire.kill()
        for ns in self.namespaces:
            ns.delete()


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.clean()


@pytest.fixture
def force(monkeypatch):
    """A function: this rung for each tracer of the test."""
    def force_rung(rung):
        monkeypatch.setattr(tracers, "FORCED", [*tracers.FORCED, "--hook", rung])
    return force_rung


@pytest.fixture(params=[None, "timewait=headers"], ids=["best", "headers"])
def minisockets(request, force):
    """Followed as this kernel does it best, and where no hook says whom a segment came to."""
    if request.param:
        force(request.param)


@pytest.fixture(params=["lo", "veth"])
def link(request, world):
    return world.link(request.param)


@pytest.fixture(params=[4, 6], ids=["v4", "v6"])
def family(request):
    return request.param


@pytest.fixture(scope="session", autouse=True)
def nothing_left_behind():
    """No BPF program, map, namespace, mount or process remains after the whole run."""
    before, children = checks.left_overs(), set(_children())
    yield
    # a directory bound to itself, which os.path.ismount() does not see
    made = "/run/netns" in checks.left_overs()["mounts"] - before["mounts"]
    if made and not os.listdir("/run/netns"):
        subprocess.run(["umount", "/run/netns"], check=True)  # `ip netns add` had made it
    deadline = time.monotonic() + 5  # the kernel frees programs and maps after a grace period
    while True:
        left = {kind: now - before[kind] for kind, now in checks.left_overs().items()}
        left["namespaces"] = {n for n in left["namespaces"] if n.startswith(netns.PREFIX)}
        left["mounts"] = {m for m in left["mounts"] if m != "/run/netns" or not os.listdir(m)}
        left["mounts"] = {m for m in left["mounts"] if not m.startswith("/run/netns/")
                          or m.startswith(f"/run/netns/{netns.PREFIX}")}  # another run's
        left["processes"] = set(_children()) - children
        if not any(left.values()) or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert not any(left.values()), f"left behind: { {k: v for k, v in left.items() if v} }"


def _children():
    me = os.getpid()
    with open(f"/proc/{me}/task/{me}/children") as f:
        return [int(pid) for pid in f.read().split()]


def pytest_terminal_summary(terminalreporter):
    for line in _ran_again:
        terminalreporter.write_line(line)
    if _agreed:
        terminalreporter.write_line(
            f"recordings and captures compared by Wireshark: {sum(_agreed)} connections")
    noise = sorted(checks.Noise.measured)
    if noise:
        terminalreporter.write_line(
            f"scheduling noise in {len(noise)} timed tests: median {noise[len(noise) // 2] / 1000:.0f} us, "
            f"worst {noise[-1] / 1000:.0f} us (added to the "
            f"{checks.BASE_TOLERANCE_NS / 1000:.0f} us allowed, at most "
            f"{checks.NOISE_CAP_NS / 1000:.0f} us)")
    precision.write()
    for line in precision.lines()[:precision.SHOWN]:
        terminalreporter.write_line(line)
