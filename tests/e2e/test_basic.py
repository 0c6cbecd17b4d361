# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""One connection, every field of its four chapters against the capture."""
import socket

import pytest

import checks
from agent import FIN_WAIT2
from checks import Noise, between, near
from oracle import End
from talk import Talk, check_both
from tracer import Tracer


@pytest.fixture
def talk(world, link, family):
    return Talk(world, link, family)


def test_client_closes_first(talk):
    talk.connect()
    talk.client.send(1000)
    talk.server.recv(1000)
    talk.server.send(30000)
    talk.client.recv(30000)
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, server = check_both(talk)

    assert client["close"]["first_closer"] == "local" and client["close"]["time_wait"] is True
    assert server["close"]["first_closer"] == "remote" and server["close"]["time_wait"] is False
    assert client["close"]["closer_pid"] == talk.client.pid
    assert server["close"]["closer_pid"] == talk.server.pid
    assert (client["close"]["bytes_sent"], client["close"]["bytes_received"]) == (1000, 30000)
    assert (server["close"]["bytes_sent"], server["close"]["bytes_received"]) == (30000, 1000)
    assert client["close"]["app_close_us"] is None and server["close"]["peer_fin_us"] is None
    near(server["close"]["app_close_us"], talk.s_end.app_close_ns(), talk.noise.tolerance_ns,
         "app_close_us")
    # the round trip of the handshake is the handshake when nothing was retransmitted
    for chapter, end in ((client["handshake"], talk.c_end), (server["handshake"], talk.s_end)):
        near(chapter["rtt_us"], end.handshake_ns(), talk.noise.tolerance_ns, "rtt_us")


def test_server_closes_first(talk):
    talk.connect()
    talk.client.send(10)
    talk.server.recv(10)
    talk.server.send(2000)
    talk.server.close()
    talk.client.recv(2000)
    assert talk.client.recv_any() == b""
    talk.client.close()
    client, server = check_both(talk)

    assert server["close"]["first_closer"] == "local" and server["close"]["time_wait"] is True
    assert client["close"]["first_closer"] == "remote" and client["close"]["time_wait"] is False
    near(client["close"]["app_close_us"], talk.c_end.app_close_ns(), talk.noise.tolerance_ns,
         "app_close_us")


@pytest.mark.parametrize("how", ["close", "shutdown"])
def test_server_sits_in_close_wait(talk, how):
    """300 ms in CLOSE_WAIT; with close() the client's socket is a minisocket by then."""
    talk.connect()
    talk.client.send(10)
    talk.server.recv(10)
    talk.client.close() if how == "close" else talk.client.shutdown()
    assert talk.server.recv_any() == b""
    talk.client.wait_state(talk.client_port, FIN_WAIT2, talk.family)
    talk.server.sleep(0.3)
    closed = talk.server.close()
    if how == "shutdown":
        assert talk.client.recv_any() == b""
        talk.client.close()
    client, server = check_both(talk)

    between(server["close"]["app_close_us"], closed.since(talk.s_end.t_fin_received),
            talk.noise.tolerance_ns, "app_close_us")
    assert server["close"]["app_close_us"] >= 300_000
    assert client["close"]["peer_fin_us"] >= 300_000
    segments = [s["segment"] for s in client["close"]["steps"]]
    assert segments == ["> FIN", "< ACK", "< FIN", "> ACK"]
    segments = [s["segment"] for s in server["close"]["steps"]]
    assert segments == ["< FIN", "> ACK", "> FIN", "< ACK"]


def test_half_close_with_data_after_the_fin(talk):
    """shutdown(SHUT_WR), then the answer comes: bytes after our FIN count, the ACK is still an ACK."""
    talk.connect()
    talk.client.send(10)
    talk.client.shutdown(socket.SHUT_WR)
    talk.server.recv(10)
    assert talk.server.recv_any() == b""
    talk.server.send(5000)
    talk.client.recv(5000)
    talk.server.close()
    assert talk.client.recv_any() == b""
    talk.client.close()
    client, server = check_both(talk)
    assert client["close"]["bytes_received"] == 5000 == server["close"]["bytes_sent"]


def test_no_data(talk):
    talk.connect()
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, server = talk.finish()
    talk.check(client, talk.c_end, talk.client, talk.link.a)
    talk.check(server, talk.s_end, talk.server, talk.link.b)
    assert client["close"]["completeness"] == 23
    assert client["close"]["completeness_text"] == "Complete, NO_DATA"


def test_the_peers_fin_never_comes(world):
    """The client's half is given up after tcp_fin_timeout; the server sits in CLOSE_WAIT."""
    ns = world.netns()
    ns.sysctl(net__ipv4__tcp_fin_timeout=1)
    server, client = world.agent(ns), world.agent(ns)
    capture = world.capture(ns, "lo")
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    with Noise() as noise:
        local_port = client.connect("127.0.0.1", port)["port"]
        server.accept()
        client.close()
        assert server.recv_any() == b""
        tracer.wait_count(1, "close", local_port=local_port)
    tracer.stop()
    end = End(capture.packets(), "127.0.0.1", local_port, "127.0.0.1", port)
    close = tracer.one("close", local_port=local_port)
    checks.check_shape(close)
    assert close["ending"] == "half_open" and close["first_closer"] == "local"
    assert close["time_wait"] is False and close["peer_fin_us"] is None
    assert close["remote_fin_seq"] is None and close["local_fin_seq"] == end.local_fin
    near(close["fin_rtt_us"], end.fin_rtt_ns(), noise.tolerance_ns, "fin_rtt_us")
    assert [(s["from"], s["to"], s["segment"]) for s in close["steps"]] == [
        ("ESTABLISHED", "FIN_WAIT1", "> FIN"), ("FIN_WAIT1", "FIN_WAIT2", "< ACK"),
        ("FIN_WAIT2", "CLOSE", None)]
    # 1 s in FIN_WAIT2, by the kernel's timer wheel: late by up to 1/8 of it, never early
    assert 1_000_000 <= close["steps"][2]["t_us"] - close["steps"][1]["t_us"] <= 1_200_000
    leak = tracer.one("close", local_port=port)
    assert leak["open"] is True and leak["state"] == "CLOSE_WAIT" and leak["ending"] is None
    assert leak["pid"] == server.pid and leak["first_closer"] == "remote"


def test_ipv4_mapped_is_ipv4(world):
    """A dual-stack listener's IPv4 client: both ends are told as IPv4."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer("-4", netns=ns)
    port = server.listen("::", family=6, v6only=0)
    client.connect("127.0.0.1", port)
    server.accept()
    client.connect("::ffff:127.0.0.1", port, name="mapped", family=6)
    server.accept(name="mapped")
    for name in ("s", "mapped"):
        client.close(name)
        server.recv_any(name)
        server.close(name)
    tracer.wait_count(8)
    tracer.stop()
    for chapter in tracer.chapters():
        assert chapter["family"] == 4
        assert chapter["local"] == chapter["remote"] == "127.0.0.1"
    assert len(tracer.chapters(local_port=port, role="server")) == 4
