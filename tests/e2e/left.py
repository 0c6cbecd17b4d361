# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""No BPF program, map, namespace, mount or process remains after a whole run."""
import ctypes
import os
import signal
import subprocess
import time

import netns
from loaded import held_by_processes, ids, name_of

PR_SET_CHILD_SUBREAPER = 36
# what the tracer and the tests mount calls itself so; what has another name was mounted by somebody else
SOURCES = ("none", "tmpfs", "tracefs", "nsfs")
PATIENCE_S = 5  # the kernel frees programs and maps after a grace period


def _here():
    """What tests could leave behind, but for processes."""
    found = {"namespaces": set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()}
    for kind in ("prog", "map"):
        known = ids(kind)  # not by name: see is_loaded()
        held = held_by_processes()  # asked later: what a process has loaded since is its own
        found[kind] = {number for number in known if (kind, number) not in held}
    with open("/proc/self/mountinfo") as f:
        found["mounts"] = {line.split()[4] for line in f if line.partition(" - ")[2].split()[1] in SOURCES}
    return found


def _children():
    """Of this process, and orphans of its children; those that have ended are reaped."""
    while True:
        try:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                break
        except ChildProcessError:
            break
    me = os.getpid()
    with open(f"/proc/{me}/task/{me}/children") as f:
        return {int(pid) for pid in f.read().split()}


class LeftBehind:
    """From the constructor on; what is left when it is asked."""

    def __init__(self):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.before, self.children = _here(), _children()

    def _now(self):
        now = _here()
        left = {kind: now[kind] - self.before[kind] for kind in now}
        left["namespaces"] = {n for n in left["namespaces"] if n.startswith(netns.RUN)}
        left["mounts"] = {m for m in left["mounts"] if m != "/run/netns" or not os.listdir(m)}
        left["mounts"] = {m for m in left["mounts"] if not m.startswith("/run/netns/")
                          or m.startswith(f"/run/netns/{netns.RUN}")}  # another run's
        left["processes"] = _children() - self.children
        return {kind: what for kind, what in left.items() if what}

    def ask(self):
        """{kind: what}, empty when nothing is left"""
        # a directory bound to itself, which os.path.ismount() does not see
        made = "/run/netns" in _here()["mounts"] - self.before["mounts"]
        if made and not os.listdir("/run/netns"):
            subprocess.run(["umount", "/run/netns"], check=True)  # `ip netns add` had made it
        deadline = time.monotonic() + PATIENCE_S
        left = self._now()
        while left and time.monotonic() < deadline:
            time.sleep(0.05)
            now = self._now()  # what has come since is somebody else's
            left = {kind: still for kind in left if (still := left[kind] & now.get(kind, set()))}
        self._clear(left)
        for kind in {"prog", "map"} & left.keys():
            left[kind] = {f"{number} {name_of(kind, number)}" for number in left[kind]}
        return left

    @staticmethod
    def _clear(left):
        """Processes and namespaces of ours, such as those of a run that was interrupted."""
        for pid in left.get("processes", ()):
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        for name in left.get("namespaces", ()):
            subprocess.run(["ip", "netns", "del", name], check=False)
