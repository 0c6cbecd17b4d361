# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What is open is reported by state, and of each state the oldest first."""
import json
import signal

import pytest

import pump
from capture import SYN
from tracer import Tracer, run_tracer
from unanswered import ISN, PEER, Stage

ENDS = [5, 2, 7, 0, 3, 6, 1, 4]


def told(tracer):
    return [c for c in tracer.chapters() if c.get("open")]


def asked(tracer, n):
    """The n chapters that it reports as open when it is asked."""
    before = len(told(tracer))
    tracer.send_signal(signal.SIGUSR1)
    tracer.wait_for(lambda t: len(told(t)) >= before + n)
    return told(tracer)[before:]


def places(chapters):
    """Of each its state, and the port of the client."""
    return [(c["state"], c["local_port"] if c["role"] != "server" and c["state"] != "CLOSE_WAIT" else c["remote_port"])
            for c in chapters]


class Pairs:
    """Connections within one namespace, of which the client has closed its half."""

    def __init__(self, world):
        self.ns = world.netns()
        self.server, self.client = world.agent(self.ns), world.agent(self.ns)
        self.listens = self.server.listen("127.0.0.1")
        self.ports = {}

    def connect(self, name):
        self.ports[name] = self.client.connect("127.0.0.1", self.listens, name=name)["port"]
        self.server.accept(name=name)

    def end(self, name, orphan):
        """The server sits in CLOSE_WAIT then, and the client, or its minisocket, in FIN_WAIT2."""
        if orphan:
            self.client.close(name)
        else:
            self.client.shutdown(name=name)
        assert self.server.recv_any(name) == b""
        mine = f"sport = :{self.ports[name]}"
        pump.wait_until(lambda: self.ns.exec("ss", "-Htan", mine).startswith("FIN-WAIT-2"), "the FIN is acknowledged")


def test_closes(world, tmp_path):
    """Sockets, minisockets, and those from before the trace, of which it is not known how old they are."""
    pairs = Pairs(world)
    pairs.connect("old")
    pairs.end("old", False)
    tracer = Tracer("-w", tmp_path / "r.pcapng", netns=pairs.ns)
    for i in range(len(ENDS)):
        pairs.connect(i)
    for i in ENDS:
        pairs.end(i, i % 2)
    order = [pairs.ports[name] for name in ("old", *ENDS)]
    expected = [(state, port) for state in ("FIN_WAIT2", "CLOSE_WAIT") for port in order]
    now = asked(tracer, len(expected))
    before = len(told(tracer))
    tracer.stop()
    for chapters in (now, told(tracer)[before:]):
        assert places(chapters) == expected
        for state in ("FIN_WAIT2", "CLOSE_WAIT"):
            ages = [c["state_us"] for c in chapters if c["state"] == state]
            assert ages[0] is None and ages[1:] == sorted(ages[1:], reverse=True)
    out = run_tracer("-r", tmp_path / "r.pcapng", "-o", "json")[1]
    assert [json.loads(line) for line in out.splitlines()] == tracer.records


@pytest.mark.needs("half_open")
def test_handshakes(world):
    """Those that hang in SYN_SENT, then the half-open ones, then the rest."""
    stage = Stage(world, retries=5)
    client = world.agent(stage.ns)
    tracer = Tracer(netns=stage.select)
    client.connect("127.0.0.1", world.agent(stage.ns).listen("127.0.0.1"), name="idle")
    peers, ours = [4003, 4001, 4004, 4002], []
    for port in peers:
        stage.send(SYN, port, seq=ISN)
        pump.wait_until(lambda p=port: p in stage.requests(), "it is half open")
    stage.each_retransmitted(len(peers))
    for i in range(4):
        ours.append(client.connect(PEER, 9, name=f"{i}", blocking=False)["port"])
    chapters = asked(tracer, 8)
    tracer.stop()
    assert places(chapters)[:4] == [("SYN_SENT", port) for port in ours]
    assert places(chapters)[4:8] == [("NEW_SYN_RECV", port) for port in peers]
