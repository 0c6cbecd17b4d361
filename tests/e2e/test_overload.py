# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Floods, scans, resets and forks by the thousand: bounded, counted, and the connection beside is right."""
import contextlib
import errno
import json
import os
import random
import resource
import select
import socket
import struct
import subprocess
import sys

import pytest

import checks
import pump
from checks import Noise
from churn import wait_all_closed
from loaded import loaded_by
from oracle import End
from pump import HANG_S
from tracer import Tracer

SYN, RST = 0x02, 0x04


class Maps:
    """The tracer's maps by name, as bpftool sees them from outside."""

    def __init__(self, tracer):
        self.ids = {}
        for kind, number in loaded_by(tracer.pid):
            if kind == "map":
                shown = self._bpftool("show", number)
                self.ids[shown["name"]] = (number, shown["max_entries"])

    @staticmethod
    def _bpftool(what, number):
        done = subprocess.run(["bpftool", "-j", "map", what, "id", str(number)],
                              stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def entries(self, name):
        return len(self._bpftool("dump", self.ids[name][0]))

    def records(self, name):
        """Those that begin with a connection's number: others mark what closed while tracing began."""
        return sum(any(int(byte, 16) for byte in entry["value"][:8])
                   for entry in self._bpftool("dump", self.ids[name][0]))

    def max_entries(self):
        return {name: most for name, (_, most) in self.ids.items()}

    def memory(self, tracer):
        """Bytes of all maps together, as the kernel accounts them."""
        total = 0
        for fd in os.listdir(f"/proc/{tracer.pid}/fdinfo"):
            # an iterator's is open for a moment only; those of maps stay
            with contextlib.suppress(FileNotFoundError), open(f"/proc/{tracer.pid}/fdinfo/{fd}") as f:
                lines = dict(line.split(":\t") for line in f if ":\t" in line)
                total += int(lines.get("memlock", 0)) if "map_id" in lines else 0
        return total


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def segment(src, sport, dst, dport, seq, flags):
    """IPv4 and TCP headers, for a raw socket with IP_HDRINCL."""
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq, 0, 5 << 4, flags, 64240, 0, 0)
    pseudo = socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack("!BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, socket.inet_aton(src),
                     socket.inet_aton(dst))
    return ip + tcp


def flood(_channel, dst, port, count, finish):
    """SYNs from addresses that nobody has; finish: each is followed by an RST, as some scanners do."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    dice = random.Random(1)
    for _ in range(count):
        src = f"10.{dice.randrange(128, 256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
        sport, seq = dice.randrange(1024, 65536), dice.randrange(1 << 32)
        raw.sendto(segment(src, sport, dst, port, seq, SYN), (dst, 0))
        if finish:
            raw.sendto(segment(src, sport, dst, port, seq + 1 & 0xFFFFFFFF, RST), (dst, 0))
    return count


def check_well_behaved(link, tracer, capture, noise, server, ports):
    """A connection's chapters against what was on the server's wire."""
    local, port = ports
    end = End(capture.packets(), link.server(4), port, link.client(4), local)
    told = {kind: tracer.one(kind, local_port=port, remote_port=local)
            for kind in ("handshake", "close")}
    for chapter in told.values():
        checks.check_shape(chapter)
        checks.check_owner(chapter, server)
    assert told["handshake"]["outcome"] == "established" and told["handshake"]["complete"]
    assert (told["handshake"]["iss"], told["handshake"]["irs"]) == (end.iss, end.irs)
    checks.check_close(told["close"], end, noise.tolerance_ns)


@pytest.mark.parametrize("finish", [False, True], ids=["flood", "half-open scan"])
def test_spoofed_syns(world, finish):
    """20,000 of them to a traced listener: none enters the table, and whoever is in earnest is told.

    The others are handshakes that came to nothing, of which so many are told in a second and the rest are counted.
    """
    link = world.link("veth")
    link.b.ip("route", "add", "default", "via", link.client(4))
    link.b.sysctl(net__ipv4__tcp_syncookies=1, net__ipv4__conf__all__rp_filter=0,
                  net__ipv4__conf__vb__rp_filter=0)
    server, client = world.agent(link.b), world.agent(link.a)
    port = server.listen(link.server(4), backlog=64)
    capture = world.capture(link.b, link.dev_b)
    tracer = Tracer(netns=link.b)
    maps = Maps(tracer)
    empty = maps.memory(tracer)
    attack = link.a.spawn(flood, link.server(4), port, 20000 // (1 + finish), finish)
    with Noise() as noise:
        pump.wait_until(lambda: syns(link.b) > 1000, "the flood has begun")
        local = client.connect(link.server(4), port)["port"]
        server.accept()
        client.send(10)
        server.recv(10)
        client.close()
        assert server.recv_any() == b""
        server.close()
        attack.result()
    for name in ("table", "unaccepted", "minisockets"):
        assert maps.records(name) == 0, name
    assert maps.memory(tracer) <= empty + (1 << 20)
    tracer.wait_count(1, "close")
    tracer.stop()
    check_well_behaved(link, tracer, capture, noise, server, (local, port))
    rest = [c for c in tracer.chapters() if c["remote_port"] != local]
    assert {(c["type"], c["role"]) for c in rest} <= {("handshake", "server")}
    assert {c["outcome"] for c in rest} <= {"reset", "timed_out", None} and tracer.summary["closes"] == 1
    assert tracer.summary["events_lost"] == 0


def syns(ns):
    """Segments that came in."""
    for names, values in zip(*[iter(ns.exec("cat", "/proc/net/snmp").splitlines())] * 2):
        if names.startswith("Tcp:"):
            return int(values.split()[names.split().index("InSegs")])
    return 0


def scan(_channel, addr, low, high):
    refused = 0
    for port in range(low, high):
        with socket.socket() as s:
            refused += s.connect_ex((addr, port)) == errno.ECONNREFUSED
    return refused


@pytest.mark.alone("counts hook runs that the whole host skipped")
def test_port_scan(world):
    """Every one of 4,000 refused connections is told or counted, and nothing stays in the table."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1", 30000)
    tracer = Tracer("-v", "--max-attempts", "0", netns=ns)
    maps = Maps(tracer)
    scans = [ns.spawn(scan, "127.0.0.1", low, low + 2000) for low in (10000, 20000)]
    client.connect("127.0.0.1", port)
    server.accept()
    client.close()
    assert server.recv_any() == b""
    server.close()
    assert sum(s.result() for s in scans) == 4000
    tracer.wait_count(4000, outcome="refused")
    assert maps.records("table") == 0
    tracer.stop()
    # at the server they are counted
    assert tracer.summary["outcomes"]["refused"] == 8000 == tracer.summary["counted"] * 2
    assert {c["ending"] for c in tracer.chapters("close", complete=True)} == {"graceful"}
    told = tracer.chapters("handshake", outcome="refused")
    assert {c["remote_port"] for c in told} == {*range(10000, 12000), *range(20000, 22000)}
    checks.adds_up(len(tracer.chapters()), tracer.summary["events_lost"], 4000 + 4,
                   tracer.stderr.text())


PAIRS = 8


def many_files():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def hold(channel, port, each):
    """Accepts and keeps `each` connections; returns how many of them were reset."""
    many_files()
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    channel.send("listening")
    held = [listener.accept()[0] for _ in range(each)]
    channel.send("all accepted")
    resets, poll = 0, select.epoll()
    by_fd = {s.fileno(): s for s in held}
    for fd in by_fd:
        poll.register(fd, 0)
    while by_fd:
        for fd, _ in poll.poll():
            poll.unregister(fd)
            s = by_fd.pop(fd)
            resets += s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET
            s.close()
    return resets


def open_and_reset(channel, port, each):
    """Opens `each`, and when told resets them all by ending."""
    many_files()
    socks = []
    for _ in range(each):
        s = socket.create_connection(("127.0.0.1", port))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socks.append(s)
    channel.recv()
    return len(socks)


@pytest.mark.alone("counts hook runs that the whole host skipped")
@pytest.mark.parametrize("each", [500, pytest.param(2500, marks=pytest.mark.long)])
def test_resets_at_once(world, tmp_path, each):
    """
    Of 4,000 connections, or 20,000, which is more than the ring takes (2,500 descriptors are allowed nearly
    everywhere): told + lost is what happened; then the table is empty again, but for what no program ran for.
    """
    ns, total = world.netns(), PAIRS * each
    ns.sysctl(net__core__somaxconn=4096, net__ipv4__ip_local_port_range="10000 65000")
    keeper, client = world.agent(ns), world.agent(ns)
    port = keeper.listen("127.0.0.1", 7399)
    servers = [ns.spawn(hold, 7400 + i, each) for i in range(PAIRS)]
    for server in servers:
        assert server.recv() == "listening"
    tracer = Tracer("-v", netns=ns, into=tmp_path / "records")
    maps = Maps(tracer)
    empty = maps.memory(tracer)
    client.connect("127.0.0.1", port)
    keeper.accept()
    crowd = [ns.spawn(open_and_reset, 7400 + i, each) for i in range(PAIRS)]
    for server in servers:
        assert server.recv() == "all accepted"
    full = maps.memory(tracer)
    for one in crowd:
        one.send("reset")
    assert sum(one.result() for one in crowd) == total == sum(s.result() for s in servers)
    client.close()
    assert keeper.recv_any() == b""
    keeper.close()
    keeper.close("l")
    wait_all_closed(ns)
    left = maps.records("table") + maps.records("minisockets")
    assert full - empty < 2 * total * 1024, "bytes per connection"
    tracer.process.send_signal(2)
    tracer.into = None  # 50 MB of JSON: only what is needed is parsed
    assert tracer.wait() == 0, tracer.stderr.text()
    with open(tmp_path / "records") as f:
        lines = [line for line in f if '"type":"listener"' not in line]
    summary = json.loads(lines[-1])
    assert left <= checks.unseen(tracer.stderr.text())
    checks.adds_up(len(lines) - 1, summary["events_lost"], 4 * (total + 1), tracer.stderr.text())
    assert summary["open"] == 0 == summary["table_full"]
    assert set(checks.happened(summary["endings"])) <= {"graceful", "reset_sent", "reset_received"}
    mine = [json.loads(line) for line in lines if f'_port":{port},' in line]
    assert [c["ending"] for c in mine if c["type"] == "close"] == ["graceful"] * 2
    assert {c["outcome"] for c in mine if c["type"] == "handshake"} == {"established"}


STORM = """
import os, socket, sys
sys.stdin.readline()
def generation(work):
    pid = os.fork()
    if pid == 0:
        if os.fork() == 0:
            work()
            os._exit(0)
        os.wait()
        os._exit(0)
    os.waitpid(pid, 0)
for _ in range(int(sys.argv[1])):
    generation(lambda: None)
generation(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2]))).close())
sys.stdin.readline()
"""


def test_fork_storm(world):
    """-f: 600 descendants come and go; the map holds who lives, and the last one is told."""
    ns = world.netns()
    server = world.agent(ns)
    port = server.listen("127.0.0.1")
    family = subprocess.Popen(ns.argv("/usr/bin/python3", "-S", "-c", STORM, "300", str(port)),
                              stdin=subprocess.PIPE)
    tracer = Tracer("-f", "-p", family.pid, netns=ns)
    maps = Maps(tracer)
    assert maps.max_entries()["pids"] <= 1 << 17
    family.stdin.write(b"go\n")
    family.stdin.flush()
    server.accept()
    assert server.recv_any() == b""
    server.close()
    tracer.wait_count(2)
    assert maps.entries("pids") <= 3, "more than live"
    family.stdin.close()
    assert family.wait(HANG_S) == 0
    pump.wait_until(lambda: maps.entries("pids") == 0, "the map of processes is empty")
    tracer.stop()
    close = tracer.one("close")
    assert (close["role"], close["ending"]) == ("client", "graceful")
    assert close["pid"] not in (family.pid, None)


def test_more_processes_than_can_be_followed(world, tmp_path):
    """The map is full of others: a child that finds no room is not told, and counted."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    server.start("accept_close", 3)
    tracer = Tracer("-f", "-p", client.pid, netns=ns)
    number, room = Maps(tracer).ids["pids"]
    fill = tmp_path / "fill"
    with open(fill, "w") as f:
        for pid in range(1 << 24, (1 << 24) + room - 1):  # beside the client; no process has such a number
            key = " ".join(str(byte) for byte in pid.to_bytes(4, sys.byteorder))
            f.write(f"map update id {number} key {key} value 1\n")
    subprocess.run(["bpftool", "batch", "file", str(fill)], stdout=subprocess.DEVNULL, check=True)
    _, ports = client.fork_connect("127.0.0.1", port, 2)
    own = client.connect("127.0.0.1", port)["port"]
    client.recv_any()
    client.close()
    server.finish()
    tracer.wait_count(2)
    tracer.stop()
    assert {c["local_port"] for c in tracer.chapters()} == {own} and len(ports) == 2
    assert "1 process is not followed" in tracer.stderr.text()
