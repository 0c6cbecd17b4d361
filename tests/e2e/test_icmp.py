# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""An ICMP error answers the SYN, while the call of connect() still holds the socket or after it."""
import pytest

import checks
import firewall
from checks import check_owner, failed
from tracer import Tracer

REJECTED = {4: ("--reject-with", "icmp-port-unreachable"), 6: ("--reject-with", "icmp6-port-unreachable")}
BEHIND = {4: ("10.99.0.0/24", "10.99.0.1"), 6: ("fd00:99::/64", "fd00:99::1")}


def by_this_host(link, family):
    """As kube-proxy does for a service without endpoints."""
    firewall.rule(link.a, family, "OUTPUT", "--dport", "80", "-j", "REJECT", *REJECTED[family])
    return link.server(family), "ECONNREFUSED"


def by_the_peer(link, family):
    firewall.rule(link.b, family, "INPUT", "--dport", "80", "-j", "REJECT", *REJECTED[family])
    return link.server(family), "ECONNREFUSED"


def by_a_router(link, family):
    net, addr = BEHIND[family]
    link.a.ip("route", "add", net, "via", link.server(family))
    link.b.ip("-6" if family == 6 else "-4", "route", "add", "unreachable", net)
    link.b.sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
    return addr, {4: "EHOSTUNREACH", 6: "ENETUNREACH"}[family]


@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "non-blocking"])
@pytest.mark.parametrize("who", [by_this_host, by_the_peer, by_a_router])
def test_rejected(world, family, who, blocking):
    """The program sees an errno, and that is what is reported."""
    link = world.link("veth")
    addr, errno = who(link, family)
    client = world.agent(link.a)
    tracer = Tracer(netns=link.a)
    done = client.connect(addr, 80, family=family, blocking=blocking)
    seen = done["errno"]
    if not blocking:
        assert seen == "EINPROGRESS"
        seen = client.wait_connected()["errno"]
        client.close()
    assert seen == errno
    tracer.wait_count(1)
    tracer.stop()
    chapter = failed(tracer, remote=addr)
    assert (chapter["outcome"], chapter["errno"]) == ("unreachable", errno)
    check_owner(chapter, client)


@pytest.mark.parametrize("who", [by_this_host, by_the_peer, by_a_router])
def test_closed_before_anybody_asks(world, family, who):
    link = world.link("veth")
    addr, errno = who(link, family)
    client = world.agent(link.a)
    tracer = Tracer(netns=link.a)
    client.connect(addr, 80, family=family, blocking=False)
    client.close()
    tracer.wait_count(1)
    tracer.stop()
    chapter = tracer.one("handshake")
    checks.check_shape(chapter)
    assert (chapter["outcome"], chapter["errno"]) == ("unreachable", errno)


def test_counted_in_a_summary(world):
    """The kernel side counts it as it would report it."""
    link = world.link("veth")
    addr, _ = by_this_host(link, 4)
    client = world.agent(link.a)
    tracer = Tracer("-o", "none", "-s", netns=link.a, output=None)
    client.connect(addr, 80, blocking=False)
    client.close()
    tracer.stop()
    assert "unreachable" in tracer.stdout.text() and "abandoned" not in tracer.stdout.text()


def test_an_answer_overrules_it(world):
    """The first SYN is rejected, the second is answered: an ordinary handshake with one retransmission."""
    link = world.link("veth")
    server, client = world.agent(link.b), world.agent(link.a)
    words = ("INPUT", "--dport", "80", "-j", "REJECT", *REJECTED[4])
    firewall.rule(link.b, 4, *words)
    server.listen(link.server(4), 80)
    tracer = Tracer("--role", "client", netns=link.a)
    assert client.connect(link.server(4), 80, blocking=False)["errno"] == "EINPROGRESS"
    assert client.wait_connected()["errno"] == "ECONNREFUSED"
    firewall.remove(link.b, 4, *words)
    server.accept()
    client.close()
    server.close()
    tracer.wait_count(2)
    tracer.stop()
    chapter = tracer.one("handshake")
    assert (chapter["outcome"], chapter["errno"], chapter["syn_retransmits"]) == ("established", None, 1)


def test_an_error_of_an_earlier_connection(world):
    """The socket's error queue still has it when the socket connects again, to nobody who answers."""
    link = world.link("veth")
    addr, _ = by_the_peer(link, 4)
    link.a.ip("neigh", "add", "10.77.1.66", "lladdr", "02:00:00:00:00:66", "dev", link.dev_a)
    client = world.agent(link.a)
    tracer = Tracer(netns=link.a)
    client.connect(addr, 80, blocking=False)
    assert client.wait_connected()["errno"] == "ECONNREFUSED"
    client.disconnect()
    assert client.connect("10.77.1.66", 80, blocking=False)["errno"] == "EINPROGRESS"
    client.close()
    tracer.wait_count(2)
    tracer.stop()
    assert tracer.one("handshake", remote=addr)["outcome"] == "unreachable"
    assert tracer.one("handshake", remote="10.77.1.66")["outcome"] == "abandoned"
