# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What is told at the end of a run, gathered from each process that tested."""
import glob
import os
import pickle

import checks
import precision

DIRECTORY = os.environ.get("E2E_NOTES")  # the runner's

agreed = []  # connections, by module
read_twice = []  # packets of captures, by module
ran_again = []


def write():
    """This process's."""
    if DIRECTORY:
        with open(os.path.join(DIRECTORY, f"{os.getpid()}.notes"), "wb") as f:
            pickle.dump((agreed, read_twice, ran_again, checks.Noise.measured, precision.worst), f)


def lines(directory):
    """Those of all processes, put together."""
    agreed, twice, again, noise, worst = [], [], [], [], {}
    for path in glob.glob(os.path.join(directory, "*.notes")):
        with open(path, "rb") as f:
            a, t, r, n, w = pickle.load(f)
        agreed += a
        twice += t
        again += r
        noise += n
        worst.update(w)
    precision.write(worst)
    yield from again
    if agreed:
        yield f"recordings and captures compared by Wireshark: {sum(agreed)} connections"
    if twice:
        yield f"captures read by the tests and by Wireshark: {sum(twice)} packets"
    if noise:
        noise.sort()
        yield (f"scheduling noise in {len(noise)} timed tests: median {noise[len(noise) // 2] / 1000:.0f} us, "
               f"worst {noise[-1] / 1000:.0f} us (added to the "
               f"{checks.BASE_TOLERANCE_NS / 1000:.0f} us allowed, at most "
               f"{checks.NOISE_CAP_NS / 1000:.0f} us)")
    yield from precision.lines(worst)[:precision.SHOWN]
