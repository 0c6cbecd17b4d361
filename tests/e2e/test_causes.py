# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Scenes from bug reports: what the timeline says after `why:` names the culprit."""
import re
import socket
import time

import pytest

import firewall
import pump
from agent import CLOSE_WAIT, FIN_WAIT2
from relay import wire
from scene import Scene
from why import ADDR, Local, Why


@pytest.fixture
def local(world):
    return Local(world)


def test_leaked(world):
    """50 connections in CLOSE_WAIT, 30 of them older than the trace: whoever holds them is named."""
    scene = Local(world)
    old, new = 30, 20

    def leak(n, first):
        for i in range(first, first + n):
            scene.connect(f"s{i}")
            scene.server.accept(f"s{i}")
            scene.client.close(f"s{i}")
            assert scene.server.recv_any(f"s{i}") == b""

    leak(old, 0)
    why = Why(scene.ns)
    leak(new, old)
    why.wait_open(rf"python3\[{scene.server.pid}\] has not closed it; the peer has, .* ago", new)
    why.wait(rf"python3\[{scene.server.pid}\] has not closed it; the peer has", old)


def test_full_accept_queue(world):
    local = Local(world, backlog=1, net__ipv4__tcp_syn_retries=1)
    for i in range(5):
        local.client.connect(ADDR, local.port, name=f"s{i}", blocking=False)
    local.why.wait(r"no answer at all to \d SYNs in .*: a firewall or a full queue of the server drops them, or the host is down", 3)
    local.why.tracer.stop()
    text = " ".join(local.why.tracer.stdout.text().split())
    assert re.search(rf"listener {ADDR}:{local.port} python3\[{local.server.pid}\]: accept queue 2 of 1, \d+ SYNs", text), text


def test_never_accepted(local):
    local.connect()
    local.client.close()
    local.server.wait_state(local.port, CLOSE_WAIT)
    local.why.wait_open(rf"python3\[{local.server.pid}\] has not called accept\(\) for it, for .*")


def test_not_accepted_yet(world):
    """A server that hangs: no connection of it has begun to close."""
    local = Local(world)
    local.connect()
    server, role = re.escape(f"python3[{local.server.pid}]"), re.escape(f"server {ADDR}:{local.port}")
    # its handshake is reported when it has waited for a second
    pump.wait_until(lambda: any(re.search(f"{server} {role}", line) for line in local.why.tracer.stdout.lines),
                    local.why.tracer.stdout.text)
    pump.wait_until(lambda: "not accepted yet" in local.why.tracer.stdout.text(), local.why.tracer.stdout.text)
    local.why.wait_open(rf"{server} has not called accept\(\) for it, for 1.*")


def test_killed_after_a_pause(world):
    """No data was sent after the silence: it is no time-out."""
    local = Local(world, "--slow-idle", "100")
    local.open()
    local.client.send(10)
    local.server.peek_ready(10)
    time.sleep(0.3)  # that is what it is about
    local.server.kill()
    local.why.wait(r"the peer sent an RST")


def test_late_accept(world):
    local = Local(world, "--slow-accept", "1")
    local.connect()
    time.sleep(0.1)  # that is what it is about
    local.server.accept()
    local.why.wait(rf"python3\[{local.server.pid}\] called accept\(\) only \d.* ms after the handshake")


def test_no_ports(world):
    """6 ports, and who holds them in TIME_WAIT."""
    local = Local(world, net__ipv4__tcp_tw_reuse=0)
    local.ns.sysctl(net__ipv4__ip_local_port_range="40000 40005")
    for _ in range(6):
        local.open()
        local.client.close()
        assert local.server.recv_any() == b""
        local.server.close()
    pump.wait_until(lambda: len(local.ns.exec("ss", "-Htan", "state", "time-wait").splitlines()) == 6, "TIME_WAIT")
    assert local.client.connect(ADDR, local.port, name="last")["errno"] == "EADDRNOTAVAIL"
    local.why.wait(r"all local ports to that address are taken: 6 are in TIME_WAIT, which this end has "
                   rf"because it closed first, all of them by python3\[{local.client.pid}\]")


def test_ports_are_open(world):
    """The client gives back all of them as soon as there is no port; and one that was bound is none of the range."""
    local = Local(world, net__ipv4__tcp_tw_reuse=0)
    local.ns.sysctl(net__ipv4__ip_local_port_range="40000 40005")
    local.client.socket("bound")
    local.client.bind(ADDR, 39999, name="bound")
    names = ("bound", *"abcdef")
    for name in names:
        assert local.client.connect(ADDR, local.port, name=name)["errno"] is None
        local.server.accept(name)
    local.server.start("close_after", *names)
    local.client.connect_and_close(ADDR, local.port, "last", *names)
    local.server.finish()
    local.why.wait("all local ports to that address are taken: 6 by connections that are open.*")


@pytest.mark.parametrize("how", ["peer", "nat"])
def test_idle(world, how):
    """A request after silence: the server closes at that moment, or something between has forgotten the flow."""
    link = wire(world, 0.03)
    server, client = world.agent(link.b), world.agent(link.a)
    port = server.listen(link.server(4))
    there, here = Why(link.b, "--slow-idle", "200"), Why(link.a, "--slow-idle", "200")
    client.connect(link.server(4), port)
    server.accept()
    client.send(10)
    server.recv(10)
    server.send(10)
    client.recv(10)
    time.sleep(0.5)  # that is what it is about
    if how == "nat":
        firewall.rule(link.b, 4, "INPUT", "-j", "REJECT", "--reject-with", "tcp-reset")
        client.send(10)
        assert client.wait_error() == "ECONNRESET"
        here.wait(r"the peer reset it on the first data after \d.* of silence: an idle timeout of the peer, "
                  r"or of a firewall or NAT between")
        return
    client.start("send", 10)
    server.close()
    client.finish()
    assert client.recv_any() in (b"", "ECONNRESET")
    here.wait(r"data was sent after \d.* of silence, just when the peer closed: an idle timeout of the peer")
    there.wait(rf"python3\[{server.pid}\] closed after \d.* without data, and data of the peer came after that: "
               r"an idle timeout of this end")


def test_killed_worker(local):
    local.open()
    pid = local.server.pid
    local.client.send(10)
    local.server.peek_ready(10)
    local.server.kill()
    local.why.wait(rf"python3\[{pid}\] was killed \(signal 9\)")
    local.why.wait(r"the peer sent an RST")


def test_listener_ends(local):
    for i in range(3):
        local.connect(f"s{i}")
    local.server.close("l")
    local.why.wait(rf"python3\[{local.server.pid}\] closed its listener while the connection waited for accept\(\)", 3)
    local.why.wait(r"the peer sent an RST", 3)


def test_closed_window(world):
    scene = Scene(world)
    why = Why(scene.link.a)
    scene.connect()
    scene.client.option(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    scene.client.send_and_close(1 << 21)
    pump.wait_until(lambda: "timer:(persist" in scene.link.a.exec("ss", "-Htno"), "the window is closed")
    why.wait_open(r"the peer does not read, its window is closed: \d+ bytes have waited.*")


@pytest.mark.parametrize("how", ["REJECT", "closed", "DROP"])
def test_refused(world, how):
    local = Local(world, net__ipv4__tcp_syn_retries=1)
    if how == "closed":
        local.server.close("l")
    else:
        firewall.rule(local.ns, 4, "INPUT", "--dport", str(local.port), "-j", how)
    local.client.connect(ADDR, local.port)
    local.why.wait({
        "REJECT": r"a firewall, a router or the host answered by ICMP \(ECONNREFUSED\)",
        "closed": rf"nothing listens on port {local.port} there, or a firewall answers with RST",
        "DROP": r"no answer at all to \d SYNs in \d.*: a firewall or a full queue of the server drops them, or the host is down"}[how])
    if how == "closed":
        local.why.wait(rf"nothing listens on port {local.port} here")


def test_not_sent(world):
    local = Local(world, net__ipv4__tcp_syn_retries=1)
    firewall.rule(local.ns, 4, "OUTPUT", "--dport", str(local.port), "-j", "DROP")
    local.client.connect(ADDR, local.port)
    local.why.wait(r"the SYN did not leave this host: a firewall rule, .*")


def test_no_route(world):
    local = Local(world)
    assert local.client.connect("192.0.2.1", local.port)["errno"] == "ENETUNREACH"
    local.why.wait(r"this host has no route to that address \(ENETUNREACH\)")


def test_the_application_gives_up(world):
    scene = Scene(world)
    why = Why(scene.link.a)
    scene.lose_the_peer()
    scene.connect(blocking=False)
    scene.client.close()
    why.wait(rf"python3\[{scene.client.pid}\] closed the socket .* after the first SYN, "
             r"and 1 SYN had no answer by then(; .*)?")


@pytest.mark.parametrize("lost, here, there", [
    (("a", "SYN", 1),
     r"the first SYN was not answered for 1.\d\d s: lost .*; the SYN that was answered took \d.* ms", None),
    (("b", "SYN,ACK", 1),
     r"the first SYN was not answered for 1.\d\d s: lost .*; the SYN that was answered took \d.* ms",
     r"the SYN,ACK was sent \d times within (9\d\d ms|1.\d\d s) before the ACK came: it was lost .*")])
def test_lost_in_the_handshake(world, lost, here, there):
    link = wire(world, 0.02, [lost])
    server, client = world.agent(link.b), world.agent(link.a)
    whys = Why(link.a), Why(link.b)
    client.connect(link.server(4), server.listen(link.server(4)))
    server.accept()
    whys[0].wait(here)
    if there:
        whys[1].wait(there)


def test_slow_network(world):
    link = wire(world, 0.06)
    server, client = world.agent(link.b), world.agent(link.a)
    why = Why(link.a, "--slow-connect", "100")
    client.connect(link.server(4), server.listen(link.server(4)))
    why.wait(r"the answer to the SYN took 1\d\d ms: that is the round trip to the peer")


def test_health_check(local):
    local.client.socket()
    local.client.linger0()
    local.open()
    local.client.close()
    local.why.wait(rf"python3\[{local.client.pid}\] closed with SO_LINGER and 0 s, which sends RST")
    local.why.wait(r"the peer sent an RST")


def test_unread_data(local):
    local.open()
    local.client.send(4)
    local.server.peek_ready(4)
    local.server.close()
    local.why.wait(rf"python3\[{local.server.pid}\] closed before it had read all that came \(4 bytes left\): "
                   r"the kernel then sends RST instead of FIN")


def test_keepalive(world):
    scene = Scene(world)
    why = Why(scene.link.a)
    scene.client.socket()
    for level, option, value in ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
                                 (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1),
                                 (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
                                 (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 1)):
        scene.client.option(level, option, value)
    scene.connect()
    scene.lose_the_peer()
    assert scene.client.wait_error() == "ETIMEDOUT"
    why.wait(r"the peer stopped answering: keepalive probes, or data for as long as TCP_USER_TIMEOUT")


def test_vanished_peer(world):
    scene = Scene(world)
    scene.link.a.sysctl(net__ipv4__tcp_retries2=3)
    why = Why(scene.link.a)
    scene.connect()
    scene.lose_the_peer()
    scene.client.send(100)
    pump.wait_until(lambda: re.search(r"timer:\(on,\w+,[1-9]", scene.link.a.exec("ss", "-Htno")), "it retransmits")
    why.wait_open(r"the peer does not acknowledge data: 100 bytes have waited.*, sent again \d times?")
    assert scene.client.wait_error() == "ETIMEDOUT"
    why.wait(r"the peer no longer acknowledged data, sent again \d times")


def test_slow_peer(local):
    local.open()
    local.client.close()
    local.client.wait_state(local.local, FIN_WAIT2)
    local.why.wait_open(r"the peer has not closed it; this end has, .* ago")
    local.why.wait(rf"python3\[{local.server.pid}\] has not closed it; the peer has, .* ago")


def test_ordinary(local):
    """No reason is given for what is neither slow nor failed."""
    for _ in range(3):
        local.open()
        local.client.close()
        assert local.server.recv_any() == b""
        local.server.close()
    tracer = local.why.tracer
    pump.wait_until(lambda: sum("graceful" in line for line in tracer.stdout.lines) == 6, tracer.stdout.text)
    assert local.why.reasons() == []
