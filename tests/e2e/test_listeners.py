# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Listeners: their queues and drops are those of the kernel's counters, and whose connections wait in vain."""
import json
import re
import signal
import subprocess

import pytest

import pump
from crowded import SERVER, netstat, overflow, settled, stage
from relay import wire
from tracer import BINARY, Tracer

FIELDS = """type time netns ifname family local local_port pid comm uid cgroup queue queue_max backlog half_open
dropped accepted""".split()


def sockets(ns, port):
    """(queue, backlog, drops) of the listener at this port, by ss"""
    text = ns.exec("ss", "-Hlntm", "sport", "=", str(port))
    _state, queue, backlog, *_ = text.split()
    return int(queue), int(backlog), int(re.search(r"\bd(\d+)\)", text)[1])


def listeners(tracer, **fields):
    found = [r for r in tracer.records if r.get("type") == "listener"]
    for r in found:
        assert list(r) == FIELDS
    return [r for r in found if all(r[k] == v for k, v in fields.items())]


@pytest.mark.parametrize("when", ["before", "while"])
def test_drops(world, when):
    """A listener that began before or while tracing: what it drops is reported at once, once, and in all."""
    ns, server, client = stage(world)
    if when == "before":
        port = server.listen(SERVER, backlog=1)
        overflow(ns, server, client, port)  # not part of the trace
        settled(ns)
        for i in range(2):
            server.accept(name=f"a{i}")
        for i in range(5):
            client.close(name=f"s{i}")
    before = netstat(ns, "ListenOverflows", "ListenDrops")
    tracer = Tracer(netns=ns)
    if when == "while":
        port = server.listen(SERVER, backlog=1)
    overflow(ns, server, client, port)
    tracer.wait_for(lambda t: listeners(t, local_port=port))
    settled(ns)
    overflows, drops = (b - a for a, b in zip(before, netstat(ns, "ListenOverflows", "ListenDrops")))
    queue, backlog, _d = sockets(ns, port)
    tracer.stop()
    told = listeners(tracer)
    assert overflows == drops > 0
    assert sum(r["dropped"] for r in told) == drops
    assert all(r["dropped"] for r in told[:-1])
    last = told[-1]
    assert (last["queue"], last["backlog"]) == (queue, backlog) == (2, 1)
    assert last["queue_max"] == 2 and last["half_open"] == 0
    assert (last["local"], last["local_port"], last["family"]) == (SERVER, port, 4)
    assert (last["pid"], last["netns"]) == (server.pid, ns.inode)
    assert sum(r["accepted"] for r in told) == 0


def test_accepted_and_most_seen(world):
    """A burst that is over before anybody looks: the most seen, and what was accepted, are known."""
    ns, server, client = stage(world)
    port = server.listen(SERVER, backlog=16)
    server.listen(SERVER, backlog=16, name="quiet")
    tracer = Tracer(netns=ns)
    for i in range(7):
        client.connect(SERVER, port, name=f"s{i}")
    for i in range(6):
        server.accept(name=f"a{i}")
    tracer.send_signal(signal.SIGUSR1)
    tracer.wait_for(lambda t: listeners(t))
    server.accept(name="a6")
    tracer.wait_count(7, "handshake", role="server")
    tracer.stop()
    first, last = listeners(tracer)
    assert (first["queue"], first["queue_max"], first["accepted"], first["dropped"]) == (1, 7, 6, 0)
    assert (last["queue"], last["queue_max"], last["accepted"], last["dropped"]) == (0, 7, 1, 0)
    assert first["backlog"] == 16


def test_half_open(world):
    """A listener whose only handshake hangs, since the client never sees the SYN,ACK."""
    link = wire(world, 0.001, rules=["drop b:SYN,ACK:1-"])
    server, client = world.agent(link.b), world.agent(link.a)
    port = server.listen(link.server(4))
    tracer = Tracer(netns=link.b)
    client.connect(link.server(4), port, blocking=False)
    pump.wait_until(lambda: link.b.exec("ss", "-Htan", "state", "syn-recv"), "the SYN is there")
    tracer.stop()
    told, = listeners(tracer)
    assert (told["half_open"], told["queue"], told["accepted"], told["local_port"]) == (1, 0, 0, port)


def test_never_accepted(world):
    """Who was in the queue when the listener ended, or when its client reset it, was never accepted."""
    ns, server, client = stage(world)
    port = server.listen(SERVER, backlog=8)
    tracer = Tracer(netns=ns)
    local = {n: client.connect(SERVER, port, name=n)["port"] for n in ("taken", "left", "reset", "half")}
    server.accept(name="taken")
    client.linger0(name="reset")
    client.close(name="reset")
    client.close(name="half")
    pump.wait_until(lambda: "CLOSE-WAIT" in ns.exec("ss", "-Htan"), "the FIN is there")
    tracer.send_signal(signal.SIGUSR1)
    half = tracer.wait_count(1, "close", role="server", open=True)[0]
    assert half["accepted"] is False and half["remote_port"] == local["half"]
    server.close(name="l")
    client.close(name="taken")
    server.close(name="taken")
    tracer.wait_count(4, "close", role="server", open=None)
    tracer.stop()
    for name, port in local.items():
        close = [c for c in tracer.chapters("close", remote_port=port) if "open" not in c]
        assert [c["accepted"] for c in close] == [name == "taken"]
        assert close[0]["lifetime_us"] is not None
    for chapter in tracer.chapters(role="client"):
        assert chapter["accepted"] is None
    told = listeners(tracer)
    # the one of SIGUSR1, and that of its end
    assert [r["accepted"] for r in told] == [1, 0]
    assert told[-1]["queue"] == 3


@pytest.mark.parametrize("select, there", [
    (("-L", "{port}"), True), (("-L", "1"), False), (("-p", "{pid}"), True), (("-p", "1"), False),
    (("-l", SERVER), True), (("-l", "127.0.0.2"), False), (("-6",), False), (("--role", "client"), False),
    (("--port", "{port}"), True), (("-D", "{port}"), False), (("-c", "nobody"), False)])
def test_selection(world, select, there):
    ns, server, client = stage(world)
    port = server.listen(SERVER, backlog=1)
    tracer = Tracer(*[s.format(port=port, pid=server.pid) for s in select], netns=ns)
    overflow(ns, server, client, port, n=4)
    settled(ns)
    tracer.stop()
    assert bool(listeners(tracer)) is there


def test_people_and_recordings(world, tmp_path):
    """The timeline has a line for a listener in trouble, and a recording replays to the same objects."""
    ns, server, client = stage(world)
    port, calm = server.listen(SERVER, backlog=1), server.listen(SERVER, name="calm")
    file = tmp_path / "r.pcapng"
    tracer = Tracer("-w", file, netns=ns)
    people = Tracer(netns=ns, output="timeline")
    table = Tracer("-o", "none", "-s", netns=ns, output=None)
    client.connect(SERVER, calm, name="calm")
    server.accept(name="calm", listener="calm")
    overflow(ns, server, client, port, n=3)
    settled(ns)
    (dropped,) = netstat(ns, "ListenDrops")
    for t in (tracer, people, table):
        t.stop()
    for t in (people, table):
        lines = [line for line in t.stdout.lines if " listener " in line]
        found = [re.fullmatch(rf"\S+ listener {SERVER}:{port} \S+\[{server.pid}\]: accept queue 2 of 1"
                              r"(?:, (\d+) SYNs? or ACKs? dropped)?", line) for line in lines]
        assert found and all(found), lines
        assert sum(int(m[1] or 0) for m in found) == dropped
    again = subprocess.run([BINARY, "-r", str(file), "-o", "json"], stdout=subprocess.PIPE, check=True)
    told = [json.loads(line) for line in again.stdout.splitlines()]
    assert [r for r in told if r["type"] == "listener"] == listeners(tracer)
    assert {r["local_port"] for r in listeners(tracer)} == {port, calm}
