# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A socket that is used again, or as both ends; addresses and ports that are in use twice."""
import errno
import socket

import pytest

from checks import told
from sockets import disconnect, listener, part
from tracer import Tracer


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
    told(tracer, 6)
    refused = tracer.one("handshake", outcome="refused", role="client")
    shake = tracer.one("handshake", outcome="established", role="client")
    close = tracer.one("close", role="client")
    assert refused["errno"] == "ECONNREFUSED" and refused["remote_port"] == port
    assert refused["cookie"] == shake["cookie"] == close["cookie"]
    assert refused["conn"] != shake["conn"] == close["conn"]
    assert shake["local_port"] == client_port == close["local_port"]
    assert close["ending"] == "graceful" and close["first_closer"] == "local"
    assert len({c["conn"] for c in tracer.chapters()}) == 4


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
