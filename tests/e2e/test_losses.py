# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Segments that are lost or late on a wire with 20 ms each way."""
import os

import pytest

import checks
from agent import FIN_WAIT2
from capture import FIN
from relay import wire
from talk import Talk, check_all
from tracer import Tracer

WAY = 0.02


def test_two_lost_syns(world):
    talk = Talk(world, wire(world, WAY, [("a", "SYN", 1), ("a", "SYN", 2)]), 4)
    ladder = Tracer(netns=talk.link.a, output="ladder", env={**os.environ, "LC_ALL": "C"})
    talk.connect()
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, server = check_all(talk)
    shake = client["handshake"]
    assert shake["syn_retransmits"] == 2 and shake["handshake_us"] >= 2_000_000
    assert [s["segment"] for s in shake["steps"]] == [
        "> SYN", "> SYN (2)", "> SYN (3)", "< SYN,ACK", "> ACK"]
    # of the SYN that was answered, which the kernel has in whole milliseconds
    assert shake["rtt_us"] is None or 40_000 <= shake["rtt_us"] <= talk.c_end.last_trip_ns() / 1000 + 1000
    assert server["handshake"]["handshake_us"] < shake["handshake_us"] - 1_000_000
    ladder.stop()
    checks.check_lost_syns(ladder.stdout.lines, talk.c_end.handshake[:4], talk.noise.tolerance_ns)


@pytest.mark.parametrize("data", [None, "comes", "lost"])
def test_lost_handshake_ack(world, data):
    """The client is ESTABLISHED and the server is not, until it asks again or data come."""
    rules = ["drop a:DATA:1-4"] if data == "lost" else []
    talk = Talk(world, wire(world, WAY, [("a", "ACK", 1)], rules), 4)
    talk.server.start("accept")
    done = talk.client.connect(talk.address, talk.server_port)
    assert done["errno"] is None
    talk.client_port = done["port"]
    if data:
        talk.client.send(100)
    talk.server.finish()
    if data:
        talk.server.recv(100)
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    _client, server = check_all(talk)
    shake = server["handshake"]
    assert shake["synack_retransmits"] == (0 if data == "comes" else 1)
    assert (shake["handshake_us"] > 900_000) is (data != "comes")
    # the answer to the second SYN,ACK stands behind the data, whose number is not the first
    ahead = talk.s_end.handshake[-1].seq - talk.s_end.irs != 1
    assert ahead is (data == "lost"), "the scene failed"
    assert shake["steps"][-1].get("seq") == (None if ahead else talk.s_end.irs + 1)


@pytest.mark.parametrize("how", ["close", "shutdown"])
def test_lost_ack_of_our_fin(world, family, how):
    """Our FIN has to leave twice because of the peer's ACK; the peer sees both."""
    talk = Talk(world, wire(world, WAY), family)
    talk.connect()
    talk.link.rule("drop b:ACK:1")
    talk.client.close() if how == "close" else talk.client.shutdown()
    talk.client.wait_state(talk.client_port, FIN_WAIT2, family)
    assert talk.server.recv_any() == b""
    talk.server.close()
    if how == "shutdown":
        assert talk.client.recv_any() == b""
        talk.client.close()
    client, server = check_all(talk)
    assert client["close"]["fin_retransmits"] == 1 and client["close"]["fin_rtt_us"] > 60_000
    assert [s["segment"] for s in client["close"]["steps"]] == [
        "> FIN", "> FIN (2)", "< ACK", "< FIN", "> ACK"]
    assert [s["segment"] for s in server["close"]["steps"]] == ["< FIN", "> ACK", "> FIN", "< ACK"]


def test_lost_fin_of_the_second_closer(world, family):
    """LAST_ACK: the FIN leaves twice, and TIME_WAIT of the other end begins with the second."""
    talk = Talk(world, wire(world, WAY, [("b", "FIN", 1)]), family)
    talk.connect()
    talk.client.close()
    talk.client.wait_state(talk.client_port, FIN_WAIT2, family)
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, server = check_all(talk)
    assert server["close"]["fin_retransmits"] == 1 and client["close"]["fin_retransmits"] == 0
    assert [s["segment"] for s in server["close"]["steps"]] == [
        "< FIN", "> ACK", "> FIN", "> FIN (2)", "< ACK"]
    assert client["close"]["peer_fin_us"] > 60_000


def test_lost_ack_out_of_time_wait(world, family):
    """The last ACK is lost: LAST_ACK lasts longer, TIME_WAIT has begun all the same."""
    talk = Talk(world, wire(world, WAY), family)
    talk.connect()
    talk.client.close()
    talk.client.wait_state(talk.client_port, FIN_WAIT2, family)
    talk.link.rule("drop a:ACK:1")
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, server = check_all(talk)
    assert server["close"]["fin_retransmits"] == 1 and server["close"]["fin_rtt_us"] > 60_000
    assert client["close"]["fin_retransmits"] == 0
    assert [s["segment"] for s in client["close"]["steps"]] == ["> FIN", "< ACK", "< FIN", "> ACK"]
    last = [p for p in talk.c_end.packets if talk.c_end.sent(p)][-2:]
    assert not any(p.flags & FIN for p in last), "no second ACK from TIME_WAIT"


def test_nonblocking_connect(world, family):
    """connect() returns at once; the handshake takes its 40 ms all the same."""
    talk = Talk(world, wire(world, WAY), family)
    done = talk.client.connect(talk.address, talk.server_port, family=family, blocking=False)
    assert done["errno"] == "EINPROGRESS"
    talk.client_port = done["port"]
    ready = talk.client.wait_connected()
    assert ready["errno"] is None
    talk.server.accept()
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, _server = check_all(talk)
    took_us = (ready["after_ns"] - done["call"].before_ns) / 1000
    assert 40_000 <= client["handshake"]["handshake_us"] <= took_us


@pytest.mark.parametrize("sender", ["client", "server"])
def test_fin_before_data(world, family, sender):
    """Data is overtaken by the FIN behind it: the FIN counts when the hole before it is filled."""
    talk = Talk(world, wire(world, WAY), family)
    talk.connect()
    first, second = talk.client, talk.server
    if sender == "server":  # the second FIN is the one that comes too early
        talk.client.shutdown()
        assert talk.server.recv_any() == b""
        talk.client.wait_state(talk.client_port, FIN_WAIT2, family)
        first, second = second, first
    talk.link.rule(f"delay-nth {'a' if sender == 'client' else 'b'}:DATA:1:100000")
    first.send_and_close(100)
    second.recv(100)
    assert second.recv_any() == b""
    second.close()
    client, server = check_all(talk)
    end, told = (talk.s_end, server) if sender == "client" else (talk.c_end, client)
    fin, data = [next(p.t_ns for p in end.packets if not end.sent(p) and wanted(p))
                 for wanted in (lambda p: p.flags & FIN, lambda p: p.len)]
    assert fin < data == end.t_fin_received, "the scene failed"
    assert told["close"]["bytes_received"] == 100
