# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Handshakes in which the easy number is the wrong one: lost SYN,ACKs, deferred accept."""
import socket

import pytest

import checks
import kernel
from checks import near
from relay import wire
from talk import Talk
from tracer import Tracer

WAY = 0.02
TCP_DEFER_ACCEPT = 9


def close_both(talk):
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()


@pytest.mark.parametrize("timestamps", [1, 0])
@pytest.mark.parametrize("lost", [0, 1, 2])
def test_lost_syn_acks(world, lost, timestamps):
    """The server counts from its first SYN,ACK; no round trip is honest when it was sent again."""
    link = wire(world, WAY, [("b", "SYN,ACK", n + 1) for n in range(lost)])
    for ns in (link.a, link.b):
        ns.sysctl(net__ipv4__tcp_timestamps=timestamps)
    talk = Talk(world, link, 4)
    talk.connect()
    close_both(talk)
    client, server = talk.finish()
    shake, tolerance = server["handshake"], talk.noise.tolerance_ns
    assert shake["outcome"] == "established" and shake["complete"] is True
    assert shake["timestamps"] is bool(timestamps) is client["handshake"]["timestamps"]
    sent = [s for s in talk.s_end.handshake if s.segment.startswith("> SYN,ACK")]
    assert len(sent) > lost
    assert shake["synack_retransmits"] == len(sent) - 1
    near(shake["handshake_us"], talk.s_end.handshake_ns(), tolerance, "handshake_us")
    checks.check_steps(shake, talk.s_end.handshake, tolerance)
    if lost:
        assert "> SYN,ACK (2)" in [s["segment"] for s in shake["steps"]]
        # not only since the last one
        assert shake["rtt_us"] is None and shake["handshake_us"] * 1000 - tolerance > talk.s_end.last_trip_ns()
    else:
        near(shake["rtt_us"], talk.s_end.handshake_ns(), tolerance, "rtt_us")
        near(client["handshake"]["rtt_us"], talk.c_end.handshake_ns(), tolerance, "client's rtt_us")
    near(client["handshake"]["handshake_us"], talk.c_end.handshake_ns(), tolerance,
         "client's handshake_us")
    syns = [s for s in talk.c_end.handshake if s.segment.startswith("> SYN")]
    assert client["handshake"]["syn_retransmits"] == len(syns) - 1
    checks.check_steps(client["handshake"], talk.c_end.handshake, tolerance)
    checks.check_close(client["close"], talk.c_end, tolerance)
    checks.check_close(server["close"], talk.s_end, tolerance)


def check_deferred(shake, talk):
    """Null where no hook shows the first ACK"""
    if kernel.can_tell("deferred"):
        near(shake["handshake_us"], talk.s_end.handshake_ns(), talk.noise.tolerance_ns, "handshake_us")
    else:
        assert shake["handshake_us"] is None and shake["rtt_us"] is None


@pytest.mark.parametrize("timestamps", [1, 0])
def test_deferred_accept_is_no_handshake(world, timestamps):
    """The kernel drops the ACK and waits for data: the client's 500 ms are not the handshake's."""
    link = wire(world, WAY)
    for ns in (link.a, link.b):
        ns.sysctl(net__ipv4__tcp_timestamps=timestamps)
    talk = Talk(world, link, 4)
    talk.server.option(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 3, name="l")
    done = talk.client.connect(talk.address, talk.server_port)
    assert done["errno"] is None
    talk.client_port = done["port"]
    talk.client.sleep(0.5)
    talk.client.send(10)
    talk.server.accept()
    talk.server.recv(10)
    close_both(talk)
    client, server = talk.finish()
    shake = server["handshake"]
    assert shake["outcome"] == "established"
    check_deferred(shake, talk)
    assert shake["synack_retransmits"] == 0
    near(client["handshake"]["handshake_us"], talk.c_end.handshake_ns(), talk.noise.tolerance_ns,
         "client's handshake_us")
    assert client["handshake"]["syn_retransmits"] == 0
    assert client["close"]["ending"] == "graceful" == server["close"]["ending"]
    assert (server["close"]["bytes_received"], client["close"]["bytes_sent"]) == (10, 10)


def test_deferred_accept_without_data(world):
    """The client says nothing: its ACK of the SYN,ACK sent again makes the child, a second too late."""
    talk = Talk(world, wire(world, WAY), 4)
    talk.server.option(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 1, name="l")
    done = talk.client.connect(talk.address, talk.server_port)
    assert done["errno"] is None
    talk.client_port = done["port"]
    talk.server.accept()
    close_both(talk)
    _client, server = talk.finish()
    shake = server["handshake"]
    assert shake["outcome"] == "established" and shake["synack_retransmits"] >= 1 and shake["rtt_us"] is None
    check_deferred(shake, talk)


def test_deferred_accept_and_a_fin(world):
    """A client that closes without a byte: its FIN makes the child, and its wait is no handshake's."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    server.option(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 30, name="l")
    tracer, table = Tracer(netns=ns), Tracer("-o", "none", "-s", netns=ns, output=None)
    assert client.connect("127.0.0.1", port)["errno"] is None
    client.sleep(0.3)
    client.close()
    server.accept()
    server.close()
    tracer.wait_count(4)
    tracer.stop()
    table.stop()
    told = tracer.one("handshake", role="server")
    assert told["outcome"] == "established"
    assert told["handshake_us"] is None or told["handshake_us"] < 100_000
    assert told["rtt_us"] is None or told["rtt_us"] < 100_000
    rows = [line.split() for line in table.stdout.lines if line.startswith(f"server {port} ")]
    assert [row[2] for row in rows if row[2] == "connect" and float(row[-1]) >= 100] == [], rows
    assert "close" in [row[2] for row in rows]
