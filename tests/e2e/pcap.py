# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Reads tcpdump's files while the tests run, for tshark takes long to start.

What is read here is read again by tshark when the module ends, see twice.py.
"""
import itertools
import socket
import struct
from dataclasses import dataclass

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
_NANOSECONDS = 0xA1B23C4D
_ETHERNET, _RAW_IP = 1, 101  # the devices lo and veth; TUN
_END, _NOP, _MSS, _SCALE, _SACK_PERMITTED = 0, 1, 2, 3, 4  # options of TCP
_LENGTHS = {_MSS: 4, _SCALE: 3, _SACK_PERMITTED: 2}


@dataclass
class Packet:
    t_ns: int  # since the epoch
    src: str
    sport: int
    dst: str
    dport: int
    flags: int
    seq: int
    ack: int
    len: int
    completeness: int
    stream: int
    irtt_ns: int
    options: tuple  # MSS, window scale, SACK permitted; "": absent
    more: list = ()  # further fields asked for, as text


def _records(path):
    """(link type, [(time, bytes captured, length on the wire)])"""
    with open(path, "rb") as f:
        data = f.read()
    order = "<" if data[:4] == struct.pack("<I", _NANOSECONDS) else ">"
    magic, link = struct.unpack_from(order + "I16xI", data)
    assert magic == _NANOSECONDS and link in (_ETHERNET, _RAW_IP), f"{path}: {magic:#x}, link type {link}"
    found, at = [], 24
    while at < len(data):
        seconds, nanoseconds, captured, length = struct.unpack_from(order + "4I", data, at)
        at += 16 + captured
        assert at <= len(data), f"{path}: the last packet is cut off"
        found.append((seconds * 10**9 + nanoseconds, data[at - captured:at], length))
    return link, found


def _ip(frame, link):
    """(source, destination, where TCP begins, its length), or None"""
    at = 14 if link == _ETHERNET else 0
    if frame[at] >> 4 == 4:
        length, fragment, protocol = struct.unpack_from(">2xH2xHxB", frame, at)
        assert not fragment & 0x3FFF, "a fragment: the test needs tshark"
        header, addresses, family = 4 * (frame[at] & 15), at + 12, socket.AF_INET
        length -= header
    else:
        length, protocol = struct.unpack_from(">4xHB", frame, at)
        assert protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP), "headers before TCP's: the test needs tshark"
        header, addresses, family = 40, at + 8, socket.AF_INET6
    if protocol != socket.IPPROTO_TCP:
        return None
    size = 4 if family == socket.AF_INET else 16
    src, dst = (socket.inet_ntop(family, frame[a:a + size]) for a in (addresses, addresses + size))
    return src, dst, at + header, length


def _options(data):
    """(MSS, window scale, SACK permitted) as tshark prints them: those of the right length"""
    found, at = {}, 0
    while at < len(data) and data[at] != _END:
        if data[at] == _NOP:
            at += 1
            continue
        length = data[at + 1] if at + 1 < len(data) else 0
        if length < 2 or at + length > len(data):
            break
        if _LENGTHS.get(data[at]) == length:
            found.setdefault(data[at], []).append(str(int.from_bytes(data[at + 2:at + length], "big")))
        at += length
    return ",".join(found.get(_MSS, ())), ",".join(found.get(_SCALE, ())), _SACK_PERMITTED in found


class _Conversation:
    """What Wireshark derives from the packets of one tcp.stream."""

    def __init__(self, number):
        self.number, self.packets = number, []
        self.first = {}  # by sender: the number before its first byte, as far as can be told
        self.mask = 0
        self.syn_ns = self.irtt_ns = None

    def add(self, p, reused):
        new, me = not self.packets, (p.src, p.sport)
        self.packets.append(p)
        p.stream = self.number
        if p.flags & SYN and p.flags & ACK:
            self.first[me] = p.seq
        self.first.setdefault(me, p.seq if p.flags & SYN else (p.seq - 1) & 0xFFFFFFFF)
        if p.flags & ACK:
            self.first.setdefault((p.dst, p.dport), (p.ack - 1) & 0xFFFFFFFF)
        if new and p.flags & (SYN | ACK) == SYN:
            self.mask = 1 if reused or not p.len else 9
        if not new or reused:  # what begins a conversation, but for a SYN, does not count at first
            self.mask |= _mask(p)
        self._time(p)

    def _time(self, p):
        if p.flags & (SYN | ACK) == SYN:
            self.syn_ns = p.t_ns
        elif p.flags & (SYN | ACK) == ACK and self.syn_ns is not None and not self.irtt_ns:
            self.irtt_ns = p.t_ns - self.syn_ns

    def end(self):
        """Tshark's second pass, which goes on with what the first has found."""
        for p in self.packets:
            p.completeness = self.mask
            self.mask |= _mask(p)
            self._time(p)
            p.irtt_ns = self.irtt_ns or None


def _mask(p):
    """The bits of tcp.completeness that a packet sets"""
    mask = 32 * bool(p.flags & RST)
    if p.flags & ACK:
        mask |= 2 if p.flags & SYN else 8 if p.len else 4
        mask |= 16 * bool(p.flags & FIN)
    return mask


def read(path):
    """The TCP packets of a file."""
    link, frames = _records(path)
    packets, newest, conversations, numbers = [], {}, [], itertools.count()
    for t_ns, frame, _ in frames:
        addressed = _ip(frame, link)
        if not addressed:
            continue
        src, dst, at, length = addressed
        sport, dport, seq, ack, flags = struct.unpack_from(">HHIIH", frame, at)
        header = 4 * (flags >> 12)
        assert 20 <= header <= length, "no header of TCP: the test needs tshark"
        p = Packet(t_ns, src, sport, dst, dport, flags & 0xFFF, seq, ack, length - header, None, None, None,
                   _options(frame[at + 20:at + header]))
        ends = frozenset(((src, sport), (dst, dport)))
        known = newest.get(ends)
        reused = known and p.flags & (SYN | ACK) == SYN and known.first.get((src, sport), seq) != seq
        if reused or not known:
            newest[ends] = _Conversation(next(numbers))
            conversations.append(newest[ends])
        newest[ends].add(p, reused)
        packets.append(p)
    for conversation in conversations:
        conversation.end()
    return packets
