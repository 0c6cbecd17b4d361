# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""BPF objects: what a process holds, what the kernel has, and what it has freed.

The kernel is asked by bpf(2): bpftool gives up when another tracer's object goes away while it lists them.
"""
import ctypes
import glob
import os
import re
import struct

import pump

SYS_bpf = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
# commands of bpf(2), and where the name stands in what it says of an object
NEXT_ID = {"prog": 11, "map": 12, "link": 31}
FD_BY_ID = {"prog": 13, "map": 14, "link": 30}
INFO_BY_FD = 15
NAME_AT = {"prog": 64, "map": 24}
_libc = ctypes.CDLL(None, use_errno=True)


def _bpf(command, data):
    """(result, the attributes afterwards); -errno as the result of what fails"""
    attr = ctypes.create_string_buffer(data, max(len(data), 16))
    done = _libc.syscall(SYS_bpf, command, attr, len(attr))
    return (-ctypes.get_errno() if done < 0 else done), attr.raw


def _open(kind, number):
    """A descriptor, or None when there is no such object (any more)."""
    fd, _ = _bpf(FD_BY_ID[kind], struct.pack("III", number, 0, 0))
    return fd if fd >= 0 else None


def is_loaded(kind, number):
    """By its number: the kernel may keep a map of programs for ever that is opened and closed twice while it frees it."""
    done, attr = _bpf(NEXT_ID[kind], struct.pack("II", number - 1, 0))
    return done >= 0 and struct.unpack_from("I", attr, 4)[0] == number


def name_of(kind, number):
    """Of a program or a map; None when it has gone."""
    fd = _open(kind, number)
    if fd is None:
        return None
    try:
        info = ctypes.create_string_buffer(NAME_AT[kind] + 16)
        done, _ = _bpf(INFO_BY_FD, struct.pack("IIQ", fd, len(info), ctypes.addressof(info)))
        return info.raw[NAME_AT[kind]:].split(b"\0")[0].decode() if done >= 0 else None
    finally:
        os.close(fd)


def ids(kind):
    """Of all that the kernel has."""
    found, number = set(), 0
    while True:
        done, attr = _bpf(NEXT_ID[kind], struct.pack("II", number, 0))
        if done < 0:
            return found
        number = struct.unpack_from("I", attr, 4)[0]
        found.add(number)


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


def held_by_processes():
    """Objects of processes that live: somebody else's, when all of ours have ended."""
    return loaded_by("[0-9]*")


def still(objects):
    """Those of them that the kernel has."""
    return {(kind, number) for kind, number in objects if is_loaded(kind, number)}


def wait_gone(objects):
    """The kernel frees programs and maps after a grace period."""
    pump.wait_until(lambda: not still(objects), lambda: f"still loaded: {still(objects)}")
