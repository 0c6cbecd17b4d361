# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""How near the tracer's times came to the truth, and what was allowed: one line for each test."""
import os

from tracer import ROOT

FILE = os.path.join(ROOT, "build", "precision.txt")
SHOWN = 15

worst = {}


class Case:
    """A test's comparison that came nearest to its bound."""

    def __init__(self, test, what, off_ns, noise_ns, allowed_ns, n):
        self.test, self.what = test, what
        self.off_ns, self.noise_ns, self.allowed_ns = off_ns, noise_ns, allowed_ns
        self.n = n  # comparisons of this test

    def ratio(self):
        return self.off_ns / self.allowed_ns

    def line(self):
        return (f"precision: {self.test}: worst {self.off_ns / 1000:.0f} us ({self.what}), "
                f"noise {self.noise_ns / 1000:.0f} us, allowed {self.allowed_ns / 1000:.0f} us, "
                f"of {self.n}")


def _test():
    """pytest's own name of what runs: tests/e2e/test_x.py::test_y[4] (call)"""
    name = os.environ.get("PYTEST_CURRENT_TEST", "nothing").rpartition(" (")[0]
    return name.rpartition("::")[2] or name


def compared(what, off_ns, allowed_ns, base_ns):
    """Remembers a comparison; what is allowed beyond base_ns is the noise measured meanwhile."""
    test, off_ns = _test(), abs(off_ns)
    old = worst.get(test)
    case = Case(test, what, off_ns, allowed_ns - base_ns, allowed_ns, old.n + 1 if old else 1)
    if old and old.ratio() > case.ratio():
        old.n += 1
    else:
        worst[test] = case


def lines(worst):
    """Of {test: case}, the nearest to its bound first."""
    return [c.line() for c in sorted(worst.values(), key=Case.ratio, reverse=True)]


def write(worst):
    """All of them in a file beside what was built; what is on the terminal is an extract."""
    if os.path.isdir(os.path.dirname(FILE)) and worst:
        with open(FILE, "w", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in lines(worst))
