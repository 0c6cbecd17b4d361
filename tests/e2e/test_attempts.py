# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Attempts of peers that make no socket: each is reported as the wire shows it, or counted."""
import json
import re
import socket
import subprocess
import time

import pytest

import checks
from capture import ACK, FIN, RST, SYN
from injector import segment
from netns import veth
from tracer import BINARY, Tracer, run_tracer

HERE = {4: "127.0.0.1", 6: "::1"}
FLAGS = SYN | ACK | FIN | RST
COUNTED = "type time netns role local_port ports outcome count".split()


def counted(records):
    found = [r for r in records if r["type"] == "counted"]
    for r in found:
        assert list(r) == COUNTED and r["role"] == "server" and r["count"] > 0
    return found


def refuse(client, family=4, port=1, name="s"):
    done = client.connect(HERE[family], port, name=name, family=family)
    assert done["errno"] == "ECONNREFUSED"
    return done["port"]


@pytest.mark.parametrize("family", [4, 6])
def test_refused(world, family):
    """By the capture: who asked, when, and what the RST acknowledged."""
    ns = world.netns()
    client = world.agent(ns)
    capture = world.capture(ns, "lo")
    tracer = Tracer(netns=ns)
    port = refuse(client, family)
    tracer.wait_count(2, "handshake")
    tracer.stop()
    capture.stop()
    syn, rst = [p for p in capture.packets() if port in (p.sport, p.dport)]
    told = tracer.one("handshake", role="server")
    checks.check_shape(told)
    assert (told["outcome"], told["errno"], told["pid"], told["comm"]) == ("refused", None, None, None)
    assert (told["local"], told["local_port"], told["remote"], told["remote_port"]) == (HERE[family], 1, HERE[family], port)
    assert [(s["from"], s["to"], s["segment"], s["seq"], s.get("ack")) for s in told["steps"]] == [
        ("CLOSE", "CLOSE", "< SYN", syn.seq, None), ("CLOSE", "CLOSE", "> RST,ACK", rst.seq, rst.ack)]
    assert told["complete"] and told["completeness"] == 37 and told["irs"] == syn.seq and told["iss"] is None
    assert (told["handshake_us"], told["rtt_us"]) == (None, None) and told["synack_retransmits"] == 0
    assert tracer.summary["outcomes"]["refused"] == 2 and tracer.summary["counted"] == 0


def test_from_another_host(world):
    a, b = world.netns(), world.netns()
    link = veth(a, b)
    client = world.agent(a)
    tracer = Tracer(netns=b)
    done = client.connect(link.server(4), 7, name="s")
    assert done["errno"] == "ECONNREFUSED"
    tracer.wait_count(1, "handshake")
    tracer.stop()
    told = tracer.one("handshake")
    assert (told["remote"], told["remote_port"], told["local_port"]) == (link.client(4), done["port"], 7)
    assert told["role"] == "server" and told["outcome"] == "refused"


def send_stray(*flags):
    mouth = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for n, f in enumerate(flags):
        mouth.sendto(segment((HERE[4], 3000 + n), (HERE[4], 2000 + n), f, 7, 9), (HERE[4], 0))


def test_only_syns(world):
    """A stray segment is refused too, and is no attempt to connect."""
    ns = world.netns()
    client = world.agent(ns)
    capture = world.capture(ns, "lo")
    tracer = Tracer(netns=ns)
    stray = (ACK, SYN | ACK, FIN | ACK, RST, SYN | RST, SYN | FIN)
    ns.call(send_stray, *stray)
    refuse(client, port=1, name="last")
    tracer.wait_count(1, "handshake", role="server")
    tracer.stop()
    capture.stop()
    assert len([p for p in capture.packets() if p.sport // 1000 == 3]) == len(stray)
    assert [c["local_port"] for c in tracer.chapters("handshake", role="server")] == [1]


@pytest.mark.parametrize("select, there", [
    (("--role", "server"), True), (("--role", "client"), False), (("-L", "1"), True), (("-L", "2"), False),
    (("-D", "1"), False), (("-d", HERE[4]), True), (("-d", "10.0.0.0/8"), False), (("-6",), False),
    (("-p", "1"), False), (("-c", "nobody"), False), (("--failed",), True), (("--min-close", "1"), False)])
def test_selection(world, select, there, tmp_path):
    ns = world.netns()
    client = world.agent(ns)
    file = tmp_path / "all.pcapng"
    every, tracer = Tracer("-w", file, "--max-attempts", "1", netns=ns), Tracer(*select, netns=ns)
    for _ in range(3):
        refuse(client)
    every.wait_count(4, "handshake")
    for t in (every, tracer):
        t.stop()
    found = tracer.chapters("handshake", role="server")
    assert len(found) == (3 if there else 0)
    _status, out, _err = run_tracer("-r", file, "-o", "json", *select)
    replayed = [r for r in map(json.loads, out.splitlines()) if r.get("role") == "server" and r["type"] == "handshake"]
    assert bool(replayed) is there


def test_flood(world):
    """Of many, so many in a second are reported, and the others are counted: together they are all."""
    ns = world.netns()
    client = world.agent(ns)
    tracer, table = Tracer("--max-attempts", "5", "--role", "server", netns=ns), Tracer("-o", "none", "-s", netns=ns, output=None)
    people = Tracer("--max-attempts", "0", netns=ns, output="timeline")
    for _ in range(200):
        refuse(client)
    tracer.wait_for(lambda t: counted(t.records))
    for t in (tracer, table, people):
        t.stop()
    one_by_one, rest = tracer.chapters("handshake"), counted(tracer.records)
    seconds = {c["time"][:19] for c in one_by_one}
    assert 5 <= len(one_by_one) <= 5 * (len(seconds) + 1) + 2 < 100
    assert len(one_by_one) + sum(r["count"] for r in rest) == 200
    assert {(r["local_port"], r["ports"], r["outcome"], r["netns"]) for r in rest} == {(1, 1, "refused", ns.inode)}
    summary = tracer.summary
    assert summary["outcomes"]["refused"] == summary["handshakes"] == summary["connections"] == 200
    assert summary["counted"] == 200 - len(one_by_one)
    assert "server 1     refused       200" in table.stdout.lines
    assert not any("< SYN" in line for line in people.stdout.lines)
    assert sum(int(line.split(": ")[1].split()[0]) for line in people.stdout.lines
               if re.search(" more SYNs? refused", line)) == 200


def test_scan(world, tmp_path):
    """A scan of many ports is a few lines a second, and a recording replays it."""
    ns = world.netns()
    client = world.agent(ns)
    file = tmp_path / "r.pcapng"
    tracer = Tracer("--max-attempts", "0", "--role", "server", "-w", file, netns=ns)
    begin = time.monotonic()
    for port in range(1, 301):
        refuse(client, port=port)
    tracer.wait_for(lambda t: sum(r["count"] for r in counted(t.records)) == 300)
    tracer.stop()
    found = counted(tracer.records)
    seconds = {r["time"]: [s for s in found if s["time"] == r["time"]] for r in found}
    assert len(seconds) <= time.monotonic() - begin + 2
    # of few ports each has a line
    assert all(len(lines) <= 16 for lines in seconds.values()) and sum(r["ports"] for r in found) == 300
    assert all(r["local_port"] is None for r in found if r["ports"] > 1)
    again = subprocess.run([BINARY, "-r", str(file), "-o", "json"], stdout=subprocess.PIPE, check=True)
    assert [json.loads(line) for line in again.stdout.splitlines()] == tracer.records
