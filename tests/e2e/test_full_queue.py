# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The last ACK comes while the accept queue is full: the kernel drops it, and the peer believes to be connected."""
import signal
import time

import pytest

import pump
from capture import ACK, RST, SYN
from crowded import netstat
from tracer import Tracer
from unanswered import HERE, ISN, Stage

pytestmark = pytest.mark.needs("deferred")


class Full(Stage):
    """A listener of backlog 1 with two connections in its queue, and a peer that has a SYN,ACK."""

    def __init__(self, world, cookies=0):
        super().__init__(world, retries=2, backlog=1)
        self.ns.sysctl(net__ipv4__tcp_syncookies=cookies)
        self.tracer = Tracer(netns=self.select)
        self.send(SYN, 4001)
        if cookies:
            pump.wait_until(lambda: netstat(self.ns, "SyncookiesSent") == (1,), "the SYN,ACK")
        else:
            pump.wait_until(lambda: self.requests() == {4001}, "the SYN,ACK")
        self.synack, = self.sent(4001)
        self.filler = world.agent(self.ns)
        for i in range(2):
            assert self.filler.connect(HERE, self.port, name=f"s{i}")["errno"] is None

    def acknowledge(self):
        self.send(ACK, 4001, seq=ISN + 1, ack=self.synack.seq + 1)

    def overflow(self, n=1):
        """Between which times (CLOCK_REALTIME) the ACK was dropped"""
        began = time.time_ns()
        self.acknowledge()
        pump.wait_until(lambda: netstat(self.ns, "ListenOverflows") == (n,), "the ACK is dropped")
        return began, time.time_ns()

    def dropped(self):
        """By the tracer, and by the kernel"""
        self.tracer.stop()
        last = [r for r in self.tracer.records if r["type"] == "listener"]
        return sum(r["dropped"] for r in last), netstat(self.ns, "ListenDrops")[0]


def test_accepted_later(world):
    """The handshake ends with the ACK that was dropped, as the peer believes, and not with what made the connection."""
    full = Full(world)
    first, last = full.overflow()
    full.server.accept()
    full.acknowledge()
    pump.wait_until(lambda: full.server.accept(name="b") and full.server.accept(name="c"), "both")
    told = full.tracer.wait_count(1, "handshake", remote_port=4001)[0]
    assert first - full.synack.t_ns < told["handshake_us"] * 1000 < last - full.synack.t_ns
    assert told["rtt_us"] == told["handshake_us"] and told["cause"] == "queue_full"
    assert (told["outcome"], told["drop_reason"], told["synack_retransmits"]) == ("established", None, 0)
    assert [(s["from"], s["to"], s["segment"]) for s in told["steps"]] == [
        ("LISTEN", "NEW_SYN_RECV", "< SYN"), ("NEW_SYN_RECV", "NEW_SYN_RECV", "> SYN,ACK"),
        ("NEW_SYN_RECV", "NEW_SYN_RECV", "< ACK"), ("SYN_RECV", "ESTABLISHED", None)]
    assert full.dropped() == (1, 1)


def test_not_accepted(world):
    """While the request lives, too, the queue is the reason; and each ACK that it had no room for is counted once."""
    full = Full(world)
    full.overflow()
    full.overflow(2)
    full.each_retransmitted(1)
    full.tracer.send_signal(signal.SIGUSR1)
    told = full.tracer.wait_count(1, "handshake", remote_port=4001)[0]
    assert (told["open"], told["state"], told["cause"]) == (True, "NEW_SYN_RECV", "queue_full")
    assert full.dropped() == (2, 2)


def test_cookie(world):
    """The ACK of a SYN cookie has no request."""
    full = Full(world, cookies=2)
    full.overflow()
    assert full.dropped() == (1, 1)


def test_others_are_not_dropped(world):
    """The kernel's counter of the socket counts them, too: an RST that answers a SYN,ACK, and a SYN that comes again."""
    stage = Stage(world)
    tracer = Tracer(netns=stage.select)
    stage.send(SYN, 4001, 4002)
    pump.wait_until(lambda: stage.requests() == {4001, 4002}, "both SYN,ACKs")
    stage.send(SYN, 4002)
    stage.retransmitted(1)
    for port in (4001, 4002):
        stage.send(RST, port, seq=ISN + 1)
    tracer.wait_count(2, "handshake")
    tracer.stop()
    assert netstat(stage.ns, "ListenDrops") == (0,)
    assert [r for r in tracer.records if r["type"] == "listener"] == []
