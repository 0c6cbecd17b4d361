# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Sequence numbers in the text, relative and absolute, and completeness: both as tshark has them."""
import os
import re
import subprocess

import pytest

from agent import FIN_WAIT2
from capture import ACK, FIN, RST, SYN
from oracle import End
from tracer import Tracer

ADDR = "127.0.0.1"

# how people see it, and in which locale
TEXTS = [("timeline", "C"), ("ladder", "C"), ("ladder", "C.UTF-8")]
SEGMENT = re.compile(r"(>|<|──|◄─|--|<-) ((?:SYN|FIN|ACK|RST)\S*)(.*)")


class Told:
    """Both ends of one connection, in JSON and in these texts."""

    def __init__(self, world, texts=(), options=()):
        self.ns = world.netns()
        self.server, self.client = world.agent(self.ns), world.agent(self.ns)
        self.capture = world.capture(self.ns, "lo")
        self.json = Tracer(netns=self.ns)
        self.texts = [Tracer(*options, netns=self.ns, output=output,
                             env={**os.environ, "LC_ALL": locale}) for output, locale in texts]
        self.port = self.server.listen(ADDR)
        self.local = None

    def connect(self):
        self.local = self.client.connect(ADDR, self.port)["port"]
        self.server.accept()

    def stop(self, n):
        self.json.wait_count(n)
        self.json.stop()
        for text in self.texts:
            text.stop()


def numbers(lines, here, there):
    """[(word, seq or None, ack or None)] of the text's chapters of this end, in order"""
    found, mine = [], False
    for line in lines:
        ends = re.findall(r"127\.0\.0\.1:(\d+)", line)
        if ends:
            mine = ends == [str(here), str(there)]
        step = SEGMENT.search(line)
        if mine and step:
            way = "<" if step[1] in ("<", "◄─", "<-") else ">"
            seq, ack = (re.search(rf"\b{key}=(\d+)", step[3]) for key in ("seq", "ack"))
            found.append((f"{way} {step[2]}", seq and int(seq[1]), ack and int(ack[1])))
    return found


@pytest.mark.parametrize("verbose", [False, True], ids=["relative", "-v absolute"])
def test_numbers_in_the_text(world, verbose):
    """Each SYN and FIN with its number, each answer with that number plus one, as on the wire."""
    told = Told(world, TEXTS, ["-v"] if verbose else [])
    told.connect()
    told.client.send(100)
    told.server.recv(100)
    told.server.send(2000)
    told.client.recv(2000)
    told.client.close()
    assert told.server.recv_any() == b""
    told.client.wait_state(told.local, FIN_WAIT2)  # so that the ACK of the FIN goes alone
    told.server.close()
    told.stop(4)
    packets = told.capture.packets()
    for text, (output, locale) in zip(told.texts, TEXTS):
        lines = text.stdout.lines
        assert text.stdout.text().isascii() is not (output == "ladder" and locale == "C.UTF-8")
        assert max(map(len, lines)) <= 80
        for here, there in ((told.local, told.port), (told.port, told.local)):
            check_numbers(numbers(lines, here, there), End(packets, ADDR, here, ADDR, there), verbose)


def check_numbers(got, end, absolute):
    """Of one end, in one text, against the wire."""
    base = {True: 0 if absolute else end.iss, False: 0 if absolute else end.irs}
    want = end.handshake + end.close
    assert [g[0].replace("FIN,ACK", "FIN") for g in got] == [s.segment for s in want]
    for (word, seq, ack), step in zip(got, want):
        out = word.startswith(">")
        assert seq in (None, (step.seq - base[out]) & 0xFFFFFFFF), word
        assert ack is None or ack == (step.ack - base[not out]) & 0xFFFFFFFF, word
    assert sum(n is not None for g in got for n in g[1:]) >= 8, f"hardly a number: {got}"
    fins = {word[0]: seq for word, seq, _ack in got if "FIN" in word}
    acks = {word[0]: ack for word, _seq, ack in got[len(end.handshake):] if "ACK" in word
            and "FIN" not in word}
    for side, other in (("<", ">"), (">", "<")):
        assert acks[other] == fins[side] + 1, "ack = seq + 1"


def graceful(told, data):
    told.connect()
    told.client.send(data)
    told.server.recv(data)
    told.client.close()
    assert told.server.recv_any() == b""
    told.server.close()


def reset(told, data):
    told.connect()
    told.server.send(data)
    told.client.recv(data)
    told.client.linger0()
    told.client.close()
    assert told.server.recv_any() == "ECONNRESET"


def reset_after_a_fin(told, data):
    told.connect()
    told.client.send(data)
    told.client.shutdown()
    told.server.recv(data)
    assert told.server.recv_any() == b""
    told.server.linger0()
    told.server.close()
    assert told.client.wait_error() == "ECONNRESET"


def refused(told, _data):
    told.client.socket()
    told.client.bind(ADDR)
    told.local, told.port = told.client.port(), 9
    assert told.client.connect(ADDR, 9)["errno"] == "ECONNREFUSED"


KINDS = [(graceful, 0, 4, 23), (graceful, 10, 4, 31), (reset, 0, 4, 39), (reset, 10, 4, 47),
         (reset_after_a_fin, 0, 4, 55), (reset_after_a_fin, 5, 4, 63), (refused, 0, 2, 37)]


@pytest.mark.parametrize("kind, data, chapters, mask", KINDS,
                         ids=[k[0].__name__ + "_with_data" * (k[1] > 0) for k in KINDS])
def test_completeness_is_wiresharks(world, kind, data, chapters, mask):
    told = Told(world)
    kind(told, data)
    told.stop(chapters)
    packets = told.capture.packets()
    last = [p for p in packets if told.local in (p.sport, p.dport)][-1]
    assert last.completeness == mask, "the scene is not what it is called"
    flags = 0
    for p in packets:
        flags |= p.flags
    assert bool(flags & FIN) is bool(mask & 16) and bool(flags & RST) is bool(mask & 32)
    ends = told.json.chapters("close" if chapters == 4 else "handshake")
    assert [c["completeness"] for c in ends] == [mask] * 2
    text = "Incomplete" if mask == 37 else "Complete, WITH_DATA" if mask & 8 else "Complete, NO_DATA"
    assert {c["completeness_text"] for c in ends} == {text}
    if chapters == 4:  # of what had happened by then
        assert {c["completeness"] for c in told.json.chapters("handshake")} == {7}


ECE, CWR, AE = 0x40, 0x80, 0x100


def ecn_ways():
    """What this kernel takes as net.ipv4.tcp_ecn: Accurate ECN is young."""
    setting = ["unshare", "-n", "sysctl", "-qw", "net.ipv4.tcp_ecn=3"]
    young = subprocess.run(setting, stderr=subprocess.DEVNULL).returncode
    return {"off": 0, "rfc3168": 1} if young else {"off": 0, "rfc3168": 1, "accurate": 3}


@pytest.mark.parametrize("tcp_ecn", ecn_ways().values(), ids=ecn_ways().keys())
def test_ecn(world, tcp_ecn):
    """Negotiated when the SYN,ACK says so, in the one way or in the other."""
    ns = world.netns()
    ns.sysctl(net__ipv4__tcp_ecn=tcp_ecn)
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
    if tcp_ecn == 3 and not asked.flags & AE:
        pytest.skip("this kernel has no Accurate ECN")
    assert bool(asked.flags & AE) is (tcp_ecn == 3)
    for role in ("client", "server"):
        assert tracer.one("handshake", role=role)["ecn"] is bool(answer.flags & (ECE | CWR | AE))
    assert bool(answer.flags & (ECE | CWR | AE)) is bool(tcp_ecn)
