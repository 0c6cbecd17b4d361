# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Segments that are lost, late or refused on a wire with 20 ms each way."""
import os
import socket
import threading

import pytest

import checks
import kernel
import pump
from agent import FIN_WAIT2, TCP_USER_TIMEOUT
from checks import Noise, failed
from capture import FIN
from oracle import End
from relay import wire
from talk import Talk
from tracer import Tracer

WAY = 0.02


def check_all(talk):
    """Both ends' chapters against the capture, retransmissions included."""
    told = talk.finish()
    for chapters, end in zip(told, (talk.c_end, talk.s_end)):
        check_end(chapters, end, talk.noise.tolerance_ns)
    return told


def check_end(told, end, tolerance_ns):
    checks.check_handshake(told["handshake"], end, tolerance_ns)
    checks.check_close(told["close"], end, tolerance_ns)
    opened = [s for s in end.handshake if s.segment.startswith(("> SYN", "> SYN,ACK"))]
    key = "synack_retransmits" if end.server_side else "syn_retransmits"
    assert told["handshake"][key] == len(opened) - 1
    assert told["close"]["retransmits"] == end.retransmits()
    assert told["close"]["fin_retransmits"] in (end.retransmits(FIN), None)


def test_two_lost_syns(world):
    talk = Talk(world, wire(world, WAY, [("a", "SYN", 1), ("a", "SYN", 2)]), 4)
    ladder = Tracer(netns=talk.link.a, output="ladder", env={**os.environ, "LC_ALL": "C"})
    talk.connect()
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, server = check_all(talk)
    shake = client["handshake"]
    assert shake["syn_retransmits"] == 2 and shake["handshake_us"] >= 2_000_000
    assert [s["segment"] for s in shake["steps"]] == [
        "> SYN", "> SYN (2)", "> SYN (3)", "< SYN,ACK", "> ACK"]
    # of the SYN that was answered, which the kernel has in whole milliseconds
    assert shake["rtt_us"] is None or 40_000 <= shake["rtt_us"] <= talk.c_end.last_trip_ns() / 1000 + 1000
    assert server["handshake"]["handshake_us"] < shake["handshake_us"] - 1_000_000
    ladder.stop()
    checks.check_lost_syns(ladder.stdout.lines, talk.c_end.handshake[:4], talk.noise.tolerance_ns)


@pytest.mark.parametrize("data", [None, "comes", "lost"])
def test_lost_handshake_ack(world, data):
    """The client is ESTABLISHED and the server is not, until it asks again or data come."""
    rules = ["drop a:DATA:1-4"] if data == "lost" else []
    talk = Talk(world, wire(world, WAY, [("a", "ACK", 1)], rules), 4)
    talk.server.start("accept")
    done = talk.client.connect(talk.address, talk.server_port)
    assert done["errno"] is None
    talk.client_port = done["port"]
    if data:
        talk.client.send(100)
    talk.server.finish()
    if data:
        talk.server.recv(100)
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    _client, server = check_all(talk)
    shake = server["handshake"]
    assert shake["synack_retransmits"] == (0 if data == "comes" else 1)
    assert (shake["handshake_us"] > 900_000) is (data != "comes")
    # the answer to the second SYN,ACK stands behind the data, whose number is not the first
    ahead = talk.s_end.handshake[-1].seq - talk.s_end.irs != 1
    assert ahead is (data == "lost"), "the scene failed"
    assert shake["steps"][-1].get("seq") == (None if ahead else talk.s_end.irs + 1)


@pytest.mark.parametrize("how", ["close", "shutdown"])
def test_lost_ack_of_our_fin(world, family, how):
    """Our FIN has to leave twice because of the peer's ACK; the peer sees both."""
    talk = Talk(world, wire(world, WAY), family)
    talk.connect()
    talk.link.rule("drop b:ACK:1")
    talk.client.close() if how == "close" else talk.client.shutdown()
    talk.client.wait_state(talk.client_port, FIN_WAIT2, family)
    assert talk.server.recv_any() == b""
    talk.server.close()
    if how == "shutdown":
        assert talk.client.recv_any() == b""
        talk.client.close()
    client, server = check_all(talk)
    assert client["close"]["fin_retransmits"] == 1 and client["close"]["fin_rtt_us"] > 60_000
    assert [s["segment"] for s in client["close"]["steps"]] == [
        "> FIN", "> FIN (2)", "< ACK", "< FIN", "> ACK"]
    assert [s["segment"] for s in server["close"]["steps"]] == ["< FIN", "> ACK", "> FIN", "< ACK"]


def test_lost_fin_of_the_second_closer(world, family):
    """LAST_ACK: the FIN leaves twice, and TIME_WAIT of the other end begins with the second."""
    talk = Talk(world, wire(world, WAY, [("b", "FIN", 1)]), family)
    talk.connect()
    talk.client.close()
    talk.client.wait_state(talk.client_port, FIN_WAIT2, family)
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, server = check_all(talk)
    assert server["close"]["fin_retransmits"] == 1 and client["close"]["fin_retransmits"] == 0
    assert [s["segment"] for s in server["close"]["steps"]] == [
        "< FIN", "> ACK", "> FIN", "> FIN (2)", "< ACK"]
    assert client["close"]["peer_fin_us"] > 60_000


def test_lost_ack_out_of_time_wait(world, family):
    """The last ACK is lost: LAST_ACK lasts longer, TIME_WAIT has begun all the same."""
    talk = Talk(world, wire(world, WAY), family)
    talk.connect()
    talk.client.close()
    talk.client.wait_state(talk.client_port, FIN_WAIT2, family)
    talk.link.rule("drop a:ACK:1")
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, server = check_all(talk)
    assert server["close"]["fin_retransmits"] == 1 and server["close"]["fin_rtt_us"] > 60_000
    assert client["close"]["fin_retransmits"] == 0
    assert [s["segment"] for s in client["close"]["steps"]] == ["> FIN", "< ACK", "< FIN", "> ACK"]
    last = [p for p in talk.c_end.packets if talk.c_end.sent(p)][-2:]
    assert not any(p.flags & FIN for p in last), "no second ACK from TIME_WAIT"


def in_parallel(fn, args):
    results = [None] * len(args)

    def run(i):
        results[i] = fn(args[i])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(args))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def read(s, n):
    while n:
        got = len(s.recv(n))
        assert got, "the peer closed too early"
        n -= got


def crowd_server(channel, addr, n):
    lst = socket.create_server((addr, 0))
    channel.send(lst.getsockname()[1])

    def serve(s):
        with s:
            read(s, 1000)
            s.sendall(b"y" * 3000)
            assert s.recv(1) == b""
        return True

    return in_parallel(serve, [lst.accept()[0] for _ in range(n)])


def crowd_client(addr, port, n):
    def talk(_):
        with socket.create_connection((addr, port)) as s:
            s.sendall(b"x" * 1000)
            read(s, 3000)
            return s.getsockname()[1]

    return in_parallel(talk, [None] * n)


def test_random_loss(world):
    """A fifth of everything is lost: what each end tells is still what each end's wire saw."""
    link = wire(world, WAY, loss=20)
    here, there, n = link.client(4), link.server(4), 20
    for ns in (link.a, link.b):
        # nobody gives up, which an orphan does at once when its timer is at its maximum
        ns.sysctl(net__ipv4__tcp_syn_retries=20, net__ipv4__tcp_synack_retries=20,
                  net__ipv4__tcp_orphan_retries=20)
        ns.tune(net__ipv4__tcp_rto_max_ms=1000)  # else the last of them may wait for half a minute
    captures = world.captures(link)
    tracers = [Tracer(netns=ns) for ns in (link.a, link.b)]
    with Noise() as noise:
        server = link.b.spawn(crowd_server, there, n)
        port = server.recv()
        ports = link.a.call(crowd_client, there, port, n)
        assert server.result() == [True] * n
        for tracer in tracers:
            tracer.wait_count(2 * n)
    lost = 0
    for tracer, capture, mine in ((tracers[0], captures[0], "local_port"),
                                  (tracers[1], captures[1], "remote_port")):
        tracer.stop()
        assert len(tracer.chapters()) == 2 * n, tracer.brief()
        assert tracer.summary["incomplete"] == 0 == tracer.summary["events_lost"]
        for local in ports:
            ends = (here, local), (there, port)
            if mine == "remote_port":
                ends = ends[::-1]
            end = End(capture.packets(), *ends[0], *ends[1])
            told = {t: tracer.one(t, **{mine: local}) for t in ("handshake", "close")}
            for chapter in told.values():
                checks.check_shape(chapter)
            check_end(told, end, noise.tolerance_ns)
            lost += end.retransmits()
    assert lost > n, "nothing was lost"


def test_nonblocking_connect(world, family):
    """connect() returns at once; the handshake takes its 40 ms all the same."""
    talk = Talk(world, wire(world, WAY), family)
    done = talk.client.connect(talk.address, talk.server_port, family=family, blocking=False)
    assert done["errno"] == "EINPROGRESS"
    talk.client_port = done["port"]
    ready = talk.client.wait_connected()
    assert ready["errno"] is None
    talk.server.accept()
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, _server = check_all(talk)
    took_us = (ready["after_ns"] - done["call"].before_ns) / 1000
    assert 40_000 <= client["handshake"]["handshake_us"] <= took_us


def test_syn_answered_by_icmp(world, family):
    """A router knows no way: connect() fails 40 ms after the SYN left, and not by an RST."""
    link = wire(world, WAY, rules=["unreachable a:SYN:1"])
    client = world.agent(link.a)
    capture = world.capture(link.a, link.dev_a)
    tracer = Tracer(netns=link.a)
    with Noise() as noise:
        done = client.connect(link.server(family), 80, family=family)
        tracer.wait_count(1)
    tracer.stop()
    assert done["errno"] == "EHOSTUNREACH"
    chapter = failed(tracer, remote_port=80)
    assert (chapter["outcome"], chapter["errno"]) == ("unreachable", "EHOSTUNREACH")
    end = End(capture.packets(), link.client(family), chapter["local_port"], link.server(family), 80)
    *segments, ended = chapter["steps"]
    checks.check_steps({**chapter, "steps": segments}, end.handshake, noise.tolerance_ns)
    assert (ended["from"], ended["to"], ended["segment"]) == ("SYN_SENT", "CLOSE", None)
    assert chapter["iss"] == end.iss and chapter["completeness"] == 1
    took_ns = done["call"].after_ns - end.handshake[0].t_ns
    assert WAY * 1e9 <= chapter["handshake_us"] * 1000 <= took_ns + noise.tolerance_ns


def test_data_answered_by_icmp(world, family):
    """ICMP does not end an open connection (RFC 5461), but it is what its end is then put down to."""
    talk = Talk(world, wire(world, WAY), family)
    talk.connect()
    talk.client.option(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 1500)
    talk.link.rule("unreachable a:DATA:1-")
    talk.client.send(100)
    error = talk.client.recv_any()
    talk.tracers[0].wait_count(2)
    talk.noise.__exit__()
    for tracer in talk.tracers:
        tracer.stop()
    assert error in ("EHOSTUNREACH", "ETIMEDOUT")
    client = talk.told(talk.tracers[0], talk.client_port, "client")
    end = End(talk.captures[0].packets(), talk.link.client(family), talk.client_port,
              talk.address, talk.server_port)
    checks.check_handshake(client["handshake"], end, talk.noise.tolerance_ns)
    close = client["close"]
    assert (close["ending"], close["errno"]) == ("timed_out", error)
    assert close["first_closer"] == "none" and close["closer_pid"] is None
    assert close["retransmits"] == end.retransmits() >= 1 and close["bytes_sent"] == 100
    assert close["local_fin_seq"] is None and close["completeness"] == end.completeness()
    assert close["lifetime_us"] >= 1_500_000
    assert talk.tracers[1].chapters("close") == [] or talk.tracers[1].one("close")["open"] is True


@pytest.mark.parametrize("sender", ["client", "server"])
def test_fin_before_data(world, family, sender):
    """Data is overtaken by the FIN behind it: the FIN counts when the hole before it is filled."""
    talk = Talk(world, wire(world, WAY), family)
    talk.connect()
    first, second = talk.client, talk.server
    if sender == "server":  # the second FIN is the one that comes too early
        talk.client.shutdown()
        assert talk.server.recv_any() == b""
        talk.client.wait_state(talk.client_port, FIN_WAIT2, family)
        first, second = second, first
    talk.link.rule(f"delay-nth {'a' if sender == 'client' else 'b'}:DATA:1:100000")
    first.send_and_close(100)
    second.recv(100)
    assert second.recv_any() == b""
    second.close()
    client, server = check_all(talk)
    end, told = (talk.s_end, server) if sender == "client" else (talk.c_end, client)
    fin, data = [next(p.t_ns for p in end.packets if not end.sent(p) and wanted(p))
                 for wanted in (lambda p: p.flags & FIN, lambda p: p.len)]
    assert fin < data == end.t_fin_received, "the scene failed"
    assert told["close"]["bytes_received"] == 100


def retransmitted(ns):
    """How many segments this namespace's sockets count as sent again."""
    names, values = [line.split() for line in ns.exec("cat", "/proc/net/snmp").splitlines()
                     if line.startswith("Tcp:")]
    return int(values[names.index("RetransSegs")])


@pytest.mark.parametrize("kind", ["SYN", "FIN"])
def test_refused_by_the_host_itself(world, kind):
    """A segment that its own host's queue drops is counted by the socket, yet no event of it was lost."""
    talk = Talk(world, wire(world, WAY), 4)
    if kind == "FIN":
        talk.connect()
        # it may be sent again before the queue is there
        talk.link.rule("hold a:FIN:1-9")
        talk.client.close()
    # no packet is as short as this queue
    talk.link.a.exec("tc", "qdisc", "add", "dev", "ta", "root", "bfifo", "limit", "10")
    before = retransmitted(talk.link.a)
    if kind == "SYN":
        done = talk.client.connect(talk.address, talk.server_port, blocking=False)
        talk.client_port = done["port"]
    pump.wait_until(lambda: retransmitted(talk.link.a) > before, "a retransmission in vain")
    talk.link.a.exec("tc", "qdisc", "del", "dev", "ta", "root")
    if kind == "FIN":
        vain = retransmitted(talk.link.a)
        pump.wait_until(lambda: retransmitted(talk.link.a) > vain, "one that leaves")
        talk.link.release()
    else:
        assert talk.client.wait_connected()["errno"] is None
        talk.server.accept()
        talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    client, _server = talk.finish()
    assert client["handshake"]["complete"] and client["close"]["complete"]
    assert client["handshake"]["outcome"] == "established"
    assert client["close"]["ending"] == "graceful"
    shown = [s["segment"] for s in client["handshake" if kind == "SYN" else "close"]["steps"]]
    if kind == "SYN" and kernel.can_tell("unsent"):
        assert shown[0] == "x SYN" and "> SYN" in shown and "> SYN (2)" not in shown
    else:
        assert shown[0] == f"> {kind}" and f"> {kind} (2)" in shown
