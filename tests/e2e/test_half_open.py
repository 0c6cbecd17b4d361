# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A SYN,ACK that is never answered, or not by an ACK: reported at the server as the wire shows it."""
import json
import signal
import time

import pytest

import checks
import kernel
import pump
from capture import ACK, RST, SYN
from checks import Noise, near
from crowded import netstat, overflow, settled, stage as calm
from tracer import Tracer, run_tracer
from unanswered import HERE, ISN, PEER, Stage, inject

GIVES_UP_S = 2.9  # after one retransmission: 1 s and 2 s, less what the kernel's timers round down
pytestmark = pytest.mark.needs("half_open")


def test_never_answered(world):
    """By the capture: each SYN,ACK; and the end, when the kernel gives up: twice as long after the last."""
    with Noise() as noise:
        stage = Stage(world)
        tracer = Tracer(netns=stage.select)
        stage.send(SYN, 4001)
        stage.settle()
        tracer.wait_count(1)
    tracer.stop()
    told = tracer.one("handshake")
    checks.check_shape(told)
    first, again = stage.sent(4001)
    assert (told["outcome"], told["errno"], told["role"]) == ("timed_out", None, "server")
    assert (told["local"], told["local_port"], told["remote"], told["remote_port"]) == (HERE, stage.port, PEER, 4001)
    assert (told["pid"], told["synack_retransmits"], told["complete"]) == (stage.server.pid, 1, True)
    assert (told["iss"], told["irs"], told["completeness"]) == (first.seq, ISN, 3)
    assert [(s["from"], s["to"], s["segment"]) for s in told["steps"]] == [
        ("LISTEN", "NEW_SYN_RECV", "< SYN"), ("NEW_SYN_RECV", "NEW_SYN_RECV", "> SYN,ACK"),
        ("NEW_SYN_RECV", "NEW_SYN_RECV", "> SYN,ACK (2)"), ("NEW_SYN_RECV", "CLOSE", None)]
    near(told["steps"][2]["t_us"], again.t_ns - first.t_ns, noise.tolerance_ns, "the retransmission")
    assert told["steps"][3]["derived"] is True
    # 1 s, then 2 s; the kernel's ticks and its wheel of timers make it longer
    assert 2_900_000 < told["handshake_us"] == told["steps"][3]["t_us"] < 3_500_000


def test_reset_out_of_sequence(world):
    """In the window, but a guess: kernels that answer it by an ACK (RFC 5961) keep the request, and it times out."""
    stage = Stage(world)
    tracer = Tracer(netns=stage.select)
    began = time.monotonic()
    stage.send(SYN, 4001)
    stage.retransmitted(1)
    here = (HERE, stage.port)
    stage.ns.call(inject, ((PEER, 4001), here, RST, ISN + 5000, 0), ((PEER, 4002), here, SYN, ISN, 0))
    pump.wait_until(lambda: 4002 in stage.requests(), "what came behind it")
    kept = 4001 in stage.requests()
    in_time = time.monotonic() < began + GIVES_UP_S
    stage.settle()
    tracer.wait_count(2)
    tracer.stop()
    told = tracer.one("handshake", remote_port=4001)
    # too late to say: it may have timed out before it was looked for
    assert told["outcome"] in (["timed_out"] if kept else ["reset", None] if in_time else ["timed_out", "reset", None])


def test_open_and_reset(world):
    """While it is half open it is among the open ones; then an RST ends it."""
    stage = Stage(world, retries=5)
    tracer = Tracer(netns=stage.select)
    stage.send(SYN, 4001)
    stage.retransmitted(1)
    tracer.send_signal(signal.SIGUSR1)
    half = tracer.wait_count(1, open=True)[0]
    assert (half["state"], half["outcome"], half["role"], half["remote_port"]) == ("NEW_SYN_RECV", None, "server", 4001)
    assert half["state_us"] > 900_000 and half["synack_retransmits"] == 1
    stage.send(RST, 4001, seq=ISN + 1)
    pump.wait_until(lambda: not stage.requests(), "the RST is taken")
    before = netstat(stage.ns, "TCPSynRetrans")[0]
    stage.send(SYN, 4002)
    stage.retransmitted(before + 1)
    if kernel.can_tell("request"):
        tracer.wait_count(1, outcome="reset")
    tracer.stop()
    if kernel.can_tell("request"):
        told = tracer.one("handshake", outcome="reset")
        checks.check_shape(told)
        assert told["conn"] == half["conn"] and told["steps"][-1]["segment"] == "< RST"
        assert told["synack_retransmits"] == 1 and told["completeness"] == 35 and told["iss"] == half["iss"]
    last = tracer.one("handshake", remote_port=4002)
    assert last["open"] is True and last["state"] == "NEW_SYN_RECV"
    assert tracer.summary["open"] == 1


@pytest.mark.needs("request")
def test_a_syn_again(world):
    """Its SYN,ACK was lost: it is answered again.  The kernel counts it as dropped, and nothing is."""
    stage = Stage(world, retries=5)
    tracer = Tracer(netns=stage.select)
    stage.send(SYN, 4001)
    pump.wait_until(lambda: stage.requests(), "it is half open")
    stage.send(SYN, 4001)
    pump.wait_until(lambda: "d1" in stage.ns.exec("ss", "-Hltnm"), "the kernel counts it")
    assert len(stage.sent(4001)) == 2
    tracer.stop()
    told = [r for r in tracer.records if r["type"] == "listener"]
    assert not any(r["dropped"] for r in told), told


def test_syn_scan(world):
    """A scanner's RST comes at once; one that belongs to no request is no attempt."""
    stage = Stage(world, retries=5)
    tracer = Tracer(netns=stage.select)
    stage.send(SYN, 4001, 4002)
    pump.wait_until(lambda: len(stage.requests()) == 2, "both are half open")
    stage.send(RST, 4009)
    stage.send(RST, 4001, seq=ISN + 1)
    pump.wait_until(lambda: len(stage.requests()) == 1, "the RST is taken")
    stage.send(RST | ACK, 4002, seq=ISN + 1, ack=stage.sent(4002)[0].seq + 1)
    pump.wait_until(lambda: len(stage.requests()) == 0, "the RST is taken")
    tracer.wait_count(2)
    tracer.stop()
    told = [(c["remote_port"], c["outcome"], c["steps"][-1]["segment"], c["pid"]) for c in tracer.chapters()]
    assert sorted(told) == [(4001, "reset", "< RST", stage.server.pid), (4002, "reset", "< RST", stage.server.pid)]


def test_answered_after_all(world):
    """The SYN,ACK is lost and its retransmission answered: an ordinary handshake, and nothing else."""
    stage = Stage(world, retries=5)
    tracer = Tracer(netns=stage.select)
    stage.send(SYN, 4001)
    stage.retransmitted(1)
    tracer.send_signal(signal.SIGUSR1)
    half = tracer.wait_count(1, open=True)[0]
    stage.send(ACK, 4001, seq=ISN + 1, ack=half["iss"] + 1)
    stage.server.accept()
    told = tracer.wait_count(1, outcome="established")[0]
    assert told["conn"] == half["conn"] and told["synack_retransmits"] == 1
    stage.send(SYN, 4002)
    stage.send(RST, 4002, seq=ISN + 1)
    before = netstat(stage.ns, "TCPSynRetrans")[0]
    stage.send(SYN, 4003)
    stage.retransmitted(before + 2)  # seconds later
    tracer.stop()
    assert len(tracer.chapters("handshake", remote_port=4001, outcome="established")) == 1
    assert len([c for c in tracer.chapters(remote_port=4001) if c.get("outcome") != "established"]) <= 2


def test_last_ack_dropped(world):
    """The peer answers, and the accept queue is full: that is why it never is established."""
    stage = Stage(world, retries=2, backlog=2)
    client = world.agent(stage.ns)
    tracer = Tracer("--role", "server", netns=stage.select)
    stage.send(SYN, 4001)
    pump.wait_until(stage.requests, "it is half open")
    for i in range(3):  # which fill the queue
        client.connect(HERE, stage.port, name=f"s{i}")
    stage.send(ACK, 4001, seq=ISN + 1, ack=stage.sent(4001)[0].seq + 1)
    stage.settle()
    told = tracer.wait_count(1, outcome="dropped")[0]
    tracer.stop()
    checks.check_shape(told)
    assert (told["remote_port"], told["pid"], told["complete"]) == (4001, stage.server.pid, True)


@pytest.mark.parametrize("select, there", [
    (("-p", "{pid}"), True), (("-p", "1"), False), (("-L", "{port}"), True), (("-D", "4002"), True),
    (("-D", "4003"), False), (("-d", PEER), True), (("-l", PEER), False), (("--role", "client"), False),
    (("--failed",), True), (("-6",), False)])
def test_selection(world, select, there):
    stage = Stage(world, retries=1)
    tracer = Tracer(*[s.format(pid=stage.server.pid, port=stage.port) for s in select], netns=stage.select)
    every = Tracer(netns=stage.select)
    stage.send(SYN, 4002)
    every.wait_count(1, outcome="timed_out")
    tracer.stop()
    every.stop()
    assert len(tracer.chapters()) == there


def test_flood(world, tmp_path):
    """Some are reported, the others are counted; the table has a row for them, and a recording replays it."""
    stage = Stage(world, backlog=64)
    file = tmp_path / "r.pcapng"
    tracer = Tracer("--max-attempts", "5", "-s", "-w", file, netns=stage.select)
    table = Tracer("-o", "none", "-s", netns=stage.select, output=None)
    stage.send(SYN, *range(4001, 4031))
    stage.settle()
    tracer.wait_for(lambda t: len(t.chapters()) + sum(r["count"] for r in t.records if r["type"] == "counted") == 30)
    for t in (tracer, table):
        t.stop()
    assert 5 <= len(tracer.chapters()) <= 15
    assert {r["local_port"] for r in tracer.records if r["type"] == "counted"} == {stage.port}
    assert tracer.summary["outcomes"]["timed_out"] == 30 == tracer.summary["handshakes"]
    for t in (tracer.stderr, table.stdout):
        assert ["server", str(stage.port), "timed_out", "30"] in [line.split() for line in t.lines]
    _status, out, _err = run_tracer("-r", file, "-o", "json")
    assert [json.loads(line) for line in out.splitlines()] == tracer.records


@pytest.mark.needs("dropped")
def test_dropped_for_the_accept_queue(world):
    """Each SYN that the kernel counts as dropped, with its peer."""
    ns, server, client = calm(world)
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1", backlog=1)
    overflow(ns, server, client, port)
    settled(ns)
    drops, overflows = netstat(ns, "ListenDrops", "ListenOverflows")
    tracer.stop()
    told = tracer.chapters("handshake", outcome="dropped")
    assert len(told) == drops
    # on a slow machine a SYN may come while the one before it is half open: for that the SYN queue is full too
    assert sum(c["drop_reason"] == "accept_queue" for c in told) == overflows > 0
    for c in told:
        checks.check_shape(c)
        assert (c["role"], c["pid"], c["completeness"]) == ("server", server.pid, 1)
        assert [(s["from"], s["to"], s["segment"]) for s in c["steps"]] == [("LISTEN", "LISTEN", "< SYN")]
    # one that is still open does not show its number yet
    clients = {c["local_port"]: c["iss"] for c in tracer.chapters("handshake", role="client") if c["iss"] is not None}
    assert all(clients.get(c["remote_port"], c["irs"]) == c["irs"] for c in told)


@pytest.mark.needs("dropped")
@pytest.mark.parametrize("backlog, sysctl", [(4, 64), (64, 8)], ids=["the listener's", "tcp_max_syn_backlog"])
def test_dropped_for_the_syn_queue(world, backlog, sysctl):
    """Without SYN cookies: each SYN that the kernel counts as dropped and that made no request, with its peer."""
    if kernel.hooks()["dropped"] != "fentry":
        pytest.skip("only an fexit program sees what becomes of each")
    stage = Stage(world, retries=5, backlog=backlog)
    stage.ns.sysctl(net__ipv4__tcp_max_syn_backlog=sysctl)
    tracer = Tracer(netns=stage.select)
    ports = range(4001, 4013)
    stage.send(SYN, *ports)
    lost = sorted(set(ports) - stage.requests())
    assert len(lost) == netstat(stage.ns, "ListenDrops")[0] > 0
    tracer.wait_count(len(lost), outcome="dropped")
    tracer.stop()
    told = tracer.chapters("handshake", outcome="dropped")
    assert sorted(c["remote_port"] for c in told) == lost
    for c in told:
        checks.check_shape(c)
        assert (c["drop_reason"], c["completeness"], c["irs"]) == ("syn_queue", 1, ISN)
        assert (c["local"], c["local_port"], c["remote"], c["pid"]) == (HERE, stage.port, PEER, stage.server.pid)
        assert [(s["from"], s["to"], s["segment"]) for s in c["steps"]] == [("LISTEN", "LISTEN", "< SYN")]
