# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""FIN_WAIT2 and TIME_WAIT that there is no room for, and a minisocket that is reset."""
import socket

import pytest

import checks
import pump
from checks import told
from sockets import listener, part
from tracer import Tracer


def _two_ends():
    lst = listener()
    c = socket.create_connection(lst.getsockname())
    s, peer = lst.accept()
    return lst, c, s, peer[1]


def _peer_closes_late(channel):
    _lst, c, s, port = _two_ends()
    c.close()
    assert s.recv(1) == b""
    channel.send(port)
    channel.recv()
    s.close()


def _both_prompt():
    lst, c, s, port = _two_ends()
    part(c, s)
    return lst.getsockname()[1], port


def test_no_room_for_a_minisocket(world):
    """tcp_max_tw_buckets=0: an orphan in FIN_WAIT2 is forgotten at once; nobody can tell how it ends."""
    ns = world.netns()
    ns.sysctl(net__ipv4__tcp_max_tw_buckets=0)
    tracer = Tracer(netns=ns)
    child = ns.spawn(_peer_closes_late)
    port = child.recv()
    tracer.wait_count(1, "handshake", local_port=port)
    pump.wait_until(lambda: not ns.exec("ss", "-Htan", f"sport = :{port}"), "the orphan is forgotten")
    child.send("close")
    child.result()
    tracer.wait_for(lambda t: t.chapters("close", local_port=port))
    tracer.stop()
    close = tracer.one("close", local_port=port)
    checks.check_shape(close)
    assert close["first_closer"] == "local" and not close["time_wait"]
    assert close["ending"] not in ("half_open", "graceful"), close
    assert close["remote_fin_seq"] is None and close["peer_fin_us"] is None


def test_no_room_for_time_wait(world):
    """tcp_max_tw_buckets=0 and both FINs came: closed gracefully, without TIME_WAIT."""
    ns = world.netns()
    ns.sysctl(net__ipv4__tcp_max_tw_buckets=0)
    tracer = Tracer(netns=ns)
    port, client_port = ns.call(_both_prompt)
    told(tracer, 4)
    close = tracer.one("close", local_port=client_port)
    assert close["time_wait"] is not True
    assert close["first_closer"] == "local" and close["fin_rtt_us"] is not None
    assert close["remote_fin_seq"] is not None


@pytest.mark.usefixtures("minisockets")
def test_reset_of_a_minisocket(world):
    """The client close()d and waits in FIN_WAIT2 without a socket; the server's RST ends it."""
    ns = world.netns()
    tracer = Tracer(netns=ns)
    client, server = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    local = client.connect("127.0.0.1", port)["port"]
    server.accept()
    client.close()
    assert server.recv_any() == b""
    pump.wait_until(lambda: "FIN-WAIT-2" in ns.exec("ss", "-tanH", f"sport = :{local}"), "the client's FIN_WAIT2")
    server.linger0()
    server.close()
    told(tracer, 4)
    a, b = tracer.one("close", local_port=local), tracer.one("close", local_port=port)
    assert a["ending"] == "reset_received" and a["first_closer"] == "local"
    assert a["time_wait"] is False and a["remote_fin_seq"] is None
    assert a["peer_fin_us"] is None and a["fin_rtt_us"] is not None
    assert a["closer_pid"] == client.pid and a["complete"] is True
    assert [s["segment"] for s in a["steps"]] == ["> FIN", "< ACK", "< RST"]
    assert b["ending"] == "reset_sent" and b["first_closer"] == "remote"
    assert b["closer_pid"] == server.pid and b["local_fin_seq"] is None
