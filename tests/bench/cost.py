# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Table cost: what each mode takes of two churns, for its start, and in memory."""
import statistics
import sys

from modes import YARDSTICK, modes
from stats import Series, print_table, ratios

CHURNS = {
    "plain": ((), "The server closes at once: FIN and ACK come together."),
    "orphans": (("--orphans",), "The server closes later: each client's end is a minisocket in FIN_WAIT2."),
}
LEAD = 1


class Units:
    """What is counted: ns, or instructions, of which the processor's clock has one a ns while it is busy."""

    def __init__(self, instructions):
        self.wall = not instructions
        self.ns, self.us, self.ms = ("insn", "kinsn", "Minsn") if instructions else ("ns", "us", "ms")


def series(runs, key, churn=None):
    """A value of each round; None where the tool failed, or has no such value."""
    return [(r.get(churn, {}) if churn else r).get(key) for r in runs]


def churn_table(title, results, churn, units):
    yardstick = results.get(YARDSTICK, [])
    rows = []
    for name, runs in results.items():
        row = [name]
        for key, digits in (("rate", 0),) * units.wall + (("load_us", 1), ("seen", 2)):
            row.append(Series(series(runs, key, churn)).text(digits, only_median=True))
        for key, digits in (("ns", 0), ("cpu_us", 2)):
            values, base = series(runs, key, churn), series(yardstick, key, churn)
            row += [Series(values).text(digits), Series(ratios(values, base)).text(3)]
        rows.append(row)
    print_table(title, ["mode", *["conn/s"] * units.wall, f"load {units.us}", "seen", f"BPF {units.ns}",
                        f"/{YARDSTICK}", f"CPU {units.us}", f"/{YARDSTICK}"], rows)


def programs(runs, churn):
    """{program: (median runs, median ns)} per connection"""
    rounds = [r[churn]["programs"] for r in runs if "programs" in r.get(churn, {})]
    return {name: tuple(statistics.median(r.get(name, (0, 0))[i] for r in rounds) for i in (0, 1))
            for name in {name for r in rounds for name in r}}


def program_table(title, results, churn, units):
    columns = {name: programs(runs, churn) for name, runs in results.items()}
    columns = {name: c for name, c in columns.items() if len(c) > 1}
    rows = []
    for program in sorted({p for c in columns.values() for p in c}):
        cells = [c.get(program, (0, 0)) for c in columns.values()]
        if any(ns >= 1 for _, ns in cells):
            rows.append([program, *(f"{ns:.0f} ({n:.2f})" if n else "-" for n, ns in cells)])
    if rows:
        print_table(title, [f"{units.ns} (runs)", *columns], rows)


def start_table(title, results, units):
    columns = [(f"start CPU {units.ms}", "start_cpu", 1, False), ("start ms", "start", 0, True),
               ("MiB beside ring", "beside", 1, False), ("peak MiB", "rss", 1, True), ("lost", "lost", 0, True)]
    if not units.wall:
        del columns[1]
    rows = [[name, *(Series(series(runs, key)).text(digits, median) for _, key, digits, median in columns)]
            for name, runs in results.items() if name != "bare"]
    print_table(title, ["mode", *(column[0] for column in columns)], rows)


NOTES = """\
  load: CPU time of the load per connection.  seen: connections on the whole host divided by those of the
  load, near 1 on a quiet host.  BPF: run time of the tool's programs; CPU: its user and system time; both per
  connection seen.  Ratios are computed in each round.
  start: from exec to the line `Tracing` (tcplife and others: to a second after they attached).  MiB beside
  ring: RSS at the end without the resident pages of mapped BPF ring and perf buffers (a BPF ring's data pages are
  mapped twice, and counted twice in RSS)."""
COUNTING_NOTE = """\
  A mode that posts nothing has the CPU of a few wake-ups of its timer: that differs by one or two of them."""


def cost(bench):
    o, units = bench.o, Units(bench.o.instructions)
    chosen = modes(o, bench.directory, bench.unused.namespace)
    options = [f"--bytes={o.bytes}"] if o.bytes else []
    options += [f"--rps={o.rps}"] if o.rps else []
    # on one processor the client gets so far ahead that bursts of delayed ACKs interrupt the programs
    options += [f"--lead={LEAD}"] if o.instructions else []
    churns = {name: (*own, *options) for name, (own, _) in CHURNS.items()}
    results = bench.rounds(list(chosen), lambda name: bench.one_run(chosen[name], o.connections, churns))
    print(f"\nCost of tracing {o.connections} loopback connections, both ends"
          f"{''.join(', ' + c for c in options)}; rounds: {o.rounds}, median [min..max]")
    for churn, (_, what) in CHURNS.items():
        churn_table(f"Churn `{churn}`.  {what}", results, churn, units)
        program_table(f"Churn `{churn}`: each program, per connection", results, churn, units)
    start_table("Start and memory", results, units)
    print(NOTES)
    if o.instructions:
        print(COUNTING_NOTE)
    sys.stdout.flush()
