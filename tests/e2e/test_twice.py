# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The reading of captures: as tshark reads them, and a packet read otherwise is named."""
import random
import socket
import struct
from dataclasses import replace

import pcap
import twice
from pcap import ACK, FIN, PSH, RST, SYN

FLAGS = [SYN, SYN, SYN | ACK, SYN | ACK, ACK, ACK, FIN | ACK, PSH | ACK, RST, RST | ACK, FIN, 0, SYN | RST, 0xFFF]
OPTIONS = [b"\2\4\5\xb4", b"\3\3\7", b"\3\3\x0f", b"\4\2", b"\1", b"\x08\x0a" + bytes(8), b"\2\3\1", b"\x1e\4\0\1",
           b"\0", b"\2\x20\1\1"]


class File:
    """A capture that is there already."""

    def __init__(self, path, link, packets):
        """packets: (time, frame)"""
        self.file = str(path)
        path.write_bytes(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 256, link) + b"".join(
            struct.pack("<4I", t // 10**9, t % 10**9, min(256, len(frame)), len(frame)) + frame[:256]
            for t, frame in packets))
        self._packets = pcap.read(self.file)

    def packets(self):
        return self._packets


def frame(link, src, dst, flags, seq=0, ack=0, options=b"", length=0):
    """src, dst: (address, port)"""
    options += bytes(-len(options) % 4)
    tcp = struct.pack(">HHIIHHHH", src[1], dst[1], seq, ack, 5 + len(options) // 4 << 12 | flags, 1000, 0, 0)
    tcp += options + bytes(length)
    family = socket.AF_INET6 if ":" in src[0] else socket.AF_INET
    if family == socket.AF_INET6:
        ip = struct.pack(">IHBB", 6 << 28, len(tcp), 6, 64)
    else:
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0)
    ip += socket.inet_pton(family, src[0]) + socket.inet_pton(family, dst[0])
    kind = b"\x86\xdd" if family == socket.AF_INET6 else b"\x08\0"
    return bytes(12) + kind + ip + tcp + bytes(6) if link == 1 else ip + tcp


def any_packets(chance, link, i):
    """Of few numbers and ports, so that they are used again"""
    first, second = (f"fd00::{i}:1", f"fd00::{i}:2") if chance.random() < .4 else (f"10.0.{i}.1", f"10.0.{i}.2")
    ends = [(first, 1000), (chance.choice((first, second)), 2000)]
    t = 1_700_000_000 * 10**9 + chance.randrange(10**9)
    for _ in range(chance.randrange(1, 14)):
        src, dst = chance.choice((ends, ends[::-1], (ends[0], ends[0])))
        options = b"".join(chance.choices(OPTIONS, k=chance.randrange(4)))
        yield t, frame(link, src, dst, chance.choice(FLAGS), chance.choice((0, 5, 6, 0xFFFFFFFF)),
                       chance.choice((0, 5, 6, 7)), options, chance.choice((0, 0, 0, 1, 300)))
        t += chance.choice((0, 1, 10**6, 1_500_000_000))


def test_any_packets_are_read_as_tshark_reads_them(tmp_path):
    chance = random.Random(2)
    files = [File(tmp_path / "nothing.pcap", 1, ())]
    for i in range(1, 200):
        link = chance.choice((1, 101))
        files.append(File(tmp_path / f"{i}.pcap", link, any_packets(chance, link, i)))
    truth, wrong = twice.check(files, tmp_path)
    assert not wrong, "\n".join(wrong)
    assert sum(map(len, truth.values())) == sum(len(f.packets()) for f in files) > 1000


def test_a_packet_read_otherwise_is_named(tmp_path):
    values = {"t_ns": 1, "src": "10.0.0.1", "sport": 1, "dst": "10.0.0.2", "dport": 1, "flags": SYN, "seq": 1, "ack": 1,
              "len": 1, "completeness": 39, "stream": 1, "irtt_ns": 1, "options": ("", "", False)}
    assert set(values) == set(twice.COMPARED)
    files = []
    for i in range(len(values) + 2):
        ends = (f"10.0.{i}.3", 1000), (f"10.0.{i}.4", 2000)
        files.append(File(tmp_path / f"{i}.pcap", 101, [
            (10**18, frame(101, *ends, SYN, 5)), (10**18 + 7, frame(101, *ends[::-1], SYN | ACK, 9, 6, b"\4\2")),
            (10**18 + 9, frame(101, *ends, ACK, 6, 10))]))
        assert [(p.completeness, p.irtt_ns) for p in files[i].packets()] == [(7, 9)] * 3
    short, empty, *others = files
    short.packets().pop()
    empty.packets().clear()
    texts = [f"{file.file}: {n} packets of TCP read, tshark has 3" for file, n in ((short, 2), (empty, 0))]
    for file, (field, value) in zip(others, values.items()):
        file.packets()[1] = replace(file.packets()[1], **{field: value})
        texts.append(f"{file.file}: packet 2 of TCP: {field} {value!r} read, tshark has ")
    _, wrong = twice.check(files, tmp_path)
    assert len(wrong) == len(texts) and all(map(str.startswith, wrong, texts)), wrong


def test_a_connection_captured_twice(tmp_path):
    """Tshark would take the second for the first, sent again."""
    ends = ("::1", 1), ("::2", 2)
    packets = [(10**18, frame(101, *ends, SYN, 5)), (10**18, frame(101, *ends[::-1], RST, 5))]
    files = [File(tmp_path / f"{i}.pcap", 101, packets[:2 - i]) for i in range(2)]
    truth, wrong = twice.check(files, tmp_path)
    assert not wrong and [[p.completeness for p in packets] for packets in truth.values()] == [[33, 33], [1]]
