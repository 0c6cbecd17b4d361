# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Each capture that a module has read, read again by tshark when the module ends: both have to say the same.

A few tshark processes read them all.  A capture that nobody has read, for its test ended early, is not read here.
"""
import os
import subprocess

import capture
import pcap

ANALYSIS = "tcp.analysis"  # what tcp.analysis.initial_rtt is a part of
COMPARED = tuple(name for name in pcap.Packet.__dataclass_fields__ if name != "more")


def _rounds(captures):
    """Lists of captures; no two in a list have a connection of the same addresses and ports, which tshark would
    take for one."""
    rounds = []
    for c in captures:
        ends = {frozenset(((p.src, p.sport), (p.dst, p.dport))) for p in c.packets()}
        for of_round, taken in rounds:
            if not ends & taken:
                of_round.append(c)
                taken |= ends
                break
        else:
            rounds.append(([c], ends))
    return [of_round for of_round, _ in rounds]


def _as_tshark_reads(captures, path):
    """The packets of each, in order."""
    # an interface for each: nothing of pcap.py is in what tshark is given
    merged = subprocess.run(["mergecap", "-a", "-I", "none", "-F", "pcapng", "-w", path, *(c.file for c in captures)],
                            stderr=subprocess.PIPE, text=True)
    assert merged.returncode == 0, merged.stderr
    packets, numbers = [[] for _ in captures], [{} for _ in captures]
    for p in capture.read(path, ("frame.interface_id", ANALYSIS)):
        interface, analysis = int(p.more[0]), p.more[1]
        # tcp.stream counts in the whole file
        p.stream = numbers[interface].setdefault(p.stream, len(numbers[interface]))
        p.more = [ANALYSIS] if analysis else []
        packets[interface].append(p)
    return packets


def _differences(c, told):
    """What pcap.py read otherwise than tshark, as text."""
    read = c.packets()
    if len(read) != len(told):
        yield f"{c.file}: {len(read)} packets of TCP read, tshark has {len(told)}"
    for number, (mine, its) in enumerate(zip(read, told), 1):
        for name in COMPARED:
            if name == "irtt_ns" and not its.more:
                continue  # tshark prints it among what it has analysed of a packet, and here is nothing
            a, b = getattr(mine, name), getattr(its, name)
            if a != b:
                yield f"{c.file}: packet {number} of TCP: {name} {a!r} read, tshark has {b!r}: {its}"


def check(captures, directory):
    """({capture: its packets as tshark reads them}, differences as text)"""
    truth, wrong = {c: [] for c in captures}, []
    for i, of_round in enumerate(_rounds(captures)):
        for c, told in zip(of_round, _as_tshark_reads(of_round, os.path.join(directory, f"captures{i}.pcapng"))):
            truth[c] = told
            wrong += _differences(c, told)
    return truth, wrong
