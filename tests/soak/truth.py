# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What the load did, by its own record (load.h has the layout) and by the kernel's counters."""
import mmap
import os
import re
import signal
import struct
import subprocess

HEAD = struct.Struct("<IIII")
ONE = struct.Struct("<IIIIHBBBBxx")
NOTHING, BEGUN, OPEN, DONE, BROKEN, REFUSED, FAILED = range(7)
(CLIENT_FIRST, SERVER_FIRST, HALF_CLOSE, CLIENT_RESET, SERVER_RESET, UNREAD, TO_NOBODY) = range(7)


class Truth:
    __slots__ = ("client_pid", "server_pid", "up", "down", "port", "script", "family", "client",
                 "server", "number")

    def __init__(self, number, fields):
        (self.client_pid, self.server_pid, self.up, self.down, self.port, self.script, self.family,
         self.client, self.server) = fields
        self.number = number

    def __str__(self):
        return " ".join(f"{name}={getattr(self, name)}" for name in self.__slots__)


class Epoch:
    def __init__(self, truths, line):
        self.truths = truths  # {number in the address: Truth}
        _, self.killed, self.active, self.passive, self.failed = line


class Load:
    def __init__(self, binary, directory, rps):
        self.path = os.path.join(directory, "truth")
        self.process = subprocess.Popen([binary, self.path] + ([rps] if rps else []),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        start_new_session=True)  # ^C is for the judge
        self.namespace = self._line("namespace")[0]
        with open(self.path, "r+b") as f:
            self.memory = mmap.mmap(f.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ)

    def _line(self, word):
        line = self.process.stdout.readline().split()
        if line[:1] != [word]:
            raise SystemExit(f"soak: the load ended: {line}")
        return [int(n) for n in line[1:]]

    def begin(self, seconds, seed):
        self.process.stdin.write(f"{seconds} {seed}\n")
        self.process.stdin.flush()

    def end(self):
        """Waits for the epoch's last connection."""
        line = self._line("epoch")
        first = HEAD.unpack_from(self.memory, 0)[3]
        truths = {}
        for i in range(line[0]):
            number = first + i & 0xFFFFFF
            truths[number] = Truth(number, ONE.unpack_from(self.memory, HEAD.size + i * ONE.size))
        return Epoch(truths, line)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def number_of(address):
    """The connection's number, from its destination address; None for any other address."""
    found = re.fullmatch(r"127\.(\d+)\.(\d+)\.(\d+)", address)
    if found:
        a, b, c = map(int, found.groups())
        return a << 16 | b << 8 | c
    if address.startswith("fd00:77:"):
        words = address.split("::")[-1].split(":")
        return int(words[-1], 16) | (int(words[-2], 16) << 16 if len(words) > 1 else 0)
    return None
