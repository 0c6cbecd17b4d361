# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""--failed, --min-connect, --min-close, -n and -u."""
import time

import pytest

import checks
from tracer import Tracer, chapters_of, replayed, run_tracer


class Mixed:
    """A quick and a slow close, a refused and a slow failed connect, a reset."""

    def __init__(self, world):
        self.ns = world.netns()
        self.server, self.client = world.agent(self.ns), world.agent(self.ns)

    def run(self):
        """Local ports by what happened to them."""
        port = self.port = self.server.listen("127.0.0.1")
        ports = {}
        for name in ("quick", "slow", "reset"):
            ports[name] = self.client.connect("127.0.0.1", port, name=name)["port"]
            self.server.accept(name)
        self.client.linger0("reset")
        for name in ("quick", "slow", "reset"):
            self.client.close(name)
            self.server.recv_any(name)
            if name == "slow":
                self.server.sleep(0.15)
            self.server.close(name)
        self.client.socket("refused")
        self.client.bind("127.0.0.1", name="refused")
        ports["refused"] = self.client.port("refused")
        assert self.client.connect("127.0.0.1", 9, name="refused")["errno"] == "ECONNREFUSED"
        return ports


def both_sides(ports, *names):
    return {("client", ports[n]) for n in names} | {("server", ports[n]) for n in names}


def ends(chapters):
    """(role, the client's port)"""
    return sorted((c["role"], c["remote_port" if c["role"] == "server" else "local_port"]) for c in chapters)


def told(tracer, kind):
    return ends(tracer.chapters(kind))


def test_failed_and_min_close(world):
    mixed = Mixed(world)
    failed = Tracer("--failed", netns=mixed.ns)
    slow = Tracer("--min-close", "100", netns=mixed.ns)
    both = Tracer("--min-close", "100", "--min-connect", "0.0001", netns=mixed.ns)
    everything = Tracer(netns=mixed.ns)
    ports = mixed.run()
    everything.wait_count(14)
    for tracer in (failed, slow, both, everything):
        tracer.stop()
    assert len(everything.chapters()) == 14
    assert told(failed, "handshake") == sorted(both_sides(ports, "refused"))
    assert told(failed, "close") == sorted(both_sides(ports, "reset"))
    assert failed.summary["outcomes"].get("refused") == 2
    assert told(slow, "handshake") == []
    # on a busy host the quick one may be slow as well
    long = [c for c in everything.chapters("close") if (c["close_us"] or 0) >= 100_000]
    assert told(slow, "close") == ends(long) and set(ends(long)) >= both_sides(ports, "slow")
    assert failed.summary["connections"] == 4 and slow.summary["connections"] == len(long)
    assert both.summary["connections"] == 7 == everything.summary["connections"] - 1
    for chapter in slow.chapters():
        checks.check_shape(chapter)
        assert chapter["close_us"] >= 100_000
    assert told(both, "close") == ends(long)
    assert told(both, "handshake") == sorted(
        both_sides(ports, "quick", "slow", "reset") | {("client", ports["refused"])})


def test_min_connect(world):
    """Only the handshake that took a second, and no close."""
    link = world.link("veth")
    link.a.ip("neigh", "add", "10.77.1.66", "lladdr", "02:00:00:00:00:66", "dev", link.dev_a)
    link.a.sysctl(net__ipv4__tcp_syn_retries=1)
    server, client = world.agent(link.b), world.agent(link.a)
    tracer = Tracer("--min-connect", "900", netns=link.a)
    port = server.listen("10.77.1.2")
    client.connect("10.77.1.2", port)
    server.accept()
    client.close()
    server.recv_any()
    server.close()
    done = client.connect("10.77.1.66", 80)
    tracer.wait_count(1)
    tracer.stop()
    assert [c["outcome"] for c in tracer.chapters()] == ["timed_out"]
    assert tracer.chapters()[0]["handshake_us"] >= 900_000
    assert done["errno"] == "ETIMEDOUT"


def test_min_accept(world, tmp_path):
    """The handshake that waited for accept(), the close of one that nobody accepted, nothing else."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    recording = tmp_path / "t"
    tracer = Tracer("--min-accept", "50", "-w", recording, netns=ns)
    everything = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port, name="quick")
    server.accept("quick")
    slow = client.connect("127.0.0.1", port, name="slow")["port"]
    server.sleep(0.06)
    server.accept("slow")
    never = client.connect("127.0.0.1", port, name="never")["port"]
    server.sleep(0.06)
    server.close("l")
    for name in ("quick", "slow"):
        client.close(name)
        server.recv_any(name)
        server.close(name)
    everything.wait_count(12)
    tracer.stop()
    everything.stop()
    told = [(c["type"], c["remote_port"]) for c in tracer.chapters()]
    waited = [(c["type"], c["remote_port"]) for c in everything.chapters("handshake")
              if (c["accept_us"] or 0) >= 50_000]
    # on a busy host the quick one may have waited as well
    assert sorted(told) == sorted([*waited, ("close", never)]) and ("handshake", slow) in told
    status, stdout, stderr = run_tracer("-r", recording, "-o", "json")
    assert status == 0, stderr
    assert chapters_of(stdout) == tracer.chapters()


@pytest.mark.parametrize("n", [1, 3])
def test_count(world, n):
    """-n: ends by itself after n connections, with status 0."""
    ns = world.netns()
    client = world.agent(ns)
    tracer = Tracer("-n", n, netns=ns)
    for _ in range(n + 2):
        client.connect("127.0.0.1", 9)
        client.close()
    assert tracer.wait() == 0
    assert len({c["conn"] for c in tracer.chapters()}) == n
    assert tracer.summary["connections"] == n


def test_duration(world):
    """-u: ends by itself, and what it saw is told."""
    ns = world.netns()
    client = world.agent(ns)
    before = time.monotonic()
    tracer = Tracer("-u", "0.7", netns=ns)
    client.connect("127.0.0.1", 9)
    assert tracer.wait() == 0
    assert time.monotonic() - before >= 0.7
    assert len(tracer.chapters("handshake", outcome="refused", role="client")) == 1


def test_cause(world, tmp_path):
    """--cause: live, and of a recording."""
    mixed = Mixed(world)
    recording = tmp_path / "t"
    everything = Tracer("-w", recording, netns=mixed.ns)
    refused = Tracer("--cause", "refused,linger", netns=mixed.ns)
    others = Tracer("--cause", "!refused,!linger", netns=mixed.ns)
    mixed.run()
    everything.wait_count(14)
    for tracer in (everything, refused, others):
        tracer.stop()
    rest = [c for c in everything.chapters() if c["cause"] not in ("refused", "linger")]
    assert replayed(recording, "--cause", "!refused,!linger") == rest and None in {c["cause"] for c in rest}
    assert sorted(map(str, ends(others.chapters()))) == sorted(map(str, ends(rest)))
    want = [c for c in everything.chapters() if c["cause"] in ("refused", "linger")]
    assert {c["cause"] for c in want} == {"refused", "linger"}
    assert replayed(recording, "--cause", "refused", "--cause", "linger") == want
    assert sorted(map(str, ends(refused.chapters()))) == sorted(map(str, ends(want)))
