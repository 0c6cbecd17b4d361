# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A report for which memory is short: it is complete, or says that it is not."""
import os
import struct
import subprocess

from pump import HANG_S
from tracer import BINARY, ROOT

CUSTOM, CLOSE, HEAD = 0xBAD, 3, 12


def blocks(data):
    """[(type, body)] of a pcapng file"""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        yield kind, data[at + 8:at + length - 4]
        at += length


def many(golden, n):
    """The recording, with n connections like its one."""
    out = b""
    for kind, body in blocks(golden):
        length = struct.pack("=I", len(body) + 12)
        if kind != CUSTOM:
            out += struct.pack("=I", kind) + length + body + length
            continue
        items, at = body[HEAD:], 0
        while at < len(items):
            what, size = struct.unpack_from("=II", items, at)
            whole = items[at:at + 8 + (size + 3) // 4 * 4]
            at += len(whole)
            for conn in range(1, n + 1 if what == CLOSE else 2):
                # a record begins with the connection's number
                item = whole[:8] + struct.pack("=Q", conn) + whole[16:] if what == CLOSE else whole
                length = struct.pack("=I", HEAD + len(item) + 12)
                out += struct.pack("=I", kind) + length + body[:HEAD] + item + length
    return out


def test_a_report(tmp_path):
    with open(os.path.join(ROOT, "tests/golden/http-client.rec"), "rb") as f:
        (tmp_path / "recording").write_bytes(many(f.read(), 6000))
    replay = [BINARY, "-o", "html", "-r", tmp_path / "recording"]
    whole = subprocess.run(replay, capture_output=True, check=True, timeout=HANG_S).stdout
    said = []
    # from what suffices down to where not even the program starts
    for kib in range(40000, 2000, -500):
        done = subprocess.run(["prlimit", f"--as={kib << 10}", *replay], capture_output=True, timeout=HANG_S)
        if done.returncode not in (0, 1):
            break
        assert (done.returncode == 0) == (done.stdout == whole), done.stderr
        assert (done.returncode == 0) == (done.stderr == b""), done.stderr
        said.append(done.stderr)
    assert said[0] == b"" and any(b"left out: no memory" in text for text in said), said
