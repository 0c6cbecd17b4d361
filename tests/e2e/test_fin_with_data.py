# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Our FIN leaves in one segment with data, or while data is unacknowledged, and is lost."""
import socket

import pytest

import checks
import firewall
import pump
from capture import FIN
from checks import Noise, near
from oracle import End
from tracer import Tracer

TCP_CORK = 3


@pytest.mark.parametrize("corked", [True, False], ids=["in one segment", "behind it"])
def test_sent_again(world, family, corked):
    """The first FIN never arrives: how long it took counts from it, and the second one is a retransmission."""
    link = world.link("veth")
    server, client = world.agent(link.b), world.agent(link.a)
    port = server.listen(link.server(family), family=family)
    wire = world.capture(link.a, link.dev_a)
    tracer = Tracer("--role", "client", netns=link.a)
    with Noise() as noise:
        local = client.connect(link.server(family), port, family=family)["port"]
        server.accept()
        if corked:
            client.option(socket.IPPROTO_TCP, TCP_CORK, 1)
        words = ("INPUT", "--dport", str(port), "-j", "DROP")
        firewall.rule(link.b, family, *words)
        client.send_and_close(100)
        pump.wait_until(lambda: "rto" in link.a.exec("ss", "-Htoni", "state", "fin-wait-1"), "FIN_WAIT1")
        firewall.remove(link.b, family, *words)
        assert server.recv(100) == 100 and server.recv_any() == b""
        server.close()
        tracer.wait_count(2)
    tracer.stop()
    close = tracer.one("close")
    end = End(wire.packets(), link.client(family), local, link.server(family), port)
    again = end.retransmits(FIN)
    assert again >= 1, "the scene failed"
    checks.check_shape(close)
    assert (close["ending"], close["complete"]) == ("graceful", True)
    assert (close["fin_retransmits"], close["retransmits"]) == (again, end.retransmits())
    near(close["fin_rtt_us"], end.fin_rtt_ns(), noise.tolerance_ns, "fin_rtt_us")
    near(close["close_us"], end.close_ns(), noise.tolerance_ns, "close_us")
