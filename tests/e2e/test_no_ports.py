# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A connect() that finds no local port: `why:` says who has them, whatever is selected, and nothing that is not known."""
import pytest

import pump
from why import ADDR, Local, Why

PORTS = "all local ports to that address are taken: "
WAITING = "{} in TIME_WAIT, which this end has because it closed first"


class Few(Local):
    """6 local ports to one destination."""

    def __init__(self, world, *args):
        super().__init__(world, *args, net__ipv4__tcp_tw_reuse=0)
        self.ns.sysctl(net__ipv4__ip_local_port_range="40000 40005")
        self.other = world.agent(self.ns)
        self.used = self.closed = 0

    def use_up(self, client, n, close):
        for _ in range(n):
            name = f"s{self.used}"
            self.used += 1
            assert client.connect(ADDR, self.port, name=name)["errno"] is None
            self.server.accept(name)
            if close:
                client.close(name)
                assert self.server.recv_any(name) == b""
                self.server.close(name)
                self.closed += 1

    def fail(self):
        """The last FIN may still be on its way."""
        pump.wait_until(lambda: len(self.ns.exec("ss", "-Htan", "state", "time-wait").splitlines()) == self.closed,
                        lambda: f"{self.closed} in TIME_WAIT: {self.ns.exec('ss', '-tan')}{self.ns.exec('nstat', '-az')}")
        assert self.client.connect(ADDR, self.port, name="last")["errno"] == "EADDRNOTAVAIL"


def person(agent):
    return rf"python3\[{agent.pid}\]"


@pytest.mark.parametrize("args", [[], ["--failed"], ["--cause", "no_ports"]], ids=["all", "failed", "cause"])
def test_time_wait(world, args):
    few = Few(world, *args)
    few.use_up(few.client, 2, close=True)
    few.use_up(few.other, 4, close=True)
    few.fail()
    few.why.wait(PORTS + WAITING.format("6 are") + f", most of them by {person(few.other)}")


def test_open(world):
    few = Few(world, "--failed")
    few.use_up(few.other, 5, close=False)
    few.use_up(few.other, 1, close=True)
    few.fail()
    few.why.wait(PORTS + WAITING.format("1 is") + f", all of them by {person(few.other)}; "
                 f"5 by connections that are open, all of them of {person(few.other)}")


def test_of_others(world):
    """What was closed before the trace, and what is another's with -p, is counted, and has no name."""
    few = Few(world)
    few.use_up(few.other, 3, close=True)
    late = Why(few.ns)
    selected = Why(few.ns, "-p", str(few.client.pid))
    few.use_up(few.other, 2, close=False)
    few.use_up(few.client, 1, close=True)
    few.fail()
    late.wait(PORTS + WAITING.format("4 are") + f", 1 of them by {person(few.client)}; "
              f"2 by connections that are open, all of them of {person(few.other)}")
    selected.wait(PORTS + WAITING.format("4 are") + f", 1 of them by {person(few.client)}; "
                  "2 by connections that are open")
