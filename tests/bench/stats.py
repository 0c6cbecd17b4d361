# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""kernel.bpf_stats_enabled, on while something is measured; medians and tables."""
import contextlib
import fcntl
import signal
import statistics
import sys

SWITCH = "/proc/sys/kernel/bpf_stats_enabled"


@contextlib.contextmanager
def bpf_stats(wanted=True):
    """Switches it on if wanted, and back at the end, unless that is a SIGKILL.  One bench at a time."""
    lock = open(SWITCH)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit("bench: another one is running")
    before = lock.read()

    def set_to(value):
        with open(SWITCH, "w") as f:
            f.write(value)

    def leave(signo, _frame):
        raise SystemExit(128 + signo)

    for signo in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(signo, leave)
    try:
        if wanted:
            set_to("1")
        yield
    finally:
        if wanted:
            set_to(before)
        lock.close()


class Series:
    """The values of all rounds: their median and range."""

    def __init__(self, values):
        self.values = [v for v in values if v is not None]

    def text(self, digits=2, only_median=False):
        if not self.values:
            return "-"
        median = f"{statistics.median(self.values):.{digits}f}"
        if only_median or len(self.values) == 1:
            return median
        return f"{median} [{min(self.values):.{digits}f}..{max(self.values):.{digits}f}]"


def ratios(values, base):
    """Each round divided by the same round of the base, so that what slows both cancels out."""
    return [v / b for v, b in zip(values, base) if v is not None and b]


def print_table(title, head, rows, notes=()):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    print(f"\n{title}")
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells))
    for note in notes:
        print("  " + note)
    sys.stdout.flush()
