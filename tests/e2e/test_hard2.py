# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Sockets used more than once, TIME_WAITs there is no room for, resets of minisockets, same addresses."""
import ctypes
import errno
import socket
import struct
import time

import pytest

import checks
import pump
from test_fastopen import listener, part
from tracer import Tracer


def disconnect(s):
    """connect() to AF_UNSPEC, which the socket module cannot say"""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.connect(s.fileno(), struct.pack("=H14x", socket.AF_UNSPEC), 16):
        raise OSError(ctypes.get_errno(), "connect(AF_UNSPEC)")


def told(tracer, n):
    """Exactly n chapters, none open, by the trace's end"""
    tracer.wait_count(n)
    tracer.stop()
    assert len(tracer.chapters()) == n, tracer.brief()
    for chapter in tracer.chapters():
        checks.check_shape(chapter)
    assert tracer.summary["events_lost"] == 0 == tracer.summary["open"]


def _self_connect():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.connect(s.getsockname())
    port = s.getsockname()[1]
    s.send(b"me")
    assert s.recv(2) == b"me"
    s.close()
    return port


def test_self_connect(world):
    """A socket that connects to itself is one connection with one end."""
    ns = world.netns()
    tracer = Tracer(netns=ns)
    port = ns.call(_self_connect)
    told(tracer, 2)
    shake, close = tracer.one("handshake"), tracer.one("close")
    assert shake["outcome"] == "established" and shake["simultaneous_open"] is True
    assert shake["conn"] == close["conn"] and shake["complete"] is True
    assert shake["role"] == "client" == close["role"]
    assert shake["local_port"] == shake["remote_port"] == port
    assert close["ending"] == "graceful" and close["first_closer"] == "both"
    assert (close["bytes_sent"], close["bytes_received"]) == (2, 2)
    assert shake["iss"] == shake["irs"] and close["local_fin_seq"] == close["remote_fin_seq"]


def _refused_then_not():
    spare = listener()
    port = spare.getsockname()[1]
    spare.close()
    c = socket.socket()
    try:
        c.connect(("127.0.0.1", port))
        raise AssertionError("not refused")
    except OSError as e:
        assert e.errno == errno.ECONNREFUSED
    lst = listener(port)
    c.connect(("127.0.0.1", port))
    s, peer = lst.accept()
    part(c, s)
    return port, peer[1]


def test_refused_then_connected(world):
    """One socket, one cookie, two connections."""
    ns = world.netns()
    tracer = Tracer(netns=ns)
    port, client_port = ns.call(_refused_then_not)
    told(tracer, 5)
    refused = tracer.one("handshake", outcome="refused")
    shake = tracer.one("handshake", outcome="established", role="client")
    close = tracer.one("close", role="client")
    assert refused["errno"] == "ECONNREFUSED" and refused["remote_port"] == port
    assert refused["cookie"] == shake["cookie"] == close["cookie"]
    assert refused["conn"] != shake["conn"] == close["conn"]
    assert shake["local_port"] == client_port == close["local_port"]
    assert close["ending"] == "graceful" and close["first_closer"] == "local"
    assert len({c["conn"] for c in tracer.chapters()}) == 3


def _disconnect_then_again():
    lst = listener()
    c = socket.socket()
    ports = []
    for again in (False, True):
        c.connect(lst.getsockname())
        s, peer = lst.accept()
        ports.append(peer[1])
        if again:
            part(c, s)
        else:
            c.send(b"x" * 7)
            assert s.recv(7)
            disconnect(c)
            try:
                s.recv(1)
                raise AssertionError("no reset")
            except ConnectionResetError:
                s.close()
    return lst.getsockname()[1], ports


def test_disconnected_then_connected(world):
    ns = world.netns()
    tracer = Tracer(netns=ns)
    port, (first, second) = ns.call(_disconnect_then_again)
    told(tracer, 8)
    a, b = (tracer.one("close", local_port=p, role="client") for p in (first, second))
    assert (a["ending"], a["first_closer"], a["bytes_sent"]) == ("reset_sent", "none", 7)
    assert (b["ending"], b["first_closer"], b["bytes_sent"]) == ("graceful", "local", 0)
    assert a["cookie"] == b["cookie"] and a["conn"] != b["conn"]
    assert a["closer_pid"] == a["pid"] == b["pid"]
    for close in (a, b):
        shake = tracer.one("handshake", conn=close["conn"])
        assert shake["outcome"] == "established" and shake["local_port"] == close["local_port"]
    peer = tracer.one("close", local_port=port, remote_port=first)
    assert (peer["ending"], peer["errno"]) == ("reset_received", "ECONNRESET")


def _two_ends():
    lst = listener()
    c = socket.create_connection(lst.getsockname())
    s, peer = lst.accept()
    return lst, c, s, peer[1]


def _peer_closes_late(channel):
    _lst, c, s, port = _two_ends()
    c.close()
    assert s.recv(1) == b""
    channel.send(port)
    channel.recv()
    time.sleep(0.2)
    s.close()


def _both_prompt():
    lst, c, s, port = _two_ends()
    part(c, s)
    return lst.getsockname()[1], port


def test_no_room_for_a_minisocket(world):
    """tcp_max_tw_buckets=0: an orphan in FIN_WAIT2 is forgotten at once; nobody can tell how it ends."""
    ns = world.netns()
    ns.sysctl(net__ipv4__tcp_max_tw_buckets=0)
    tracer = Tracer(netns=ns)
    child = ns.spawn(_peer_closes_late)
    port = child.recv()
    tracer.wait_count(1, "handshake", local_port=port)
    child.send("close")
    child.result()
    tracer.wait_for(lambda t: t.chapters("close", local_port=port), timeout=2)
    tracer.stop()
    close = tracer.one("close", local_port=port)
    checks.check_shape(close)
    assert close["first_closer"] == "local" and not close["time_wait"]
    assert close["ending"] not in ("half_open", "graceful"), close
    assert close["remote_fin_seq"] is None and close["peer_fin_us"] is None


def test_no_room_for_time_wait(world):
    """tcp_max_tw_buckets=0 and both FINs came: closed gracefully, without TIME_WAIT."""
    ns = world.netns()
    ns.sysctl(net__ipv4__tcp_max_tw_buckets=0)
    tracer = Tracer(netns=ns)
    port, client_port = ns.call(_both_prompt)
    told(tracer, 4)
    close = tracer.one("close", local_port=client_port)
    assert close["time_wait"] is not True
    assert close["first_closer"] == "local" and close["fin_rtt_us"] is not None
    assert close["remote_fin_seq"] is not None


@pytest.mark.usefixtures("minisockets")
def test_reset_of_a_minisocket(world):
    """The client close()d and waits in FIN_WAIT2 without a socket; the server's RST ends it."""
    ns = world.netns()
    tracer = Tracer(netns=ns)
    client, server = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    local = client.connect("127.0.0.1", port)["port"]
    server.accept()
    client.close()
    assert server.recv_any() == b""
    pump.wait_until(lambda: "FIN-WAIT-2" in ns.exec("ss", "-tanH", f"sport = :{local}"), 5,
                    "the client's FIN_WAIT2")
    server.linger0()
    server.close()
    told(tracer, 4)
    a, b = tracer.one("close", local_port=local), tracer.one("close", local_port=port)
    assert a["ending"] == "reset_received" and a["first_closer"] == "local"
    assert a["time_wait"] is False and a["remote_fin_seq"] is None
    assert a["peer_fin_us"] is None and a["fin_rtt_us"] is not None
    assert a["closer_pid"] == client.pid and a["complete"] is True
    assert [s["segment"] for s in a["steps"]] == ["> FIN", "< ACK", "< RST"]
    assert b["ending"] == "reset_sent" and b["first_closer"] == "remote"
    assert b["closer_pid"] == server.pid and b["local_fin_seq"] is None


@pytest.mark.parametrize("kind", ["lo", "veth"])
def test_same_addresses_and_ports(world, kind):
    """Two places with the same addresses and ports at the same time: the namespace tells them apart."""
    links = [world.link(kind) for _ in range(2)]
    tracer = Tracer("--port", 41234)
    ends = []
    for link in links:
        server, client = world.agent(link.b), world.agent(link.a)
        server.listen(link.server(4), 41234)
        client.socket()
        client.bind(link.client(4), 41235)
        ends.append((client, server))
    for client, _ in ends:
        client.start("connect", links[0].server(4), 41234)
    for client, server in ends:
        assert client.finish()["errno"] is None
        server.accept()
    for n, (client, server) in enumerate(ends):
        client.send(100 + n)
        server.recv(100 + n)
    for client, _ in ends:
        client.close()
    for _, server in ends:
        assert server.recv_any() == b""
        server.close()
    mine = {ns.inode for link in links for ns in (link.a, link.b)}
    tracer.wait_for(lambda t: len([c for c in t.chapters() if c["netns"] in mine]) >= 8)
    tracer.stop()
    conns = set()
    for n, (link, (client, server)) in enumerate(zip(links, ends)):
        for ns, port, agent, want in ((link.a, 41235, client, (100 + n, 0)),
                                      (link.b, 41234, server, (0, 100 + n))):
            shake = tracer.one("handshake", netns=ns.inode, local_port=port)
            close = tracer.one("close", netns=ns.inode, local_port=port)
            assert shake["conn"] == close["conn"] and shake["cookie"] == close["cookie"]
            assert shake["pid"] == close["pid"] == agent.pid
            assert (close["bytes_sent"], close["bytes_received"]) == want
            assert shake["outcome"] == "established" and close["ending"] == "graceful"
            assert shake["complete"] is True and close["complete"] is True
            conns.add(shake["conn"])
    assert len(conns) == 4
