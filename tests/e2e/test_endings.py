# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Closes that are not graceful: RST from either side, timeouts, an administrator."""
import socket

import checks
from agent import TCP_USER_TIMEOUT
from capture import FIN, RST
from checks import Noise, near
from oracle import End
from pair import Pair


def check_reset(pair, sender, receiver, s_end, r_end, agent, tolerance_ns, first_closer="none"):
    """sender sent the RST, by a system call of its agent; receiver got it"""
    assert sender["ending"] == "reset_sent" and receiver["ending"] == "reset_received"
    assert sender["closer_pid"] == agent.pid and sender["closer_comm"] == "python3"
    assert sender["errno"] is None and receiver["errno"] == "ECONNRESET"
    assert receiver["closer_pid"] is None
    for chapter, end in ((sender, s_end), (receiver, r_end)):
        assert chapter["first_closer"] == first_closer
        assert chapter["time_wait"] is False
        assert chapter["local_fin_seq"] is None and chapter["fin_rtt_us"] is None
        assert chapter["completeness"] == end.completeness()
        checks.check_steps(chapter, end.close, tolerance_ns)
        near(chapter["close_us"], end.close_ns(), tolerance_ns, "close_us")
        near(chapter["lifetime_us"], end.lifetime_ns(), tolerance_ns, "lifetime_us")
        assert chapter["bytes_sent"] == end.bytes(True)
        assert chapter["bytes_received"] == end.bytes(False)


def test_linger_0(world, link, family):
    with Noise() as noise:
        pair = Pair(world, link, family)
        pair.client.send(10)
        pair.server.recv(10)
        pair.client.linger0()
        pair.client.close()
        assert pair.server.recv_any() == "ECONNRESET"
        pair.server.close()
        client, server = pair.finish()
    check_reset(pair, client, server, pair.c_end, pair.s_end, pair.client, noise.tolerance_ns)
    assert client["completeness"] == 47


def test_close_with_unread_data(world, link, family):
    """RFC 2525 2.17: the kernel answers with an RST instead of a FIN."""
    with Noise() as noise:
        pair = Pair(world, link, family)
        pair.client.send(100)
        pair.server.peek_ready(100)
        pair.server.close()
        assert pair.client.recv_any() == "ECONNRESET"
        pair.client.close()
        client, server = pair.finish()
    check_reset(pair, server, client, pair.s_end, pair.c_end, pair.server, noise.tolerance_ns)


def test_reset_in_close_wait(world, family):
    """The client's FIN comes first, then the server dies with unread data: RST after a FIN."""
    pair = Pair(world, world.link("lo"), family)
    pair.client.send(100)
    pair.server.peek_ready(100)
    pair.client.shutdown()
    pair.server.peek_ready(101)  # returns with the FIN
    with Noise() as noise:
        pair.server.sleep(0.1)
        pair.server.close()
    assert pair.client.recv_any() == "ECONNRESET"
    client, server = pair.finish()
    assert client["first_closer"] == "local" and server["first_closer"] == "remote"
    assert client["ending"] == "reset_received" and server["ending"] == "reset_sent"
    assert client["local_fin_seq"] == server["remote_fin_seq"] == pair.c_end.local_fin
    assert client["remote_fin_seq"] is None and server["local_fin_seq"] is None
    assert server["closer_pid"] == pair.server.pid and client["closer_pid"] == pair.client.pid
    assert client["completeness"] == server["completeness"] == 63
    assert client["completeness_text"] == "Complete, WITH_DATA"
    fin, rst = (next(p for p in reversed(pair.capture[0].packets()) if p.flags & f) for f in (FIN, RST))
    near(server["app_close_us"], rst.t_ns - fin.t_ns, noise.tolerance_ns, "app_close_us")


def test_a_fin_that_never_left(world, family):
    """An aborted upload: close() queues the FIN behind data that does not fit, and then the RST comes."""
    pair = Pair(world, world.link("lo"), family)
    pair.client.option(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    pair.client.send(200_000)
    pair.server.peek_ready(1000)
    pair.client.close()
    pair.server.close()
    client, server = pair.finish()
    assert not any(p.flags & FIN for p in pair.capture[0].packets()), "the scene failed: a FIN left"
    assert client["ending"] == "reset_received" and client["local_fin_seq"] is None
    assert client["first_closer"] == "none" == server["first_closer"]


def test_data_after_close(world, family):
    """The client close()s while the server still sends: an RST answers, after the FIN."""
    pair = Pair(world, world.link("lo"), family)
    pair.client.close()
    assert pair.server.recv_any() == b""
    pair.server.send(100)
    assert pair.server.wait_error() == "EPIPE"
    pair.server.close()
    client, server = pair.finish()
    assert client["first_closer"] == "local" and server["first_closer"] == "remote"
    assert client["ending"] == "reset_sent" and server["ending"] == "reset_received"
    assert client["time_wait"] is False
    assert server["errno"] == "EPIPE"
    assert client["local_fin_seq"] == server["remote_fin_seq"] == pair.c_end.local_fin


def lose_the_peer(pair):
    """From now on nothing of the client reaches the server."""
    mac = "02:00:00:00:00:77"
    pair.link.a.ip("neigh", "replace", pair.addr, "lladdr", mac, "dev", pair.link.dev_a,
                   "nud", "permanent")


def test_user_timeout(world, family):
    pair = Pair(world, world.link("veth"), family)
    pair.client.option(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 700)
    lose_the_peer(pair)
    pair.client.send(10)
    assert pair.client.recv_any() == "ETIMEDOUT"
    tracer = pair.tracers[0]
    tracer.wait_count(2)
    tracer.stop()
    close = tracer.one("close", local_port=pair.local)
    checks.check_shape(close)
    assert (close["ending"], close["errno"]) == ("timed_out", "ETIMEDOUT")
    assert close["first_closer"] == "none" and close["closer_pid"] is None
    assert close["local_fin_seq"] is None and close["remote_fin_seq"] is None
    assert close["lifetime_us"] >= 700_000
    retransmitted = [p for p in pair.capture[0].packets() if p.len]
    assert close["retransmits"] == len(retransmitted) - 1
    assert close["bytes_sent"] == 10
    pair.tracers[1].stop()
    assert pair.tracers[1].chapters("close") == []


def test_keepalive(world, family):
    pair = Pair(world, world.link("veth"), family)
    for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1),
                          (socket.TCP_KEEPCNT, 1)):
        pair.client.option(socket.IPPROTO_TCP, option, value)
    pair.client.option(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    lose_the_peer(pair)
    assert pair.client.recv_any() == "ETIMEDOUT"
    tracer = pair.tracers[0]
    tracer.wait_count(2)
    tracer.stop()
    close = tracer.one("close", local_port=pair.local)
    checks.check_shape(close)
    assert (close["ending"], close["errno"]) == ("timed_out", "ETIMEDOUT")
    assert close["first_closer"] == "none" and close["closer_pid"] is None
    assert close["lifetime_us"] >= 2_000_000


def test_fin_never_acknowledged(world, family):
    """An orphan in FIN_WAIT1 gives up: our FIN left, and left again, nothing came back."""
    link = world.link("veth")
    link.a.sysctl(net__ipv4__tcp_orphan_retries=2)
    pair = Pair(world, link, family)
    lose_the_peer(pair)
    pair.client.close()
    tracer = pair.tracers[0]
    tracer.wait_count(2)
    tracer.stop()
    close = tracer.one("close", local_port=pair.local)
    checks.check_shape(close)
    end = End(pair.capture[0].packets(), link.client(family), pair.local, pair.addr, pair.port)
    assert (close["ending"], close["errno"]) == ("timed_out", "ETIMEDOUT")
    assert close["first_closer"] == "local" and close["closer_pid"] == pair.client.pid
    fins = [s for s in end.close if s.segment.startswith("> FIN")]
    assert len(fins) >= 2 and close["fin_retransmits"] == len(fins) - 1
    told = [s["segment"] for s in close["steps"] if s["segment"]]
    assert told == [s.segment for s in fins]
    assert close["steps"][-1]["from"] == "FIN_WAIT1" and close["steps"][-1]["to"] == "CLOSE"
    assert close["local_fin_seq"] == end.local_fin and close["remote_fin_seq"] is None
    assert close["fin_rtt_us"] is None and close["peer_fin_us"] is None


def test_killed_by_an_administrator(world, family):
    """`ss -K` (CONFIG_INET_DIAG_DESTROY)."""
    pair = Pair(world, world.link("lo"), family)
    pair.link.a.exec("ss", "-K", "-t", "state", "established", "sport", "=", f":{pair.local}")
    assert pair.client.recv_any() == "ECONNABORTED", "ss -K did nothing: no INET_DIAG_DESTROY?"
    assert pair.server.recv_any() == "ECONNRESET"
    client, server = pair.finish()
    assert (client["ending"], client["errno"]) == ("aborted", "ECONNABORTED")
    assert client["first_closer"] == "none"
    assert client["closer_pid"] != pair.client.pid
    assert (server["ending"], server["errno"]) == ("reset_received", "ECONNRESET")
