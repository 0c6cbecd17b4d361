# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Listeners whose queue is full, and the kernel's own counters."""
import pump

SERVER = "127.0.0.1"


def netstat(ns, *names):
    """The namespace's own counters, TcpExt"""
    lines = [line.split() for line in ns.exec("cat", "/proc/net/netstat").splitlines()
             if line.startswith("TcpExt:")]
    found = dict(zip(lines[0][1:], map(int, lines[1][1:])))
    return tuple(found[n] for n in names)


def overflow(ns, server, client, port, n=5):
    """A queue of backlog 1, which nobody empties, and more clients than it takes"""
    for i in range(n):
        done = client.connect(SERVER, port, name=f"s{i}", blocking=False)
        assert done["errno"] in ("EINPROGRESS", None)
    pump.wait_until(lambda: netstat(ns, "ListenDrops")[0] >= n - 2, "SYNs are dropped")


def stage(world, cookies=0):
    ns = world.netns()
    # few retransmissions, so that the counters come to rest
    ns.sysctl(net__ipv4__tcp_syncookies=cookies, net__ipv4__tcp_syn_retries=1)
    ns.tune(net__ipv4__tcp_syn_linear_timeouts=0)
    return ns, world.agent(ns), world.agent(ns)


def settled(ns):
    pump.wait_until(lambda: "SYN-SENT" not in ns.exec("ss", "-Htan"), "no client tries any more")
