# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""An established connection that waits for its peer is reported as open; and silence before a close."""
import signal

import checks
import pump
from scene import Scene


def ss(ns, port):
    return ns.exec("ss", "-Htnoi", f"sport = :{port}")


def send_q(ns, port):
    return int(ss(ns, port).split()[2])


def open_closes(tracer, n):
    """The n closes of the newest report of what is open."""
    before = len(tracer.chapters("close", open=True))
    tracer.send_signal(signal.SIGUSR1)
    tracer.wait_for(lambda t: len(t.chapters("close", open=True)) >= before + n)
    found = tracer.chapters("close", open=True)[before:]
    for chapter in found:
        checks.check_shape(chapter)
    return found


def retransmits(ns, port):
    """What ss prints of the timer: timer:(on,200ms,3)"""
    text = ss(ns, port)
    return int(text.split("timer:(on,")[1].split(")")[0].split(",")[-1]) if "timer:(on," in text else 0


def test_no_answer(world):
    """The peer is gone while data is on its way."""
    scene = Scene(world)
    scene.connect()
    scene.lose_the_peer()
    scene.client.send(3100)
    ns, port = scene.link.a, scene.here[1]
    pump.wait_until(lambda: retransmits(ns, port) >= 3, "it retransmits")
    before = retransmits(ns, port)
    (close,) = open_closes(scene.tracer, 1)
    assert close["state"] == "ESTABLISHED" and close["ending"] is None and close["first_closer"] is None
    assert close["unacked_bytes"] == send_q(ns, port) == 3100 and close["zero_window"] is False
    data = [p for p in scene.capture.packets() if p.sport == port and p.len]
    now_ns = checks.time_ns(close["time"])
    first = min(p.t_ns for p in data)
    again = sorted(p.t_ns for p in data if p.seq == data[0].seq)[1]
    # what was sent first may be a probe for the tail; the time-outs count from the first of theirs
    assert now_ns - first + 50_000_000 >= close["unacked_us"] * 1000 > 0 and again >= first
    scene.client.close()
    (close,) = open_closes(scene.tracer, 1)
    assert close["state"] == "FIN_WAIT1" and close["unacked_bytes"] == 3100
    scene.find_the_peer()
    scene.tracer.stop()
    assert before >= 3


def test_the_window_is_closed(world):
    """The peer does not read."""
    scene = Scene(world)
    scene.connect()
    scene.client.start("send", 1 << 25)
    ns, port = scene.link.a, scene.here[1]
    pump.wait_until(lambda: "timer:(persist" in ss(ns, port), "the window is closed")
    (close,) = open_closes(scene.tracer, 1)
    assert close["state"] == "ESTABLISHED" and close["zero_window"] is True
    assert close["unacked_bytes"] == send_q(ns, port) > 0
    assert close["unacked_us"] is None or close["unacked_us"] >= 0
    scene.tracer.stop()


def test_an_idle_one_is_not_open(world):
    scene = Scene(world)
    scene.connect()
    scene.client.send(10)
    scene.server.recv(10)
    scene.tracer.stop()
    assert scene.tracer.chapters("close") == []


def test_silence_before_the_close(world):
    """Since the last data, whoever sent it; null where there was none."""
    scene = Scene(world)
    scene.connect()
    scene.client.send(10)
    scene.server.recv(10)
    scene.server.sleep(1.2)
    scene.client.close()
    assert scene.server.recv_any() == b""
    scene.server.close()
    scene.tracer.wait_count(2)
    scene.connect()
    scene.client.close()
    assert scene.server.recv_any() == b""
    scene.server.close()
    scene.tracer.wait_count(4)
    scene.tracer.stop()
    first, second = scene.tracer.chapters("close")
    packets = [p for p in scene.capture.packets() if first["local_port"] in (p.sport, p.dport)]
    data = max(p.t_ns for p in packets if p.len)
    fin = min(p.t_ns for p in packets if p.flags & 1)
    assert abs(first["idle_us"] * 1000 - (fin - data)) < 20_000_000
    assert second["idle_us"] is None
