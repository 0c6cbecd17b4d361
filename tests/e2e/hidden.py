# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A witness of TCP events that no BPF program was shown.

Some kernels of virtual machines run no tracing program while a thread of PID 1 is current, and count no
miss for it: a timer's retransmission that happens to interrupt such a thread is invisible to every
tracer on BPF.  ftrace sees it all the same.  A test that fails proves nothing when such an event was one
of its own connections': see conftest.py.
"""
import ctypes
import glob
import os
import re
import signal

from netns import PORTS, Child

EVENTS = ["sock/inet_sock_set_state", "tcp/tcp_retransmit_skb", "tcp/tcp_retransmit_synack",
          "tcp/tcp_receive_reset", "tcp/tcp_send_reset", "skb/kfree_skb"]
# What a minisocket takes in, and what this host drops on its way out.  That event names no socket.
FILTERS = {"skb/kfree_skb": "rx_sk != 0 || protocol == 0x800 || protocol == 0x86dd"}
FREED = re.compile(r" kfree_skb: .*( rx_sk=0*[1-9a-f]| reason: (NETFILTER_DROP|QDISC_|NEIGH_))")
TRIES = 3  # of what the kernel hid such an event of
TRACEFS = "/sys/kernel/tracing"
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18
_libc = ctypes.CDLL(None, use_errno=True)


def _write(path, text):
    with open(path, "w") as f:
        f.write(text)


def _read(path):
    with open(path, errors="surrogateescape") as f:  # a process may have any name
        return f.read()


def _mount_in_private():
    _libc.unshare(CLONE_NEWNS)
    _libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    _libc.mount(b"none", TRACEFS.encode(), b"tracefs", 0, None)  # or it is there already, which is an error
    return os.path.isdir(f"{TRACEFS}/instances")


def _remove(path):
    _write(f"{path}/set_event", "")
    os.rmdir(path)


def _instance():
    for path in glob.glob(f"{TRACEFS}/instances/tst-*"):
        if not os.path.exists(f"/proc/{path.rpartition('-')[2]}"):
            _remove(path)  # of one that was killed
    path = f"{TRACEFS}/instances/tst-{os.getpid()}"
    os.mkdir(path)
    _write(f"{path}/buffer_size_kb", "64")
    _write(f"{path}/options/event-fork", "1")
    _write(f"{path}/set_event_pid", " ".join(os.listdir("/proc/1/task")))
    for event in EVENTS:
        if os.path.exists(f"{path}/events/{event}"):
            try:
                _write(f"{path}/events/{event}/filter", FILTERS.get(event, "0"))
            except OSError:  # an older kernel's event has no such field
                continue
            _write(f"{path}/events/{event}/enable", "1")
    return path


def _watch(channel):
    """Answers "take" with ftrace's lines since the last; with none where ftrace is not to be had."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    path = _instance() if _mount_in_private() else None
    channel.send(path)
    threads = set()
    while channel.recv() != "end":
        threads |= set(os.listdir("/proc/1/task"))
        lines = _read(f"{path}/trace").splitlines() if path else []
        if path:
            _write(f"{path}/trace", "")
        # event-fork follows its children as well, beside which BPF is shown everything
        tasks = [re.match(r" *\S.*-(\d+) +\[", line) for line in lines]
        channel.send([line for line, task in zip(lines, tasks) if task and task[1] in threads])
    if path:
        _remove(path)


def ours(lines):
    """Those of this process's connections; a segment that is freed has no ports, and may be one of them."""
    found = ([int(port) for port in re.findall(r"\b[sd]port=(\d+)", line)] for line in lines)
    return [line for line, ports in zip(lines, found)
            if any(port in PORTS for port in ports) or FREED.search(line)]


class Witness:
    def __init__(self):
        self.child = Child(None, _watch)
        Child.alive.remove(self.child)  # it outlives each test
        self.path = self.child.recv()

    def take(self):
        """The hidden events since the last call, as ftrace prints them."""
        self.child.send("take")
        return self.child.recv()

    def end(self):
        self.child.send("end")
        self.child.result()
