# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""connect() that fails before a SYN is reported, once, as the program saw it; one that sends a SYN is not reported twice."""
import pytest

import checks
from tracer import Tracer

HERE = {4: "127.0.0.1", 6: "::1"}
# in a namespace whose only device is lo
NOWHERE = {4: "192.0.2.1", 6: "2001:db8::1"}


def attempt(client, name, addr, port, **how):
    done = client.connect(addr, port, name=name, **how)
    return done["errno"]


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("family", [4, 6])
def test_no_route(world, family, blocking):
    ns = world.netns()
    client = world.agent(ns, "lost")
    tracer = Tracer(netns=ns)
    assert attempt(client, "s", NOWHERE[family], 80, family=family, blocking=blocking) == "ENETUNREACH"
    told = tracer.wait_count(1, "handshake")[0]
    tracer.stop()
    checks.check_shape(told)
    assert (told["outcome"], told["errno"], told["steps"]) == ("no_route", "ENETUNREACH", [])
    assert (told["remote"], told["remote_port"], told["family"]) == (NOWHERE[family], 80, family)
    assert (told["pid"], told["comm"], told["role"]) == (client.pid, "lost", "client")
    assert told["completeness"] == 0 and told["syn_retransmits"] == 0 and told["iss"] is None
    assert told["local_port"] is None and told["handshake_us"] is None
    assert tracer.summary["outcomes"]["no_route"] == 1 and len(tracer.chapters()) == 1


def test_failed(world):
    """A prohibited route: the errno is the one that the program saw."""
    ns = world.netns()
    client = world.agent(ns)
    ns.exec("ip", "address", "add", "10.9.9.1/24", "dev", "lo")
    ns.exec("ip", "route", "add", "prohibit", "198.51.100.0/24")
    tracer = Tracer(netns=ns)
    client.socket(name="bound")
    client.bind("10.9.9.1", 4567, name="bound")
    saw = {"bound": attempt(client, "bound", "198.51.100.7", 81),
           "free": attempt(client, "free", "198.51.100.8", 82)}
    tracer.wait_count(2, "handshake")
    tracer.stop()
    assert set(saw.values()) == {"EACCES"}
    for port, name in ((81, "bound"), (82, "free")):
        told = tracer.one("handshake", remote_port=port)
        assert (told["outcome"], told["errno"]) == ("failed", saw[name])
        assert told["steps"] == [] and told["pid"] == client.pid
    assert tracer.one("handshake", remote_port=81)["local_port"] == 4567
    assert tracer.one("handshake", remote_port=81)["local"] == "10.9.9.1"


@pytest.mark.parametrize("blocking", [True, False])
def test_once(world, blocking):
    """What sends a SYN is told by its states alone, whatever connect() returns, and when it is asked again."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen(HERE[4])
    tracer = Tracer(netns=ns)
    refused = attempt(client, "r", HERE[4], 1, blocking=blocking)
    assert refused in ("ECONNREFUSED", "EINPROGRESS")
    if not blocking:
        tracer.wait_count(1, "handshake", outcome="refused")
        assert attempt(client, "r", HERE[4], 1, blocking=False) == "ECONNREFUSED"
    attempt(client, "s", HERE[4], port, blocking=blocking)
    server.accept()
    assert attempt(client, "s", HERE[4], port, blocking=blocking) in ("EISCONN", None)
    # the same thread fails later, and after that succeeds
    assert attempt(client, "n", NOWHERE[4], 80) == "ENETUNREACH"
    attempt(client, "n", HERE[4], port)
    server.accept(name="n")
    tracer.wait_count(5, "handshake")
    tracer.stop()
    assert sorted(c["outcome"] for c in tracer.chapters("handshake", role="client")) == \
        ["established", "established", "no_route", "refused"]


def test_reset_before_it_is_asked(world):
    """connect() is called again for the result, and that is the RST's: its close tells of that, nothing else does."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen(HERE[4])
    tracer = Tracer(netns=ns)
    assert attempt(client, "s", HERE[4], port, blocking=False) == "EINPROGRESS"
    server.accept()
    server.linger0()
    server.close()
    tracer.wait_count(1, "close", role="client")
    assert attempt(client, "s", HERE[4], port, blocking=False) == "ECONNRESET"
    attempt(client, "n", NOWHERE[4], 80)
    tracer.wait_count(1, "handshake", outcome="no_route")
    tracer.stop()
    assert [c["outcome"] for c in tracer.chapters("handshake", role="client")] == ["established", "no_route"]


def test_selection(world):
    ns = world.netns()
    client, other = world.agent(ns, "one"), world.agent(ns, "other")
    tracers = {"pid": Tracer("-p", client.pid, netns=ns), "server": Tracer("--role", "server", netns=ns),
               "port": Tracer("-D", "81", netns=ns), "off": Tracer("--no-accept", netns=ns),
               "failed": Tracer("--failed", netns=ns), "slow": Tracer("--min-close", "1", netns=ns)}
    attempt(client, "a", NOWHERE[4], 80)
    attempt(other, "a", NOWHERE[4], 81)
    tracers["failed"].wait_count(2, "handshake")
    for t in tracers.values():
        t.stop()
    ports = {name: {c["remote_port"] for c in t.chapters()} for name, t in tracers.items()}
    assert ports == {"pid": {80}, "server": set(), "port": {81}, "off": set(), "failed": {80, 81}, "slow": set()}
