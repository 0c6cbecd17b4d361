# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What a connection is called: full-length and mapped addresses, prefixes, and no port 0 that is known."""
import pytest

import checks
from tracer import Tracer

LONG = ("2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff")


def exchange(world, ns, local, remote, family, bind=True):
    """A whole connection between two addresses of one namespace; (client's port, server's)."""
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen(remote, family=family)
    client.socket(family=family)
    if bind:
        client.bind(local)
    done = client.connect(remote, port, family=family)
    assert done["errno"] is None
    server.accept()
    client.close()
    assert server.recv_any() == b""
    server.close()
    return done["port"], port


@pytest.fixture
def long_ns(world):
    ns = world.netns()
    ns.addr("lo", *(a + "/128" for a in LONG))
    return ns


def test_full_length_ipv6_is_told_whole(world, long_ns):
    """In every format: nothing cut off, nothing abbreviated, brackets where a port follows."""
    tracers = {how: Tracer(netns=long_ns, output=how)
               for how in ("json", "csv", "timeline", "ladder", "line", "states")}
    mine, theirs = exchange(world, long_ns, *LONG, 6)
    tracers["json"].wait_count(4)
    for tracer in tracers.values():
        tracer.stop()
    for kind in ("handshake", "close"):
        chapter = tracers["json"].one(kind, local_port=mine)
        checks.check_shape(chapter)
        assert (chapter["local"], chapter["remote"], chapter["family"]) == (*LONG, 6)
        chapter = tracers["json"].one(kind, local_port=theirs)
        assert (chapter["local"], chapter["remote"]) == LONG[::-1]
    for how in ("timeline", "ladder", "line"):
        text = tracers[how].stdout.text()
        assert f"[{LONG[0]}]:{mine}" in text and f"[{LONG[1]}]:{theirs}" in text, text
    for line in tracers["csv"].stdout.lines[1:]:
        assert LONG[0] in line.split(",") and LONG[1] in line.split(",")
    states = [line.split() for line in tracers["states"].stdout.lines[1:]]
    assert any(LONG[0] in words and LONG[1] in words and str(mine) in words for words in states)


LONG_SELECTIONS = [
    (["-l", LONG[0]], ["client"]), (["-d", LONG[0]], ["server"]), (["-l", LONG[1]], ["server"]),
    (["--host", LONG[0]], ["client", "server"]), (["-l", LONG[0] + "/127"], ["client"]),
    (["-l", LONG[0][:-1] + "7/127"], ["client"]), (["-l", LONG[0][:-1] + "5/128"], []),
    (["-d", "2001:db8:aaaa:bbbb::/64"], ["client"]), (["-6"], ["client", "server"]), (["-4"], []),
    (["-l", "2001:0DB8:1111:2222:3333:4444:5555:6666"], ["client"]),
]


def test_full_length_ipv6_is_selected(world, long_ns):
    tracers = [Tracer(*arguments, netns=long_ns) for arguments, _ in LONG_SELECTIONS]
    exchange(world, long_ns, *LONG, 6)
    for tracer, (arguments, roles) in zip(tracers, LONG_SELECTIONS):
        tracer.wait_count(2 * len(roles))
        tracer.stop()
        assert sorted(c["role"] for c in tracer.chapters()) == sorted(2 * roles), arguments


MAPPED_SELECTIONS = [
    (["-4"], True), (["-6"], False), (["-l", "127.0.0.0/8"], True), (["--local", "127.0.0.1"], True),
    (["-l", "128.0.0.0/8"], False), (["-d", "127.0.0.0/30"], True), (["--host", "0.0.0.0/0"], True),
    (["-l", "::/0"], False), (["-l", "::ffff:127.0.0.1"], True),
    (["-l", "::ffff:127.0.0.0/104"], True), (["-l", "::1"], False),
]


def test_mapped_ipv4_is_selected_as_ipv4(world):
    """An IPv6 socket at both ends, addresses of IPv4: -4 and IPv4 prefixes choose it, -6 does not."""
    ns = world.netns()
    tracers = [Tracer(*arguments, netns=ns) for arguments, _ in MAPPED_SELECTIONS]
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("::", family=6, v6only=0)
    client.connect("::ffff:127.0.0.1", port, family=6)
    server.accept()
    client.close()
    assert server.recv_any() == b""
    server.close()
    for tracer, (arguments, shown) in zip(tracers, MAPPED_SELECTIONS):
        tracer.wait_count(4 if shown else 0)
        tracer.stop()
        assert len(tracer.chapters()) == (4 if shown else 0), (arguments, tracer.brief())
        for chapter in tracer.chapters():
            assert (chapter["local"], chapter["remote"]) == ("127.0.0.1", "127.0.0.1")
            assert chapter["family"] == 4


@pytest.mark.parametrize("late", [False, True], ids=["bound early", "bound without a port"])
def test_no_port_is_0_when_the_kernel_knows_it(world, late):
    """Refused, timed out, abandoned, unreachable, reset, established: each names both ports."""
    link = world.link("veth")
    link.a.ip("neigh", "add", "10.77.1.66", "lladdr", "02:00:00:00:00:66", "dev", link.dev_a)
    link.a.tune(net__ipv4__tcp_syn_retries=1, net__ipv4__tcp_syn_linear_timeouts=0)
    for key, value in (("mcast_solicit", 1), ("retrans_time_ms", 200)):
        link.a.exec("sysctl", "-qw", f"net.ipv4.neigh.{link.dev_a}.{key}={value}")
    server, client = world.agent(link.b), world.agent(link.a)
    tracer = Tracer(netns=link.a)
    peer = link.server(4)
    port = server.listen(peer)
    local = {}

    def attempt(name, addr, there):
        client.socket(name)
        client.bind(link.client(4), name=name, late=late)
        done = client.connect(addr, there, name=name, blocking=False)
        assert done["errno"] in ("EINPROGRESS", None)
        local[name] = (done["port"], there)
        assert done["port"] != 0

    attempt("established", peer, port)
    server.accept()
    client.linger0("established")
    client.close("established")
    attempt("timed_out", "10.77.1.66", 81)
    attempt("unreachable", "10.77.1.99", 82)
    attempt("abandoned", "10.77.1.66", 83)
    client.close("abandoned")
    # what a refused socket's port was cannot be asked for any more: this one says it before
    client.socket("refused")
    client.bind(link.client(4), name="refused")
    local["refused"] = (client.port("refused"), 84)
    assert client.connect(peer, 84, name="refused")["errno"] == "ECONNREFUSED"
    client.wait_error("timed_out")
    client.wait_error("unreachable")
    tracer.wait_count(6)
    tracer.stop()
    assert len(tracer.chapters()) == 6, tracer.brief()
    for outcome, (mine, there) in local.items():
        told = tracer.one("handshake", outcome=outcome)
        assert (told["local_port"], told["remote_port"]) == (mine, there), outcome
    close = tracer.one("close")
    assert (close["local_port"], close["remote_port"]) == local["established"]
    assert close["ending"] == "reset_sent"
