# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The accept queue overflows: what the clients see is told, and nothing is made up at the server."""
import pytest

import checks
import pump
from capture import ACK, FIN, RST, SYN
from checks import Noise, near
from tracer import Tracer

SERVER = "127.0.0.1"


class Crowd:
    """More clients than a queue of backlog 1 takes, and a server that accepts none of them."""

    N = 5

    def __init__(self, world, retries=1, **sysctl):
        self.ns = world.netns()
        self.ns.sysctl(net__ipv4__tcp_syn_retries=retries, **sysctl)
        self.ns.tune(net__ipv4__tcp_syn_linear_timeouts=0)  # they would add to the retries
        self.retries = retries
        self.server, self.client = world.agent(self.ns), world.agent(self.ns)
        self.capture = world.capture(self.ns, "lo")
        self.tracer = Tracer(netns=self.ns)
        self.port = self.server.listen(SERVER, backlog=1)
        self.local = {}  # name: port
        for i in range(self.N):
            done = self.client.connect(SERVER, self.port, name=f"s{i}", blocking=False)
            assert done["errno"] in ("EINPROGRESS", None)
            self.local[f"s{i}"] = done["port"]

    def ends(self):
        """{client's port: the client's state} and {client's port: the server's}, by the kernel"""
        ours, theirs = {}, {}
        for line in self.ns.exec("ss", "-Htan").splitlines():
            state, _r, _s, here, there, *_ = line.split()
            here, there = (int(p) if p.isdigit() else 0 for p in
                           (here.rpartition(":")[2], there.rpartition(":")[2]))
            if there == self.port:
                ours[here] = state
            elif here == self.port and state not in ("LISTEN", "SYN-RECV"):
                theirs[there] = state
        return ours, theirs

    def sent(self, port, flags, of=SYN | FIN | RST):
        """What the client at this port sent with exactly these of the flags"""
        return [p for p in self.capture.packets() if p.sport == port and p.dport == self.port
                and p.flags & of == flags]

    def got(self, port, flags):
        return [p for p in self.capture.packets() if p.sport == self.port and p.dport == port
                and p.flags & (SYN | FIN | RST | ACK) == flags]


def check_client(crowd, told, noise):
    """A client's handshake as captured: each SYN, and the answer to it when one came."""
    port = told["local_port"]
    checks.check_shape(told)
    syns = crowd.sent(port, SYN)
    assert told["syn_retransmits"] == len(syns) - 1
    assert told["iss"] == syns[0].seq and told["role"] == "client"
    assert told["pid"] == crowd.client.pid
    sent = [s["segment"] for s in told["steps"] if (s["segment"] or "").startswith("> SYN")]
    assert len(sent) == len(syns), f"{sent}, captured {len(syns)} SYNs"
    if told["outcome"] == "established":
        answer = crowd.got(port, SYN | ACK)[0]
        assert told["irs"] == answer.seq
        near(told["handshake_us"], answer.t_ns - syns[0].t_ns, noise.tolerance_ns, "handshake_us")


def check_server(crowd, taken):
    """The server's connections are those its kernel had, and no other."""
    # SYNs that were dropped are told where a hook shows them
    told = [c for c in crowd.tracer.chapters(role="server") if c.get("outcome") != "dropped"]
    assert {c["remote_port"] for c in told} == set(taken)
    for port in taken:
        shake = crowd.tracer.one("handshake", role="server", remote_port=port, outcome="established")
        checks.check_shape(shake)
        assert shake["accept_us"] is None
        assert shake["iss"] == crowd.got(port, SYN | ACK)[0].seq
        assert shake["irs"] == crowd.sent(port, SYN)[0].seq
        assert shake["pid"] == crowd.server.pid


def check_waiting(closes, taken):
    """At the end those in the accept queue, and only they, are reported as open."""
    assert sorted(c["remote_port"] for c in closes) == sorted(taken)
    for close in closes:
        checks.check_shape(close)
        assert (close["open"], close["state"], close["accepted"]) == (True, "ESTABLISHED", False)
        assert close["cause"] == "accept_wait" and close["ending"] is None


@pytest.mark.parametrize("cookies", [0, 1])
def test_accept_queue_overflow(world, cookies):
    """Extra SYNs are dropped: the clients send them again and give up, the server knows nothing."""
    with Noise() as noise:
        crowd = Crowd(world, net__ipv4__tcp_syncookies=cookies)
        pump.wait_until(lambda: "SYN-SENT" not in crowd.ends()[0].values(), "all are decided")
        ours, theirs = crowd.ends()
        crowd.tracer.wait_count(crowd.N, "handshake", role="client")
        crowd.tracer.wait_count(len(theirs), "handshake", role="server", outcome="established")
    crowd.tracer.stop()
    tracer = crowd.tracer
    assert 0 < len(theirs) < crowd.N, "nothing overflowed"
    refused = 0
    for port in crowd.local.values():
        told = tracer.one("handshake", local_port=port)
        check_client(crowd, told, noise)
        if ours.get(port) == "ESTAB":
            assert told["outcome"] == "established" and told["errno"] is None
        else:
            refused += 1
            assert (told["outcome"], told["errno"]) == ("timed_out", "ETIMEDOUT")
            assert told["syn_retransmits"] == crowd.retries and told["irs"] is None
            assert told["completeness"] == crowd.sent(port, SYN)[-1].completeness
    assert refused, "no SYN was dropped"
    check_server(crowd, theirs)
    check_waiting(tracer.chapters("close"), theirs)
    assert tracer.summary["open"] == len(theirs)


def test_the_queue_has_room_again(world):
    """The server accepts while the clients' SYNs are still repeated: established, late, and counted."""
    with Noise() as noise:
        crowd = Crowd(world, retries=3, net__ipv4__tcp_syncookies=0)
        pump.wait_until(lambda: len(crowd.ends()[1]) == 2, "the queue is full")
        late = [p for p, state in crowd.ends()[0].items() if state == "SYN-SENT"]
        assert len(late) == crowd.N - 2
        for i in range(crowd.N):
            crowd.server.accept(name=f"s{i}")
        for role in ("client", "server"):
            crowd.tracer.wait_count(crowd.N, "handshake", role=role, outcome="established")
    crowd.tracer.stop()
    for port in crowd.local.values():
        told = crowd.tracer.one("handshake", local_port=port)
        check_client(crowd, told, noise)
        assert told["outcome"] == "established"
        assert (told["handshake_us"] >= 1_000_000) is (port in late)
        assert (told["syn_retransmits"] > 0) is (port in late)
        served = crowd.tracer.one("handshake", remote_port=port, role="server", outcome="established")
        # the SYNs that were dropped are no part of the server's handshake
        assert served["synack_retransmits"] == 0 and served["handshake_us"] < 500_000
        # those that filled the queue may have waited for more than a second, and are told before
        assert port not in late or served["accept_us"] is not None


def test_overflow_with_reset(world):
    """tcp_abort_on_overflow=1: who finds the queue full with the last ACK is reset by no socket."""
    with Noise() as noise:
        crowd = Crowd(world, net__ipv4__tcp_abort_on_overflow=1, net__ipv4__tcp_syncookies=0)
        pump.wait_until(lambda: "SYN-SENT" not in crowd.ends()[0].values(), "all are decided")
        _ours, theirs = crowd.ends()
        crowd.tracer.wait_count(crowd.N, "handshake", role="client")
        crowd.tracer.wait_count(len(theirs), "handshake", role="server", outcome="established")
    crowd.tracer.stop()
    for port in crowd.local.values():
        told = crowd.tracer.one("handshake", local_port=port)
        check_client(crowd, told, noise)
        assert told["outcome"] == ("established" if crowd.got(port, SYN | ACK) else "timed_out")
        reset = [p for p in crowd.capture.packets() if p.dport == port and p.flags & RST]
        closes = crowd.tracer.chapters("close", local_port=port)
        assert len(closes) == len(reset)
        for close in closes:
            assert close["ending"] == "reset_received" and close["first_closer"] == "none"
    check_server(crowd, theirs)
    check_waiting(crowd.tracer.chapters("close", role="server"), theirs)


def test_one_that_waits_among_many(world):
    """Those of a process that is not selected wait since long before, and stay."""
    ns = world.netns()
    ns.sysctl(net__core__somaxconn=4096)
    other, ours, client = world.agent(ns), world.agent(ns), world.agent(ns)
    tracer = Tracer("-p", ours.pid, netns=ns)
    port = other.listen("127.0.0.1", backlog=1000)
    for n in range(300):
        client.connect("127.0.0.1", port, name=f"other{n}")
    first, second = ours.listen("127.0.0.1"), None
    client.connect("127.0.0.1", first, name="first")
    tracer.wait_count(1, "handshake", local_port=first)
    second = client.connect("127.0.0.1", first, name="second")["port"]
    tracer.wait_count(1, "handshake", remote_port=second)
    ours.accept()
    tracer.stop()
    told = tracer.chapters("handshake")
    assert len(told) == 2 and {c["accept_us"] for c in told} == {None}
    assert {c["local_port"] for c in told} == {first}
