# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""One conversation, traced and captured at both ends, and what its four chapters have to say."""
import checks
from capture import FIN
from checks import Noise, check_close, check_handshake, check_identity, check_owner
from oracle import End
from tracer import Tracer


class Talk:
    """One conversation, traced and captured at both ends."""

    def __init__(self, world, link, family):
        self.link, self.family = link, family
        self.server, self.client = world.agent(link.b), world.agent(link.a)
        self.captures = world.captures(link)
        self.tracers = [Tracer(netns=ns) for ns in dict.fromkeys((link.a, link.b))]
        self.noise = Noise()
        self.noise.__enter__()
        self.address = link.server(family)
        self.server_port = self.server.listen(self.address, family=family)

    def connect(self):
        done = self.client.connect(self.address, self.server_port, family=self.family)
        assert done["errno"] is None
        self.client_port = done["port"]
        return self.server.accept()

    def finish(self, chapters=2):
        """Waits for both ends' chapters; (client's chapters, server's, client's End, server's)."""
        for tracer in self.tracers:
            tracer.wait_count(chapters * (2 if len(self.tracers) == 1 else 1))
        self.noise.__exit__()
        for tracer in self.tracers:
            tracer.stop()
        here = (self.link.client(self.family), self.client_port)
        there = (self.address, self.server_port)
        self.c_end = End(self.captures[0].packets(), *here, *there)
        self.s_end = End(self.captures[1].packets(), *there, *here)
        return (self.told(self.tracers[0], self.client_port, "client"),
                self.told(self.tracers[-1], self.server_port, "server"))

    def told(self, tracer, port, role):
        """{"handshake": chapter, "close": chapter}, each told once, nothing else told of this end."""
        mine = tracer.chapters(local_port=port)
        assert sorted(c["type"] for c in mine) == ["close", "handshake"], tracer.brief()
        both = {c["type"]: c for c in mine}
        for c in mine:
            checks.check_shape(c)
            assert c["role"] == role and "open" not in c or c["open"] is False
        for field in ("conn", "cookie", "netns", "pid"):
            assert both["close"][field] == both["handshake"][field]
        assert tracer.summary["events_lost"] == 0 and tracer.summary["table_full"] == 0
        return both

    def check(self, told, end, agent, ns):
        tolerance = self.noise.tolerance_ns
        for chapter in told.values():
            check_identity(chapter, end, ns, self.family)
            check_owner(chapter, agent)
        check_handshake(told["handshake"], end, tolerance)
        check_close(told["close"], end, tolerance)
        assert told["close"]["retransmits"] == 0 and told["close"]["fin_retransmits"] in (0, None)
        assert told["handshake"]["syn_retransmits"] in ((None, 0) if end.server_side else (0,))
        assert told["handshake"]["synack_retransmits"] in ((0,) if end.server_side else (None, 0))


def check_both(talk):
    client, server = talk.finish()
    talk.check(client, talk.c_end, talk.client, talk.link.a)
    talk.check(server, talk.s_end, talk.server, talk.link.b)
    assert client["handshake"]["conn"] != server["handshake"]["conn"] or len(talk.tracers) == 2
    assert client["close"]["completeness"] == server["close"]["completeness"] == 31
    assert client["close"]["completeness_text"] == "Complete, WITH_DATA"
    return client, server


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
