# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A wire with 20 ms each way and chosen losses: round trips, retransmissions, crossed FINs."""
import socket

import pytest

import checks
import kernel
import pump
from agent import CLOSING
from checks import between, near
from relay import wire
from talk import Talk, check_both

WAY = 0.02


def close_both(talk):
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()


def test_round_trips(world, family):
    """40 ms are 40 ms at both ends, for the handshake and for the FIN."""
    talk = Talk(world, wire(world, WAY), family)
    talk.connect()
    talk.client.send(100)
    talk.server.recv(100)
    close_both(talk)
    client, server = check_both(talk)
    for told in (client, server):
        # how much more is compared with the capture
        assert told["handshake"]["handshake_us"] >= 40_000 and told["close"]["fin_rtt_us"] >= 40_000
        near(told["handshake"]["rtt_us"],
             (talk.c_end if told is client else talk.s_end).handshake_ns(),
             talk.noise.tolerance_ns, "rtt_us")


def test_lost_syn(world, family):
    talk = Talk(world, wire(world, WAY, [("a", "SYN", 1)]), family)
    talk.connect()
    close_both(talk)
    client, server = talk.finish()
    tolerance = talk.noise.tolerance_ns
    checks.check_handshake(client["handshake"], talk.c_end, tolerance)
    checks.check_handshake(server["handshake"], talk.s_end, tolerance)
    assert client["handshake"]["syn_retransmits"] == 1
    assert client["handshake"]["handshake_us"] >= 1_000_000
    assert [s["segment"] for s in client["handshake"]["steps"]] == [
        "> SYN", "> SYN (2)", "< SYN,ACK", "> ACK"]
    assert server["handshake"]["synack_retransmits"] == 0
    rtt = client["handshake"]["rtt_us"]
    assert rtt is None or 40_000 <= rtt <= talk.c_end.last_trip_ns() / 1000 + 1000, "of the SYN that was answered"
    checks.check_close(client["close"], talk.c_end, tolerance)
    checks.check_close(server["close"], talk.s_end, tolerance)


def test_lost_syn_ack(world, family):
    """The server's SYN,ACK is lost: it is sent again (by timer, or for the client's second SYN)."""
    talk = Talk(world, wire(world, WAY, [("b", "SYN,ACK", 1)]), family)
    talk.connect()
    close_both(talk)
    client, server = talk.finish()
    again = [p for p in talk.captures[1].packets() if p.flags & 0x12 == 0x12]
    near(server["handshake"]["handshake_us"], talk.s_end.handshake_ns(), talk.noise.tolerance_ns,
         "handshake_us")
    assert server["handshake"]["synack_retransmits"] == len(again) - 1 >= 1
    last_us = talk.s_end.last_trip_ns() / 1000
    assert server["handshake"]["handshake_us"] > last_us + 500_000
    rtt = server["handshake"]["rtt_us"]
    assert rtt is None or rtt <= last_us + 1000, "not the whole handshake"
    told = [s["segment"] for s in server["handshake"]["steps"]]
    assert told == [s.segment for s in talk.s_end.handshake]
    near(client["handshake"]["handshake_us"], talk.c_end.handshake_ns(), talk.noise.tolerance_ns,
         "handshake_us")
    checks.check_close(client["close"], talk.c_end, talk.noise.tolerance_ns)


def test_lost_fin(world, family):
    """Our first FIN is lost: fin_retransmits, and the close counts from the first."""
    talk = Talk(world, wire(world, WAY, [("a", "FIN", 1)]), family)
    talk.connect()
    close_both(talk)
    client, server = talk.finish()
    fins = [s for s in talk.c_end.close if s.segment.startswith("> FIN")]
    assert client["close"]["fin_retransmits"] == len(fins) - 1 == 1
    assert client["close"]["ending"] == "graceful" == server["close"]["ending"]
    assert [s["segment"] for s in client["close"]["steps"]][:2] == ["> FIN", "> FIN (2)"]
    checks.check_steps(client["close"], talk.c_end.close, talk.noise.tolerance_ns)
    near(client["close"]["close_us"], talk.c_end.close_ns(), talk.noise.tolerance_ns, "close_us")
    checks.check_close(server["close"], talk.s_end, talk.noise.tolerance_ns)


def test_crossed_fins(world, family):
    """Both ends close before a FIN has arrived: simultaneous close."""
    talk = Talk(world, wire(world, WAY), family)
    talk.connect()
    talk.client.send(1)
    talk.server.recv(1)
    for side in "ab":
        talk.link.rule(f"hold {side}:FIN:1-")
    talk.client.close()
    talk.server.close()
    talk.link.release()
    client, server = talk.finish()
    assert any("CLOSING" in s.key() for s in talk.c_end.close), "the FINs did not cross"
    for told, end in ((client, talk.c_end), (server, talk.s_end)):
        checks.check_close(told["close"], end, talk.noise.tolerance_ns)
        assert told["close"]["first_closer"] == "both" and told["close"]["time_wait"] is True


def test_fin_behind_unsent_data(world):
    """close() with more unsent data than the first window takes: fin_queued_us, and wire times for the FIN."""
    talk = Talk(world, wire(world, WAY), 4)
    talk.connect()
    talk.client.option(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
    talk.client.send(60_000)
    closed = talk.client.close()
    talk.server.recv(60_000)
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, server = talk.finish()
    close = client["close"]
    assert close["bytes_sent"] == 60_000 == server["close"]["bytes_received"]
    assert closed.until(talk.c_end.t_fin_sent)[0] > 60e6, "the FIN had nothing to wait for"
    between(close["fin_queued_us"], closed.until(talk.c_end.t_fin_sent), talk.noise.tolerance_ns,
            "fin_queued_us")
    near(close["fin_rtt_us"], talk.c_end.fin_rtt_ns(), talk.noise.tolerance_ns, "fin_rtt_us")
    near(close["close_us"], talk.c_end.close_ns(), talk.noise.tolerance_ns, "close_us")
    assert close["local_fin_seq"] == talk.c_end.local_fin


def test_remote_fin_before_ours(world):
    """The client has closed and its FIN is behind data: the server's FIN is the first on the wire."""
    talk = Talk(world, world.link("veth"), 4)
    talk.server.option(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 12, name="l")
    talk.connect()
    talk.client.option(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
    talk.client.send(60_000)
    closed = talk.client.close()
    talk.server.sleep(0.1)
    talk.server.shutdown()
    talk.client.wait_state(talk.client_port, CLOSING)
    talk.server.sleep(0.05)
    talk.server.recv(60_000)
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, server = talk.finish()
    close, end = client["close"], talk.c_end
    fins = [s for s in end.close if s.segment in ("< FIN", "> FIN")]
    assert [s.segment for s in fins] == ["< FIN", "> FIN"] and end.t_fin_sent - end.t_fin_received > 50e6
    assert close["first_closer"] == "remote" and close["ending"] == "graceful"
    assert server["close"]["first_closer"] == "local"
    assert [s["segment"] for s in close["steps"]] == [None, "< FIN", "> ACK", "> FIN", "< ACK"]
    assert [s["seq"] for s in close["steps"] if s["segment"] in ("< FIN", "> FIN")] == [s.seq for s in fins]
    tolerance = talk.noise.tolerance_ns
    assert close["steps"][0]["t_us"] == 0
    for step, at in zip(close["steps"][1:], (end.t_fin_received, end.t_fin_received, end.t_fin_sent,
                                             end.close[-1].t_ns)):
        between(step["t_us"], closed.until(at), tolerance, f"{step}")
    near(close["close_us"], end.close[-1].t_ns - end.t_fin_received, tolerance, "close_us")
    between(close["fin_queued_us"], closed.until(end.t_fin_sent), tolerance, "fin_queued_us")
    near(close["fin_rtt_us"], end.fin_rtt_ns(), tolerance, "fin_rtt_us")
    assert close["app_close_us"] is None and close["peer_fin_us"] is None
    assert close["closer_pid"] == talk.client.pid and close["time_wait"] is True
    checks.check_close(server["close"], talk.s_end, tolerance)


def test_reset_during_the_handshake(world):
    """The server's listener goes while the ACK is under way: the client sees ESTABLISHED, then RST."""
    talk = Talk(world, wire(world, WAY, rules=["hold a:ACK:1-"]), 4)
    done = talk.client.connect(talk.address, talk.server_port)
    pump.wait_until(lambda: talk.link.b.exec("ss", "-Htan", "state", "syn-recv"), "the SYN")
    talk.server.close("l")
    talk.link.release()
    assert done["errno"] is None
    assert talk.client.recv_any() == "ECONNRESET"
    tracer = talk.tracers[0]
    tracer.wait_count(2)
    talk.noise.__exit__()
    for tracer in talk.tracers:
        tracer.stop()
    close = talk.tracers[0].one("close", local_port=done["port"])
    assert close["ending"] == "reset_received" and close["first_closer"] == "none"
    assert talk.tracers[1].summary["closes"] == 0


@pytest.mark.parametrize("cookies", [0, 2])
def test_syn_cookies(world, cookies):
    """With tcp_syncookies=2 every SYN is answered by a cookie: no srtt is honest, the states are right."""
    link = wire(world, WAY)
    link.b.sysctl(net__ipv4__tcp_syncookies=cookies)
    talk = Talk(world, link, 4)
    talk.connect()
    close_both(talk)
    client, server = talk.finish()
    shake = server["handshake"]
    assert shake["outcome"] == "established" and (shake["iss"], shake["irs"]) == \
        (talk.s_end.iss, talk.s_end.irs)
    watched = kernel.can_tell("syncookie")
    # without a hook: a listener that has sent no cookie makes no connection of one
    assert shake["syncookie"] is (None if cookies and not watched else bool(cookies))
    if cookies:
        assert shake["rtt_us"] is None and shake["handshake_us"] is None
    else:
        checks.check_handshake(shake, talk.s_end, talk.noise.tolerance_ns)
    checks.check_handshake(client["handshake"], talk.c_end, talk.noise.tolerance_ns)
