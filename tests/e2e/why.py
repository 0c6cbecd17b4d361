# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What timelines give as the reasons."""
import re
import signal

import pump
from tracer import Tracer

ADDR = "127.0.0.1"


class Why:
    """A tracer that prints timelines, and what they give as the reasons."""

    def __init__(self, ns, *args):
        self.tracer = Tracer(*args, netns=ns, output="timeline")

    def reasons(self):
        text = "\n".join(self.tracer.stdout.lines)
        return [" ".join(r.split()) for r in re.findall(r"^  why: ((?:.|\n  )*)$", text, re.M)]

    def wait(self, reason, times=1):
        """Until it is given so often; `reason` is a regular expression for all of it."""
        pump.wait_until(lambda: sum(bool(re.fullmatch(reason, r)) for r in self.reasons()) >= times,
                        lambda: f"{reason}: {self.reasons()}")

    def wait_open(self, reason, times=1):
        self.tracer.send_signal(signal.SIGUSR1)
        self.wait(reason, times)


class Local:
    """A client and a server in one namespace."""

    def __init__(self, world, *args, backlog=128, **sysctl):
        self.ns = world.netns()
        if sysctl:
            self.ns.sysctl(**sysctl)
        self.server, self.client = world.agent(self.ns), world.agent(self.ns)
        self.port = self.server.listen(ADDR, backlog=backlog)
        self.why = Why(self.ns, *args)

    def connect(self, name="s"):
        done = self.client.connect(ADDR, self.port, name=name)
        assert done["errno"] is None
        return done["port"]

    def open(self):
        self.local = self.connect()
        self.server.accept()
        return self
