# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Two namespaces as two hosts, each with a tracer: a shop on host a is a client of a web server on host b."""
import json
import os
import signal

from agent import CLOSE_WAIT, FIN_WAIT2
from cgroups import CONTAINER, POD, mount
from firewall import rule
from tracer import Tracer

A, B = "a", "b"
SHOP, WEB = "shop", 'we"b\\'
GRACEFUL, V6, SERVER_FIRST, REFUSED, PORTS, LEAKS = 5, 2, 3, 3, 4, 3
SENT, RECEIVED = 1000, 30
SLOW_S = 0.3


class Cgroup:
    """A directory that a process is in."""

    def __init__(self, agent, *names):
        self.agent = agent
        self.path = os.path.join(mount(), *names)
        os.makedirs(self.path)
        with open(f"{self.path}/cgroup.procs", "w") as f:
            f.write(str(agent.pid))

    def remove(self, levels=1):
        self.agent.kill()
        for _ in range(levels):
            os.rmdir(self.path)
            self.path = os.path.dirname(self.path)


class TwoHosts:
    """All that happens does in the constructor; what was printed is in `lines`, by host."""

    def __init__(self, world):
        self.link = world.link("veth")
        self.a, self.b = self.link.a, self.link.b
        self.there = self.link.server(4)
        self.shop, self.web = world.agent(self.a, SHOP), world.agent(self.b, WEB)
        self.unit = f"tst-{os.getpid()}.service"
        pod = f"tst{os.getpid()}-kubepods-pod{POD.replace('-', '_')}.slice"
        cgroups = Cgroup(self.web, self.unit), Cgroup(self.shop, pod, f"cri-containerd-{CONTAINER}.scope")
        try:
            self.trace(world)
        finally:
            cgroups[0].remove()
            cgroups[1].remove(levels=2)

    def trace(self, world):
        tracers = {A: Tracer(netns=self.a), B: Tracer("--max-attempts", 0, netns=self.b)}
        self.serve()
        self.close_in_turn()
        self.wait_for_accept()
        self.fail()
        self.lose_syn()
        self.reset()
        self.run_out_of_ports()
        self.leak(tracers[B])
        self.hang(tracers[A])
        for t in tracers.values():
            t.stop()
            assert t.summary["events_lost"] == 0
        self.records = {host: t.records for host, t in tracers.items()}
        self.lines = {host: t.stdout.lines for host, t in tracers.items()}

    def serve(self):
        self.port = self.web.listen(self.there)
        self.web.listen(self.link.server(6), self.port, family=6, name="l6")
        self.slow, self.lossy, self.short, self.few = (
            self.web.listen(self.there, name=name) for name in ("slow", "lossy", "short", "few"))
        self.closed = self.web.listen(self.there, name="closed")
        self.web.close("closed")

    def connect(self, port, listener="l", name="s", family=4):
        assert self.shop.connect(self.link.server(family), port, name=name, family=family)["errno"] is None
        return self.web.accept(name, listener)

    def talk(self):
        self.shop.send(SENT)
        self.web.recv(SENT)
        self.web.send(RECEIVED)
        self.shop.recv(RECEIVED)

    @staticmethod
    def close(first, second):
        first.close()
        assert second.recv_any() == b""
        second.close()

    def close_in_turn(self):
        for listener, n, family in (("l", GRACEFUL, 4), ("l6", V6, 6)):
            for _ in range(n):
                self.connect(self.port, listener, family=family)
                self.talk()
                self.close(self.shop, self.web)
        for _ in range(SERVER_FIRST):
            self.connect(self.port)
            self.talk()
            self.close(self.web, self.shop)

    def wait_for_accept(self):
        connected = self.shop.connect(self.there, self.slow)["call"]
        self.web.sleep(SLOW_S)
        accepted = self.web.accept(listener="slow")["call"]
        self.least_wait_ms = (accepted.before_ns - connected.after_ns) / 1e6
        self.most_wait_ms = (accepted.after_ns - connected.before_ns) / 1e6
        self.close(self.shop, self.web)

    def fail(self):
        for _ in range(REFUSED):
            assert self.shop.connect(self.there, self.closed)["errno"] == "ECONNREFUSED"
            self.shop.close()

    def lose_syn(self):
        """The first one, and no other."""
        rule(self.b, 4, "INPUT", "--dport", str(self.lossy), "--syn", "-m", "statistic", "--mode", "nth",
             "--every", "1000000", "--packet", "0", "-j", "DROP")
        self.connect(self.lossy, "lossy")
        self.close(self.shop, self.web)

    def reset(self):
        """The server closes before it has read."""
        self.connect(self.short, "short")
        self.shop.send(10)
        self.web.peek_ready(10)
        self.web.close()
        assert self.shop.recv_any() == "ECONNRESET"
        self.shop.close()

    def run_out_of_ports(self):
        # an ACK that comes twice, to a server whose socket is gone, is answered by an RST, which would end TIME_WAIT
        self.a.sysctl(net__ipv4__tcp_rfc1337=1, net__ipv4__tcp_tw_reuse=0,
                      net__ipv4__ip_local_port_range=f"20000 {20000 + PORTS - 1}")
        for _ in range(PORTS):
            self.connect(self.few, "few")
            self.close(self.shop, self.web)
        assert self.shop.connect(self.there, self.few)["errno"] == "EADDRNOTAVAIL"
        self.shop.close()
        self.a.sysctl(net__ipv4__ip_local_port_range="21000 22000")

    def leak(self, tracer):
        """All but one connection stay in CLOSE_WAIT; that one is reported so once, too."""
        for i in range(LEAKS):
            self.connect(self.port, name=f"leak{i}")
            port = self.shop.port(f"leak{i}")
            self.shop.shutdown(name=f"leak{i}")
            assert self.web.recv_any(f"leak{i}") == b""
            self.shop.wait_state(port, FIN_WAIT2)
        self.web.wait_state(self.port, CLOSE_WAIT)
        tracer.send_signal(signal.SIGUSR1)
        tracer.wait_count(LEAKS, "close", state="CLOSE_WAIT")
        self.web.close("leak0")
        assert self.shop.recv_any("leak0") == b""
        self.shop.close("leak0")

    def hang(self, tracer):
        """A handshake that is not over at the end, and all of the others are."""
        rule(self.b, 4, "INPUT", "--dport", str(self.lossy), "--syn", "-j", "DROP")
        self.shop.connect(self.there, self.lossy, name="hangs", blocking=False)
        tracer.wait_for(lambda t: len(t.chapters("close")) == self.closes)

    @property
    def closes(self):
        """How many connections of host a are over"""
        return GRACEFUL + V6 + SERVER_FIRST + PORTS + 1 + 3  # a leak; slow, lossy, short

    def one(self, host, **fields):
        """A record of this host"""
        return next(r for r in self.records[host] if all(r.get(k) == v for k, v in fields.items()))


def interval(world):
    """Lines that no other trace has: a summary's of an interval"""
    tracer = Tracer("-s", "-i", "0.1", "--by", "role", netns=world.netns())
    tracer.wait_for(lambda t: any("interval" in r for r in t.records))
    tracer.stop()
    return [json.dumps(r) for r in tracer.records if "interval" in r][:1]
