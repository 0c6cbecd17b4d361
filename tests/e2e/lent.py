# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Users with few capabilities, and a copy of the program that they can run."""
import os
import shutil
import struct
import tempfile

from tracer import BINARY

NOBODY = 65534
SUDO = {"SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY), "SUDO_USER": "nobody"}
NUMBERS = {"dac_read_search": 2, "sys_ptrace": 19, "sys_admin": 21, "sys_resource": 24, "perfmon": 38,
           "bpf": 39}
KERNEL = tuple(int(n) for n in os.uname().release.split(".")[:2])


def kept():
    """The capabilities that a tracer cannot do without to its end: none from 5.19 on."""
    with open("/proc/sys/kernel/unprivileged_bpf_disabled") as f:
        asked_for = int(f.read()) != 0
    return 1 << NUMBERS["bpf"] if asked_for and KERNEL < (5, 19) else 0


def needed(caps):
    """Those, and the right to raise the limit on locked memory, where BPF is counted against it."""
    return (*caps, "sys_resource") if "bpf" in caps and KERNEL < (5, 11) else caps


def as_nobody(*caps):
    """The beginning of a command line: an ordinary user with these ambient capabilities."""
    sets = ",".join(["-all", *(f"+{c}" for c in needed(caps))])
    return ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
            "--inh-caps", sets, "--ambient-caps", sets, "--bounding-set", sets]


def status_of(pid):
    """/proc/PID/status: {"CapEff": 0, "NoNewPrivs": 1, "Uid": [0, 0, 0, 0], ...}"""
    with open(f"/proc/{pid}/status") as f:
        return parse_status(f.read())


def parse_status(text):
    found = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    sets = {k: int(v, 16) for k, v in found.items() if k.startswith("Cap")}
    ids = {k: [int(n) for n in found[k].split()] for k in ("Uid", "Gid", "Groups")}
    return {**sets, **ids, "NoNewPrivs": int(found["NoNewPrivs"]), "Seccomp": int(found["Seccomp"])}


class PublicCopy:
    """The program where everybody can run it, for the time of a test."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="tst-")
        os.chmod(self.directory, 0o755)
        self.path = os.path.join(self.directory, "tcpstates-trace")
        shutil.copyfile(BINARY, self.path)
        os.chmod(self.path, 0o755)
        return self

    def __exit__(self, *_exc):
        shutil.rmtree(self.directory)

    def give(self, *caps):
        """File capabilities, effective and permitted (VFS_CAP_REVISION_2)."""
        bits = sum(1 << NUMBERS[c] for c in needed(caps))
        value = struct.pack("<IIIII", 0x02000001, bits & 0xFFFFFFFF, 0, bits >> 32, 0)
        os.setxattr(self.path, "security.capability", value)
