# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Rules of iptables in a test's namespace."""
import shutil
import subprocess

import pytest

TOOLS = {4: "iptables", 6: "ip6tables"}


def rule(ns, family, *words, op="-A"):
    """A rule for TCP, such as rule(ns, 4, "OUTPUT", "-j", "DROP"); the test is skipped where there are none."""
    chain, *rest = words
    tool = shutil.which(TOOLS[family], path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not tool:
        pytest.skip(f"no {TOOLS[family]}")
    done = subprocess.run(ns.argv(tool, "-w", op, chain, "-p", "tcp", *rest), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode:
        pytest.skip(f"{TOOLS[family]}: {done.stderr.strip()}")


def remove(ns, family, *words):
    rule(ns, family, *words, op="-D")
