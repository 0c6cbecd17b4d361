# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Segments that no kernel sent: one end's numbers, learnt by listening, in a segment made by hand (IPv4)."""
import select
import socket
import struct
import time

import netns
from pump import HANG_S
from capture import ACK, FIN, SYN

ETH_P_ALL, ETH_P_IP = 3, 0x0800  # what leaves is heard under ETH_P_ALL only
_MASK = 0xFFFFFFFF


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(src, dst, flags, seq, ack, window=65535, payload=b""):
    """An IPv4 packet; src and dst are (address, port)."""
    ends = socket.inet_aton(src[0]) + socket.inet_aton(dst[0])
    even = payload + b"\0" * (len(payload) % 2)

    def tcp(check):
        return struct.pack("!HHIIBBHHH", src[1], dst[1], seq & _MASK, ack & _MASK, 5 << 4, flags,
                           window, check, 0)

    check = _checksum(ends + struct.pack("!HH", 6, 20 + len(payload)) + tcp(0) + even)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0) + ends
    return ip + tcp(check) + payload


class _Ear:
    """Knows of every end it heard what it sends next, and the flags it has sent."""

    def __init__(self, dev):
        self.s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.s.bind((dev, ETH_P_ALL))
        self.s.setblocking(False)
        self.mouth = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.next, self.flags, self.last = {}, {}, {}

    def hear(self):
        while True:
            try:
                packet, how = self.s.recvfrom(65536)
            except BlockingIOError:
                return
            if how[1] != ETH_P_IP or packet[9] != 6:
                continue
            tcp = packet[(packet[0] & 15) * 4:]
            sport, _dport, seq, _ack, offset, flags = struct.unpack_from("!HHIIBB", tcp)
            length = (struct.unpack_from("!H", packet, 2)[0] - (packet[0] & 15) * 4
                      - (offset >> 4) * 4 + bool(flags & SYN) + bool(flags & FIN))
            end = (socket.inet_ntoa(packet[12:16]), sport)
            after = (seq + length) & _MASK
            if end not in self.next or 0 < (after - self.next[end]) & _MASK < 1 << 31:
                self.next[end] = after
            self.flags[end] = self.flags.get(end, 0) | flags
            self.last[end] = packet

    def wait(self, end, flags):
        deadline = time.monotonic() + HANG_S
        while True:
            self.hear()
            if self.flags.get(end, 0) & flags == flags:
                return self.next[end]
            assert time.monotonic() < deadline, f"{end} did not send {flags:#x}: {self.flags}"
            select.select([self.s], [], [], 0.1)

    def send(self, src, dst, flags, seq=None, ahead=0, payload=b""):
        """What src would send to dst now, or acknowledge `ahead` of it; one never heard of begins at 1,000,000."""
        self.hear()
        seq = self.next.get(src, 1_000_000) if seq is None else seq
        ack = self.next.get(dst, 0) + ahead if flags & ACK else 0
        self.mouth.sendto(segment(src, dst, flags, seq, ack, payload=payload), (dst[0], 0))
        return seq

    def refuse(self, src, dst, code):
        """ICMP destination unreachable from src, for what dst sent last (RFC 792)."""
        quoted = self.last[dst][:28]
        icmp = struct.pack("!BBHI", 3, code, 0, 0) + quoted
        icmp = icmp[:2] + struct.pack("!H", _checksum(icmp)) + icmp[4:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, 64, 1, 0)
        ip += socket.inet_aton(src[0]) + socket.inet_aton(dst[0])
        self.mouth.sendto(ip + icmp, (dst[0], 0))


def _serve(channel, dev):
    ear = _Ear(dev)
    channel.send("listening")
    while True:
        try:
            method, args, kw = channel.recv()
        except EOFError:
            return None
        channel.send(getattr(ear, method)(*args, **kw))


class Injector:
    """In a namespace, on a device; from then on it listens."""

    def __init__(self, ns, dev):
        self.child = netns.Child(ns, _serve, dev)
        assert self.child.recv() == "listening"

    def _call(self, method, *args, **kw):
        self.child.send((method, args, kw))
        return self.child.recv()

    def wait(self, end, flags):
        """Until end has sent a segment with these flags (each of them); its next sequence number."""
        return self._call("wait", end, flags)

    def send(self, src, dst, flags, **kw):
        return self._call("send", src, dst, flags, **kw)

    def refuse(self, src, dst, code):
        return self._call("refuse", src, dst, code)
