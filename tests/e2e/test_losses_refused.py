# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Segments that are refused, by a router or by the host itself, on a wire with 20 ms each way."""
import socket

import pytest

import checks
import kernel
import pump
from agent import TCP_USER_TIMEOUT
from checks import Noise, failed
from oracle import End
from relay import wire
from talk import Talk
from tracer import Tracer

WAY = 0.02


def test_syn_answered_by_icmp(world, family):
    """A router knows no way: connect() fails 40 ms after the SYN left, and not by an RST."""
    link = wire(world, WAY, rules=["unreachable a:SYN:1"])
    client = world.agent(link.a)
    capture = world.capture(link.a, link.dev_a)
    tracer = Tracer(netns=link.a)
    with Noise() as noise:
        done = client.connect(link.server(family), 80, family=family)
        tracer.wait_count(1)
    tracer.stop()
    assert done["errno"] == "EHOSTUNREACH"
    chapter = failed(tracer, remote_port=80)
    assert (chapter["outcome"], chapter["errno"]) == ("unreachable", "EHOSTUNREACH")
    end = End(capture.packets(), link.client(family), chapter["local_port"], link.server(family), 80)
    *segments, ended = chapter["steps"]
    checks.check_steps({**chapter, "steps": segments}, end.handshake, noise.tolerance_ns)
    assert (ended["from"], ended["to"], ended["segment"]) == ("SYN_SENT", "CLOSE", None)
    assert chapter["iss"] == end.iss and chapter["completeness"] == 1
    took_ns = done["call"].after_ns - end.handshake[0].t_ns
    assert WAY * 1e9 <= chapter["handshake_us"] * 1000 <= took_ns + noise.tolerance_ns


def test_data_answered_by_icmp(world, family):
    """ICMP does not end an open connection (RFC 5461), but it is what its end is then put down to."""
    talk = Talk(world, wire(world, WAY), family)
    talk.connect()
    talk.client.option(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 1500)
    talk.link.rule("unreachable a:DATA:1-")
    talk.client.send(100)
    error = talk.client.recv_any()
    talk.tracers[0].wait_count(2)
    talk.noise.__exit__()
    for tracer in talk.tracers:
        tracer.stop()
    assert error in ("EHOSTUNREACH", "ETIMEDOUT")
    client = talk.told(talk.tracers[0], talk.client_port, "client")
    end = End(talk.captures[0].packets(), talk.link.client(family), talk.client_port,
              talk.address, talk.server_port)
    checks.check_handshake(client["handshake"], end, talk.noise.tolerance_ns)
    close = client["close"]
    assert (close["ending"], close["errno"]) == ("timed_out", error)
    assert close["first_closer"] == "none" and close["closer_pid"] is None
    assert close["retransmits"] == end.retransmits() >= 1 and close["bytes_sent"] == 100
    assert close["local_fin_seq"] is None and close["completeness"] == end.completeness()
    assert close["lifetime_us"] >= 1_500_000
    assert talk.tracers[1].chapters("close") == [] or talk.tracers[1].one("close")["open"] is True


def retransmitted(ns):
    """How many segments this namespace's sockets count as sent again."""
    names, values = [line.split() for line in ns.exec("cat", "/proc/net/snmp").splitlines()
                     if line.startswith("Tcp:")]
    return int(values[names.index("RetransSegs")])


@pytest.mark.parametrize("kind", ["SYN", "FIN"])
def test_refused_by_the_host_itself(world, kind):
    """A segment that its own host's queue drops is counted by the socket, yet no event of it was lost."""
    talk = Talk(world, wire(world, WAY), 4)
    if kind == "FIN":
        talk.connect()
        # it may be sent again before the queue is there
        talk.link.rule("hold a:FIN:1-9")
        talk.client.close()
    # no packet is as short as this queue
    talk.link.a.exec("tc", "qdisc", "add", "dev", "ta", "root", "bfifo", "limit", "10")
    before = retransmitted(talk.link.a)
    if kind == "SYN":
        done = talk.client.connect(talk.address, talk.server_port, blocking=False)
        talk.client_port = done["port"]
    pump.wait_until(lambda: retransmitted(talk.link.a) > before, "a retransmission in vain")
    talk.link.a.exec("tc", "qdisc", "del", "dev", "ta", "root")
    if kind == "FIN":
        vain = retransmitted(talk.link.a)
        pump.wait_until(lambda: retransmitted(talk.link.a) > vain, "one that leaves")
        talk.link.release()
    else:
        assert talk.client.wait_connected()["errno"] is None
        talk.server.accept()
        talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, _server = talk.finish()
    assert client["handshake"]["complete"] and client["close"]["complete"]
    assert client["handshake"]["outcome"] == "established"
    assert client["close"]["ending"] == "graceful"
    shown = [s["segment"] for s in client["handshake" if kind == "SYN" else "close"]["steps"]]
    if kind == "SYN" and kernel.can_tell("unsent"):
        assert shown[0] == "x SYN" and "> SYN" in shown and "> SYN (2)" not in shown
    else:
        assert shown[0] == f"> {kind}" and f"> {kind} (2)" in shown
