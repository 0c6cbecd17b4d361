# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""MPTCP: its subflows are the TCP connections."""
import os
import socket

import pytest

from checks import told
from netns import veth
from tracer import Tracer

IPPROTO_MPTCP = 262


def _mptcp_server(channel):
    lst = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    lst.bind(("127.0.0.1", 0))
    lst.listen(4)
    channel.send(lst.getsockname()[1])
    s, peer = lst.accept()
    while s.recv(4096):
        pass
    s.send(b"y" * 50)
    s.close()
    return peer[1]


def _mptcp_client(port):
    c = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    c.connect(("127.0.0.1", port))
    local = c.getsockname()[1]
    c.send(b"x" * 100)
    c.shutdown(socket.SHUT_WR)
    while c.recv(4096):
        pass
    c.close()
    return local


def test_mptcp_subflow(world):
    """The subflow's handshake and close, at both ends, once; the MPTCP socket above it tells nothing."""
    if not os.path.exists("/proc/sys/net/mptcp"):
        pytest.skip("this kernel has no MPTCP")
    ns = world.netns()
    ns.sysctl(net__mptcp__enabled=1)
    tracer = Tracer(netns=ns)
    server = ns.spawn(_mptcp_server)
    port = server.recv()
    client = ns.spawn(lambda _channel: _mptcp_client(port))
    local = client.result()
    assert server.result() == local
    told(tracer, 4)
    for role, pid, ports in (("client", client.pid, (local, port)),
                             ("server", server.pid, (port, local))):
        shake, close = (tracer.one(t, role=role) for t in ("handshake", "close"))
        assert shake["outcome"] == "established" and shake["mptcp"] is True
        assert shake["conn"] == close["conn"] and shake["complete"] is True
        assert close["complete"] is True and close["ending"] == "graceful"
        assert (close["closer_pid"], close["closer_exit"]) == (pid, None)
        for chapter in (shake, close):
            assert chapter["pid"] == pid
            assert (chapter["local_port"], chapter["remote_port"]) == ports


def _joins(channel, addr, port):
    """An MPTCP connection that its peer may see through more than one subflow."""
    c = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    c.connect((addr, port))
    c.sendall(b"x")
    c.recv(1)
    channel.send(c.getsockname()[1])
    channel.recv()
    c.close()


def _answers(channel, addr):
    lst = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    lst.bind((addr, 0))
    lst.listen(4)
    channel.send(lst.getsockname()[1])
    s, _peer = lst.accept()
    while data := s.recv(4096):
        s.sendall(data)
    s.close()


@pytest.mark.parametrize("owner", ["all", "client", "other"])
def test_the_kernel_opens_a_subflow(world, owner):
    """Its owner is the MPTCP socket's, and no worker's; so is the selection by it."""
    if not os.path.exists("/proc/sys/net/mptcp"):
        pytest.skip("this kernel has no MPTCP")
    link = veth(world.netns(), world.netns())
    link.a.addr("va", "10.77.1.11/24")
    link.b.ip("neigh", "add", "10.77.1.11", "lladdr", "02:00:00:00:77:01", "dev", "vb", "nud", "permanent")
    for ns in (link.a, link.b):
        ns.ip("mptcp", "limits", "set", "subflow", "2", "add_addr_accepted", "2")
    link.a.ip("mptcp", "endpoint", "add", "10.77.1.11", "dev", "va", "subflow")
    server = link.b.spawn(_answers, link.server(4))
    port = server.recv()
    witness = Tracer("--port", port, "--role", "client", netns=link.a)
    client = link.a.spawn(_starts, _joins, link.server(4), port, comm="joiner")
    client.recv()
    pids = {"all": [], "client": ["-p", client.pid], "other": ["-p", server.pid]}[owner]
    tracer = Tracer("--port", port, "--role", "client", *pids, netns=link.a)
    client.send("connect")
    first = client.recv()
    witness.wait_count(2, "handshake")
    client.send("close")
    client.result()
    server.result()
    witness.wait_count(2, "close")
    if owner != "other":
        tracer.wait_count(2, "close")
    for t in (witness, tracer):
        t.stop()
    shakes = tracer.chapters("handshake")
    assert sorted(c["local_port"] == first for c in shakes) == ([] if owner == "other" else [False, True])
    for c in tracer.chapters():
        assert (c["pid"], c["comm"]) == (client.pid, "joiner")


def _starts(channel, then, *args):
    channel.send("ready")
    channel.recv()
    then(channel, *args)


def _serve_until_fin(channel):
    lst = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    lst.bind(("127.0.0.1", 0))
    lst.listen(4)
    channel.send(lst.getsockname()[1])
    s, _peer = lst.accept()
    while s.recv(4096):
        pass
    os.kill(os.getpid(), 9)


def _connect_and_exit(port):
    c = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    c.connect(("127.0.0.1", port))
    c.send(b"x" * 100)
    os._exit(0)


def test_the_processes_end(world):
    """A kernel thread closes the subflows, after the processes have ended; those closed the connection."""
    if not os.path.exists("/proc/sys/net/mptcp"):
        pytest.skip("this kernel has no MPTCP")
    ns = world.netns()
    ns.sysctl(net__mptcp__enabled=1)
    tracer = Tracer(netns=ns)
    server = ns.spawn(_serve_until_fin)
    port = server.recv()
    client = ns.spawn(lambda _channel: _connect_and_exit(port))
    told(tracer, 4)
    ends = {role: tracer.one("close", role=role) for role in ("client", "server")}
    assert (ends["client"]["closer_pid"], ends["client"]["closer_exit"]) == (client.pid, "exit")
    assert (ends["server"]["closer_pid"], ends["server"]["closer_exit"]) == (server.pid, "signal 9")
