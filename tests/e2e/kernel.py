# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What this kernel can tell, by the tracer's own words: a test expects null for what it cannot."""
import functools
import subprocess

from tracer import BINARY


@functools.lru_cache(maxsize=1)
def trial():
    """(status, stderr) of a short trace with -v"""
    done = subprocess.run([BINARY, "-v", "-o", "none", "-u", "0.1"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stderr.decode(errors="replace")


def can_tell(fact):
    """Is this fact, as `-v` names it, to be had here?"""
    found = [line.split(f"{fact}: ", 1)[1] for line in trial()[1].splitlines()
             if f": {fact}: " in line]
    assert len(found) == 1, f"-v says nothing of {fact}: {trial()[1]}"
    return not found[0].startswith("not ")
