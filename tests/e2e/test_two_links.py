# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The same addresses and ports on two links: each connection has its own interface, and its own end."""
import socket

import pytest

import checks
import pump
from checks import Noise, told
from netns import PORTS
from oracle import End
from tracer import Tracer, run_tracer

PORT, PEER_PORT = PORTS[:2]
ADDRS = {4: ("10.9.0.1", "10.9.0.2"), 6: ("fe80::a", "fe80::b")}
DEVICES = ("v0", "v1")


def _socket(addr, port, dev, bound):
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if bound:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev.encode() + b"\0")
    s.bind(_at(addr, port, dev))
    return s


def _at(addr, port, dev):
    return (addr, port, 0, socket.if_nametoindex(dev)) if addr.startswith("fe80") else (addr, port)


def _part(channel, s, first):
    """Closes first, or when it is told to and the other end has."""
    channel.send("connected")
    if first:
        channel.recv()
        s.close()
        channel.send("closed")
        return
    assert s.recv(1) == b""
    channel.send("closing")
    channel.recv()
    s.close()


def _client(channel, addr, port, dev, peer, peer_port, bound, first):
    s = _socket(addr, port, dev, bound)
    s.connect(_at(peer, peer_port, dev))
    _part(channel, s, first)


def _server(channel, addr, port, dev, bound, first, conns=1):
    lst = _socket(addr, port, dev, bound)
    lst.listen()
    channel.send("listening")
    accepted = [lst.accept()[0] for _ in range(conns)]
    for s in accepted:
        _part(channel, s, first)
    return True


class TwoLinks:
    """A host with the same address on both its links, and a peer behind each with the same address."""

    def __init__(self, world, family):
        self.here, self.there = ADDRS[family]
        self.host = world.netns("host")
        self.peers = [world.netns("peer") for _ in DEVICES]
        self.host.sysctl(net__ipv4__conf__all__rp_filter=0, net__ipv4__conf__default__rp_filter=0)
        for dev, peer in zip(DEVICES, self.peers):
            self.host.ip("link", "add", dev, "type", "veth", "peer", "name", "e", "netns", peer.name)
            length = {4: 24, 6: 64}[family]
            self.host.addr(dev, f"{self.here}/{length}")
            peer.addr("e", f"{self.there}/{length}")
        self.captures = [world.capture(self.host, dev) for dev in DEVICES]

    def connect(self):
        """The host's two clients; the peers' servers."""
        servers = [ns.spawn(_server, self.there, PEER_PORT, "e", False, False) for ns in self.peers]
        for s in servers:
            assert s.recv() == "listening"
        clients = [self.host.spawn(_client, self.here, PORT, dev, self.there, PEER_PORT, True, True)
                   for dev in DEVICES]
        self.ends = clients, servers
        for child in clients + servers:
            assert child.recv() == "connected"
        return clients

    def accept(self, port, bound, tracer_begins):
        """The host's servers, one a link or one for both; the peers' clients."""
        servers = [self.host.spawn(_server, self.here, port, dev, True, True) for dev in DEVICES] if bound \
            else [self.host.spawn(_server, "::", port, None, False, True, len(DEVICES))]
        for s in servers:
            assert s.recv() == "listening"
        tracer_begins()
        clients = [ns.spawn(_client, self.there, PORT, "e", self.here, port, False, False) for ns in self.peers]
        self.ends = servers, clients
        for child in clients + servers:
            assert child.recv() == "connected"
        return servers

    def close(self, tracer):
        """The host closes both, and waits without a socket; the second peer closes before the first."""
        ours, peers = self.ends
        for n, _ in enumerate(DEVICES):
            child = ours[n % len(ours)]
            if n >= len(ours):
                assert child.recv() == "connected"
            child.send("close")
            assert child.recv() == "closed"
        for child in peers:
            assert child.recv() == "closing"
        pump.wait_until(lambda: self.host.exec("ss", "-Htan", "state", "fin-wait-2").count("\n") == 2,
                        "both wait for the peer's FIN")
        for n, child in enumerate(reversed(peers)):
            child.send("close")
            tracer.wait_count(n + 1, "close")

    def end(self, n, local_port, remote_port):
        return End(self.captures[n].packets(), self.here, local_port, self.there, remote_port)


@pytest.mark.usefixtures("minisockets")
def test_clients(world, family, tmp_path):
    """Both wait in FIN_WAIT2 at once, and each gets its own peer's FIN; a recording replays the names."""
    links = TwoLinks(world, family)
    tracer = Tracer("-w", tmp_path / "rec", netns=links.host)
    with Noise() as noise:
        clients = links.connect()
        links.close(tracer)
    told(tracer, 4)
    for n, dev in enumerate(DEVICES):
        shake, close = tracer.one("handshake", ifname=dev), tracer.one("close", ifname=dev)
        assert shake["conn"] == close["conn"]
        assert shake["pid"] == close["pid"] == close["closer_pid"] == clients[n].pid
        assert (close["local"], close["remote"]) == (links.here, links.there)
        checks.check_close(close, links.end(n, PORT, PEER_PORT), noise.tolerance_ns)
    status, out, _ = run_tracer("-r", tmp_path / "rec", "-o", "line", "--slow-connect", "60000")
    form = "[{}%{}]:{}" if family == 6 else "{}%{}:{}"
    assert status == 0
    for dev in DEVICES:
        assert out.count(f" {form.format(links.here, dev, PORT)} > ") == 1, out
        assert out.count(f" > {form.format(links.there, dev, PEER_PORT)}\n") == (family == 6), out
    status, out, _ = run_tracer("-r", tmp_path / "rec", "-o", "csv", "-l", links.here, "-d", links.there)
    assert status == 0 and [out.count(f",{dev},") for dev in DEVICES] == [2, 2]


@pytest.mark.parametrize("family, bound", [(4, True), (6, True), (6, False)])
def test_servers(world, family, bound):
    """Without accept()'s hook: the owner is the listener of this link, or of all."""
    links = TwoLinks(world, family)
    started = []
    with Noise() as noise:
        servers = links.accept(PEER_PORT, bound, lambda: started.append(
            Tracer("--no-accept", netns=links.host)))
        links.close(*started)
    tracer = started[0]
    told(tracer, 4)
    for n, dev in enumerate(DEVICES):
        shake, close = tracer.one("handshake", ifname=dev), tracer.one("close", ifname=dev)
        assert shake["role"] == "server" and shake["pid"] == servers[n % len(servers)].pid
        checks.check_close(close, links.end(n, PEER_PORT, PORT), noise.tolerance_ns)
    listeners = {r["ifname"]: r["pid"] for r in tracer.records if r["type"] == "listener"}
    assert listeners == (dict(zip(DEVICES, [s.pid for s in servers])) if bound else {None: servers[0].pid})


@pytest.mark.parametrize("scan", [None, "scan=proc"], ids=["best", "proc"])
def test_older(world, family, scan, force):
    """They existed before the trace: who owns which is found by the interface, where need be."""
    if scan:
        force(scan)
    links = TwoLinks(world, family)
    clients = links.connect()
    tracer = Tracer(netns=links.host)
    with Noise() as noise:
        links.close(tracer)
    told(tracer, 2)
    for n, dev in enumerate(DEVICES):
        close, end = tracer.one("close", ifname=dev), links.end(n, PORT, PEER_PORT)
        assert (close["missing"], close["pid"]) == ("before_trace", clients[n].pid)
        assert (close["ending"], close["remote_fin_seq"]) == ("graceful", end.remote_fin)
        checks.near(close["peer_fin_us"], end.peer_fin_ns(), noise.tolerance_ns, "peer_fin_us")


def test_not_bound(world, family):
    """Neither by a link-local address nor by SO_BINDTODEVICE: null."""
    ns = world.netns()
    tracer = Tracer(netns=ns)
    server, client = world.agent(ns), world.agent(ns)
    addr = {4: "127.0.0.1", 6: "::1"}[family]
    port = server.listen(addr, family=family)
    client.connect(addr, port, family=family)
    server.accept()
    client.close()
    assert server.recv_any() == b""
    server.close()
    told(tracer, 4)
    assert {c["ifname"] for c in tracer.chapters()} == {None}
