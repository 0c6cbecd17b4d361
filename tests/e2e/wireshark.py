# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What Wireshark makes of the tracer's recordings, beside what it makes of the captures.

Each tracer that starts while a capture runs in its namespace records as well.  Nothing is asked of
Wireshark before a module ends: then a few tshark processes read all the recordings of its tests and all the
captures that were read, and the connections that a recording and a capture have are compared.
"""
import os
import subprocess
from dataclasses import dataclass, field

import capture
import checks
import twice
from capture import ACK, FIN, RST, SYN, Capture
from tracer import Tracer

OTHERWISE = "Wireshark sees it otherwise:\n"
EXPERT_ERROR = 0x800000  # Wireshark's severity
# what Wireshark says of segments that are missing, or do not fit the others
ODD = tuple(f"tcp.analysis.{word}" for word in (
    "lost_segment", "ack_lost_segment", "out_of_order", "duplicate_ack", "keep_alive", "window_full",
    "zero_window", "spurious_retransmission"))
OURS = ("frame.section_number", "_ws.malformed", "_ws.expert.severity", "tcp.checksum.status",
        "ip.checksum.status") + ODD
STRICT = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")


# what the kernel does not know: (test, field)
UNKNOWN = {
    # that a SYN it had sent waited for ARP
    ("test_a_syn_that_waits_for_its_neighbour", "initial_rtt"),
    # how much data was refused
    ("test_data_with_the_ack_of_our_fin", "completeness"),
    ("test_data_reaches_a_minisocket[best]", "completeness"),
    ("test_data_reaches_a_minisocket[headers]", "completeness"),
    # that the host answers with an RST what comes when the socket has been killed
    ("test_killed_in[closing]", "completeness"),
    ("test_unread_data_and_no_reset", "completeness"),
    # what number it answered with an RST, and went on
    ("test_reset_sent_in_syn_sent", "completeness"),
    # an RST that it took no notice of
    *((f"test_an_old_reset_reaches_a_minisocket[{hook}]", field)
      for hook in ("best", "headers") for field in ("completeness", "FINs")),
    *((f"test_a_stranger_reaches_a_minisocket[{hook}-{what}]", field)
      for hook in ("best", "headers") for field in ("completeness", "FINs")
      for what in ("blind reset", "older reset", "FIN of the last byte", "older FIN")),
    # that the FIN behind the data that it threw away came too
    *(("test_data_arrives_while_close_holds_the_socket", field)
      for field in ("completeness", "FINs", "flags of the RST")),
    # not the kernel but Wireshark: on which link a segment was, where two have the same addresses
    *((f"test_servers[{link}]", field) for link in ("4-True", "6-True", "6-False")
      for field in ("completeness", "FINs")),
    # an old FIN, which it dropped
    ("test_an_orphan_that_never_becomes_a_minisocket", "completeness"),
    ("test_an_orphan_that_never_becomes_a_minisocket", "FINs"),
}


@dataclass
class Recorded:
    """One tracer's recording, and the captures taken beside it."""
    test: str
    file: str
    records: list
    captures: list
    tolerance_ns: int
    round: int  # no connection is twice in a round


def collect(test, first_noise):
    """What the test that has just ended recorded."""
    noise = checks.Noise.measured[first_noise:]
    worst = max(noise) if noise else checks.NOISE_CAP_NS
    found = [Recorded(test, t.recording, t.records, [c for c in Capture.taken if c.ns is t.netns],
                      checks.BASE_TOLERANCE_NS + min(worst, checks.NOISE_CAP_NS), i)
             for i, t in enumerate(t for t in Tracer.recorded if t.process.returncode == 0)]
    forget()
    return found


def forget():
    Tracer.recorded.clear()
    Capture.taken.clear()


class Stream:
    """One connection of one file."""

    def __init__(self, packets):
        self.all = packets
        self.packets = _until_over(packets)
        syns = [p for p in self.all if p.flags & SYN]
        opening = [p for p in syns if not p.flags & ACK]
        self.syns = {(p.src, p.sport, p.flags & (SYN | ACK), p.seq, p.ack) for p in syns}
        self.options = {(p.src, p.sport, p.seq): p.options for p in syns}
        self.irtt_ns = next((p.irtt_ns for p in packets if p.irtt_ns is not None), None)
        # nothing was sent again, and no data before the last ACK, which Wireshark takes for it, nor with it: then
        # it waited for the process that sends them
        third = next((p for p in packets if not p.flags & SYN), None)
        self.plain = (len(syns) == 2 and third and opening and third.sport == opening[0].sport
                      and not third.len)
        p = packets[0]
        ends = frozenset(((p.src, p.sport), (p.dst, p.dport)))
        isn = opening[0].seq if opening else syns[0].ack - 1 & 0xFFFFFFFF if syns else None
        self.key = (ends, isn)

    def fins(self):
        """{sender: numbers of its first FIN}; the FIN of a capture may carry data"""
        found = {}
        for p in self.packets:
            if p.flags & FIN and not p.flags & RST:
                found.setdefault((p.src, p.sport), ((p.seq + p.len) & 0xFFFFFFFF, p.ack))
        return found

    def completeness(self):
        if len(self.packets) == len(self.all):
            return self.all[-1].completeness
        mask = 0
        for p in self.packets:
            if p.flags & SYN:
                mask |= 2 if p.flags & ACK else 1
            elif p.flags & ACK:
                mask |= 8 if p.len else 4
            mask |= 16 * bool(p.flags & FIN) | 32 * bool(p.flags & RST)
        return mask


def _until_over(packets):
    """Without what came after an RST, or after both FINs were acknowledged."""
    fins, acked, answered = {}, set(), False
    sides = {(packets[0].src, packets[0].sport), (packets[0].dst, packets[0].dport)}
    for i, p in enumerate(packets):
        answered |= p.flags & (SYN | ACK) == SYN | ACK
        # a client in SYN_SENT takes none that does not acknowledge its SYN
        if p.flags & RST and (answered or p.flags & ACK):
            return packets[:i + 1]
        if p.flags & FIN:
            fins[(p.src, p.sport)] = (p.seq + p.len + 1) & 0xFFFFFFFF
        if p.flags & ACK and fins.get((p.dst, p.dport)) == p.ack:
            acked.add((p.dst, p.dport))
        if acked == sides:
            return packets[:i + 1]
    return packets


def _streams(packets):
    """{key: [streams]}, those without a SYN left out"""
    found, by_number = {}, {}
    for p in packets:
        by_number.setdefault(p.stream, []).append(p)
    for packets_of in by_number.values():
        stream = Stream(packets_of)
        if stream.key[1] is not None:
            found.setdefault(stream.key, []).append(stream)
    return found


@dataclass
class Told:
    """What the tracer said of a connection, which decides what can be compared."""
    ends: int = 0
    closed: int = 0  # ends told to their end
    whole: bool = True
    server_only: bool = True
    honest: bool = True  # the time of the server's SYN,ACK is known
    resetters: set = field(default_factory=set)  # ends whose RST ended it


def _told(records):
    connections, keys = {}, {}
    for r in records:
        if r.get("type") == "handshake":
            server = r["role"] == "server"
            isn = r["irs"] if server else r["iss"]
            if isn is None or r["simultaneous_open"] or r["role"] is None:
                continue
            key = (frozenset(((r["local"], r["local_port"]), (r["remote"], r["remote_port"]))), isn)
            told = connections.setdefault(key, Told())
            keys[r["conn"]] = key
            told.ends += 1
            told.server_only &= server
            told.honest &= r["handshake_us"] is not None
            told.whole &= r["complete"]
            told.closed += r["outcome"] not in ("established", None)
        elif r.get("type") == "close" and r["conn"] in keys:
            told = connections[keys[r["conn"]]]
            told.closed += not r.get("open")
            if r["ending"] == "reset_sent":
                told.resetters.add((r["local"], r["local_port"]))
            told.whole &= r["complete"]
    return connections


def _differences(told, mine, real, tolerance_ns):
    """(field, ours, the capture's) of what should be the same and is not"""
    if not mine.syns <= real.syns or (told.ends == 2 and mine.syns != real.syns):
        yield "SYNs", mine.syns, real.syns
    if real.plain and real.irtt_ns is not None and (told.honest or not told.server_only):
        if mine.irtt_ns is None or abs(mine.irtt_ns - real.irtt_ns) > tolerance_ns:
            yield "initial_rtt", mine.irtt_ns, real.irtt_ns
    for syn, options in mine.options.items():
        # what was agreed on; in a handshake that failed nothing was
        wrong = [(a, b) for a, b in zip(options, real.options.get(syn, ())) if a and a != b]
        if wrong:
            yield "options of the SYN", options, real.options[syn]
    odd = {(p.flags, word) for p in mine.all for word in p.more}
    if odd:
        yield "analysis", odd, [(p.sport, p.flags, p.seq, p.ack, p.len, p.t_ns) for p in mine.all]
    if told.closed < told.ends:
        return
    for end in told.resetters:
        # an end may send more than one: it answers each segment that comes after the first
        ours, sent = ({p.flags for p in s.packets if p.flags & RST and (p.src, p.sport) == end} for s in (mine, real))
        if ours and sent and not ours <= sent:
            yield "flags of the RST", ours, sent
    if mine.completeness() != real.completeness():
        yield "completeness", mine.completeness(), real.completeness()
    if mine.fins() != real.fins():
        yield "FINs", mine.fins(), real.fins()


def _compare(recorded, ours, captured):
    """Differences, as text."""
    for key, told in _told(recorded.records).items():
        mine, real = ours.get(key, []), captured.get(key, [])
        if not real or not told.whole:
            continue
        if len(mine) != 1 or len(real) != 1:
            yield f"{key}: {len(mine)} streams, captured {len(real)}"
            continue
        for name, a, b in _differences(told, mine[0], real[0], recorded.tolerance_ns):
            if (recorded.test, name) not in UNKNOWN:
                yield f"{key}: {name} {a}, captured {b} (allowed off by {recorded.tolerance_ns} ns)"


def _read(recordings, directory):
    """The packets of each, in order."""
    path = os.path.join(directory, "recordings.pcapng")
    with open(path, "wb") as out:  # sections one behind the other are a file
        for r in recordings:
            with open(r.file, "rb") as f:
                out.write(f.read())
    packets = [[] for _ in recordings]
    for p in capture.read(path, OURS, STRICT):
        section, malformed, severities, tcp_sum, ip_sum, *odd = p.more
        worst = max(int(severity or 0) for severity in severities.split(","))
        assert not malformed and worst < EXPERT_ERROR and "0" not in (tcp_sum, ip_sum), (
            f"{OTHERWISE}{recordings[int(section) - 1].test}: {p}")
        p.more = [word for word, said in zip(ODD, odd) if said]
        packets[int(section) - 1].append(p)
    return packets


def check(recordings, directory):
    """Raises an AssertionError that lists all differences; returns how many connections were compared, and how many
    packets of captures."""
    for r in recordings:
        for c in r.captures:
            c.packets()
    truth, wrong = twice.check(Capture.read, directory)
    compared = 0
    for number in sorted({r.round for r in recordings}):
        of_round = [r for r in recordings if r.round == number]
        for r, packets in zip(of_round, _read(of_round, directory)):
            ours, captured = _streams(packets), {}
            for c in r.captures:
                for key, streams in _streams(truth[c]).items():
                    captured.setdefault(key, []).extend(streams)
            compared += len(set(ours) & set(captured))
            wrong += [f"{r.test}: {text} ({r.file})" for text in _compare(r, ours, captured)]
    assert not wrong, OTHERWISE + "\n".join(wrong)
    return compared, sum(len(packets) for packets in truth.values())


def run(*argv):
    """A tool of Wireshark's; (stdout, stderr)."""
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    assert done.returncode == 0, f"{argv}: {done.returncode}: {done.stderr}"
    return done.stdout, done.stderr
