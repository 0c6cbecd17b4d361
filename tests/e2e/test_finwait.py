# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""FIN_WAIT2 and TIME_WAIT without a socket: how long the kernel waits, and where it has no room."""
import socket
import time

import pytest

import checks
import pump
from checks import Noise, near
from oracle import End
from tracer import Tracer

ADDR = "127.0.0.1"
TCP_LINGER2 = 8

pytestmark = pytest.mark.usefixtures("minisockets")


class Orphan:
    """The client close()s, its FIN is acknowledged, and the server keeps its half open."""

    def __init__(self, world, linger2=None, **sysctl):
        self.ns = world.netns()
        if sysctl:
            self.ns.sysctl(**sysctl)
        self.server, self.client = world.agent(self.ns), world.agent(self.ns)
        self.capture = world.capture(self.ns, "lo")
        self.tracer = Tracer(netns=self.ns)
        self.port = self.server.listen(ADDR)
        self.local = self.client.connect(ADDR, self.port)["port"]
        self.accept("s")
        if linger2 is not None:
            self.client.option(socket.IPPROTO_TCP, TCP_LINGER2, linger2)
        self.client.close()
        assert self.server.recv_any() == b""

    def accept(self, name):
        """
        Its ACK of a FIN comes 40 ms after that, when close() has returned.  One that comes as it returns
        leaves a full socket, whose wait ends with an RST (tcp_keepalive_timer).
        """
        self.server.accept(name)
        self.server.option(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0, name)

    def state(self):
        """The client's, by the kernel; None when there is nothing left"""
        lines = self.ns.exec("ss", "-Htan", f"sport = :{self.local}").splitlines()
        return lines[0].split()[0] if lines else None

    def stop(self):
        self.tracer.stop()
        self.end = End(self.capture.packets(), ADDR, self.local, ADDR, self.port)
        close = self.tracer.one("close", local_port=self.local)
        checks.check_shape(close)
        assert close["first_closer"] == "local" and close["local_fin_seq"] == self.end.local_fin
        assert close["closer_pid"] == self.client.pid
        return close


@pytest.mark.parametrize("seconds, way", [(1, "sysctl"), (2, "sysctl"), (1, "TCP_LINGER2"),
                                          (2, "TCP_LINGER2")])
def test_fin_wait2_expires(world, seconds, way):
    """After tcp_fin_timeout, or what the socket asked for: half_open, at the time the kernel gave up."""
    with Noise() as noise:
        orphan = Orphan(world, linger2=seconds if way == "TCP_LINGER2" else None,
                        net__ipv4__tcp_fin_timeout=seconds if way == "sysctl" else 30)
        pump.wait_until(lambda: orphan.state() == "FIN-WAIT-2", "FIN_WAIT2")
        pump.wait_until(lambda: orphan.state() is None, "the kernel gives up")
        orphan.tracer.wait_count(1, "close", local_port=orphan.local)
    close = orphan.stop()
    assert close["errno"] is None and close["complete"] is True
    assert close["time_wait"] is False
    if checks.EMULATED and orphan.end.close[-1].segment == "> RST":  # the ACK came as close() returned
        assert close["ending"] == "reset_sent"
        checks.check_steps(close, orphan.end.close, noise.tolerance_ns)
        return
    assert close["ending"] == "half_open"
    assert close["remote_fin_seq"] is None and close["peer_fin_us"] is None
    near(close["fin_rtt_us"], orphan.end.fin_rtt_ns(), noise.tolerance_ns, "fin_rtt_us")
    assert [(s["from"], s["to"], s["segment"]) for s in close["steps"]] == [
        ("ESTABLISHED", "FIN_WAIT1", "> FIN"), ("FIN_WAIT1", "FIN_WAIT2", "< ACK"),
        ("FIN_WAIT2", "CLOSE", None)]
    waited = close["steps"][2]["t_us"] - close["steps"][1]["t_us"]
    near(waited, seconds * 1e9, noise.tolerance_ns, "FIN_WAIT2")
    assert close["steps"][2]["derived"] is True


def test_fin_wait2_beyond_a_minute(world):
    """What is beyond 60 s a full socket waits, and then a minisocket as long again: 2 s and 2 s."""
    orphan = Orphan(world, net__ipv4__tcp_fin_timeout=62)
    pump.wait_until(lambda: orphan.state() == "FIN-WAIT-2", "FIN_WAIT2")
    pump.wait_until(lambda: orphan.state() is None, "the kernel gives up")
    gone_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
    orphan.tracer.wait_count(1, "close", local_port=orphan.local)
    close = orphan.stop()
    assert close["ending"] == "half_open" and close["complete"] is True
    waited = close["steps"][2]["t_us"] - close["steps"][1]["t_us"]
    assert 4e6 <= waited <= (gone_ns - orphan.end.t_fin_acked) / 1000


def test_fin_wait2_is_over_when_the_trace_ends(world):
    """The kernel has just given up, a moment before we would look."""
    orphan = Orphan(world, net__ipv4__tcp_fin_timeout=2)
    pump.wait_until(lambda: orphan.state() == "FIN-WAIT-2", "FIN_WAIT2")
    pump.wait_until(lambda: orphan.state() is None, "the kernel gives up")
    close = orphan.stop()
    assert close["ending"] == "half_open" and close["complete"] is True, close


@pytest.mark.parametrize("way", ["sysctl", "TCP_LINGER2"])
def test_fin_wait2_beyond_a_minute_is_open(world, way):
    """The orphan stays a full socket until the last 60 s: open at the end, and told when the FIN comes."""
    orphan = Orphan(world, linger2=90 if way == "TCP_LINGER2" else None,
                    net__ipv4__tcp_fin_timeout=120)
    pump.wait_until(lambda: orphan.state() == "FIN-WAIT-2", "FIN_WAIT2")
    again = Tracer(netns=orphan.ns)  # one that finds it so
    open_then = again.stop().one("close", local_port=orphan.local)
    assert (open_then["open"], open_then["state"]) == (True, "FIN_WAIT2")
    close = orphan.stop()
    assert (close["open"], close["state"], close["ending"]) == (True, "FIN_WAIT2", None)
    assert close["state_us"] > 0 and close["remote_fin_seq"] is None and close["time_wait"] is None
    assert [s["segment"] for s in close["steps"]] == ["> FIN", "< ACK"]


def test_fin_that_comes_to_an_orphan_after_a_while(world):
    """tcp_fin_timeout=120 and the peer closes at last: the full socket's FIN_WAIT2 ends in TIME_WAIT."""
    with Noise() as noise:
        orphan = Orphan(world, net__ipv4__tcp_fin_timeout=120)
        pump.wait_until(lambda: orphan.state() == "FIN-WAIT-2", "FIN_WAIT2")
        orphan.server.close()
        orphan.tracer.wait_count(4)
    close = orphan.stop()
    checks.check_close(close, orphan.end, noise.tolerance_ns)
    assert close["time_wait"] is True


def test_linger2_below_0(world):
    """TCP_LINGER2=-1: no FIN_WAIT2 for an orphan; it is reset when its FIN has been acknowledged."""
    with Noise() as noise:
        orphan = Orphan(world, linger2=-1)
        assert orphan.server.wait_error() == "EPIPE"
        orphan.tracer.wait_count(4)
    close = orphan.stop()
    assert close["ending"] == "reset_sent" and close["time_wait"] is False
    assert close["remote_fin_seq"] is None
    checks.check_steps(close, orphan.end.close, noise.tolerance_ns)
    other = orphan.tracer.one("close", local_port=orphan.port)
    assert (other["ending"], other["errno"]) == ("reset_received", "EPIPE")


@pytest.mark.parametrize("room", [0, 1, 2])
def test_few_time_waits(world, room):
    """tcp_max_tw_buckets: three graceful closes, of which the kernel keeps `room` in TIME_WAIT.

    It counts before it reports, so its last place looks as if the table had been full: null.
    """
    ns = world.netns()
    ns.sysctl(net__ipv4__tcp_max_tw_buckets=room)
    server, client = world.agent(ns), world.agent(ns)
    capture = world.capture(ns, "lo")
    tracer = Tracer(netns=ns)
    port = server.listen(ADDR)
    kept, ports = [], []
    with Noise() as noise:
        for i in range(3):
            ports.append(client.connect(ADDR, port)["port"])
            server.accept()
            client.shutdown()
            assert server.recv_any() == b""
            server.close()
            assert client.recv_any() == b""
            client.close()
            tracer.wait_count(4 * (i + 1))
            if "TIME-WAIT" in ns.exec("ss", "-Htan", f"sport = :{ports[-1]}"):
                kept.append(ports[-1])
    tracer.stop()
    packets = capture.packets()
    assert kept == ports[:room] and len(tracer.chapters()) == 12, tracer.brief()
    for local in ports:
        close = tracer.one("close", local_port=local)
        checks.check_shape(close)
        end = End(packets, ADDR, local, ADDR, port)
        assert close["ending"] == "graceful" and close["first_closer"] == "local"
        assert close["time_wait"] is (True if local in kept[:-1] else None)
        assert (close["local_fin_seq"], close["remote_fin_seq"]) == (end.local_fin, end.remote_fin)
        near(close["close_us"], end.close_ns(), noise.tolerance_ns, "close_us")
        near(close["peer_fin_us"], end.peer_fin_ns(), noise.tolerance_ns, "peer_fin_us")


@pytest.mark.parametrize("room", [0, 1, 2])
def test_few_minisockets_for_orphans(world, room):
    """The same for FIN_WAIT2: who finds no room, or the last, is told at once and without an end."""
    orphan = Orphan(world, net__ipv4__tcp_max_tw_buckets=room)
    ports = [orphan.local]

    def settled():  # the ACK of a FIN is delayed, and with it the kernel's decision
        return not orphan.ns.exec("ss", "-Htan", "state", "fin-wait-1")

    for name in ("t", "u"):
        pump.wait_until(settled, "the FIN is acknowledged")
        ports.append(orphan.client.connect(ADDR, orphan.port, name=name)["port"])
        orphan.accept(name)
        orphan.client.close(name)
        assert orphan.server.recv_any(name) == b""
    pump.wait_until(settled, "the FIN is acknowledged")
    # a socket is in FIN_WAIT2 for a moment before the kernel sees that there is no room
    pump.wait_until(lambda: len(orphan.ns.exec("ss", "-Htan", "state", "fin-wait-2").splitlines()) == room,
                    "as many are in FIN_WAIT2 as there is room for")
    for name in ("s", "t", "u"):
        orphan.server.close(name)
    orphan.tracer.wait_count(12)
    orphan.stop()
    assert len(orphan.tracer.chapters()) == 12, orphan.tracer.brief()
    for n, local in enumerate(ports):
        told = orphan.tracer.one("close", local_port=local)
        peer = orphan.tracer.one("close", remote_port=local)
        checks.check_shape(told)
        assert told["first_closer"] == "local" and told["fin_rtt_us"] is not None
        # the server knows whether there was somebody left to take its FIN
        assert peer["ending"] == ("graceful" if n < room else "reset_received"), peer
        if n < room - 1:
            assert told["ending"] == "graceful" and told["time_wait"] is True
            assert told["complete"] is True and told["peer_fin_us"] is not None
        else:
            assert told["ending"] is None and told["time_wait"] is None
            assert told["complete"] is False and told["missing"] == "events_lost"
            assert told["remote_fin_seq"] is None and told["peer_fin_us"] is None
