# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""SYNs and FINs that this host drops itself: they are on no wire, so they are neither sent nor recorded."""
import pytest

import capture
import checks
import firewall
import pump
from capture import FIN, SYN
from checks import failed
from tracer import Tracer

pytestmark = pytest.mark.needs("unsent")


def by_a_filter(link, family, flag):
    words = ("OUTPUT", "--tcp-flags", flag, flag, "-j", "DROP")
    firewall.rule(link.a, family, *words)
    return lambda: firewall.remove(link.a, family, *words)


def by_a_queue(link, family, flag):
    """A queue that has no room for anything."""
    link.a.ip("link", "set", link.dev_a, "txqueuelen", "1000")
    link.a.exec("tc", "qdisc", "add", "dev", link.dev_a, "root", "tbf", "rate", "8bit", "burst", "10",
                "limit", "1")
    return lambda: link.a.exec("tc", "qdisc", "del", "dev", link.dev_a, "root")


HOW = pytest.mark.parametrize("drop", [by_a_filter, by_a_queue])


def words(chapter):
    return [s["segment"] for s in chapter["steps"]]


def after_those_dropped(told, dropped):
    """The rest: one at least is dropped, and as many more as are sent before the rule is gone."""
    assert told[0] == dropped
    return [w for i, w in enumerate(told) if told[:i + 1] != [dropped] * (i + 1)]


def check_flags(chapter):
    """`x` and "sent": false are the same."""
    for step in chapter["steps"]:
        assert (step.get("sent") is False) == bool(step["segment"] and step["segment"].startswith("x "))


def captured(wire, flag, port):
    return [p for p in wire.packets() if p.flags & flag and p.dport == port]


def recorded(tracer, flag):
    return [p for p in capture.read(tracer.recording) if p.flags & flag and p.dport == 80]


@HOW
def test_no_syn_leaves(world, family, drop):
    """connect() fails, or is given up: not one SYN was sent."""
    link = world.link("veth")
    link.a.sysctl(net__ipv4__tcp_syn_retries=1)
    undo = drop(link, family, "SYN")
    client = world.agent(link.a)
    wire = world.capture(link.a, link.dev_a)
    tracer = Tracer(netns=link.a)
    assert client.connect(link.server(family), 80, family=family)["errno"] == "ETIMEDOUT"
    tracer.wait_count(1)
    tracer.stop()
    undo()  # the capture's own marker has to leave
    chapter = failed(tracer, remote_port=80)
    check_flags(chapter)
    assert not captured(wire, SYN, 80)
    assert words(chapter)[:2] == ["x SYN"] * 2 and set(words(chapter)[:-1]) == {"x SYN"}
    assert (chapter["syn_retransmits"], chapter["completeness"]) == (0, 0)
    assert recorded(tracer, SYN) == []


@HOW
def test_the_second_syn_leaves(world, family, drop):
    """It is the first on the wire: no retransmission, and the handshake begins with it."""
    link = world.link("veth")
    server, client = world.agent(link.b), world.agent(link.a)
    server.listen(link.server(family), 80, family=family)
    wire = world.capture(link.a, link.dev_a)
    tracer = Tracer("--role", "client", netns=link.a)
    undo = drop(link, family, "SYN")
    client.start("connect", link.server(family), 80, family=family)
    pump.wait_until(lambda: link.a.exec("ss", "-Ht", "state", "syn-sent"), "SYN_SENT")
    undo()
    port = client.finish()["port"]
    server.accept()
    with checks.Noise() as noise:
        tracer.wait_count(1)
    client.close()
    server.close()
    tracer.wait_count(2)
    tracer.stop()
    chapter = tracer.one("handshake")
    check_flags(chapter)
    syn, synack = (next(p for p in wire.packets() if p.flags & SYN and port in (p.sport, p.dport) and
                        (p.dport == 80) is out) for out in (True, False))
    assert len(captured(wire, SYN, 80)) == len(recorded(tracer, SYN)) == 1
    assert after_those_dropped(words(chapter), "x SYN") == ["> SYN", "< SYN,ACK", "> ACK"]
    assert chapter["syn_retransmits"] == 0 and tracer.one("close")["retransmits"] == 0
    checks.near(chapter["handshake_us"], synack.t_ns - syn.t_ns, noise.tolerance_ns, "handshake_us")
    assert chapter["completeness"] == 7


@pytest.mark.parametrize("first", ["client", "server"])
def test_a_fin_does_not_leave(world, family, first):
    """The firewall lets it pass when it is sent again."""
    link = world.link("veth")
    server, client = world.agent(link.b), world.agent(link.a)
    server.listen(link.server(family), 80, family=family)
    wire = world.capture(link.a, link.dev_a)
    tracer = Tracer("--role", "client", netns=link.a)
    client.connect(link.server(family), 80, family=family)
    server.accept()
    if first == "server":
        server.close()
        assert client.recv_any() == b""
    undo = by_a_filter(link, family, "FIN")
    client.close()
    undo()
    if first == "client":
        assert server.recv_any() == b""
        server.close()
    tracer.wait_count(2)
    tracer.stop()
    close = tracer.one("close")
    check_flags(close)
    sent = captured(wire, FIN, 80)
    assert len(sent) == len(recorded(tracer, FIN)) == 1
    fins = [w for w in words(close) if w and "FIN" in w and w[0] != "<"]
    assert after_those_dropped(fins, "x FIN") == ["> FIN"]
    assert (close["fin_retransmits"], close["retransmits"]) == (0, 0)
    assert (close["ending"], close["complete"]) == ("graceful", True)
    assert close["local_fin_seq"] == sent[0].seq
