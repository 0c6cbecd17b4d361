# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A client whose kernel keeps back the ACK of the SYN,ACK: how load balancers check health."""
import socket

import pytest

import capture
from capture import ACK, RST, SYN
from tracer import Tracer

TCP_QUICKACK, TCP_DEFER_ACCEPT = socket.TCP_QUICKACK, socket.TCP_DEFER_ACCEPT


@pytest.mark.parametrize("option, value", [(TCP_QUICKACK, 0), (TCP_DEFER_ACCEPT, 10)],
                         ids=["quickack off", "defer_accept"])
def test_an_ack_that_is_never_sent(world, link, family, option, value):
    """SYN, SYN,ACK, RST: there is no ACK, in the steps or in the recording."""
    server, client = world.agent(link.b), world.agent(link.a)
    port = server.listen(link.server(family), family=family)
    wire = world.capture(link.a, link.dev_a)
    tracer = Tracer("--role", "client", netns=link.a)
    client.socket(family=family)
    client.option(socket.IPPROTO_TCP, option, value)
    local = client.connect(link.server(family), port, family=family)["port"]
    client.linger0()
    client.close()
    tracer.wait_count(2)
    tracer.stop()
    ours = [p for p in wire.packets() if local in (p.sport, p.dport)]
    flags = [p.flags & (SYN | ACK | RST) for p in ours]
    assert flags == [SYN, SYN | ACK, RST | ACK], "the scene failed"
    handshake, close = tracer.one("handshake"), tracer.one("close")
    assert [s["segment"] for s in handshake["steps"]] == ["> SYN", "< SYN,ACK"]
    assert handshake["completeness"] == 3
    assert close["completeness"] == ours[-1].completeness
    again = capture.read(tracer.recording)
    assert [p.flags for p in again] == [p.flags for p in ours]


def test_an_ordinary_ack(world, link, family):
    """It is still there without the option."""
    server, client = world.agent(link.b), world.agent(link.a)
    port = server.listen(link.server(family), family=family)
    tracer = Tracer("--role", "client", netns=link.a)
    client.connect(link.server(family), port, family=family)
    client.linger0()
    client.close()
    tracer.wait_count(2)
    tracer.stop()
    assert [s["segment"] for s in tracer.one("handshake")["steps"]] == ["> SYN", "< SYN,ACK", "> ACK"]
