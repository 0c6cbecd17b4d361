# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The truth: what tcpdump saw inside the namespace while the tracer ran."""
import itertools
import os
import signal
import socket
import subprocess

import pcap
import pump
from pcap import ACK, FIN, PSH, RST, SYN, Packet  # noqa: F401

_FIELDS = ("frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport",
           "tcp.dstport", "tcp.flags", "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.completeness",
           "tcp.stream", "tcp.analysis.initial_rtt", "tcp.options.mss_val",
           "tcp.options.wscale.shift", "tcp.options.sack_perm")
_serial = itertools.count()


class Capture:
    """tcpdump on one interface of a namespace, from `with` until packets() is called."""

    running = []
    taken = []  # in this test
    read = []  # in this module

    def __init__(self, ns, dev, directory):
        self.ns, self.dev = ns, dev
        self.file = os.path.join(directory, f"capture{next(_serial)}.pcap")
        self.process = subprocess.Popen(
            ns.argv("tcpdump", "-i", dev, "-U", "--immediate-mode", "-B", "16384", "-s", "256",
                    "--time-stamp-precision=nano", "-Z", "root", "-w", self.file,
                    "tcp or udp port 9"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.stderr = pump.Lines(self.process.stderr.fileno())
        Capture.running.append(self)
        Capture.taken.append(self)
        pump.wait_until(lambda: "listening on" in self.stderr.text(),
                        lambda: f"tcpdump is listening: {self.stderr.text()}")
        self._packets = None

    def stop(self):
        """Ends tcpdump once a marker sent now has reached the file: nothing before it is missing."""
        if self.process.poll() is not None:
            return
        marker = f"marker of {self.file}".encode()
        self.ns.call(_send_marker, self.dev, marker)
        self._offset = 0

        def arrived():
            with open(self.file, "rb") as f:
                f.seek(max(0, self._offset - 4096))
                data = f.read()
                self._offset = f.tell()
            return marker in data

        pump.wait_until(arrived, "the marker packet in the capture")
        self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(10)
            pump.wait_until(lambda: self.stderr.eof, "tcpdump's last words")
        self.stderr.close()
        self.process.stderr.close()
        if self in Capture.running:
            Capture.running.remove(self)

    def packets(self):
        if self._packets is None:
            self.stop()
            assert "\n0 packets dropped by kernel" in self.stderr.text(), self.stderr.text()
            self._packets = pcap.read(self.file)
            Capture.read.append(self)
        return self._packets


def _send_marker(dev, payload):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, dev.encode() + b"\0")
    if dev == "lo":
        s.sendto(payload, ("127.0.0.1", 9))
    else:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        s.sendto(payload, ("224.0.0.1", 9))
    s.close()


def _epoch_ns(text):
    seconds, _, fraction = text.lstrip("-").partition(".")
    ns = int(seconds) * 10**9 + int((fraction + "0" * 9)[:9])
    return -ns if text.startswith("-") else ns


def read(path, more=(), options=()):
    """The TCP packets of a file, as tshark reads it; `more` names further fields of tshark's."""
    argv = ["tshark", "-n", "-2", "-r", path, "-Y", "tcp", "-T", "fields",
            "-o", "tcp.relative_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
            "--disable-protocol", "http", "-E", "separator=|", *options]
    for field in _FIELDS + tuple(more):
        argv += ["-e", field]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    packets = []
    for line in done.stdout.splitlines():
        t, s4, d4, s6, d6, sport, dport, flags, seq, ack, length, complete, stream, irtt, mss, \
            scale, sack, *rest = line.split("|")
        packets.append(Packet(_epoch_ns(t), s4 or s6, int(sport), d4 or d6, int(dport),
                              int(flags, 16), int(seq), int(ack), int(length),
                              int(complete or 0), int(stream), _epoch_ns(irtt) if irtt else None,
                              (mss, scale, bool(sack)), rest))
    return packets
