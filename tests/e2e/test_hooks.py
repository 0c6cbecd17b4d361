# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Each hook of each feature, forced where this kernel has it, tells the same records."""
import datetime
import re
import subprocess
import time

import checks
import kernel
from agent import FIN_WAIT2
from checks import Noise, near
from oracle import End
from pump import HANG_S
from tracer import BINARY, Tracer, run_tracer

TICK_NS = round(time.clock_getres(6) * 1e9)  # CLOCK_MONOTONIC_COARSE: the kernel counts silence in jiffies

# what a feature without a hook leaves null; in which chapters
LOST = {
    "accept": lambda c: {"accept_us", "accepted"} if c["type"] == "handshake" else {"accept_us"},
    "syncookie": lambda c: {"syncookie"} if c["role"] == "server" else set(),
    "cookie": lambda c: {"cookie"},
    "mptcp": lambda c: {"mptcp"},
    "scan": lambda c: {"pid", "comm", "uid", "cgroup"} if c["missing"] == "before_trace" else set(),
    "alive": lambda c: set(), "synack": lambda c: set(), "listener": lambda c: set(), "connect": lambda c: set(),
    "timewait": lambda c: set(), "unsent": lambda c: set(), "refused": lambda c: set(),
    "reset": lambda c: set(),  # here the socket shows the reason of each
    "holder": lambda c: {"holder_pid", "holder_comm"} if c.get("open") else set(),
    "half_open": lambda c: set(), "dropped": lambda c: set(), "request": lambda c: set(),
    "deferred": lambda c: set(),
}


def all_hooks():
    """{feature: [every hook that --hook knows]}, of which some are another kernel's"""
    words = re.search(r"\(accepted: (.*)\)$", run_tracer("--hook", "nothing")[2])[1].split(", ")
    hooks = {}
    for word in words:
        feature, _, hook = word.partition("=")
        hooks.setdefault(feature, []).append(hook)
    return hooks


def offered():
    """{feature: [every hook that can be forced here]}; what cannot is refused in words"""
    found = {}
    for feature, hooks in all_hooks().items():
        for hook in hooks:
            status, out, err = run_tracer("--features", "--hook", f"{feature}={hook}")
            if status:
                assert (status, out) == (1, "") and f"--hook {feature}={hook}: this kernel does not" in err
            else:
                assert re.search(rf"^{feature}: {re.escape(hook)}\b", out, re.M), out
                found.setdefault(feature, []).append(hook)
    return found


def forms(found):
    """As few sets of hooks as have all of them in: {name: {feature: hook}}"""
    depth = max(len(hooks) for hooks in found.values())
    for i in range(depth):
        yield {feature: hooks[min(i, len(hooks) - 1)] for feature, hooks in found.items()}


class Scene:
    """Connections in one namespace that between them need every feature."""

    def __init__(self, world, sets):
        self.ns = world.netns("lo")
        self.capture = world.capture(self.ns, "lo")
        self.server, self.client = world.agent(self.ns, "the-server"), world.agent(self.ns, "the-client")
        self.old_port = self.server.listen("127.0.0.1", name="old-l")
        self.old = self.connect("old", self.old_port)
        # what is slow is the machine's, and no feature of a hook
        slow = ["--slow-connect=1min", "--slow-accept=1min", "--slow-close=1min"]
        self.tracers = [Tracer(*slow, *[a for f, r in s.items() for a in ("--hook", f"{f}={r}")], netns=self.ns)
                        for s in sets]
        self.port = self.server.listen("127.0.0.1")

    def connect(self, name, port):
        done = self.client.connect("127.0.0.1", port, name=name)
        if done["errno"] is None:
            self.server.accept(name=name, listener="old-l" if port == self.old_port else "l")
        return done["port"]

    def talk(self, name, first, second):
        """A connection that `first` closes; it waits in FIN_WAIT2 without a socket for the other's FIN."""
        port = self.connect(name, self.port)
        self.client.send(100, name=name)
        self.server.recv(100, name=name)
        first.close(name=name)
        assert second.recv_any(name=name) == b""
        second.wait_state(port if second is self.server else self.port, FIN_WAIT2)
        second.close(name=name)
        return port

    def play(self):
        """{what: client's port}"""
        ports = {"client first": self.talk("a", self.client, self.server),
                 "server first": self.talk("b", self.server, self.client)}
        ports["reset"] = self.connect("c", self.port)
        self.client.linger0(name="c")
        self.client.close(name="c")
        assert self.server.wait_error(name="c") == "ECONNRESET"
        ports["refused"] = self.client.connect("127.0.0.1", 9, name="d")["port"]
        self.ns.sysctl(net__ipv4__tcp_syncookies=2)
        ports["cookie"] = self.talk("e", self.client, self.server)
        self.client.close(name="old")
        self.server.close(name="old")
        ports["old"] = self.old
        return ports


def t_ns(chapter):
    whole, _, fraction = chapter["time"].rstrip("Z").partition(".")
    seconds = datetime.datetime.fromisoformat(whole + "+00:00").timestamp()
    return int(seconds) * 10**9 + int(fraction)


def same(told, best, lost, tolerance_ns):
    """One chapter as two tracers tell it; `lost`: what the second alone knows"""
    assert abs(t_ns(told) - t_ns(best)) <= tolerance_ns, (told["time"], best["time"])
    assert told.keys() == best.keys()
    for key, want in best.items():
        got = told[key]
        if key in lost:
            # another tracer here may have asked for the cookie, even since the best one looked
            # where no hook shows cookies, a listener that has sent none lately makes no connection of one
            assert got is None or (key == "cookie" and want in (None, got)) or \
                (key == "syncookie" and want is got is False), (key, got, want)
        elif key in ("conn", "time"):
            continue
        elif key.endswith("_us") and want is not None and key not in ("srtt_us", "min_rtt_us", "rtt_us"):
            ticks = key in ("idle_us", "silent_us")  # one tracer may ask before a tick, the other after it
            near(got, want * 1000, tolerance_ns + ticks * TICK_NS, key)
        elif key == "steps":
            for a, b in zip(got, want, strict=True):
                assert {k: v for k, v in a.items() if k != "t_us"} == \
                    {k: v for k, v in b.items() if k != "t_us"}
                assert (a["t_us"] is None) == (b["t_us"] is None)
                assert b["t_us"] is None or abs(a["t_us"] - b["t_us"]) * 1000 <= tolerance_ns
        else:
            assert got == want, (key, got, want)


def may_miss(hooks):
    """The kernel runs no kprobe's program beside another, nor while somebody on that CPU reads a map."""
    return hooks["state"] == "kprobe"


def waits_for_the_fin(chapter):
    return any((s["from"], s["to"]) == ("FIN_WAIT2", "TIME_WAIT") for s in chapter["steps"])


def identity(chapter):
    return chapter["local_port"], chapter["remote_port"], chapter["type"]


def test_same_records(world):
    found = offered()
    assert all(hook in found[feature] for feature, hook in kernel.hooks().items() if hook != "none")
    sets = list(forms(found))
    assert len(sets) > 1
    scene = Scene(world, sets)
    with Noise() as noise:
        ports = scene.play()
        n = 4 * 2 * 2 + 2 + 2  # each end of the refused one has one chapter, each older end one
        for tracer, hooks in zip(scene.tracers, sets):
            if not may_miss(hooks):
                tracer.wait_count(n - (hooks["refused"] == "none"))
    for tracer, hooks in zip(scene.tracers, sets):
        tracer.stop()
        assert tracer.summary["events_lost"] == 0 or may_miss(hooks)
    best = {identity(c): c for c in scene.tracers[0].chapters()}
    assert len(best) == n, scene.tracers[0].brief()
    for tracer, hooks in zip(scene.tracers, sets):
        told = {identity(c): c for c in tracer.chapters()}
        if may_miss(hooks):
            told = {which: c for which, c in told.items() if c["complete"] and not c.get("open")}
            assert len(told) >= n / 3 and told.keys() <= best.keys()
        else:
            here = {k for k in best if hooks["refused"] != "none" or k[0] != 9}
            assert told.keys() == here, (hooks, tracer.brief())
        for which, chapter in told.items():
            checks.check_shape(chapter)
            lost = {k for feature, hook in hooks.items() if hook == "none" for k in LOST[feature](chapter)}
            if hooks["state"] in ("raw_tp", "kprobe"):
                lost |= {"cookie"}
            if hooks["cookie"] == "none":
                lost |= {"cookie"}
            if hooks["timewait"] == "none" and waits_for_the_fin(best[which]):
                assert (chapter["ending"], chapter["time_wait"], chapter["complete"]) == \
                    (None, None, False)
                continue
            same(chapter, best[which], lost & chapter.keys(), noise.tolerance_ns)
    # and the first of them as the wire has it
    packets = scene.capture.packets()
    for what in ("client first", "server first"):
        for ends in ((ports[what], scene.port), (scene.port, ports[what])):
            end = End(packets, "127.0.0.1", ends[0], "127.0.0.1", ends[1])
            checks.check_handshake(best[*ends, "handshake"], end, noise.tolerance_ns)
            checks.check_close(best[*ends, "close"], end, noise.tolerance_ns)


def test_features_without_rights():
    """As far as it can: what needs a trial is unknown, what the types tell is not."""
    done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", BINARY, "--features"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=HANG_S, text=True)
    found = {line.partition(": ")[0]: line.partition(": ")[2].split()[0].rstrip(";")
             for line in done.stdout.splitlines()}
    assert done.returncode == 0 and found.keys() == kernel.hooks().keys()
    assert (found["state"], found["accept"]) == ("unknown", "unknown")
    if kernel.can_tell("mptcp"):
        assert found["mptcp"] == "field"
    assert "root" in done.stderr and done.stderr.count("\n") == 1
