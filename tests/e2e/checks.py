# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Comparing chapters with the oracle, and the fields that are promised."""
import calendar
import re
import time

import kernel
import precision
from pump import PATIENCE

# Between a hook and the capture of the same segment the kernel computes.  However noisy the machine is, no
# bound is wider than 2.2 ms; except on an emulated processor, which translates code at its first run (150
# ms measured): there order, numbers and words are what is proved, the times are where it is real.
EMULATED = PATIENCE != 1
BASE_TOLERANCE_NS = 200_000_000 if EMULATED else 200_000
NOISE_CAP_NS = 500_000_000 if EMULATED else 2_000_000
TICK_NS = 10_000_000  # of the kernel's timers at HZ=100; it is less at others

COMMON = """type conn time cookie netns ifname family local local_port remote remote_port role pid comm uid
cgroup unit container_id pod_uid complete steps completeness completeness_text accepted cause""".split()
HANDSHAKE = """outcome errno handshake_us rtt_us syn_retransmits synack_retransmits accept_us drop_reason
simultaneous_open fastopen syncookie mptcp iss irs mss snd_wscale rcv_wscale sack timestamps
ecn""".split()
CLOSE = """first_closer ending errno closer_pid closer_comm close_us fin_rtt_us peer_fin_us
app_close_us fin_queued_us accept_us time_wait lifetime_us bytes_sent bytes_received segs_out segs_in
retransmits fin_retransmits srtt_us min_rtt_us local_fin_seq remote_fin_seq
reset_reason unread_bytes closer_exit idle_us silent_us unacked_bytes unacked_us zero_window""".split()
SUMMARY = "type connections handshakes counted closes open established events_lost table_full outcomes endings".split()
STATES = """CLOSE LISTEN SYN_SENT SYN_RECV NEW_SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSE_WAIT
CLOSING LAST_ACK TIME_WAIT""".split()
OUTCOMES = "established refused reset timed_out unreachable abandoned no_port no_route dropped failed".split()
ENDINGS = "graceful reset_sent reset_received timed_out aborted half_open".split()
RESET_REASONS = """unread_data linger linger2 data_after_close disconnect listener_closed killed keepalive memory
fin_timeout mptcp""".split()
CAUSES = """syn_lost synack_lost slow_network accept_wait never_accepted queue_full refused filtered no_route no_ports
gave_up not_sent syn_cookie peer_reset app_slow peer_slow unsent_data zero_window peer_silent fin_lost unread_data
linger data_after_close disconnected idle_reset process_ended killed keepalive retransmit_timeout listener_closed
half_open no_memory""".split()
FIRST_CLOSERS = "local remote both none".split()

_number = (int, float)
_TYPES = {
    "type": str, "conn": int, "time": str, "cookie": str, "netns": int, "ifname": str, "family": int,
    "local": str, "local_port": int, "remote": str, "remote_port": int, "role": str, "pid": int, "comm": str,
    "uid": int, "cgroup": str, "unit": str, "container_id": str, "pod_uid": str, "complete": bool, "steps": list, "completeness": int,
    "completeness_text": str, "outcome": str, "drop_reason": str, "errno": str, "first_closer": str, "ending": str,
    "closer_comm": str, "reset_reason": str, "cause": str, "closer_exit": str, "zero_window": bool,
    "simultaneous_open": bool, "fastopen": bool, "syncookie": bool,
    "mptcp": bool, "accepted": bool, "sack": bool, "timestamps": bool, "ecn": bool, "time_wait": bool,
}


class Noise:
    """The scheduling noise while a test ran: how late 1 ms sleeps of a child woke up.

    `with Noise() as noise: traffic`; afterwards noise.tolerance_ns is 200 µs plus the worst lateness
    beyond the median one (at most NOISE_CAP_NS).
    """

    measured = []

    def __init__(self):
        self.tolerance_ns = BASE_TOLERANCE_NS

    def __enter__(self):
        from netns import Child
        self.child = Child(None, _sleep_and_measure)
        return self

    def __exit__(self, *_exc):
        self.child.send("stop")
        late = self.child.result()
        self.noise_ns = max(late) - sorted(late)[len(late) // 2]
        self.tolerance_ns = BASE_TOLERANCE_NS + min(self.noise_ns, NOISE_CAP_NS)
        Noise.measured.append(self.noise_ns)

    def us(self):
        return self.tolerance_ns / 1000


def _sleep_and_measure(channel):
    late = []
    while not late or not channel.poll():  # where it is noisy it may be told to stop before it began
        for _ in range(16):
            before = time.monotonic_ns()
            time.sleep(0.001)
            late.append(time.monotonic_ns() - before - 1_000_000)
    return late


def time_ns(text):
    m = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z", text)
    assert m, f"not RFC 3339 UTC with nanoseconds: {text!r}"
    return calendar.timegm(time.strptime(m[1], "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(m[2])


def check_shape(chapter):
    """Every promised field is there, with its type, and the words are the documented ones."""
    kind = chapter["type"]
    wanted = COMMON + (HANDSHAKE if kind == "handshake" else CLOSE)
    missing = [f for f in wanted if f not in chapter]
    assert not missing, f"{kind} chapter lacks {missing}"
    for field in wanted:
        value = chapter[field]
        if value is None or field == "steps":
            continue
        want = _TYPES.get(field, _number)
        good = isinstance(value, want) and (want is bool or not isinstance(value, bool))
        assert good, f"{field} is {value!r}"
        if field.endswith("_us"):
            assert value >= 0, f"{field} is {value}"
    assert re.fullmatch(r"(0x)?[0-9a-f]+", chapter["cookie"] or "0"), chapter["cookie"]
    assert chapter["complete"] or chapter["missing"] in ("before_trace", "events_lost", "table_full")
    assert chapter["role"] in ("client", "server", None)
    assert chapter["cause"] in (*CAUSES, None)
    assert chapter.get("reset_reason") in (*RESET_REASONS, None)
    if chapter["time"] is not None or chapter["complete"]:
        time_ns(chapter["time"])
    for step in chapter["steps"]:
        assert {"t_us", "from", "to", "segment"} <= step.keys(), step
        assert step["from"] in STATES and step["to"] in STATES, step
        assert step["segment"] is None or re.fullmatch(
            r"[<>x] (SYN|FIN|RST|ACK)(,ACK)?( \(\d+\))?", step["segment"]), step
    if chapter.get("open"):
        assert chapter["state"] in STATES
        assert chapter["state_us"] is None or chapter["state_us"] >= 0
        assert chapter["state_us"] is not None or chapter["missing"] == "before_trace"
        assert chapter["outcome" if kind == "handshake" else "ending"] is None
    elif not chapter["complete"]:  # what was not seen is null
        assert chapter["outcome" if kind == "handshake" else "ending"] in (*OUTCOMES, *ENDINGS, None)
    elif kind == "handshake":
        assert chapter["outcome"] in OUTCOMES
    else:
        assert chapter["ending"] in ENDINGS and chapter["first_closer"] in FIRST_CLOSERS


def told(tracer, n):
    """Exactly n chapters, none open, by the trace's end"""
    tracer.wait_count(n)
    tracer.stop()
    assert len(tracer.chapters()) == n, tracer.brief()
    for chapter in tracer.chapters():
        check_shape(chapter)
    assert tracer.summary["events_lost"] == 0 == tracer.summary["open"]


def failed(tracer, **fields):
    """The only chapter told: a handshake that did not end in ESTABLISHED."""
    chapter = tracer.one("handshake", **fields)
    assert len(tracer.chapters()) == 1, tracer.brief()
    check_shape(chapter)
    assert chapter["complete"] is True, (chapter, tracer.summary)
    assert tracer.summary["handshakes"] == 1 and tracer.summary["closes"] == 0
    assert tracer.summary["outcomes"].get(chapter["outcome"]) == 1
    return chapter


def check_steps(chapter, expected, tolerance_ns):
    """The same steps in the same order, at the times of the capture, with its seq and ack."""
    got = [(s["from"], s["to"], _plain(s["segment"])) for s in chapter["steps"]]
    want = [(s.frm, s.to, _plain(s.segment)) for s in expected]
    assert got == want, f"steps {got}, captured {want}"
    base = time_ns(chapter["time"])
    assert chapter["steps"][0]["t_us"] in (0, 0.0, None), "t_us counts from the first event"
    for step, before, seen in zip(chapter["steps"], [expected[0], *expected], expected):
        if step["t_us"] is None:
            # no hook sees a SYN arrive, nor an ACK leave that waited for data to go with
            waited = step["segment"] == "> ACK" and step.get("derived") is True
            assert step["segment"] == "< SYN" or waited, f"no time: {step}"
        else:
            off = base + step["t_us"] * 1000 - seen.t_ns
            if step["segment"] == "> ACK" and step.get("derived") and off < 0:
                # The time is that of what is acknowledged, or of the timer: it may have waited for data to go
                # with, or, on loopback where a capture is told when a segment arrives, for ksoftirqd.
                off = min(off + seen.t_ns - before.t_ns, 0)
            precision.compared(f"time of {step['segment']}", off, tolerance_ns, BASE_TOLERANCE_NS)
            assert abs(off) <= tolerance_ns, (
                f"{step} is {off / 1000:.0f} us off the capture (allowed {tolerance_ns / 1000:.0f})")
        for key in ("seq", "ack"):
            if step.get(key) is not None and getattr(seen, key) is not None:
                assert step[key] == getattr(seen, key), f"{key} of {step}, captured {seen}"


def _plain(segment):
    """`> FIN` that is also the first ACK of the peer's FIN, and RSTs, may name their ACK flag."""
    if segment and segment.startswith(("> FIN", "< RST", "> RST")):
        return segment.replace(",ACK", "")
    return segment


def unseen(stderr):
    """How many state changes no program ran for, by what -v counts; none is done twice, or hardly one."""
    skipped = re.search(r"hook runs skipped: (\d+), of which the relay handled (\d+)", stderr)
    n, relayed = int(skipped[1]), int(skipped[2])
    assert relayed <= n + n // 1000, skipped[0]
    return max(n - relayed, 0)


def adds_up(told, lost, happened, stderr):
    """
    told + lost is what happened, to the last one.  A state change that no program ran for is counted as
    lost, and its chapter may be told all the same, incomplete.
    """
    assert happened <= told + lost <= happened + unseen(stderr), \
        f"{told} told, {lost} lost of {happened}"


def happened(counts):
    """The entries of a table of counts that are not 0."""
    return {word: n for word, n in counts.items() if n}


def near(got_us, want_ns, tolerance_ns, what):
    if want_ns is None:
        assert got_us is None, f"{what} is {got_us}, must be null"
        return
    assert got_us is not None, f"{what} is null, captured {want_ns / 1000:.1f} us"
    off = got_us * 1000 - want_ns
    precision.compared(what, off, tolerance_ns, BASE_TOLERANCE_NS)
    assert abs(off) <= tolerance_ns, (f"{what} {got_us} us, captured {want_ns / 1000:.1f} us "
                                      f"(allowed off by {tolerance_ns / 1000:.0f})")


def between(got_us, least_and_most_ns, tolerance_ns, what):
    """A time that a process can only say to have been within a call of its own; the tolerance is the clocks'."""
    least, most = least_and_most_ns
    assert got_us is not None, f"{what} is null"
    assert least - tolerance_ns <= got_us * 1000 <= most + tolerance_ns, (
        f"{what} {got_us} us, not from {least / 1000:.1f} to {most / 1000:.1f} us "
        f"(allowed off by {tolerance_ns / 1000:.0f})")


def timed(got_us, timer_ns, took_ns, tolerance_ns, what):
    """What a timer of the kernel ends lasts as long as that, and a process can only say that it was over by then."""
    between(got_us, (timer_ns - TICK_NS, took_ns), tolerance_ns, what)


def check_identity(chapter, end, ns, family):
    assert chapter["local"] == end.local and chapter["local_port"] == end.local_port
    assert chapter["remote"] == end.remote and chapter["remote_port"] == end.remote_port
    assert chapter["family"] == family and chapter["netns"] == ns.inode
    if kernel.can_tell("cookie"):
        assert chapter["cookie"] is not None


def check_owner(chapter, agent, comm="python3", uid=0):
    assert (chapter["pid"], chapter["comm"], chapter["uid"]) == (agent.pid, comm, uid)


def check_handshake(ch, end, tolerance_ns):
    """A handshake that succeeded."""
    assert ch["outcome"] == "established" and ch["errno"] is None and ch["complete"] is True
    assert ch["role"] == ("server" if end.server_side else "client")
    assert (ch["iss"], ch["irs"]) == (end.iss, end.irs)
    check_steps(ch, end.handshake, tolerance_ns)
    near(ch["handshake_us"], end.handshake_ns(), tolerance_ns, "handshake_us")
    assert ch["completeness"] & 0b110111 == 0b000111
    assert ch["sack"] is True and ch["timestamps"] is True


def check_close(ch, end, tolerance_ns):
    """A graceful close, everything the wire can tell."""
    assert (ch["ending"], ch["errno"], ch["complete"]) == ("graceful", None, True), ch
    assert ch["first_closer"] == end.first_closer()
    assert (ch["local_fin_seq"], ch["remote_fin_seq"]) == (end.local_fin, end.remote_fin)
    check_steps(ch, end.close, tolerance_ns)
    near(ch["close_us"], end.close_ns(), tolerance_ns, "close_us")
    near(ch["fin_rtt_us"], end.fin_rtt_ns(), tolerance_ns, "fin_rtt_us")
    near(ch["peer_fin_us"], end.peer_fin_ns(), tolerance_ns, "peer_fin_us")
    near(ch["lifetime_us"], end.lifetime_ns(), tolerance_ns, "lifetime_us")
    assert (ch["bytes_sent"], ch["bytes_received"]) == (end.bytes(True), end.bytes(False))
    assert ch["time_wait"] is any("TIME_WAIT" in (s.frm, s.to) for s in end.close)
    assert ch["completeness"] == end.completeness()


def check_lost_syns(lines, captured, tolerance_ns):
    """In a ladder two SYNs do not arrive, and how long was waited for each answer is named."""
    rows = [re.sub("[ -]+", " ", line[29:]) for line in lines[3:9]]
    assert rows[::2] == ["| SYN seq=0 x |", "| SYN (2) seq=0 x |", "| SYN (3) seq=0 >|"]
    for row, before, after in zip(rows[1::2], captured, captured[1:]):
        gap = re.fullmatch(r": (\d+\.\d{3}) ms :", row)
        near(float(gap[1]) * 1000, after.t_ns - before.t_ns, 2 * tolerance_ns, "gap")
