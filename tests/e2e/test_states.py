# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""-o states: one line for each state change."""
import checks
import pump
from relay import wire
from tracer import Tracer

WAY = 0.02  # in seconds


def test_a_state_lasts_however_often_it_sends(world):
    """-o states, whose MS is the time in the old state: connect() waits a second after the SYN that is lost."""
    link = wire(world, WAY, rules=["drop a:SYN:1"])
    server, client = world.agent(link.b), world.agent(link.a)
    port = server.listen(link.server(4))
    tracer = Tracer(netns=link.a, output="states")
    done = client.connect(link.server(4), port)
    found = pump.wait_until(lambda: [line.split() for line in tracer.stdout.lines if "SYN_SENT     -> ESTAB" in line],
                            "it is established")
    tracer.stop()
    assert (1_000_000_000 - checks.TICK_NS) / 1e6 <= float(found[0][-1]) <= done["took_ns"] / 1e6
