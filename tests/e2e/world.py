# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What a test needs of namespaces and processes, and how it is taken away again."""
import netns
from agent import Agent
from capture import Capture
from tracer import Tracer


class World:
    """Makes what a test needs and takes it all away afterwards."""

    def __init__(self, directory):
        self.directory = str(directory)
        self.namespaces, self.agents, self.wires = [], [], []

    def netns(self, tag="n"):
        self.namespaces.append(netns.Netns(tag))
        return self.namespaces[-1]

    def link(self, kind, **how):
        if kind == "lo":
            return netns.loopback(self.netns("lo"))
        return netns.veth(self.netns("a"), self.netns("b"), **how)

    def agent(self, ns, comm=None):
        self.agents.append(Agent(ns, comm))
        return self.agents[-1]

    def capture(self, ns, dev):
        return Capture(ns, dev, self.directory)

    def captures(self, link):
        """(as the client's namespace saw it, as the server's did)"""
        a = self.capture(link.a, link.dev_a)
        return (a, a) if link.a is link.b else (a, self.capture(link.b, link.dev_b))

    def clean(self):
        for tracer in list(Tracer.running):
            tracer.kill()
        for capture in list(Capture.running):
            capture.kill()
        for child in list(netns.Child.alive):
            child.kill()
        for wire in self.wires:
            wire.kill()
        for ns in self.namespaces:
            ns.delete()
