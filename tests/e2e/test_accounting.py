# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""told + lost + open = happened, where happened is what the test programs counted."""
import collections
import os
import signal

import pytest

import checks
from capture import RST
from churn import churn, churn_until_told, open_all, serve, wait_all_closed, with_rps
from tracer import Tracer

WORKERS, EACH = 4, 250
# A run of the softirq takes up to 300 packets (net.core.netdev_budget), some 9 of a connection, which has
# 4 chapters: so many are touched when the kernel reports none of them, as happens with RPS.
BATCH = 300 // 9 * 4


@pytest.mark.alone("counts hook runs that the whole host skipped")
@pytest.mark.parametrize("rps", [0, 3])
def test_1000_in_parallel(world, rps):
    """1,000 connections open at the same time, both ends on loopback: each told exactly once."""
    ns = world.netns()
    ns.sysctl(net__core__somaxconn=4096, net__ipv4__tcp_max_tw_buckets=65536)
    if rps:
        with_rps(ns, rps)
    total = WORKERS * EACH
    server = ns.spawn(serve, 7100, total)
    assert server.recv() == "listening"
    tracer = Tracer("-v", netns=ns)
    clients = [ns.spawn(open_all, 7100, EACH) for _ in range(WORKERS)]
    for client in clients:
        assert client.recv() == "all open"
    for client in clients:
        client.send("close")
    ports = {port: c.pid for c in clients for port in c.result()}
    assert server.result() == total == len(ports)
    wait_all_closed(ns)
    tracer.stop()

    summary = tracer.summary
    check_open(tracer, rps)
    checks.adds_up(len(tracer.chapters()), summary["events_lost"], 4 * total, tracer.stderr.text())
    assert summary["table_full"] == 0
    # each end closed once, and is told to have, whatever else of it was lost
    ends = collections.Counter((c["local_port"], c["remote_port"]) for c in tracer.chapters("close"))
    assert ends.keys() == {(p, 7100) for p in ports} | {(7100, p) for p in ports}
    assert set(ends.values()) == {1}
    for kind in ("handshake", "close"):
        conns = collections.Counter(c["conn"] for c in tracer.chapters(kind))
        assert set(conns.values()) == {1}
    for chapter in tracer.chapters():
        checks.check_shape(chapter)
        assert chapter["complete"] or chapter["missing"] == "events_lost"
        if chapter["role"] == "client":
            assert chapter["pid"] == ports[chapter["local_port"]]
        elif chapter["role"] == "server":
            assert chapter["pid"] == server.pid
    if summary["events_lost"]:
        assert "lost" in tracer.stderr.text()
    torn = sum(not c["complete"] for c in tracer.chapters())
    check_skipped(summary["events_lost"], torn, 4 * total, BATCH if rps else 0)
    if torn or summary["events_lost"]:
        return
    assert len({c["conn"] for c in tracer.chapters()}) == 2 * total == summary["connections"]
    assert summary["handshakes"] == summary["closes"] == 2 * total
    assert checks.happened(summary["outcomes"]) == {"established": 2 * total}
    assert checks.happened(summary["endings"]) == {"graceful": 2 * total}


@pytest.mark.alone("keeps all processors busy")
@pytest.mark.parametrize("rps", [0, 3])
def test_churn_adds_up(world, tmp_path, rps):
    """Thousands of short connections: none is missing from told + lost + open."""
    ns = world.netns()
    ns.sysctl(net__core__somaxconn=4096, net__ipv4__tcp_max_tw_buckets=65536)
    if rps:
        with_rps(ns, rps)
    total = 6000
    server = ns.spawn(serve, 7200, total)
    assert server.recv() == "listening"
    tracer = Tracer(netns=ns, into=tmp_path / "trace")  # a file: this process reads too slowly
    clients = [ns.spawn(churn, 7200, total // 3) for _ in range(3)]
    happened = sum(c.result() for c in clients)
    assert happened == total == server.result()
    wait_all_closed(ns)
    tracer.stop()
    check_open(tracer, rps)
    check_sum(tracer, 2 * happened, 2 * BATCH if rps else 0)


def check_open(tracer, rps):
    """The kernel has only TIME_WAIT; an orphan whose peer's FIN it did not report waits on, with RPS."""
    still = tracer.chapters(open=True)
    assert tracer.summary["open"] == len(still)
    assert {c["state"] for c in still} <= ({"FIN_WAIT2"} if rps else set())
    assert len(still) <= BATCH / 10


def check_skipped(lost, torn, chapters, most):
    """What the kernel did not report: with RPS at most `most`; else nothing lost, hardly one torn."""
    if most:
        assert lost + torn <= most, f"{lost} chapters lost and {torn} incomplete of {chapters}"
    else:
        assert lost == 0, "without RPS no hook run is skipped by both programs"
        assert torn <= chapters / 4000, f"{torn} of {chapters} incomplete"


def check_sum(tracer, ends, skipped=0):
    """Each end that lived has a handshake and a close, told once, or is counted as lost."""
    summary = tracer.summary
    told = {k: [c for c in tracer.chapters(k) if not c.get("open")] for k in ("handshake", "close")}
    still = {k: [c for c in tracer.chapters(k) if c.get("open")] for k in ("handshake", "close")}
    assert summary["handshakes"] == len(told["handshake"])
    assert summary["closes"] == len(told["close"])
    assert summary["open"] == len(still["handshake"]) + len(still["close"])
    for kind in told:
        conns = collections.Counter(c["conn"] for c in told[kind] + still[kind])
        assert not conns or max(conns.values()) == 1, f"a {kind} was told twice"
    chapters = sum(map(len, told.values())) + sum(map(len, still.values()))
    lost = summary["events_lost"] + 2 * summary["table_full"]
    assert chapters + lost >= 2 * ends, f"{chapters} told or open, {lost} lost, of {2 * ends}"
    assert chapters <= 2 * ends
    if not lost:
        assert chapters == 2 * ends
    torn = [c for c in tracer.chapters() if c["missing"] == "events_lost" and not c.get("open")]
    assert summary["incomplete"] == len(torn)
    check_skipped(lost, len(torn), 2 * ends, skipped)
    if lost:
        assert "lost" in tracer.stderr.text() or "table" in tracer.stderr.text()


@pytest.mark.alone("keeps all processors busy")
@pytest.mark.parametrize("rps", [0, 3])
def test_churn_elsewhere_is_not_told(world, rps):
    """Another namespace is busy before, while and after tracers start: nothing of it is told."""
    idle, busy = world.netns(), world.netns()
    busy.sysctl(net__core__somaxconn=4096, net__ipv4__tcp_max_tw_buckets=65536)
    if rps:
        with_rps(busy, rps)
    server = busy.spawn(serve, 7600, 1 << 30)
    assert server.recv() == "listening"
    clients = [busy.spawn(churn_until_told, 7600) for _ in range(3)]
    for _ in range(3):
        tracers = [Tracer(*args, ready=False) for args in (["--netns", idle.inode], ["-p", os.getpid()],
                                                           ["-L", "1"], ["-l", "10.99.0.0/16"])]
        for tracer in tracers:
            tracer.wait_ready()
        for tracer in tracers:
            tracer.send_signal(signal.SIGINT)  # all of them at the same time
        for tracer in tracers:
            tracer.stop()
            told = [c for c in tracer.chapters() if c["netns"] in (busy.inode, idle.inode)]
            assert told == [], f"{len(told)} chapters told by {tracer.argv}, such as {told[0]}"
    for client in clients:
        client.send("stop")
    assert sum(c.result() for c in clients) > 300, "hardly any traffic"
    server.kill()


def test_a_full_table_is_not_silent(world):
    """--max-connections 16 and 100 at a time: counted, said on stderr, and the rest still right."""
    ns = world.netns()
    total = 100
    server = ns.spawn(serve, 7300, total)
    assert server.recv() == "listening"
    capture = world.capture(ns, "lo")
    tracer = Tracer("--max-connections", "16", netns=ns)
    client = ns.spawn(open_all, 7300, total)
    assert client.recv() == "all open"
    client.send("close")
    ports = set(client.result())
    assert server.result() == total
    tracer.stop()
    summary = tracer.summary
    complete = [c for c in tracer.chapters("close") if c["complete"]]
    assert 0 < len(complete) < 2 * total
    assert summary["table_full"] == 2 * total - len(complete), "one for each that found no room"
    # what is not known may be null, but nothing is made up
    reset = {(p.src, p.sport, p.dport) for p in capture.packets() if p.flags & RST}
    for chapter in tracer.chapters("close"):
        segments = [s["segment"] for s in chapter["steps"] if s["segment"]]
        if chapter["ending"] == "reset_sent" or any("> RST" in s for s in segments):
            end = (chapter["local"], chapter["local_port"], chapter["remote_port"])
            assert end in reset, f"no RST was captured: {chapter}"
    assert "full" in tracer.stderr.text() and "--max-connections" in tracer.stderr.text()
    for chapter in tracer.chapters():
        port = chapter["local_port"] if chapter["local_port"] != 7300 else chapter["remote_port"]
        assert port in ports
        assert chapter["complete"] or chapter["missing"] == "table_full"
    per = collections.Counter((c["conn"], c["type"]) for c in tracer.chapters())
    assert max(per.values()) == 1


def test_open_ones_count(world):
    """Ten stay open in the middle of their close, told open at the end: the sum is still right."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    for i in range(20):
        client.connect("127.0.0.1", port, name=f"s{i}")
        server.accept(f"s{i}")
        client.shutdown(name=f"s{i}")
        assert server.recv_any(f"s{i}") == b""
    for i in range(10):
        server.close(f"s{i}")
        assert client.recv_any(f"s{i}") == b""
        client.close(f"s{i}")
    tracer.wait_count(20, "close")
    tracer.stop()
    summary = tracer.summary
    assert (summary["handshakes"], summary["closes"], summary["open"]) == (40, 20, 20)
    assert summary["connections"] == 40
    assert len(tracer.chapters("close", open=True)) == 20
    check_sum(tracer, 40)


def test_interrupt_while_busy(world):
    """SIGINT in the middle of the traffic: what had been posted is told, and the JSON is whole."""
    ns = world.netns()
    total = 3000
    server = ns.spawn(serve, 7400, total)
    assert server.recv() == "listening"
    tracer = Tracer(netns=ns)
    client = ns.spawn(churn, 7400, total)
    tracer.wait_count(400)
    tracer.stop()
    summary = tracer.summary
    assert summary["handshakes"] == len([c for c in tracer.chapters("handshake") if not c.get("open")])
    assert summary["closes"] == len([c for c in tracer.chapters("close") if not c.get("open")])
    # every connection that began is there: a close never lacks its handshake, but on an emulated processor,
    # where it says so, and that is counted
    began = {c["conn"] for c in tracer.chapters("handshake")}
    lacking = [c for c in tracer.chapters("close") if c["conn"] not in began]
    assert all(c["missing"] == "events_lost" for c in lacking), lacking
    assert not lacking or (checks.EMULATED and summary["events_lost"])
    assert client.result() == total == server.result()
    assert os.getpid() not in {c["pid"] for c in tracer.chapters()}
