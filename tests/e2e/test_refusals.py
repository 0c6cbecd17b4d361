# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What our kernel answers with an RST, or takes no notice of, and who refuses without an RST."""
import socket

import pytest

import checks
from capture import ACK, FIN, RST, SYN
from checks import Noise, near
from scene import Scene, fin_wait1_orphan, fin_wait2_minisocket


@pytest.fixture
def scene(world):
    return Scene(world)


def check_reset_sent(scene, tolerance_ns):
    """The client's close, which its kernel's RST ended, and what the capture says of it"""
    close, end = scene.tracer.one("close"), scene.end()
    checks.check_shape(close)
    assert close["ending"] == "reset_sent" and close["first_closer"] == "local"
    assert close["time_wait"] is False and close["complete"] is True
    checks.check_steps(close, end.close, tolerance_ns)
    near(close["close_us"], end.close_ns(), tolerance_ns, "close_us")
    return close, end


def test_reset_sent_in_syn_sent(scene):
    """A half-open peer answers our SYN with an ACK (RFC 9293, 3.5.1), gets an RST, and then it works out."""
    scene.lose_the_peer()
    with Noise() as noise:
        scene.connect(blocking=False)
        scene.injector.wait(scene.here, SYN)
        scene.find_the_peer()
        scene.injector.send(scene.there, scene.here, ACK, ahead=1000)
        scene.injector.wait(scene.here, RST)
        scene.server.accept()
        scene.client.close()
        assert scene.server.recv_any() == b""
        scene.server.close()
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    shake, close = (scene.tracer.one(t, local_port=scene.here[1]) for t in ("handshake", "close"))
    packets = scene.capture.packets()
    fins = {(p.src, p.sport): p for p in packets if p.flags & FIN}
    assert shake["outcome"] == "established" and shake["syn_retransmits"] >= 1
    assert close["ending"] == "graceful" and close["complete"] is True
    assert close["completeness"] == shake["completeness"] | 16 == packets[-1].completeness == 55
    assert close["local_fin_seq"] == fins[scene.here].seq
    assert close["remote_fin_seq"] == fins[scene.there].seq
    near(close["close_us"], fins[scene.there].t_ns - fins[scene.here].t_ns, noise.tolerance_ns, "close_us")


def test_port_unreachable_in_syn_sent(scene):
    """What iptables' REJECT sends: connect() says ECONNREFUSED, and nobody sent an RST."""
    scene.lose_the_peer()
    scene.connect(blocking=False)
    scene.injector.wait(scene.here, SYN)
    scene.injector.refuse(scene.there, scene.here, 3)
    scene.wait_state(None)
    assert scene.client.wait_error() == "ECONNREFUSED"
    scene.tracer.wait_count(1)
    scene.tracer.stop()
    told = scene.tracer.one("handshake")
    checks.check_shape(told)
    assert (told["outcome"], told["errno"]) == ("unreachable", "ECONNREFUSED")
    assert [s["segment"] for s in told["steps"]] == ["> SYN", None]
    assert told["completeness"] == scene.capture.packets()[-1].completeness == 1


@pytest.mark.usefixtures("minisockets")
def test_data_reaches_a_minisocket(scene):
    """Data after close(), when the socket is a minisocket already: an RST answers, and it is over."""
    with Noise() as noise:
        fin_wait2_minisocket(scene)
        scene.wait_state("FIN-WAIT-2")
        scene.server.send(100)
        assert scene.server.wait_error() == "EPIPE"
        scene.wait_state(None)
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    assert len(scene.tracer.chapters()) == 2
    close, end = scene.tracer.one("close"), scene.end()
    checks.check_shape(close)
    assert close["ending"] == "reset_sent" and close["first_closer"] == "local"
    assert close["time_wait"] is False and close["complete"] is True
    assert close["remote_fin_seq"] is None and close["local_fin_seq"] == end.local_fin
    assert close["peer_fin_us"] is None
    checks.check_steps(close, end.close, noise.tolerance_ns)
    near(close["close_us"], end.close_ns(), noise.tolerance_ns, "close_us")


@pytest.mark.usefixtures("minisockets")
def test_an_old_reset_reaches_a_minisocket(scene):
    """Out of its window, it changes nothing (tcp_timewait_state_process)."""
    fin_wait2_minisocket(scene)
    scene.wait_state("FIN-WAIT-2")
    old = scene.injector.wait(scene.there, ACK) - 1000
    scene.injector.send(scene.there, scene.here, RST, seq=old)
    scene.injector.wait(scene.there, RST)
    scene.wait_state("FIN-WAIT-2")
    scene.server.close()
    scene.tracer.wait_count(2)
    scene.tracer.stop()
    close = scene.tracer.one("close")
    assert close["ending"] == "graceful" and close["time_wait"] is True
    assert close["remote_fin_seq"] == scene.capture.packets()[-2].seq


@pytest.mark.usefixtures("minisockets")
@pytest.mark.parametrize("flags, ahead", [(RST, 1 << 30), (RST, -(1 << 30)), (ACK | FIN, -1), (ACK | FIN, -1000)],
                         ids=["blind reset", "older reset", "FIN of the last byte", "older FIN"])
def test_a_stranger_reaches_a_minisocket(scene, flags, ahead):
    """A segment outside the window, or whose FIN is no news, changes nothing: the peer's own FIN does."""
    fin_wait2_minisocket(scene)
    scene.wait_state("FIN-WAIT-2")
    seq = scene.injector.wait(scene.there, ACK) + ahead
    scene.injector.send(scene.there, scene.here, flags, seq=seq % (1 << 32))
    scene.wait_state("FIN-WAIT-2")
    scene.server.close()
    scene.tracer.wait_count(2)
    scene.tracer.stop()
    close = scene.tracer.one("close")
    assert (close["ending"], close["time_wait"]) == ("graceful", True)
    fin = [p for p in scene.capture.packets() if p.flags & FIN and p.dport == scene.here[1]][-1]
    assert close["remote_fin_seq"] == fin.seq + fin.len


def test_an_orphan_that_never_becomes_a_minisocket(scene):
    """
    An old FIN comes with the ACK of ours: FIN_WAIT2 in a full socket, which the keepalive timer resets when
    tcp_fin_timeout is over (tcp_rcv_state_process, tcp_keepalive_timer).
    """
    scene.link.a.sysctl(net__ipv4__tcp_fin_timeout=2)
    with Noise() as noise:
        fin_wait1_orphan(scene)
        scene.injector.wait(scene.here, FIN)
        before = scene.injector.wait(scene.there, SYN) - 1
        scene.injector.send(scene.there, scene.here, ACK | FIN, seq=before)
        scene.wait_state("FIN-WAIT-2")
        scene.wait_state(None)
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    close, end = check_reset_sent(scene, noise.tolerance_ns)
    assert close["remote_fin_seq"] is None and close["local_fin_seq"] == end.local_fin


@pytest.mark.parametrize("way", ["close", "SHUT_RDWR"])
def test_data_before_our_fin_is_acknowledged(scene, way):
    """The server was still sending when the client closed: the client's kernel answers with an RST."""
    with Noise() as noise:
        scene.connect()
        scene.server.send(10)
        assert scene.client.recv(10) == 10
        scene.lose_the_peer()
        if way == "close":
            scene.client.close()
        else:
            scene.client.shutdown(socket.SHUT_RDWR)
        scene.injector.wait(scene.here, FIN)
        scene.server.send(100)
        scene.wait_state(None)
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    check_reset_sent(scene, noise.tolerance_ns)


@pytest.mark.parametrize("state", ["LAST-ACK", "CLOSING"])
def test_unread_data_after_both_fins(scene, state):
    """close() with unread data, after shutdown(SHUT_WR): an RST follows our FIN (RFC 2525, 2.17)."""
    with Noise() as noise:
        scene.connect()
        scene.server.send(100)
        scene.client.peek_ready(100)
        if state == "LAST-ACK":
            scene.server.shutdown()
            scene.wait_state("CLOSE-WAIT")
        scene.lose_the_peer()
        scene.client.shutdown()
        scene.injector.wait(scene.here, FIN)
        if state == "CLOSING":
            scene.server.shutdown()
        scene.wait_state(state)
        scene.client.close()
        scene.injector.wait(scene.here, RST)
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    close, end = scene.tracer.one("close"), scene.end()
    checks.check_shape(close)
    assert close["ending"] == "reset_sent" and close["errno"] is None
    assert close["first_closer"] == end.first_closer() and close["complete"] is True
    assert (close["local_fin_seq"], close["remote_fin_seq"]) == (end.local_fin, end.remote_fin)
    assert close["completeness"] == end.completeness()
    checks.check_steps(close, end.close, noise.tolerance_ns)
    near(close["close_us"], end.close_ns(), noise.tolerance_ns, "close_us")


def test_unread_data_and_no_reset(scene):
    """connect() to AF_UNSPEC in LAST_ACK: what was not read is no reason for an RST (tcp_disconnect)."""
    scene.connect()
    scene.server.send(100)
    scene.client.peek_ready(100)
    scene.server.shutdown()
    scene.wait_state("CLOSE-WAIT")
    scene.lose_the_peer()
    scene.client.shutdown()
    scene.wait_state("LAST-ACK")
    scene.client.disconnect()
    scene.wait_state(None)
    scene.tracer.wait_count(2)
    scene.tracer.stop()
    close = scene.tracer.one("close")
    assert close["ending"] is None and close["first_closer"] == "remote" and close["complete"] is True
    assert (close["steps"][-1]["to"], close["steps"][-1]["segment"]) == ("CLOSE", None)
    sent = [p for p in scene.capture.packets() if (p.src, p.sport) == scene.here]
    assert not any(p.flags & (RST | ACK) == RST | ACK for p in sent), "one that a socket sends has an ACK"


def test_data_with_the_ack_of_our_fin(scene):
    """The server's data acknowledges the client's FIN, and nobody is there to read it: an RST answers."""
    with Noise() as noise:
        scene.connect()
        scene.server.option(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        scene.server.start("answer_fin", 100)
        scene.client.close()
        scene.server.finish()
        scene.wait_state(None)
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    close, end = check_reset_sent(scene, noise.tolerance_ns)
    assert close["remote_fin_seq"] is None and end.completeness() == 63
    # where it was slow the ACK came before, alone, and the data to a minisocket
    together = next(p.len for p in scene.capture.packets()
                    if (p.src, p.sport) == scene.there and p.ack == end.local_fin + 1)
    assert close["completeness"] == (63 if together else 55)
