# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""SYN,ACKs that leave for a link on which nobody answers."""
import re
import socket
from types import SimpleNamespace

import pump
from capture import ACK, RST, SYN
from crowded import netstat
from injector import segment

HERE, PEER = "10.1.1.2", "10.1.1.1"  # nobody is at the peer's
ISN = 1000
FLAGS = SYN | ACK | RST


def inject(*packets):
    mouth = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for src, dst, flags, seq, ack in packets:
        mouth.sendto(segment(src, dst, flags, seq, ack), (dst[0], 0))


class Stage:
    """A server whose SYN,ACKs leave for a link on which nobody answers; a SYN can be given any source."""

    def __init__(self, world, retries=1, backlog=16):
        self.ns = ns = world.netns()
        ns.ip("link", "add", "out", "type", "veth", "peer", "name", "nowhere")
        for dev in ("out", "nowhere"):
            ns.ip("link", "set", dev, "up")
        ns.ip("address", "add", f"{HERE}/24", "dev", "out")
        ns.ip("neighbour", "add", PEER, "lladdr", "02:00:00:00:00:01", "dev", "out")
        ns.sysctl(net__ipv4__tcp_synack_retries=retries, net__ipv4__conf__all__rp_filter=0,
                  net__ipv4__conf__lo__rp_filter=0, net__ipv4__tcp_syncookies=0)
        self.capture = world.capture(ns, "out")
        # Wireshark is not to compare: the SYNs come over lo
        self.select = SimpleNamespace(inode=ns.inode)
        self.server = world.agent(ns)
        self.port = self.server.listen(HERE, backlog=backlog)

    def send(self, flags, *ports, seq=ISN, ack=0):
        self.ns.call(inject, *[((PEER, p), (HERE, self.port), flags, seq, ack) for p in ports])

    def sent(self, port):
        """The SYN,ACKs to this port of the peer's"""
        return [p for p in self.capture.packets() if p.dport == port and p.flags & FLAGS == SYN | ACK]

    def retransmitted(self, n):
        """Waits until the kernel has retransmitted this many SYN,ACKs in all."""
        pump.wait_until(lambda: netstat(self.ns, "TCPSynRetrans")[0] >= n, "a SYN,ACK is retransmitted")

    def each_retransmitted(self, n):
        """Waits until each of n requests has had another SYN,ACK; one may have had two by then."""
        def done():
            lines = self.ns.exec("ss", "-Htano", "state", "syn-recv").splitlines()
            return len([line for line in lines if re.search(r"timer:\(on,[^,]+,[1-9]", line)]) >= n

        pump.wait_until(done, "each SYN,ACK is retransmitted")

    def requests(self):
        """The peer's ports"""
        lines = self.ns.exec("ss", "-Htan", "state", "syn-recv").splitlines()
        return {int(line.split()[3].rpartition(":")[2]) for line in lines}

    def settle(self):
        pump.wait_until(lambda: not self.requests(), "the kernel gives up")
