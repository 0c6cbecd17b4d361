# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The paths of the package and of its files."""
import glob
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAME = "tcpstates-trace"
PROGRAM = f"usr/sbin/{NAME}"
COMPLETION = f"usr/share/bash-completion/completions/{NAME}"
MANUAL = f"usr/share/man/man8/{NAME}.8.gz"


def output(*argv, **kw):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kw)
    assert done.returncode == 0, f"{argv}: {done.returncode}: {done.stdout}"
    return done.stdout


def the_file(pattern):
    found = glob.glob(os.path.join(ROOT, "build/deb", pattern))
    assert len(found) == 1, f"{pattern}: {found}"
    return found[0]
