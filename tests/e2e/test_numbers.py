# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Sequence numbers in the text, relative and absolute, and completeness: both as tshark has them."""
import re

import pytest

from capture import ACK, FIN, RST, SYN
from oracle import End
from tracer import Tracer

ADDR = "127.0.0.1"


class Told:
    """Both ends of one connection, in JSON and as people see it."""

    def __init__(self, world, *verbose):
        self.ns = world.netns()
        self.server, self.client = world.agent(self.ns), world.agent(self.ns)
        self.capture = world.capture(self.ns, "lo")
        self.json = Tracer(netns=self.ns)
        self.text = Tracer(*verbose, netns=self.ns, output="timeline")
        self.port = self.server.listen(ADDR)
        self.local = None

    def connect(self):
        self.local = self.client.connect(ADDR, self.port)["port"]
        self.server.accept()

    def stop(self, n):
        self.json.wait_count(n)
        self.json.stop()
        self.text.stop()

    def numbers(self, here, there):
        """[(word, seq or None, ack or None)] of the timeline's chapters of this end, in order"""
        lines, found, mine = self.text.stdout.lines, [], False
        for line in lines:
            if re.match(r"\S", line):
                ends = re.findall(r"127\.0\.0\.1:(\d+)", line)
                mine = ends == [str(here), str(there)]
            step = re.search(r"([<>] (?:SYN|FIN|ACK|RST)\S*)(.*)", line)
            if mine and step:
                seq, ack = (re.search(rf"\b{key}[ =](\d+)", step[2]) for key in ("seq", "ack"))
                found.append((step[1], seq and int(seq[1]), ack and int(ack[1])))
        return found


@pytest.mark.parametrize("verbose", [False, True], ids=["relative", "-v absolute"])
def test_numbers_in_the_text(world, verbose):
    """Each SYN and FIN with its number, each answer with that number plus one, as on the wire."""
    told = Told(world, *(["-v"] if verbose else []))
    told.connect()
    told.client.send(100)
    told.server.recv(100)
    told.server.send(2000)
    told.client.recv(2000)
    told.client.close()
    assert told.server.recv_any() == b""
    told.server.sleep(0.1)  # so that the ACK of the FIN goes alone
    told.server.close()
    told.stop(4)
    packets = told.capture.packets()
    for here, there in ((told.local, told.port), (told.port, told.local)):
        end = End(packets, ADDR, here, ADDR, there)
        base = {True: 0 if verbose else end.iss, False: 0 if verbose else end.irs}
        seen = 0
        got = told.numbers(here, there)
        want = end.handshake + end.close
        assert [g[0].replace("FIN,ACK", "FIN") for g in got] == [s.segment for s in want], \
            told.text.stdout.text()
        for (word, seq, ack), step in zip(got, want):
            out = word.startswith(">")
            if seq is not None:
                assert seq == (step.seq - base[out]) & 0xFFFFFFFF, (word, told.text.stdout.text())
                seen += 1
            if ack is not None:
                assert ack == (step.ack - base[not out]) & 0xFFFFFFFF, word
                seen += 1
        assert seen >= 8, f"hardly a number: {told.text.stdout.text()}"
        fins = {word[0]: (seq, ack) for word, seq, ack in got if "FIN" in word}
        acks = {word[0]: ack for word, _seq, ack in got[len(end.handshake):] if "ACK" in word
                and "FIN" not in word}
        for side, other in (("<", ">"), (">", "<")):
            assert acks[other] == fins[side][0] + 1, "ack = seq + 1"


def graceful(told):
    told.connect()
    told.client.close()
    assert told.server.recv_any() == b""
    told.server.close()


def graceful_with_data(told):
    told.connect()
    told.client.send(10)
    told.server.recv(10)
    told.client.close()
    assert told.server.recv_any() == b""
    told.server.close()


def reset(told):
    told.connect()
    told.client.linger0()
    told.client.close()
    assert told.server.recv_any() == "ECONNRESET"


def reset_with_data(told):
    told.connect()
    told.server.send(10)
    told.client.recv(10)
    told.client.linger0()
    told.client.close()
    assert told.server.recv_any() == "ECONNRESET"


def reset_after_a_fin(told):
    told.connect()
    told.client.shutdown()
    assert told.server.recv_any() == b""
    told.server.linger0()
    told.server.close()
    assert told.client.wait_error() == "ECONNRESET"


def reset_after_a_fin_with_data(told):
    told.connect()
    told.client.send(5)
    told.client.shutdown()
    told.server.recv(5)
    assert told.server.recv_any() == b""
    told.server.linger0()
    told.server.close()
    assert told.client.wait_error() == "ECONNRESET"


def refused(told):
    told.client.socket()
    told.client.bind(ADDR)
    told.local, told.port = told.client.port(), 9
    assert told.client.connect(ADDR, 9)["errno"] == "ECONNREFUSED"


KINDS = [(graceful, 4, 23), (graceful_with_data, 4, 31), (reset, 4, 39), (reset_with_data, 4, 47),
         (reset_after_a_fin, 4, 55), (reset_after_a_fin_with_data, 4, 63), (refused, 1, 37)]


@pytest.mark.parametrize("kind, chapters, mask", KINDS, ids=[k[0].__name__ for k in KINDS])
def test_completeness_is_wiresharks(world, kind, chapters, mask):
    told = Told(world)
    kind(told)
    told.stop(chapters)
    packets = told.capture.packets()
    last = [p for p in packets if told.local in (p.sport, p.dport)][-1]
    assert last.completeness == mask, "the scene is not what it is called"
    flags = 0
    for p in packets:
        flags |= p.flags
    assert bool(flags & FIN) is bool(mask & 16) and bool(flags & RST) is bool(mask & 32)
    ends = told.json.chapters("close" if chapters == 4 else "handshake")
    assert [c["completeness"] for c in ends] == [mask] * (2 if chapters == 4 else 1)
    text = "Incomplete" if mask == 37 else "Complete, WITH_DATA" if mask & 8 else "Complete, NO_DATA"
    assert {c["completeness_text"] for c in ends} == {text}
    if chapters == 4:  # of what had happened by then
        assert {c["completeness"] for c in told.json.chapters("handshake")} == {7}


ECE, CWR, AE = 0x40, 0x80, 0x100


@pytest.mark.parametrize("tcp_ecn", [0, 1, 3], ids=["off", "rfc3168", "accurate"])
def test_ecn(world, tcp_ecn):
    """Negotiated when the SYN,ACK says so, in the one way or in the other."""
    ns = world.netns()
    try:
        ns.sysctl(net__ipv4__tcp_ecn=tcp_ecn)
    except AssertionError:
        pytest.skip("this kernel has no Accurate ECN")
    server, client = world.agent(ns), world.agent(ns)
    capture = world.capture(ns, "lo")
    tracer = Tracer(netns=ns)
    port = server.listen(ADDR)
    client.connect(ADDR, port)
    server.accept()
    tracer.wait_count(2)
    tracer.stop()
    answer, = (p for p in capture.packets() if p.flags & SYN and p.flags & ACK)
    asked, = (p for p in capture.packets() if p.flags & SYN and not p.flags & ACK)
    assert bool(asked.flags & AE) is (tcp_ecn == 3)
    for role in ("client", "server"):
        assert tracer.one("handshake", role=role)["ecn"] is bool(answer.flags & (ECE | CWR | AE))
    assert bool(answer.flags & (ECE | CWR | AE)) is bool(tcp_ecn)
