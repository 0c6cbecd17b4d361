# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A wire of two TUN devices with delay and loss by rule (the kernel here has no netem).

The relay's own timing does not matter: the captures are taken on the devices, so they are the truth
however late a packet was passed on.
"""
import fcntl
import heapq
import os
import select
import struct
import time

import netns
from capture import ACK, FIN, SYN

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000


def _open_tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def kind(packet):
    """'SYN', 'SYN,ACK', 'FIN', 'DATA', 'ACK', or None if this is no TCP over plain IPv4 or IPv6"""
    if packet[0] >> 4 == 4 and packet[9] == 6:
        header = (packet[0] & 15) * 4
        length = struct.unpack_from("!H", packet, 2)[0]
    elif packet[0] >> 4 == 6 and packet[6] == 6:
        header = 40
        length = 40 + struct.unpack_from("!H", packet, 4)[0]
    else:
        return None
    flags = packet[header + 13]
    payload = length - header - (packet[header + 12] >> 4) * 4
    if flags & SYN:
        return "SYN,ACK" if flags & ACK else "SYN"
    if flags & FIN:
        return "FIN"
    return "DATA" if payload else "ACK"


def relay(channel, path_a, path_b, delay, losses):
    """losses: set of (direction 'a' or 'b' = who sent it, kind, number counted from 1)"""
    fds = {}
    for side, path in (("a", path_a), ("b", path_b)):
        netns.setns(path)
        fds[side] = _open_tun(f"t{side}")
    channel.send("up")
    other = {"a": "b", "b": "a"}
    seen, queue, serial = {}, [], 0
    poll = select.poll()
    for fd in (*fds.values(), channel.fileno()):
        poll.register(fd, select.POLLIN)
    while True:
        wait = max(0, (queue[0][0] - time.monotonic()) * 1000) if queue else None
        for fd, _ in poll.poll(wait):
            if fd == channel.fileno():
                return None
            side = "a" if fd == fds["a"] else "b"
            packet = os.read(fd, 65536)
            what = kind(packet)
            seen[side, what] = seen.get((side, what), 0) + 1
            if (side, what, seen[side, what]) not in losses:
                serial += 1
                heapq.heappush(queue, (time.monotonic() + delay, serial, side, packet))
        while queue and queue[0][0] <= time.monotonic():
            _, _, side, packet = heapq.heappop(queue)
            os.write(fds[other[side]], packet)


def wire(world, delay, losses=()):
    """A Link between two namespaces; the delay is that of one direction, in seconds."""
    a, b = world.netns("a"), world.netns("b")
    child = netns.Child(None, relay, a.path, b.path, delay, frozenset(losses))
    assert child.recv() == "up"
    a.addr("ta", "10.78.1.1/24", "fd00:78::1/64")
    b.addr("tb", "10.78.1.2/24", "fd00:78::2/64")
    return netns.Link(a, b, "ta", "tb",
                      {4: ("10.78.1.1", "10.78.1.2"), 6: ("fd00:78::1", "fd00:78::2")})
