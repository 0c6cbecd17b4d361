# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""BPF objects: what a process holds, what the kernel has, and what it has freed."""
import glob
import json
import re
import subprocess

import pump


def loaded_by(pid):
    """{("prog", 12), ("link", 3), ...}: what the process holds by descriptors."""
    held = set()
    for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
        try:
            with open(path) as f:
                held |= {(kind, int(n)) for kind, n in
                         re.findall(r"^(prog|map|link)_id:\s*(\d+)", f.read(), re.M)}
        except OSError:
            pass
    return held


def loaded():
    found = set()
    for kind in ("prog", "map", "link"):
        shown = subprocess.run(["bpftool", "-j", kind, "show"], stdout=subprocess.PIPE, check=True)
        found |= {(kind, o["id"]) for o in json.loads(shown.stdout)}
    return found


def wait_gone(objects):
    """The kernel frees programs and maps after a grace period."""
    pump.wait_until(lambda: not objects & loaded(), 10,
                    lambda: f"still loaded: {objects & loaded()}")


def named(objects):
    """Of these programs, those that have our programs' names; another's tracer is left alone."""
    shown = subprocess.run(["bpftool", "-j", "prog", "show"], stdout=subprocess.PIPE, check=True)
    held = held_by_processes()
    return {o["id"] for o in json.loads(shown.stdout)
            if o.get("name") == "state_changed" and ("prog", o["id"]) in objects - held}


def held_by_processes():
    """Programs and maps of processes that live: somebody else's, when all of ours have ended."""
    held = set()
    for path in glob.glob("/proc/[0-9]*/fdinfo/*"):
        try:
            with open(path) as f:
                held |= {(kind, int(n)) for kind, n in re.findall(r"^(prog|map)_id:\s*(\d+)", f.read(), re.M)}
        except OSError:
            pass
    return held
