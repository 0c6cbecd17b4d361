# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""One accepted connection, traced and captured."""
import checks
from oracle import End
from tracer import Tracer


class Pair:
    """An accepted connection with a tracer and a capture running."""

    def __init__(self, world, link, family):
        self.link, self.family = link, family
        self.addr = link.server(family)
        self.server, self.client = world.agent(link.b), world.agent(link.a)
        self.capture = world.captures(link)
        self.tracers = [Tracer(netns=ns) for ns in dict.fromkeys((link.a, link.b))]
        self.port = self.server.listen(self.addr, family=family)
        self.local = self.client.connect(self.addr, self.port, family=family)["port"]
        self.server.accept()

    def finish(self):
        """(client's close chapter, server's), told exactly once"""
        want = 4 if len(self.tracers) == 1 else 2
        for tracer in self.tracers:
            tracer.wait_count(want)
            tracer.stop()
            assert len(tracer.chapters()) == want
        client = self.tracers[0].one("close", local_port=self.local)
        server = self.tracers[-1].one("close", local_port=self.port)
        for chapter in (client, server):
            checks.check_shape(chapter)
            assert chapter["complete"] is True
        here, there = (self.link.client(self.family), self.local), (self.addr, self.port)
        self.c_end = End(self.capture[0].packets(), *here, *there)
        self.s_end = End(self.capture[1].packets(), *there, *here)
        return client, server
