# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Three waits of one close: who closed first, our CLOSE_WAIT, the peer's open half.  All different."""
import pytest

import checks
from agent import FIN_WAIT2
from checks import between, near
from talk import Talk

QUEUE, HALF, LATE = 0.15, 0.3, 0.08


def check_ends(talk, told, first, second, first_end, second_end, closed):
    """first closed first; the second sat in CLOSE_WAIT until `closed`, its call"""
    one, two = told
    tolerance = talk.noise.tolerance_ns
    assert one["close"]["first_closer"] == "local" and two["close"]["first_closer"] == "remote"
    assert one["close"]["closer_pid"] == first.pid and two["close"]["closer_pid"] == second.pid
    assert one["close"]["app_close_us"] is None and two["close"]["peer_fin_us"] is None
    between(two["close"]["app_close_us"], closed.since(second_end.t_fin_received), tolerance, "app_close_us")
    near(one["close"]["peer_fin_us"], first_end.peer_fin_ns(), tolerance, "peer_fin_us")
    for chapter, end in ((one["close"], first_end), (two["close"], second_end)):
        checks.check_close(chapter, end, tolerance)
        near(chapter["fin_rtt_us"], end.fin_rtt_ns(), tolerance, "fin_rtt_us")


@pytest.mark.parametrize("how", ["close", "shutdown"])
@pytest.mark.parametrize("closes_first", ["client", "server"])
def test_three_waits(world, link, closes_first, how):
    """accept() after 150 ms, the second close() after 300 ms, the first one's own 80 ms after that."""
    talk = Talk(world, link, 4)
    done = talk.client.connect(talk.address, talk.server_port)
    talk.client_port = done["port"]
    talk.server.sleep(QUEUE)
    accepted = talk.server.accept()
    talk.client.send(100)
    talk.server.recv(100)
    ends = {"client": talk.client, "server": talk.server}
    first = ends.pop(closes_first)
    (second,) = ends.values()
    first.close() if how == "close" else first.shutdown()
    assert second.recv_any() == b""
    port = talk.client_port if first is talk.client else talk.server_port
    first.wait_state(port, FIN_WAIT2)  # its FIN is acknowledged by itself
    second.sleep(HALF)
    closed = second.close()
    if how == "shutdown":  # the first one has both FINs, and lets its descriptor go later
        assert first.recv_any() == b""
        first.sleep(LATE)
        first.close()
    client, server = talk.finish()
    between(server["handshake"]["accept_us"], accepted["call"].since(talk.s_end.established_ns()),
            talk.noise.tolerance_ns, "accept_us")
    assert server["handshake"]["accept_us"] >= QUEUE * 1e6
    both = ((client, talk.c_end), (server, talk.s_end))
    (one, first_end), (two, second_end) = both if closes_first == "client" else reversed(both)
    check_ends(talk, (one, two), first, second, first_end, second_end, closed)
    # what is above these is compared with the wire: the program slept at least so long
    assert two["close"]["app_close_us"] >= HALF * 1e6
    assert one["close"]["peer_fin_us"] >= HALF * 1e6


def test_half_closed_twice_over(world, family):
    """shutdown(), data the other way, shutdown() there after 150 ms, then both close(): FINs count."""
    talk = Talk(world, world.link("veth"), family)
    talk.connect()
    talk.client.shutdown()
    assert talk.server.recv_any() == b""
    talk.server.sleep(0.15)
    talk.server.send(4000)
    talk.client.recv(4000)
    half = talk.server.shutdown()
    assert talk.client.recv_any() == b""
    talk.server.sleep(0.1)  # neither close() is an event of the close any more
    later = talk.server.close()
    talk.client.close()
    client, server = talk.finish()
    check_ends(talk, (client, server), talk.client, talk.server, talk.c_end, talk.s_end, half)
    assert 150_000 <= server["close"]["app_close_us"] < later.since(talk.s_end.t_fin_received)[0] / 1000
    assert (server["close"]["bytes_sent"], client["close"]["bytes_received"]) == (4000, 4000)
    assert client["close"]["time_wait"] is True
