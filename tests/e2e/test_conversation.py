# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Both ends of a connection in one picture: two tracers in two namespaces, over a link that delays and loses."""
import collections
import json
import os
import re
import struct

import firewall
import pytest
from agent import FIN_WAIT2
from capture import ACK, FIN, SYN
from checks import near, time_ns
from relay import wire
from talk import Talk
from tracer import Tracer, run_tracer

WAY = 0.04
KINDS = {SYN: "SYN", SYN | ACK: "SYN,ACK", FIN | ACK: "FIN", ACK: "ACK"}
ITEM_CLOCK, ITEM_HOST = struct.pack("<II", 1, 8), struct.pack("<II", 12, 96)  # head of an item: type, length


def joined(*files, args=()):
    status, out, err = run_tracer("-r", *files, "-o", "json", "--pair", *args)
    assert status == 0 and err == "", err
    return [r for r in map(json.loads, out.splitlines()) if r["type"] == "conversation"]


class Both(Talk):
    """Each end is recorded by a tracer of its own."""

    def play(self):
        self.connect()
        self.client.shutdown()
        assert self.server.recv_any() == b""
        self.client.wait_state(self.client_port, FIN_WAIT2, self.family)
        self.server.close()
        assert self.client.recv_any() == b""
        self.client.close()
        self.finish()
        self.files = [t.recording for t in self.tracers]

    def truth(self, losses):
        """{(side, kind): [(left, arrived or None if it was lost)]} by the captures at both ends of the link"""
        found = {}
        for side, sender, receiver, end in (("a", 0, 1, self.link.client(4)), ("b", 1, 0, self.link.server(4))):
            left = [p for p in self.captures[sender].packets() if p.src == end]
            came = [p for p in self.captures[receiver].packets() if p.src == end]
            seen = collections.Counter()
            for p in left:
                kind = KINDS[p.flags & (SYN | ACK | FIN)]
                seen[kind] += 1
                lost = (side, kind, seen[kind]) in losses
                found.setdefault((side, kind), []).append((p.t_ns, None if lost else came.pop(0).t_ns))
            assert not came
        return found


def check_segments(c, truth, noise):
    """Each SYN, SYN,ACK and FIN in its order, with the times of the captures; each ACK that both ends have."""
    base = time_ns(c["time"])
    told = {}
    for s in c["segments"]:
        side = "a" if s["from"] == "client" else "b"
        told.setdefault((side, re.sub(r" \(\d+\)$", "", s["segment"])), []).append(s)
    for (side, kind), segments in truth.items():
        if kind == "ACK":
            continue
        for (left, arrived), s in zip(segments, told.pop((side, kind)), strict=True):
            near(s["sent_us"], left - base, noise, f"{s['segment']} left")
            assert s["fate"] == ("arrived" if arrived else "lost") or (arrived and s["fate"] is None), (s, arrived)
            if s["fate"] == "arrived":
                near(s["received_us"], arrived - base, noise, f"{s['segment']} arrived")
    for (side, kind), segments in told.items():
        assert kind == "ACK"
        for s in segments:
            of = min(truth[side, kind], key=lambda pair: abs(pair[0] - base - (s["sent_us"] or 0) * 1000))
            if s["fate"] == "arrived" and s["sent_us"] is not None:
                near(s["received_us"], of[1] - base, noise, "ACK arrived")
            if s["fate"] == "lost":
                assert of[1] is None


def check_parts(c, truth, noise):
    """What the network and the waiting took, by the captures."""
    syn, = [pair for pair in truth["a", "SYN"] if pair[1]][:1]
    synack, = [pair for pair in truth["b", "SYN,ACK"] if pair[1]][:1]
    parts = c["open_parts"]
    # the ACK that came may not be the first one
    came = min((pair for pair in truth["a", "ACK"] if pair[1]), key=lambda pair: pair[1])
    again = (syn[0] - truth["a", "SYN"][0][0]) + (synack[0] - syn[1])
    if not c["client_lost"]["ack"]:
        near(parts["network_there_us"], (syn[1] - syn[0]) + (came[1] - came[0]), 2 * noise, "there")
        near(parts["retransmission_us"], again, 2 * noise, "waiting")
    near(parts["network_back_us"], synack[1] - synack[0], 2 * noise, "back")
    near(c["open_us"], sum(parts.values()) * 1000, 1000, "the sum of the parts")
    near(c["close_us"], sum(c["close_parts"].values()) * 1000, 1000, "the sum of the parts")
    first, second = truth["a", "FIN"], truth["b", "FIN"]
    there, back = (next(pair for pair in fins if pair[1]) for fins in (first, second))
    parts = c["close_parts"]
    near(parts["retransmission_us"], there[0] - first[0][0] + back[0] - second[0][0], 2 * noise, "waiting")
    near(parts["network_back_us"], back[1] - back[0], 2 * noise, "back")
    near(parts["server_us"], second[0][0] - there[1], 2 * noise, "the server's application")


LOSSES = [(), (("a", "SYN", 1),), (("a", "SYN", 1), ("a", "SYN", 2)), (("b", "SYN,ACK", 1),),
          (("a", "SYN", 1), ("b", "SYN,ACK", 1)), (("a", "ACK", 1),), (("a", "FIN", 1),), (("a", "FIN", 1), ("a", "FIN", 2)),
          (("b", "FIN", 1),)]


@pytest.mark.parametrize("losses", LOSSES,
                         ids=["-".join(f"{s}{k}{n}" for s, k, n in losses) or "none" for losses in LOSSES])
def test_parts(world, losses):
    """Every segment that was lost is the one that the link dropped, and each part took what the captures say."""
    talk = Both(world, wire(world, WAY, losses=losses), 4)
    talk.play()
    c, = joined(*talk.files)
    truth = talk.truth(losses)
    print(run_tracer("-r", *talk.files, "-o", "timeline", "--pair")[1])  # for who reads of a failure
    lost = collections.Counter((side, kind) for side, kind, _ in losses)
    for side, key in (("a", "client_lost"), ("b", "server_lost")):
        assert {k: v for k, v in c[key].items() if v} == {
            kind.lower().replace(",", ""): n for (s, kind), n in lost.items() if s == side}
    assert c["matched"] == "addresses" and c["clock_offset_us"] == c["clock_uncertainty_us"] == 0
    assert (c["client_host"], c["server_host"]) == (os.uname().nodename,) * 2
    check_segments(c, truth, talk.noise.tolerance_ns)
    check_parts(c, truth, talk.noise.tolerance_ns)


def as_of_another_host(file, ahead_ns, into):
    """The recording of a host whose clock is so far ahead."""
    with open(file, "rb") as f:
        data = f.read()
    data, n = re.subn(re.escape(ITEM_HOST) + b".{16}", ITEM_HOST + bytes(range(16)), data, flags=re.S)
    assert n == 1

    def later(found):
        return ITEM_CLOCK + struct.pack("<q", struct.unpack("<q", found[1])[0] + ahead_ns)

    data, n = re.subn(re.escape(ITEM_CLOCK) + b"(.{8})", later, data, flags=re.S)
    assert n == 1
    with open(into, "wb") as f:
        f.write(data)
    return into


@pytest.mark.parametrize("ahead_ms", [0, 1234.567, -90000])
@pytest.mark.parametrize("order", ["client-first", "server-first"])
def test_clocks(world, tmp_path, ahead_ms, order):
    """The clocks of two hosts are compared by the handshake itself: within half of its round trip."""
    talk = Both(world, wire(world, WAY), 4)
    talk.play()
    ahead_ns = round(ahead_ms * 1e6)
    files = [talk.files[0], as_of_another_host(talk.files[1], ahead_ns, tmp_path / "server.pcapng")]
    want, = joined(*talk.files)
    files = files if order == "client-first" else files[::-1]
    c, = joined(*files)
    uncertain_ns = c["clock_uncertainty_us"] * 1000
    assert 0 < uncertain_ns <= talk.c_end.handshake_ns() / 2 + talk.noise.tolerance_ns
    assert abs(c["clock_offset_us"] * 1000 - ahead_ns) <= uncertain_ns
    # the middle is wrong by half of what one way takes longer than the other: nothing can show that but the captures
    truth, noise = talk.truth(()), 2 * talk.noise.tolerance_ns
    syn, ack, synack = (truth[which][0] for which in (("a", "SYN"), ("a", "ACK"), ("b", "SYN,ACK")))
    off_ns = (min(syn[1] - syn[0], ack[1] - ack[0]) - (synack[1] - synack[0])) / 2
    near(c["clock_offset_us"], ahead_ns + off_ns, noise, "offset")
    near(c["open_parts"]["network_there_us"], want["open_parts"]["network_there_us"] * 1000 - 2 * off_ns, noise, "there")
    near(c["open_parts"]["network_back_us"], want["open_parts"]["network_back_us"] * 1000 + off_ns, noise, "back")
    with open(tmp_path / "both.pcapng", "wb") as both:
        for file in files:
            with open(file, "rb") as f:
                both.write(f.read())
    (one,) = joined(tmp_path / "both.pcapng")
    assert all(one[key] == c[key] for key in ("clock_offset_us", "clock_uncertainty_us", "open_parts", "segments"))
    by_hand, = joined(*files, args=("--clock-offset", str(ahead_ms if order == "client-first" else -ahead_ms)))
    assert by_hand["clock_uncertainty_us"] == 0
    for part, us in want["open_parts"].items():
        near(by_hand["open_parts"][part], us * 1000, 1000, part)
    wrong, = joined(*files, args=("--clock-offset", str((ahead_ms if order == "client-first" else -ahead_ms) + 500)))
    status, out, _ = run_tracer("-r", *files, "--pair", "--clock-offset", str(ahead_ms + 500))
    assert status == 0 and "the clock offset is wrong" in out
    # by such a clock the server has the ACK before the client can have sent it: whose time it was is not known
    assert wrong["open_parts"] is None or order == "server-first"


def test_nat(world):
    """The server's host translates the port: neither end has the other's address and port."""
    talk = Both(world, wire(world, WAY), 4)
    port, talk.server_port = talk.server_port, 8443
    firewall.rule(talk.link.b, 4, "PREROUTING", "--dport", "8443", "-j", "REDIRECT", "--to-ports", str(port), "-t", "nat")
    talk.connect()
    talk.client.close()
    assert talk.server.recv_any() == b""
    talk.server.close()
    for tracer in talk.tracers:
        tracer.wait_count(2)
        tracer.stop()
    talk.noise.__exit__()
    files = [t.recording for t in talk.tracers]
    c, = joined(*files)
    assert (c["matched"], c["server_port"]) == ("numbers", 8443)
    assert c["open_parts"] is not None and {s["fate"] for s in c["segments"]} == {"arrived"}
    # each end alone has nobody to join, and of two that fit neither is taken
    assert not joined(files[0]) and not joined(files[1])
    assert not joined(*files, files[1])


def test_nothing_of_it_arrives(world):
    """All SYNs are lost: the recording of the other host says so, for the time in which it was made."""
    link = wire(world, 0.001)
    client, server = world.agent(link.a), world.agent(link.b)
    client_ns, server_ns = (Tracer("-w", f"{world.directory}/{n}.pcapng", netns=ns)
                            for n, ns in (("client", link.a), ("server", link.b)))
    port = server.listen(link.server(4))

    def one(name):
        client.connect(link.server(4), port, name=name)
        server.accept(name)
        client.close(name)
        server.recv_any(name)
        server.close(name)

    link.a.tune(net__ipv4__tcp_syn_retries=1, net__ipv4__tcp_syn_linear_timeouts=0)
    one("before")
    link.rule("drop a:SYN:1-2")
    for name in ("lost", "last"):
        if name == "last":
            server_ns.wait_count(4)
            server_ns.stop()
            link.rule("drop a:SYN:1-")
        assert client.connect(link.server(4), port, name=name)["errno"] == "ETIMEDOUT"
        if name == "lost":
            one("after")
    client_ns.wait_count(6)
    client_ns.stop()
    out = run_tracer("-r", f"{world.directory}/client.pcapng", f"{world.directory}/server.pcapng", "--pair")[1]
    lost, last = (text for text in out.split("\n\n") if "timed out" in text)
    words = f"nothing of it is in the recording of {os.uname().nodename}"
    # both are of one host here, which is no other one
    assert words not in lost + last
    other = as_of_another_host(f"{world.directory}/server.pcapng", 0, f"{world.directory}/other.pcapng")
    out = run_tracer("-r", f"{world.directory}/client.pcapng", other, "--pair")[1]
    lost, last = (" ".join(text.split()) for text in out.split("\n\n") if "timed out" in text)
    assert words in lost and words not in last, (lost, last)


def test_live(world):
    """Both ends are on this host: the conversation comes with the second close, and what is alone after a second."""
    link = world.link("veth")
    client, server = world.agent(link.a), world.agent(link.b)
    port = server.listen(link.server(4))
    tracers = [Tracer("--pair", "-L" if n else "--port", port, output="json") for n in (0, 1)]
    done = client.connect(link.server(4), port)
    server.accept()
    client.send_and_close(10)
    server.recv(10)
    server.close()
    tracers[0].wait_for(lambda t: [r for r in t.records if r["type"] == "conversation"])
    tracers[1].wait_count(2)
    for tracer in tracers:
        tracer.stop()
    c, = [r for r in tracers[0].records if r["type"] == "conversation"]
    ends = {c["role"]: c["conn"] for c in tracers[0].chapters("close")}
    assert (c["client_conn"], c["server_conn"]) == (ends["client"], ends["server"])
    assert (c["client_port"], c["server_port"]) == (done["port"], port)
    assert not [r for r in tracers[1].records if r["type"] == "conversation"]
