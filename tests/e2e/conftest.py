# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
import os
import signal
import sys
import threading

import pytest
from _pytest.runner import runtestprotocol

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import browser  # noqa: E402
import hidden  # noqa: E402
import notes  # noqa: E402
import tracer as tracers  # noqa: E402
import wireshark  # noqa: E402
from capture import Capture  # noqa: E402
from checks import Noise  # noqa: E402
from household import House  # noqa: E402
from kernel import can_tell, why_no_bpf  # noqa: E402
from lent import PublicCopy  # noqa: E402
from world import World  # noqa: E402

# A tracer started in the background by a shell would otherwise inherit "ignore".  xdist may have this run in another
# thread than the main one, which alone may do it: `run` has done it before.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
# without UTF-8 it prints nothing but ASCII
os.environ["LC_ALL"] = "C.UTF-8"


def pytest_configure(config):
    for marker in ("alone(why): runs when no other test does, after those that run side by side",
                   "long: takes long by its nature; its short form is a test too",
                   "needs(feature): of those kernels only that offer this feature"):
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(config, items):
    if why_no_bpf():
        return
    others = [i for i in items if any(not can_tell(m.args[0]) for m in i.iter_markers("needs"))]
    config.hook.pytest_deselected(items=others)
    items[:] = [i for i in items if i not in others]


_recordings = {}  # by test; of those that passed


@pytest.fixture(scope="module", autouse=True)
def as_wireshark_sees_it(tmp_path_factory):
    """When a module has ended: its recordings, beside the captures that its tests took, and those as the tests read
    them."""
    _recordings.clear()
    Capture.read.clear()
    yield
    recordings = [r for of_test in _recordings.values() for r in of_test]
    if recordings or Capture.read:
        connections, packets = wireshark.check(recordings, str(tmp_path_factory.mktemp("wireshark")))
        notes.agreed.append(connections)
        notes.read_twice.append(packets)


@pytest.fixture(autouse=True)
def recordings(request):
    noises = len(Noise.measured)
    wireshark.forget()
    yield
    _recordings[request.node.nodeid] = wireshark.collect(request.node.name, noises)


@pytest.fixture(autouse=True)
def bpf_or_skip():
    reason = why_no_bpf()
    if reason:
        pytest.skip(reason)


def pytest_sessionstart(session):
    session.witness = hidden.Witness() if os.geteuid() == 0 else None


def pytest_sessionfinish(session):
    if session.witness:
        session.witness.end()
    notes.write()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """As pytest's own, but a failure beside an event that BPF was not shown is no result."""
    witness = item.session.witness
    if not witness:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for tries in range(hidden.TRIES):
        witness.take()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        # what a module's recordings are wrong about is not this test's
        failed = [r for r in reports if r.failed and wireshark.OTHERWISE not in str(r.longrepr)]
        unseen = hidden.ours(witness.take())
        if failed or unseen:
            _recordings.pop(item.nodeid, None)  # it is not the whole truth
        if not failed or not unseen or tries == hidden.TRIES - 1:
            break
        for report in failed:
            why = str(report.longrepr).splitlines()[-3:]
            notes.ran_again.append(f"ran again: {item.name}: {' | '.join(why)}: hidden from BPF were:")
        notes.ran_again.extend(f"    {' '.join(line.split()[3:])}" for line in unseen[:5])
        item._initrequest()
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.clean()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    reason = browser.why_none()
    if reason:
        pytest.skip(reason)
    window = browser.Browser(tmp_path_factory.mktemp("browser"))
    yield window
    window.close()


@pytest.fixture
def public():
    with PublicCopy() as copy:
        yield copy


@pytest.fixture
def force(monkeypatch):
    """A function: this hook for each tracer of the test."""
    def force_hook(hook):
        monkeypatch.setattr(tracers, "FORCED", [*tracers.FORCED, "--hook", hook])
    return force_hook


@pytest.fixture(params=[None, "timewait=headers"], ids=["best", "headers"])
def minisockets(request, force):
    """Followed as this kernel does it best, and where no hook says whom a segment came to."""
    if request.param:
        force(request.param)


@pytest.fixture
def ns(world):
    return world.netns()


@pytest.fixture
def house(ns):
    h = House(ns)
    yield h
    h.end()


@pytest.fixture(params=["lo", "veth"])
def link(request, world):
    return world.link(request.param)


@pytest.fixture(params=[4, 6], ids=["v4", "v6"])
def family(request):
    return request.param
