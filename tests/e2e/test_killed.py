# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""`ss -K` (CONFIG_INET_DIAG_DESTROY) in each state in which there is a socket."""
import pytest

import checks
from capture import ACK, RST
from scene import Scene, close_wait, closing, established, fin_wait1, fin_wait2


@pytest.fixture
def scene(world):
    return Scene(world)


# how the client comes there, its state, who closed first
STATES = [(established, "ESTAB", "none"), (fin_wait1, "FIN-WAIT-1", "local"), (fin_wait2, "FIN-WAIT-2", "local"),
          (close_wait, "CLOSE-WAIT", "remote"), (closing, "CLOSING", "both")]


def kill(scene):
    killed = scene.link.a.exec("ss", "-HtaK", f"sport = :{scene.here[1]}")
    assert killed, "ss -K did nothing: no INET_DIAG_DESTROY?"
    scene.wait_state(None)


@pytest.mark.parametrize("way, state, first_closer", STATES, ids=[c[0].__name__ for c in STATES])
def test_killed_in(scene, way, state, first_closer):
    way(scene)
    scene.wait_state(state)
    kill(scene)
    assert scene.client.wait_error() == "ECONNABORTED"
    scene.tracer.wait_count(2)
    scene.tracer.stop()
    assert len(scene.tracer.chapters()) == 2, scene.tracer.brief()
    close, end = scene.tracer.one("close"), scene.end()
    checks.check_shape(close)
    assert (close["ending"], close["errno"]) == ("aborted", "ECONNABORTED")
    assert close["first_closer"] == first_closer and close["complete"] is True
    assert close["time_wait"] is False
    assert (close["local_fin_seq"], close["remote_fin_seq"]) == (end.local_fin, end.remote_fin)
    assert close["closer_pid"] == (scene.client.pid if end.local_fin else None)
    # a socket's RST carries an ACK; the bare one answers what comes when there is no socket any more
    reset = [p for p in end.packets if end.sent(p) and p.flags == RST | ACK]
    last = close["steps"][-1]
    assert last["to"] == "CLOSE" and (last["segment"] or "").startswith("> RST") is bool(reset)
    assert close["completeness"] == end.completeness() & ~(0 if reset else 32)


def test_killed_in_syn_sent(scene):
    scene.lose_the_peer()
    scene.connect(blocking=False)
    scene.wait_state("SYN-SENT")
    kill(scene)
    assert scene.client.wait_error() == "ECONNABORTED"
    scene.tracer.wait_count(1)
    scene.tracer.stop()
    told = scene.tracer.one("handshake")
    checks.check_shape(told)
    assert (told["outcome"], told["errno"]) == ("failed", "ECONNABORTED")
    assert told["local_port"] == scene.here[1] and told["pid"] == scene.client.pid
    assert [s["segment"] for s in told["steps"]] == ["> SYN", None]
    assert len(scene.tracer.chapters()) == 1
