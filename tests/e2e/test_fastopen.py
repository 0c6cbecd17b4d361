# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""TCP Fast Open: data in the SYN, answers before the handshake's last ACK."""
import socket
import time

import pytest

import checks
import pump
from agent import ESTABLISHED
from checks import Noise, near
from oracle import End
from relay import wire
from sockets import TCP_FASTOPEN, listener, part
from tracer import Tracer

WAY = 0.02
TCP_FASTOPEN_CONNECT = 30
MSG_FASTOPEN = 0x20000000


def _obtain_cookie(lst):
    c = socket.socket()
    c.sendto(b"a" * 10, MSG_FASTOPEN, lst.getsockname())
    s, _peer = lst.accept()
    port = c.getsockname()[1]
    assert s.recv(10)
    part(c, s)
    return port


def _fast_open_twice(server_first):
    lst = listener(fastopen=True)
    first = _obtain_cookie(lst)
    c = socket.socket()
    c.sendto(b"b" * 20, MSG_FASTOPEN, lst.getsockname())
    s, _peer = lst.accept()
    port = c.getsockname()[1]
    assert len(s.recv(20)) == 20
    part(s, c) if server_first else part(c, s)
    return lst.getsockname()[1], first, port


@pytest.mark.parametrize("server_first", [False, True], ids=["client-first", "server-first"])
def test_fast_open(world, server_first):
    """The second time the data are in the SYN: both ends say so, and each tells two chapters."""
    ns = world.netns()
    ns.sysctl(net__ipv4__tcp_fastopen=3)
    capture, tracer = world.capture(ns, "lo"), Tracer(netns=ns)
    with Noise() as noise:
        port, first, second = ns.call(_fast_open_twice, server_first)
        tracer.wait_count(8)
    tracer.stop()
    assert len(tracer.chapters()) == 8, tracer.brief()
    packets = capture.packets()
    for client_port, fast, sent in ((first, False, 10), (second, True, 20)):
        here, there = ("127.0.0.1", client_port), ("127.0.0.1", port)
        client, server = End(packets, *here, *there), End(packets, *there, *here)
        syn = client.packets[0]
        assert (syn.len > 0) is fast, "the kernel did not do what this test needs"
        for role, ports, end in (
                ("client", dict(local_port=client_port, remote_port=port), client),
                ("server", dict(local_port=port, remote_port=client_port), server)):
            shake, close = tracer.one("handshake", **ports), tracer.one("close", **ports)
            checks.check_shape(shake)
            checks.check_shape(close)
            assert shake["conn"] == close["conn"]
            assert shake["role"] == role == close["role"]
            assert shake["outcome"] == "established" and shake["fastopen"] is fast
            assert shake["complete"] is True and close["complete"] is True
            assert (shake["iss"], shake["irs"]) == (end.iss, end.irs)
            assert close["ending"] == "graceful"
            assert (close["first_closer"] == "local") is ((role == "server") is
                                                         (server_first and fast))
            want = (sent, 0) if role == "client" else (0, sent)
            assert (close["bytes_sent"], close["bytes_received"]) == want
            assert (close["local_fin_seq"], close["remote_fin_seq"]) == \
                (end.local_fin, end.remote_fin)
            assert close["completeness"] == end.completeness() == 31
            checks.check_steps(shake, end.handshake, noise.tolerance_ns)
            assert shake["completeness"] == (15 if fast else 7)
            assert all(s["seq"] is not None for s in shake["steps"])
            assert all(s["ack"] is not None for s in shake["steps"] if s["segment"][2:] != "SYN")
            checks.check_steps(close, end.close, noise.tolerance_ns)
            near(shake["handshake_us"], end.handshake_ns(), noise.tolerance_ns,
                 f"{role}'s handshake_us")


def _fast_open_connect(wait):
    lst = listener(fastopen=True)
    first = _obtain_cookie(lst)
    c = socket.socket()
    c.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    c.connect(lst.getsockname())
    time.sleep(wait)  # what the application does between connect() and its first write
    c.send(b"b" * 20)
    s, _peer = lst.accept()
    port = c.getsockname()[1]
    assert len(s.recv(20)) == 20
    part(c, s)
    return lst.getsockname()[1], first, port


def test_fast_open_connect(world):
    """connect() sends nothing; the SYN leaves with the first write, and the handshake begins there."""
    ns = world.netns()
    ns.sysctl(net__ipv4__tcp_fastopen=3)
    capture, tracer = world.capture(ns, "lo"), Tracer(netns=ns)
    with Noise() as noise:
        port, _first, second = ns.call(_fast_open_connect, 0.2)
        tracer.wait_count(8)
    tracer.stop()
    assert len(tracer.chapters()) == 8, tracer.brief()
    end = End(capture.packets(), "127.0.0.1", second, "127.0.0.1", port)
    assert end.packets[0].len == 20, "the kernel did not do what this test needs"
    shake = tracer.one("handshake", local_port=second)
    checks.check_shape(shake)
    assert shake["outcome"] == "established" and shake["role"] == "client"
    assert shake["fastopen"] is True
    near(shake["handshake_us"], end.handshake_ns(), noise.tolerance_ns, "handshake_us")
    server = tracer.one("handshake", local_port=port, remote_port=second)
    assert server["fastopen"] is True and server["role"] == "server"
    assert tracer.one("close", local_port=second)["ending"] == "graceful"


def _far_server(channel, addr, closes_early):
    lst = socket.socket()
    lst.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    lst.bind((addr, 0))
    lst.listen(16)
    channel.send(lst.getsockname()[1])
    for n in range(2):
        s, _peer = lst.accept()
        assert len(s.recv(10)) == 10
        s.send(b"y" * 30)
        while n and not closes_early and s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED:
            time.sleep(0.001)  # until the handshake's ACK is there
        s.close()
        channel.send("closed")


def _exchange(addr, port):
    c = socket.socket()
    c.sendto(b"x" * 10, MSG_FASTOPEN, (addr, port))
    local = c.getsockname()[1]
    try:
        while c.recv(4096):
            pass
    except ConnectionResetError:
        pass
    c.close()
    return local


def _far_client(channel, addr, port):
    _exchange(addr, port)
    channel.send("it has a cookie")
    channel.recv()
    return _exchange(addr, port)


def _server_that_stops(channel, addr):
    lst = socket.socket()
    lst.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    lst.bind((addr, 0))
    lst.listen(16)
    channel.send(lst.getsockname()[1])
    s, _peer = lst.accept()
    s.close()
    channel.recv()
    lst.close()


@pytest.mark.parametrize("closes_early", [False, True], ids=["after-the-ack", "before-the-ack"])
def test_fast_open_answered_before_the_ack(world, closes_early):
    """The server reads, answers and even closes while its handshake is still under way."""
    link = wire(world, WAY)
    for ns in (link.a, link.b):
        ns.sysctl(net__ipv4__tcp_fastopen=3)
    captures = world.captures(link)
    tracers = [Tracer(netns=ns) for ns in (link.a, link.b)]
    here, there = link.client(4), link.server(4)
    with Noise() as noise:
        server = link.b.spawn(_far_server, there, closes_early)
        port = server.recv()
        client = link.a.spawn(_far_client, there, port)
        for child in (server, client):
            child.recv()
        if closes_early:  # nothing of the client's arrives but its SYN
            for kind in ("ACK", "FIN"):
                link.rule(f"hold a:{kind}:1-")
        client.send("go on")
        assert server.recv() == "closed"
        if closes_early:
            link.release()
        local = client.result()
        server.result()
        for tracer in tracers:
            tracer.wait_count(4)
    for tracer in tracers:
        tracer.stop()
        assert len(tracer.chapters()) == 4, tracer.brief()
        for chapter in tracer.chapters():
            checks.check_shape(chapter)
            assert chapter["complete"] is True
    client = {t: tracers[0].one(t, local_port=local) for t in ("handshake", "close")}
    served = {t: tracers[1].one(t, remote_port=local) for t in ("handshake", "close")}
    for told, role, sent in ((client, "client", (10, 30)), (served, "server", (30, 10))):
        assert told["handshake"]["outcome"] == "established"
        assert told["handshake"]["role"] == role == told["close"]["role"]
        assert told["handshake"]["fastopen"] is True
        assert told["handshake"]["conn"] == told["close"]["conn"]
        assert told["close"]["ending"] == "graceful"
        assert (told["close"]["bytes_sent"], told["close"]["bytes_received"]) == sent
    assert client["close"]["first_closer"] == "remote"
    assert served["close"]["first_closer"] == "local"
    seen = [p for p in captures[1].packets() if local in (p.sport, p.dport)]
    assert seen[0].len == 10, "the kernel did not do what this test needs"
    synack = next(p for p in seen if p.flags & 0x12 == 0x12)
    ack = next(p for p in seen[1:] if p.sport == local)
    fin = next(p for p in seen if p.sport == port and p.flags & 1)
    assert (fin.t_ns < ack.t_ns) is closes_early, "the FIN did not leave when it should"
    got = served["handshake"]["handshake_us"]
    if got is not None or not closes_early:
        near(got, ack.t_ns - synack.t_ns, noise.tolerance_ns, "server's handshake_us")
    near(served["close"]["fin_rtt_us"], next(
        p for p in seen if p.sport == local and p.ack == (fin.seq + fin.len + 1) & 0xFFFFFFFF
    ).t_ns - fin.t_ns, noise.tolerance_ns, "fin_rtt_us")
    assert served["close"]["local_fin_seq"] == (fin.seq + fin.len) & 0xFFFFFFFF
    c_end = End(captures[0].packets(), here, local, there, port)
    last = served["handshake"]["steps"][-1]
    assert closes_early or (last["seq"], last["ack"]) == (ack.seq, ack.ack)
    near(client["handshake"]["handshake_us"], c_end.handshake_ns(), noise.tolerance_ns,
         "client's handshake_us")


def test_listener_closed_over_a_fast_open(world):
    """A child in SYN_RECV that nobody accepted is abandoned; a selection by owner does not tell it."""
    link = wire(world, WAY)
    for ns in (link.a, link.b):
        ns.sysctl(net__ipv4__tcp_fastopen=3)
    here, there, capture = link.client(4), link.server(4), world.capture(link.b, link.dev_b)
    everything, named = Tracer(netns=link.b), Tracer("-c", "nobody", netns=link.b)
    server = link.b.spawn(_server_that_stops, there)
    port = server.recv()
    link.a.call(_exchange, there, port)
    everything.wait_count(2)
    link.rule("drop a:ACK:1-99")
    client = link.a.spawn(lambda _channel: _exchange(there, port))
    pump.wait_until(lambda: " 03 " in link.b.exec("cat", "/proc/net/tcp"), "a child in SYN_RECV")
    server.send("stop")
    server.result()
    local = client.result()
    everything.wait_count(3)
    for tracer in (everything, named):
        tracer.stop()
    assert named.chapters() == []
    told = everything.one("handshake", remote_port=local)
    checks.check_shape(told)
    assert told["complete"] and told["outcome"] == "abandoned" and told["role"] == "server"
    assert told["pid"] in (None, server.pid)
    end = End(capture.packets(), there, port, here, local)
    assert told["completeness"] == end.packets[-1].completeness
    reset = next(p for p in end.packets if p.flags & 4)
    last = told["steps"][-1]
    assert last["segment"] == "> RST,ACK" and (last["seq"], last["ack"]) == (reset.seq, reset.ack)
    assert not everything.chapters("close", remote_port=local)


def test_fast_open_connect_without_a_cookie(world):
    """TCP_FASTOPEN_CONNECT to who is unknown: connect() sends the SYN as ever, and it is refused."""
    link = world.link("veth")
    client = world.agent(link.a)
    capture = world.capture(link.a, link.dev_a)
    tracer = Tracer(netns=link.a)
    with Noise() as noise:
        client.socket()
        client.option(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
        assert client.connect(link.server(4), 9)["errno"] == "ECONNREFUSED"
        tracer.wait_count(1)
    tracer.stop()
    told = tracer.one("handshake")
    syn, rst = capture.packets()
    assert told["outcome"] == "refused" and told["completeness"] == rst.completeness == 37
    assert [s["segment"] for s in told["steps"]] == ["> SYN", "< RST,ACK"]
    near(told["handshake_us"], rst.t_ns - syn.t_ns, noise.tolerance_ns, "handshake_us")
