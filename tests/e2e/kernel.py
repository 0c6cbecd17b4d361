# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What can be told here, by the tracer's own words: a test expects null for what cannot."""
import functools
import os
import subprocess

import pytest

from pump import HANG_S
from tracer import BINARY, FORCED


@functools.lru_cache(maxsize=1)
def trial():
    """(status, stdout, stderr) of --features"""
    done = subprocess.run([BINARY, *FORCED, "--features"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=HANG_S)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def hooks():
    """{fact: the hook that this kernel offers}"""
    lines = [line.partition(": ") for line in trial()[1].splitlines()]
    return {fact: rest.split()[0].rstrip(";") for fact, _, rest in lines}


def can_tell(fact):
    """Is this fact, as --features names it, to be had here?"""
    assert fact in hooks(), f"--features says nothing of {fact}: {trial()}"
    return hooks()[fact] not in ("none", "unknown")


def why_no_bpf():
    """None where BPF works; else the tracer's own words about the right or support it lacks."""
    if not os.path.exists(BINARY):
        pytest.exit(f"{BINARY}: not there (run make, or set TCPSTATES_TRACE)", 2)
    if os.geteuid() != 0:
        return "not root"
    status, _, text = trial()
    if status or not can_tell("state"):
        return f"BPF is not available here: {text.strip().splitlines()[-1]}"
    return None
