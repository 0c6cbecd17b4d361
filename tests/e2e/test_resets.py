# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""An RST that arrives in each state, sent by nobody's TCP: its numbers are exact, its time is known."""
import pytest

import checks
import kernel
import pump
from capture import ACK, FIN, RST, SYN
from checks import Noise, near
from scene import (Scene, close_wait, closing, closing_orphan, established, fin_wait1, fin_wait1_orphan,
                   fin_wait2, fin_wait2_minisocket, last_ack)


@pytest.fixture
def scene(world):
    return Scene(world)


# how the client comes there; its state; who closed first; what the application finds, None: it has
# closed; what the flags of the client and the server are by then
STATES = [
    (established, "ESTAB", "none", "ECONNRESET", ACK, SYN),
    (fin_wait1, "FIN-WAIT-1", "local", "ECONNRESET", FIN, SYN),
    (fin_wait1_orphan, "FIN-WAIT-1", "local", None, FIN, SYN),
    (fin_wait2, "FIN-WAIT-2", "local", "ECONNRESET", FIN, ACK),
    (fin_wait2_minisocket, "FIN-WAIT-2", "local", None, FIN, ACK),
    (close_wait, "CLOSE-WAIT", "remote", "EPIPE", ACK, FIN),
    (last_ack, "LAST-ACK", "remote", None, FIN, FIN),
    (closing, "CLOSING", "both", "ECONNRESET", FIN, FIN),
    (closing_orphan, "CLOSING", "both", None, FIN, FIN),
]


@pytest.mark.parametrize("way, state, first_closer, error, ours, theirs", STATES,
                         ids=[case[0].__name__ for case in STATES])
def test_reset_received_in(scene, way, state, first_closer, error, ours, theirs):
    with Noise() as noise:
        way(scene)
        scene.wait_state(state)
        scene.injector.wait(scene.here, ours)
        scene.injector.wait(scene.there, theirs)
        scene.reset()
        if error:
            assert scene.client.wait_error() == error
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    end = scene.end()
    assert len(scene.tracer.chapters()) == 2, scene.tracer.brief()
    shake, close = (scene.tracer.one(t, local_port=scene.here[1]) for t in ("handshake", "close"))
    checks.check_shape(close)
    assert close["conn"] == shake["conn"] and close["complete"] is True
    assert close["ending"] == "reset_received" and close["first_closer"] == first_closer
    assert close["errno"] == error or error is None
    assert close["time_wait"] is False
    assert (close["local_fin_seq"], close["remote_fin_seq"]) == (end.local_fin, end.remote_fin)
    assert close["closer_pid"] == (scene.client.pid if end.local_fin else None)
    assert close["completeness"] == end.completeness() & ~8 == close["completeness"] & ~8
    checks.check_steps(close, end.close, noise.tolerance_ns)
    near(close["close_us"], end.close_ns(), noise.tolerance_ns, "close_us")
    near(close["fin_rtt_us"], end.fin_rtt_ns(), noise.tolerance_ns, "fin_rtt_us")
    near(close["app_close_us"], end.app_close_ns(), noise.tolerance_ns, "app_close_us")
    near(close["lifetime_us"], end.lifetime_ns(), noise.tolerance_ns, "lifetime_us")
    assert close["peer_fin_us"] is None and (close["bytes_sent"], close["bytes_received"]) == (0, 0)
    assert (shake["iss"], shake["irs"]) == (end.iss, end.irs)


def check_failed(scene, tolerance_ns):
    """The only chapter, a handshake that lasted from the first captured segment to the last one."""
    scene.tracer.stop()
    told = scene.tracer.one("handshake")
    assert len(scene.tracer.chapters()) == 1
    checks.check_shape(told)
    first, *_, last = scene.capture.packets()
    assert told["local_port"] == scene.here[1] and told["iss"] == first.seq
    near(told["handshake_us"], last.t_ns - first.t_ns, tolerance_ns, "handshake_us")
    steps = [(s["from"], s["to"], checks._plain(s["segment"])) for s in told["steps"]]
    return told, steps, last


def test_reset_received_in_syn_sent(scene):
    """Only one that acknowledges our SYN is taken; the one before it changes nothing."""
    scene.lose_the_peer()
    with Noise() as noise:
        scene.connect(blocking=False)
        scene.wait_state("SYN-SENT")
        scene.injector.wait(scene.here, SYN)
        scene.injector.send(scene.there, scene.here, RST)
        scene.injector.wait(scene.there, RST)
        scene.wait_state("SYN-SENT")
        scene.reset()
        assert scene.client.wait_error() == "ECONNREFUSED"
        scene.tracer.wait_count(1)
    told, steps, rst = check_failed(scene, noise.tolerance_ns)
    assert (told["outcome"], told["errno"]) == ("refused", "ECONNREFUSED")
    assert told["irs"] is None and sum(not p.flags & SYN for p in scene.capture.packets()) == 2
    assert told["completeness"] == rst.completeness == 37
    assert told["steps"][-1]["segment"] == "< RST,ACK"
    assert [s for s in steps if s[0] != s[1]] == [("CLOSE", "SYN_SENT", "> SYN"), ("SYN_SENT", "CLOSE", "< RST")]


def test_reset_received_in_syn_recv_after_crossed_syns(scene):
    """The peer's SYN meets ours, then its RST: a client in SYN_RECV that was reset."""
    scene.lose_the_peer()
    with Noise() as noise:
        scene.connect(blocking=False)
        scene.injector.wait(scene.here, SYN)
        scene.injector.send(scene.there, scene.here, SYN)
        scene.wait_state("SYN-RECV")
        scene.injector.wait(scene.here, SYN | ACK)
        scene.reset()
        assert scene.client.wait_error() == "ECONNRESET"
        scene.tracer.wait_count(1)
    told, steps, _rst = check_failed(scene, noise.tolerance_ns)
    assert (told["outcome"], told["errno"]) == ("reset", "ECONNRESET")
    assert told["role"] == "client" and told["simultaneous_open"] is True
    assert told["irs"] in (1_000_000, None)
    assert steps == [("CLOSE", "SYN_SENT", "> SYN"), ("SYN_SENT", "SYN_RECV", "< SYN"),
                     ("SYN_RECV", "SYN_RECV", "> SYN,ACK"), ("SYN_RECV", "CLOSE", "< RST")]


def test_syns_that_cross_late(scene):
    """The peer's SYN comes 200 ms after ours: the handshake began with ours, which leaves again as SYN,ACK."""
    scene.lose_the_peer()
    with Noise() as noise:
        scene.connect(blocking=False)
        scene.injector.wait(scene.here, SYN)
        scene.server.sleep(0.2)
        scene.injector.send(scene.there, scene.here, SYN)
        scene.injector.wait(scene.here, SYN | ACK)
        scene.injector.send(scene.there, scene.here, ACK)
        scene.tracer.wait_count(1)
    told, steps, _ack = check_failed(scene, noise.tolerance_ns)
    assert told["outcome"] == "established" and told["simultaneous_open"] is True
    assert told["handshake_us"] > 200_000
    assert steps == [("CLOSE", "SYN_SENT", "> SYN"), ("SYN_SENT", "SYN_RECV", "< SYN"),
                     ("SYN_RECV", "SYN_RECV", "> SYN,ACK"), ("SYN_RECV", "ESTABLISHED", "< SYN,ACK")]


def test_reset_of_a_request_at_a_listener(scene):
    """SYN, SYN,ACK, RST: a listener's kernel forgets it without a word; the hook on requests sees it."""
    scene.client.listen(scene.link.client(4), 6500)
    scene.lose_the_peer()  # or the other kernel would answer the SYN,ACK itself
    here, there = (scene.link.client(4), 6500), (scene.link.server(4), 6501)
    scene.here = here
    scene.injector.send(there, here, SYN)
    scene.injector.wait(here, SYN | ACK)
    scene.injector.wait(there, SYN)

    def requests():
        return scene.link.a.exec("ss", "-Htan", "state", "syn-recv")

    assert requests()
    scene.injector.send(there, here, RST)
    pump.wait_until(lambda: not requests(), "the request is forgotten")
    scene.tracer.stop()
    shown = [(c["type"], c["role"], c["remote_port"], c["outcome"]) for c in scene.tracer.chapters()]
    assert shown == [("handshake", "server", 6501, "reset")] * kernel.can_tell("request")


def test_reset_received_in_time_wait(scene):
    """It ends the TIME_WAIT (RFC 1337), which had been told: nothing is added, nothing is changed."""
    scene.connect()
    scene.client.close()
    assert scene.server.recv_any() == b""
    scene.server.close()
    scene.wait_state("TIME-WAIT")
    before = scene.tracer.wait_count(2)
    scene.injector.wait(scene.there, FIN)
    scene.injector.send(scene.there, scene.here, RST)
    scene.wait_state(None)
    scene.tracer.stop()
    assert scene.tracer.chapters() == before
    close = scene.tracer.one("close")
    assert close["ending"] == "graceful" and close["time_wait"] is True
