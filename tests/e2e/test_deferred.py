# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""TCP_DEFER_ACCEPT where a hook shows the ACK that the kernel drops: a server's handshake ends with that."""
import socket

import pytest

import capture
from capture import ACK
from checks import EMULATED, near, time_ns
from relay import wire
from talk import Talk

WAY = 0.02
WAIT = 1.5 if EMULATED else 0.1  # more than the times may be wrong by; no SYN,ACK is sent again for it
OPENING = [("LISTEN", "NEW_SYN_RECV", "< SYN"), ("NEW_SYN_RECV", "NEW_SYN_RECV", "> SYN,ACK")]
DROPPED = ("NEW_SYN_RECV", "NEW_SYN_RECV", "< ACK")

pytestmark = pytest.mark.needs("deferred")


class Deferred(Talk):
    """A server that waits for data, so many seconds, and a client that is connected to it."""

    def __init__(self, world, seconds, family=4, losses=(), timestamps=1):
        super().__init__(world, wire(world, WAY, losses), family)
        for ns in (self.link.a, self.link.b):
            ns.sysctl(net__ipv4__tcp_timestamps=timestamps)
        self.server.option(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, seconds, name="l")
        done = self.client.connect(self.address, self.server_port, family=family)
        assert done["errno"] is None
        self.client_port = done["port"]

    def handshake(self):
        """The server's chapter, and the client's segments after its SYN"""
        self.server.accept()
        self.client.close()
        while self.server.recv_any():
            pass
        self.server.close()
        _client, server = self.finish()
        self.came = [p for p in self.s_end.packets if not self.s_end.sent(p)][1:]
        shake, tolerance = server["handshake"], self.noise.tolerance_ns
        assert shake["outcome"] == "established" and shake["complete"] is True
        near(shake["handshake_us"], self.s_end.handshake_ns(), tolerance, "handshake_us")
        return shake

    def check_dropped(self, shake):
        """The first ACK has its own step, and what made the connection has another."""
        ack, tolerance = self.came[0], self.noise.tolerance_ns
        step, last = shake["steps"][2], shake["steps"][-1]
        assert (step["from"], step["to"], step["segment"]) == DROPPED and ack.flags == ACK and not ack.len
        assert (step["seq"], step["ack"]) == (ack.seq, ack.ack)
        near(step["t_us"], self.s_end.handshake_ns(), tolerance, "the ACK")
        assert (last["from"], last["to"], last["segment"]) == ("SYN_RECV", "ESTABLISHED", None)
        near(last["t_us"], self.came[1].t_ns - time_ns(shake["time"]), tolerance, "what followed")
        recorded = capture.read(self.tracers[-1].recording)
        assert abs(recorded[2].t_ns - ack.t_ns) <= tolerance and recorded[2].flags == ACK


@pytest.mark.parametrize("timestamps", [1, 0])
@pytest.mark.parametrize("then", ["data", "fin"])
def test_a_client_that_waits(world, family, then, timestamps):
    """Its wait is not the handshake's, whether it sends data then or closes."""
    talk = Deferred(world, 30, family, timestamps=timestamps)
    talk.client.sleep(WAIT)
    if then == "data":
        talk.client.send(10)
    else:
        talk.client.shutdown()
    shake = talk.handshake()
    talk.check_dropped(shake)
    assert [(s["from"], s["to"], s["segment"]) for s in shake["steps"][:2]] == OPENING and len(shake["steps"]) == 4
    near(shake["rtt_us"], talk.s_end.handshake_ns(), talk.noise.tolerance_ns, "rtt_us")
    assert talk.came[1].t_ns - talk.came[0].t_ns > WAIT * 0.9e9, "the scene failed"


def test_data_in_the_third_segment(world):
    """Nothing is dropped: the ordinary steps."""
    talk = Deferred(world, 30, losses=[("a", "ACK", 1)])
    talk.client.send(10)
    shake = talk.handshake()
    assert talk.came[0].len == 10, "the scene failed"
    assert [(s["from"], s["to"], s["segment"]) for s in shake["steps"]] == [
        *OPENING, ("SYN_RECV", "ESTABLISHED", "< ACK")]
    near(shake["rtt_us"], talk.s_end.handshake_ns(), talk.noise.tolerance_ns, "rtt_us")


def test_a_silent_client(world):
    """The ACK of the SYN,ACK that is sent again makes the connection; the first one ended the handshake."""
    talk = Deferred(world, 1)
    shake = talk.handshake()
    talk.check_dropped(shake)
    assert shake["synack_retransmits"] >= 1 and shake["rtt_us"] is None
    assert shake["steps"][3]["segment"] == "> SYN,ACK (2)"
    assert shake["accept_us"] < 500_000  # of the second that it took
