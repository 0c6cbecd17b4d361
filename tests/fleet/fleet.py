# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Where things are: what tests/fleet/deps has unpacked, and what is installed."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("FLEET_BUILD", "build/fleet"))
PACKAGING = os.path.join(ROOT, "user/packaging")
RULES = os.path.join(PACKAGING, "prometheus/tcpstates-trace.rules.yml")
DASHBOARD = os.path.join(PACKAGING, "grafana/tcpstates-trace.json")
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))


def program(name):
    """A program out of a Debian package that is unpacked, not installed: no service is started."""
    return os.path.join(BUILD, "debian/usr/bin", name)


def output(*argv, **kw):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kw)
    assert done.returncode == 0, f"{argv}: {done.returncode}\n{done.stdout}"
    return done.stdout
