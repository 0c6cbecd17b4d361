# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""MPTCP: its subflows are the TCP connections."""
import os
import socket

import pytest

from checks import told
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
        for chapter in (shake, close):
            assert chapter["pid"] == pid
            assert (chapter["local_port"], chapter["remote_port"]) == ports
