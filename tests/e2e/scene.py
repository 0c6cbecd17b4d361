# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A client that hears from a stranger what its server never said, and the ways into each state."""
import pump
from capture import ACK, RST
from injector import Injector
from oracle import End
from tracer import Tracer


class Scene:
    """A traced client at one end of a veth; who injects sits at the other, beside the server."""

    def __init__(self, world):
        self.link = world.link("veth")
        self.server, self.client = world.agent(self.link.b), world.agent(self.link.a)
        self.capture = world.capture(self.link.a, self.link.dev_a)
        self.injector = Injector(self.link.b, self.link.dev_b)
        self.tracer = Tracer(netns=self.link.a)
        self.port = self.server.listen(self.link.server(4))
        self.there = (self.link.server(4), self.port)
        self.here = None

    def lose_the_peer(self):
        """From now on nothing of the client reaches the server; who listens on the wire hears it."""
        self.link.a.ip("neigh", "replace", self.link.server(4), "lladdr", "02:00:00:00:00:77",
                       "dev", self.link.dev_a, "nud", "permanent")

    def find_the_peer(self):
        self.link.a.ip("neigh", "del", self.link.server(4), "dev", self.link.dev_a)

    def connect(self, blocking=True):
        done = self.client.connect(*self.there, blocking=blocking)
        assert done["errno"] == (None if blocking else "EINPROGRESS")
        self.here = (self.link.client(4), done["port"])
        if blocking:
            self.server.accept()

    def wait_state(self, state):
        """Until the client's kernel says so, or has no socket any more (None)."""
        def shown():
            lines = self.link.a.exec("ss", "-Htan", f"sport = :{self.here[1]}").splitlines()
            return (lines[0].split()[0] if lines else None) == state

        pump.wait_until(shown, f"the client in {state}")

    def reset(self, flags=RST | ACK):
        self.injector.send(self.there, self.here, flags)
        self.wait_state(None)

    def end(self):
        return End(self.capture.packets(), *self.here, *self.there)


def established(scene):
    scene.connect()


def fin_wait1(scene):
    scene.connect()
    scene.lose_the_peer()
    scene.client.shutdown()


def fin_wait1_orphan(scene):
    scene.connect()
    scene.lose_the_peer()
    scene.client.close()


def fin_wait2(scene):
    scene.connect()
    scene.client.shutdown()


def fin_wait2_minisocket(scene):
    scene.connect()
    scene.client.close()


def close_wait(scene):
    scene.connect()
    scene.server.shutdown()
    assert scene.client.recv_any() == b""


def last_ack(scene):
    close_wait(scene)
    scene.lose_the_peer()
    scene.client.close()


def closing(scene):
    fin_wait1(scene)
    scene.server.close()


def closing_orphan(scene):
    fin_wait1_orphan(scene)
    scene.server.close()
