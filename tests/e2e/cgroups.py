# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Control groups of version 2, and the names that container runtimes give theirs."""
import hashlib
import os

CONTAINER = hashlib.sha256(str(os.getpid()).encode()).hexdigest()
POD = "1a2b3c4d-0123-4567-89ab-cdef01234567"


def mount():
    """Where the hierarchy of version 2 is"""
    with open("/proc/self/mountinfo") as f:
        found = [line.split()[4] for line in f if " - cgroup2 " in line]
    assert found, "no cgroup v2 is mounted"
    return found[0]
