# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A wire of two TUN devices with delay, loss, reordering and refusals by rule: build/link at work.

The link's own timing does not matter: the captures are taken on the devices, so they are the truth
however late a packet was passed on.
"""
import os
import subprocess

import netns
import pump
from tracer import BINARY

LINK = os.environ.get("TCPSTATES_LINK", os.path.join(os.path.dirname(BINARY), "link"))


class Wire(netns.Link):
    """`a` is the client's end. A rule is "VERB SIDE:KIND:N[-[M]]", as in link_rules.h; SIDE sent it."""

    def __init__(self, a, b, options):
        assert os.path.exists(LINK), f"{LINK}: not there (run make e2e)"
        super().__init__(a, b, "ta", "tb", {4: ("10.78.1.1", "10.78.1.2"),
                                            6: ("fd00:78::1", "fd00:78::2")})
        self.process = subprocess.Popen([LINK, *options, a.path, b.path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.answers = pump.Lines(self.process.stdout.fileno())
        self._expect("up")

    def _expect(self, word):
        pump.wait_until(lambda: self.answers.lines or self.answers.eof, f"{word} from the link")
        assert self.answers.lines, "the link ended"
        answer = self.answers.lines.pop(0)
        assert answer == word, answer

    def rule(self, text):
        """In force when this returns, and counting from then on."""
        self.process.stdin.write(f"{text}\n".encode())
        self.process.stdin.flush()
        self._expect("ok")

    def release(self):
        """What rules of the verb hold have held goes on its way."""
        self.rule("release")

    def kill(self):
        self.process.stdin.close()
        status = self.process.wait(10)
        self.answers.close()
        self.process.stdout.close()
        assert status == 0, f"the link ended with status {status}"


def wire(world, delay, losses=(), rules=(), loss=0):
    """A Wire between two namespaces; the delay is that of one direction, in seconds.

    losses: (side, kind, number counted from 1); loss: percentage of all TCP packets lost at random.
    """
    options = ["--delay", str(round(delay * 1e6)), "--loss", str(loss)]
    for side, kind, number in losses:
        options += ["--drop", f"{side}:{kind}:{number}"]
    for rule in rules:
        verb, what = rule.split()
        options += [f"--{verb}", what]
    link = Wire(world.netns("a"), world.netns("b"), options)
    world.wires.append(link)
    link.a.addr("ta", "10.78.1.1/24", "fd00:78::1/64")
    link.b.addr("tb", "10.78.1.2/24", "fd00:78::2/64")
    return link
