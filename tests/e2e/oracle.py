# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What the tracer has to say, worked out from captured packets by RFC 9293 and the manual page.

Nothing here comes from the tracer: a TCP state machine is run over the packets as one end saw them.
"""
from dataclasses import dataclass, replace

from capture import ACK, FIN, RST, SYN


@dataclass
class Step:
    t_ns: int
    frm: str
    to: str
    segment: str  # None: nothing crossed the wire
    seq: int = None  # None: not compared
    ack: int = None

    def key(self):
        return (self.frm, self.to, self.segment)


def _covers(ack, seq):
    """ack acknowledges everything up to and including seq"""
    return 0 < (ack - seq) & 0xFFFFFFFF < 1 << 31


class End:
    """One end of one captured connection."""

    def __init__(self, packets, local, local_port, remote, remote_port):
        self.local, self.local_port = local, local_port
        self.remote, self.remote_port = remote, remote_port
        here, there = (local, local_port), (remote, remote_port)
        self.packets = [p for p in packets if ((p.src, p.sport), (p.dst, p.dport)) in
                        ((here, there), (there, here))]
        assert self.packets, f"nothing captured between {here} and {there}"
        self.server_side = not self.sent(self.packets[0])
        older = not self.packets[0].flags & SYN  # established before the capture began
        self.handshake = []
        self.close = []
        self.state = "ESTABLISHED" if older else None
        self.iss = self.irs = self.local_fin = self.remote_fin = None
        self.t_fin_sent = self.t_fin_acked = self.t_fin_received = None
        self._out = self._in = 0  # SYN or SYN,ACK transmissions
        self._fins = 0
        self._acked_peer = False
        self._expected = None  # the next sequence number from the peer, and what came too early
        self._early = []
        self._held_fin = None
        for p in self._as_sent():
            if not self.sent(p) and not p.flags & RST:
                self._receive(p)
            if self.state in (None, "SYN_SENT", "NEW_SYN_RECV", "CLIENT_ACK"):
                self._shake(p)
            if self.state not in (None, "SYN_SENT", "NEW_SYN_RECV"):
                self._part(p)

    def _as_sent(self):
        """
        On loopback a capture shows segments as they arrive.  An ACK from the delayed ACK's timer may wait there for
        ksoftirqd on one processor, while the FIN after it arrives by another.
        """
        fins = [i for i, p in enumerate(self.packets) if self.sent(p) and p.flags & FIN]
        if not fins:
            return self.packets
        fin, late = self.packets[fins[0]], []
        for p in self.packets[fins[0] + 1:]:
            if self.sent(p) and p.flags & (FIN | SYN | RST | ACK) == ACK and not p.len and \
                    p.seq == (fin.seq + fin.len) & 0xFFFFFFFF:
                late.append(p)
        rest = [p for p in self.packets if not any(p is q for q in late)]
        return rest[:fins[0]] + [replace(p, t_ns=fin.t_ns) for p in late] + rest[fins[0]:]

    def sent(self, p):
        return (p.src, p.sport) == (self.local, self.local_port)

    def _shake(self, p):
        out = self.sent(p)
        syn, ack = p.flags & SYN, p.flags & ACK
        add = self.handshake.append
        if p.flags & RST:
            if self.state == "SYN_SENT" and not out:
                add(Step(p.t_ns, "SYN_SENT", "CLOSE", "< RST"))
                self.state = "CLOSE"
            return
        if syn and not ack:
            if out:
                self._out += 1
                self.iss = p.seq
                frm = "CLOSE" if self._out == 1 else "SYN_SENT"
                add(Step(p.t_ns, frm, "SYN_SENT", _again("> SYN", self._out), p.seq))
                self.state = "SYN_SENT"
            elif self.state is None:
                self.irs = p.seq
                add(Step(p.t_ns, "LISTEN", "NEW_SYN_RECV", "< SYN", p.seq))
                self.state = "NEW_SYN_RECV"
        elif syn:
            if out:
                self._out += 1
                self.iss = p.seq
                add(Step(p.t_ns, "NEW_SYN_RECV", "NEW_SYN_RECV", _again("> SYN,ACK", self._out),
                         p.seq, p.ack))
            elif self.state == "SYN_SENT":
                self.irs = p.seq
                add(Step(p.t_ns, "SYN_SENT", "ESTABLISHED", "< SYN,ACK", p.seq, p.ack))
                self.state = "CLIENT_ACK"
        elif out and self.state == "CLIENT_ACK":
            add(Step(p.t_ns, "ESTABLISHED", "ESTABLISHED", "> ACK", p.seq, p.ack))
            self.state = "ESTABLISHED"
        elif not out and self.state == "NEW_SYN_RECV" and ack and self._out:
            add(Step(p.t_ns, "SYN_RECV", "ESTABLISHED", "< ACK", p.seq, p.ack))
            self.state = "ESTABLISHED"

    def _part(self, p):
        out, fin = self.sent(p), p.flags & FIN
        end = (p.seq + p.len) & 0xFFFFFFFF
        add = self.close.append
        if p.flags & RST:
            if self.state not in ("TIME_WAIT", "CLOSE"):
                add(Step(p.t_ns, self.state, "CLOSE", "> RST" if out else "< RST"))
                self.state = "CLOSE"
        elif out:
            acks_peer = self.remote_fin is not None and _covers(p.ack, self.remote_fin)
            if fin:
                self._fins += 1
                word = _again("> FIN", self._fins)
                if self._fins == 1:
                    self.local_fin, self.t_fin_sent = end, p.t_ns
                    to = {"ESTABLISHED": "FIN_WAIT1", "CLOSE_WAIT": "LAST_ACK"}[self.state]
                else:
                    to = self.state
                add(Step(p.t_ns, self.state, to, word, end, p.ack))
                self.state = to
                self._acked_peer = self._acked_peer or acks_peer
            elif acks_peer and not self._acked_peer and \
                    self.state in ("CLOSE_WAIT", "CLOSING", "TIME_WAIT"):
                self._acked_peer = True
                add(Step(p.t_ns, self.state, self.state, "> ACK", p.seq, p.ack))
        else:
            ours = self.local_fin is not None and _covers(p.ack, self.local_fin)
            if ours and self.t_fin_acked is None:
                self.t_fin_acked = p.t_ns
            if fin and self.remote_fin is None:
                self._held_fin = end
            if self._held_fin is not None and self._expected == self._held_fin:
                # a FIN that came before data it follows is taken in with the last of them
                end, fin, self._held_fin = self._held_fin, True, None
                self.remote_fin, self.t_fin_received = end, p.t_ns
                seen = {"ESTABLISHED": ("CLOSE_WAIT", "< FIN"), "FIN_WAIT2": ("TIME_WAIT", "< FIN"),
                        "FIN_WAIT1": ("TIME_WAIT", "< FIN,ACK") if ours else ("CLOSING", "< FIN")}
                to, word = seen[self.state]
                add(Step(p.t_ns, self.state, to, word, end, p.ack))
                self.state = to
            elif ours and self.state in ("FIN_WAIT1", "CLOSING", "LAST_ACK"):
                to = {"FIN_WAIT1": "FIN_WAIT2", "CLOSING": "TIME_WAIT", "LAST_ACK": "CLOSE"}[self.state]
                add(Step(p.t_ns, self.state, to, "< ACK", p.seq, p.ack))
                self.state = to

    def _receive(self, p):
        """Moves self._expected over what has now come without a gap."""
        start = (p.seq + bool(p.flags & SYN)) & 0xFFFFFFFF
        if self._expected is None:
            self._expected = start
        self._early.append((start, (start + p.len) & 0xFFFFFFFF))
        fits = True
        while fits:
            self._early = [s for s in self._early if _covers(s[1], self._expected)]
            fits = [s for s in self._early if not _covers(s[0], self._expected)]
            if fits:
                self._expected = fits[0][1]

    # latencies in ns, None when they are null

    def handshake_ns(self):
        first, last = (("> SYN,ACK", "< ACK") if self.server_side else ("> SYN", "< SYN,ACK"))
        return _span(_when(self.handshake, first), _when(self.handshake, last))

    def last_trip_ns(self):
        """From the last SYN, or SYN,ACK, that was sent to its answer"""
        first = "> SYN,ACK" if self.server_side else "> SYN"
        answer = next(i for i, s in enumerate(self.handshake) if s.segment in ("< ACK", "< SYN,ACK"))
        sent = [s for s in self.handshake[:answer] if s.segment.split(" (")[0] == first]
        return self.handshake[answer].t_ns - sent[-1].t_ns

    def established_ns(self):
        return _when(self.handshake, "< ACK" if self.server_side else "< SYN,ACK")

    def close_ns(self):
        return _span(self.close[0].t_ns, self.close[-1].t_ns)

    def lifetime_ns(self):
        return _span(self.established_ns(), self.close[-1].t_ns)

    def fin_rtt_ns(self):
        return _span(self.t_fin_sent, self.t_fin_acked)

    def first_closer(self):
        if self.local_fin is None and self.remote_fin is None:
            return "none"
        first = self.close[0].segment
        if any("CLOSING" in (s.frm, s.to) for s in self.close):
            return "both"
        return "local" if first.startswith(">") else "remote"

    def peer_fin_ns(self):
        """only for the end that closed first"""
        if self.first_closer() != "local" or None in (self.t_fin_acked, self.t_fin_received):
            return None
        return self.t_fin_received - self.t_fin_acked

    def app_close_ns(self):
        """only for the end that had to answer; as far as the wire can tell (FIN behind no data)"""
        if self.first_closer() != "remote":
            return None
        return _span(self.t_fin_received, self.t_fin_sent)

    def retransmits(self, first_flags=0):
        """Segments of this end that had been sent before; with `first_flags`, those with such a flag."""
        top, n = None, 0
        for p in self.packets:
            end = (p.seq + p.len + bool(p.flags & SYN) + bool(p.flags & FIN)) & 0xFFFFFFFF
            if not self.sent(p) or end == p.seq or p.flags & RST:
                continue
            if top is None or _covers(end, top):
                top = end
            elif not first_flags or p.flags & first_flags:
                n += 1
        return n

    def bytes(self, out):
        """payload, each byte once"""
        end = 0
        base = (self.iss if out else self.irs) + 1
        for p in self.packets:
            if self.sent(p) == out and p.len:
                end = max(end, (p.seq + p.len - base) & 0xFFFFFFFF)
        return end

    def completeness(self):
        """Wireshark's, without an RST that answers what came when all was over"""
        reset = any("RST" in (s.segment or "") for s in self.handshake + self.close)
        return self.packets[-1].completeness & ~(0 if reset else 32)


def _again(word, n):
    return word if n == 1 else f"{word} ({n})"


def _when(steps, segment):
    return next((s.t_ns for s in steps if s.segment == segment), None)


def _span(a, b):
    return None if a is None or b is None else b - a
