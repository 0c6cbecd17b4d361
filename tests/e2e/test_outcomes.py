# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Handshakes that fail, each with its errno and the time it took."""
import re
import socket

import pytest

import checks
import pump
from checks import Noise, between, check_owner, failed, near
from crowded import netstat
from oracle import End
from tracer import Tracer, run_tracer


def test_refused(world, link, family):
    client = world.agent(link.a)
    capture = world.capture(link.a, link.dev_a)
    tracer = Tracer("--role", "client", netns=link.a)
    with Noise() as noise:
        # bound first: the local port of a socket that failed cannot be asked for
        client.socket(family=family)
        client.bind(link.client(family))
        port = client.port()
        done = client.connect(link.server(family), 9999, family=family)
        tracer.wait_count(1)
    assert done["errno"] == "ECONNREFUSED"
    tracer.stop()
    chapter = failed(tracer, local_port=port, remote_port=9999)
    end = End(capture.packets(), link.client(family), port, link.server(family), 9999)
    assert (chapter["outcome"], chapter["errno"]) == ("refused", "ECONNREFUSED")
    assert chapter["role"] == "client" and chapter["family"] == family
    check_owner(chapter, client)
    assert chapter["iss"] == end.iss and chapter["irs"] is None
    assert chapter["completeness"] == end.completeness() == 37
    assert chapter["completeness_text"] == "Incomplete"
    checks.check_steps(chapter, end.handshake, noise.tolerance_ns)
    near(chapter["handshake_us"], end.handshake[-1].t_ns - end.handshake[0].t_ns,
         noise.tolerance_ns, "handshake_us")


def blackhole(link):
    """An on-link address whose frames go to a station that does not exist."""
    link.a.ip("neigh", "add", "10.77.1.66", "lladdr", "02:00:00:00:00:66", "dev", link.dev_a)
    link.a.ip("neigh", "add", "fd00:77::66", "lladdr", "02:00:00:00:00:66", "dev", link.dev_a)
    return {4: "10.77.1.66", 6: "fd00:77::66"}


def test_timed_out(world, family):
    link = world.link("veth")
    nowhere = blackhole(link)[family]
    link.a.sysctl(net__ipv4__tcp_syn_retries=1)
    client = world.agent(link.a)
    capture = world.capture(link.a, link.dev_a)
    tracer = Tracer(netns=link.a)
    with Noise() as noise:
        done = client.connect(nowhere, 80, family=family)
        tracer.wait_count(1)
    assert done["errno"] == "ETIMEDOUT"
    tracer.stop()
    chapter = failed(tracer, remote_port=80)
    assert (chapter["outcome"], chapter["errno"]) == ("timed_out", "ETIMEDOUT")
    end = End(capture.packets(), link.client(family), chapter["local_port"], nowhere, 80)
    again = len(end.handshake) - 1  # 1 or 2: before 6.5 the waits double, then four are 1 s each
    assert chapter["remote"] == nowhere and chapter["syn_retransmits"] == again >= 1
    assert chapter["iss"] == end.iss and chapter["irs"] is None and chapter["rtt_us"] is None
    assert chapter["completeness"] == end.completeness() == 1
    check_owner(chapter, client)
    # of 1 and 2 s, or of 1 s each
    checks.timed(chapter["handshake_us"], 3_000_000_000, done["took_ns"], noise.tolerance_ns, "handshake_us")
    *segments, gave_up = chapter["steps"]
    assert (gave_up["from"], gave_up["to"], gave_up["segment"]) == ("SYN_SENT", "CLOSE", None)
    checks.check_steps({**chapter, "steps": segments}, end.handshake, noise.tolerance_ns)


def test_unreachable(world, family):
    """Nobody answers ARP or neighbour solicitations for an on-link address."""
    link = world.link("veth")
    nobody = {4: "10.77.1.99", 6: "fd00:77::99"}[family]
    kind = {4: "ipv4", 6: "ipv6"}[family]
    for key, value in (("mcast_solicit", 1), ("retrans_time_ms", 200)):
        link.a.exec("sysctl", "-qw", f"net.{kind}.neigh.{link.dev_a}.{key}={value}")
    client = world.agent(link.a)
    tracer = Tracer(netns=link.a)
    with Noise() as noise:
        done = client.connect(nobody, 80, family=family)
        tracer.wait_count(1)
    assert done["errno"] == "EHOSTUNREACH"
    tracer.stop()
    chapter = failed(tracer, remote=nobody)
    assert (chapter["outcome"], chapter["errno"]) == ("unreachable", "EHOSTUNREACH")
    check_owner(chapter, client)
    checks.timed(chapter["handshake_us"], 200_000_000, done["took_ns"], noise.tolerance_ns, "handshake_us")


def test_a_syn_that_waits_for_its_neighbour(world):
    """ARP is answered after 1.3 s: one SYN crossed the wire, however often the timer came round.

    The retransmission timer finds the first SYN still in this host and sends nothing (-EBUSY).
    """
    link = world.link("veth", neighbours=False)
    link.b.ip("link", "set", link.dev_b, "arp", "off")
    link.b.ip("neigh", "add", "10.77.1.1", "lladdr", "02:00:00:00:77:01", "dev", link.dev_b)
    server, client = world.agent(link.b), world.agent(link.a)
    capture = world.capture(link.a, link.dev_a)
    tracer = Tracer(netns=link.a)
    port = server.listen("10.77.1.2")
    client.start("connect", "10.77.1.2", port)
    server.sleep(1.3)
    link.a.ip("neigh", "replace", "10.77.1.2", "lladdr", "02:00:00:00:77:02", "dev", link.dev_a)
    done = client.finish()
    assert done["errno"] is None
    tracer.wait_count(1)
    tracer.stop()
    end = End(capture.packets(), "10.77.1.1", done["port"], "10.77.1.2", port)
    assert [s.segment for s in end.handshake] == ["> SYN", "< SYN,ACK", "> ACK"], "the scene failed"
    chapter = tracer.one("handshake")
    assert chapter["syn_retransmits"] == 0
    assert [s["segment"] for s in chapter["steps"]] == ["> SYN", "< SYN,ACK", "> ACK"]


@pytest.mark.parametrize("how", ["close", "kill"])
def test_abandoned(world, family, how):
    """A non-blocking connect() is closed in SYN_SENT, or its process is killed."""
    link = world.link("veth")
    nowhere = blackhole(link)[family]
    client = world.agent(link.a)
    tracer = Tracer(netns=link.a)
    with Noise() as noise:
        done = client.connect(nowhere, 80, family=family, blocking=False)
        assert done["errno"] == "EINPROGRESS"
        client.sleep(0.1)
        closed = client.close() if how == "close" else None
        if how == "kill":
            client.kill()
        tracer.wait_count(1)
    tracer.stop()
    chapter = failed(tracer, local_port=done["port"])
    assert (chapter["outcome"], chapter["errno"]) == ("abandoned", None)
    check_owner(chapter, client)
    if closed:
        began = done["call"]
        between(chapter["handshake_us"], (closed.before_ns - began.after_ns, closed.after_ns - began.before_ns),
                noise.tolerance_ns, "handshake_us")
    assert chapter["handshake_us"] >= 100_000
    # on a busy machine a second may pass
    again, = netstat(link.a, "TCPSynRetrans")
    assert [(s["from"], s["to"], s["segment"]) for s in chapter["steps"]] == [
        ("CLOSE", "SYN_SENT", "> SYN"), *(("SYN_SENT", "SYN_SENT", f"> SYN ({n})") for n in range(2, again + 2)),
        ("SYN_SENT", "CLOSE", None)]


def test_no_port(world, family):
    """All local ports towards one destination are taken."""
    ns = world.netns()
    ns.sysctl(net__ipv4__ip_local_port_range="40000 40003")
    addr = {4: "127.0.0.1", 6: "::1"}[family]
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen(addr, 5000, family=family)
    for i in range(4):
        assert client.connect(addr, port, name=f"s{i}", family=family)["errno"] is None
    tracer = Tracer(netns=ns)
    done = client.connect(addr, port, name="last", family=family)
    assert done["errno"] == "EADDRNOTAVAIL"
    tracer.wait_count(1, "handshake", outcome="no_port")
    tracer.stop()
    chapter = tracer.one("handshake", outcome="no_port")
    checks.check_shape(chapter)
    assert chapter["errno"] == "EADDRNOTAVAIL"
    assert chapter["local_port"] is None and chapter["remote_port"] == port
    assert chapter["remote"] == addr and chapter["iss"] is None
    check_owner(chapter, client)
    assert [s["segment"] for s in chapter["steps"]] in ([None], [None, None])


def test_the_bound_port_is_taken(world, family):
    """Two sockets at one address and port, to one destination: connect() fails and nothing leaves."""
    ns = world.netns()
    addr = {4: "127.0.0.1", 6: "::1"}[family]
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen(addr, family=family)
    for name in ("first", "second"):
        client.socket(name, family=family)
        client.bind(addr, 5100, name=name)
    assert client.connect(addr, port, name="first", family=family)["errno"] is None
    server.accept()
    tracer = Tracer(netns=ns)
    assert client.connect(addr, port, name="second", family=family)["errno"] == "EADDRNOTAVAIL"
    tracer.wait_count(1)
    tracer.stop()
    chapter = failed(tracer, remote_port=port)
    assert (chapter["outcome"], chapter["errno"]) == ("no_port", "EADDRNOTAVAIL")
    assert chapter["iss"] is None and chapter["completeness"] == 0
    assert [s["segment"] for s in chapter["steps"]] in ([None], [None, None])


def test_the_server_resets_what_nobody_accepted(world, family):
    """A listener is closed over a connection in its accept queue."""
    ns = world.netns()
    addr = {4: "127.0.0.1", 6: "::1"}[family]
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer(netns=ns)
    port = server.listen(addr, family=family)
    local = client.connect(addr, port, family=family)["port"]
    server.close("l")
    assert client.recv_any() == "ECONNRESET"
    tracer.wait_count(4)
    tracer.stop()
    for kind in ("handshake", "close"):
        mine = tracer.one(kind, local_port=port)
        checks.check_shape(mine)
        assert mine["role"] == "server" and mine["pid"] == server.pid
        assert tracer.one(kind, local_port=local)["pid"] == client.pid
    assert tracer.one("close", local_port=port)["ending"] == "reset_sent"
    assert tracer.one("close", local_port=local)["ending"] == "reset_received"
    assert tracer.one("handshake", local_port=port)["accept_us"] is None


def test_gave_up(world, tmp_path):
    """close() after the second SYN: how many got no answer, as the kernel's counter has it, and after what time."""
    link = world.link("veth")
    nowhere = blackhole(link)[4]
    client = world.agent(link.a)
    tracer = Tracer("-w", tmp_path / "rec", netns=link.a)
    assert client.connect(nowhere, 80, blocking=False)["errno"] == "EINPROGRESS"
    pump.wait_until(lambda: "retrans:1/1" in link.a.exec("ss", "-Htani", "state", "syn-sent"), "the second SYN")
    client.close()
    tracer.wait_count(1)
    tracer.stop()
    assert tracer.one("handshake")["outcome"] == "abandoned"
    _, text, _ = run_tracer("-r", tmp_path / "rec")
    assert re.search(r"\bno answer to 2 SYNs, the application gave up after [1-9][0-9]*\.[0-9] s\n", text), text
    assert "retransmit" not in text


def test_one_socket_connects_twice(world):
    """Refused, then connected with the same socket: two connections, two numbers, one cookie."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer("--role", "client", netns=ns)
    assert client.connect("127.0.0.1", 7777)["errno"] == "ECONNREFUSED"
    server.listen("127.0.0.1", 7777)
    assert client.connect("127.0.0.1", 7777)["errno"] is None
    tracer.wait_count(2, "handshake")
    tracer.stop()
    first = tracer.one("handshake", outcome="refused")
    second = tracer.one("handshake", outcome="established")
    assert first["conn"] != second["conn"] and first["cookie"] == second["cookie"]
    assert first["pid"] == second["pid"] == client.pid


def test_simultaneous_open(world, tmp_path):
    """A socket that connects to itself is the simplest case of crossed SYNs."""
    ns = world.netns()
    client = world.agent(ns)
    tracer = Tracer("-w", tmp_path / "rec", netns=ns)
    client.socket()
    client.bind("127.0.0.1", 6000)
    assert client.connect("127.0.0.1", 6000)["errno"] is None
    tracer.wait_count(1, "handshake")
    tracer.stop()
    chapter = tracer.one("handshake", local_port=6000)
    checks.check_shape(chapter)
    _, text, _ = run_tracer("-r", tmp_path / "rec")
    assert ", simultaneous open, to itself" in " ".join(text.split())
    assert chapter["outcome"] == "established" and chapter["simultaneous_open"] is True
    assert chapter["role"] == "client" and chapter["iss"] == chapter["irs"]


def test_dying_listener_is_no_connection(world):
    """listen() and close() alone are not told."""
    ns = world.netns()
    server = world.agent(ns)
    tracer = Tracer(netns=ns)
    server.listen("127.0.0.1", 5001)
    server.close("l")
    server.socket()
    server.option(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    server.close()
    tracer.stop()
    assert tracer.chapters() == []
    assert tracer.summary["connections"] == 0 and tracer.summary["open"] == 0
