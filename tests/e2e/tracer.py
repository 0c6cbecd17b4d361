# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The tracer under test, as a process."""
import json
import os
import signal
import subprocess

import pump
from capture import Capture

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.join(ROOT, os.environ.get("TCPSTATES_TRACE", "build/tcpstates-trace"))
# of connections: the default is for the host's memory, and a table that large takes a while to make and to walk
ROOM = 65536
FORCED = os.environ.get("E2E_TRACER_ARGS", "").split()  # such as --attach kprobe, for any test


class Tracer:
    """Runs from the constructor (which waits for the line `Tracing`) until stop()."""

    running = []
    recorded = []  # in this test, beside a capture

    def __init__(self, *args, netns=None, output="json", argv0=(), env=None, ready=True,
                 into=None, binary=BINARY):
        argv = [*argv0, binary, *FORCED]
        if "--max-connections" not in args:
            argv += ["--max-connections", str(ROOM)]
        if output:
            argv += ["-o", output]
        if netns:
            argv += ["--netns", str(netns.inode)]
        self.argv = argv + [str(a) for a in args]
        self.netns, self.recording = netns, None
        beside = [c for c in Capture.running if c.ns is netns]
        if beside and output == "json" and not argv0 and not {"-w", "--"} & set(self.argv):
            self.recording = f"{beside[0].file}.{len(Tracer.recorded)}.pcapng"
            self.argv[len(argv0) + 1:len(argv0) + 1] = ["-w", self.recording]
            Tracer.recorded.append(self)
        self.records = []
        self.bad_lines = []
        self.output = output
        self.into = into  # a file for the records, read when the trace has ended
        if into:
            self.argv[len(argv0) + 1:len(argv0) + 1] = ["--output-file", str(into)]
        self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=env)
        self.pid = self.process.pid
        self.stdout = pump.Lines(self.process.stdout.fileno(), self._line)
        self.stderr = pump.Lines(self.process.stderr.fileno())
        Tracer.running.append(self)
        if ready:
            self.wait_ready()

    def wait_ready(self):
        pump.wait_until(lambda: self.is_ready() or self.process.poll() is not None,
                        lambda: f"{self.argv} says Tracing: {self.stderr.text()}")
        assert self.is_ready(), f"{self.argv} ended: {self.stderr.text()}"

    def is_ready(self):
        return any(line.startswith("Tracing") for line in self.stderr.lines)

    def _line(self, text):
        if self.output != "json":
            return
        try:
            self.records.append(json.loads(text))
        except ValueError:
            self.bad_lines.append(text)

    def chapters(self, type=None, **fields):
        """Chapters (not the summary) whose fields have these values."""
        return [r for r in self.records if r.get("type") in ("handshake", "close")
                and (type is None or r["type"] == type)
                and all(r.get(k) == v for k, v in fields.items())]

    def one(self, type, **fields):
        """The only chapter like this; anything else is a failure."""
        found = self.chapters(type, **fields)
        assert len(found) == 1, f"{len(found)} chapters {type} {fields}, not 1: {self.brief()}"
        return found[0]

    def brief(self):
        keys = ("type", "conn", "local_port", "remote_port", "role", "pid", "outcome", "ending",
                "open", "state", "missing")
        return [{k: r[k] for k in keys if k in r} for r in self.records] + self.bad_lines

    @property
    def summary(self):
        found = [r for r in self.records if r.get("type") == "summary"]
        assert len(found) == 1, f"{len(found)} summaries"
        assert self.records[-1] is found[0], "the summary is not the last line"
        return found[0]

    def wait_for(self, predicate):
        return pump.wait_until(lambda: predicate(self), lambda: f"wanted chapters; have {self.brief()}")

    def wait_count(self, n, type=None, **fields):
        self.wait_for(lambda t: len(t.chapters(type, **fields)) >= n)
        return self.chapters(type, **fields)

    def send_signal(self, signo):
        self.process.send_signal(signo)

    def wait(self):
        pump.wait_until(lambda: self.process.poll() is not None and self.stdout.eof
                        and self.stderr.eof, lambda: f"the end of {self.argv}: {self.stderr.text()[-2000:]}")
        self._close()
        if self.into:
            with open(self.into, encoding="utf-8", errors="surrogateescape") as f:
                for line in f:
                    self._line(line)
        return self.process.returncode

    def stop(self, signo=signal.SIGINT, status=0):
        """Ends the trace; all output has been read when this returns."""
        if self.process.poll() is None:
            self.send_signal(signo)
        code = self.wait()
        assert code == status, f"{self.argv}: status {code}, not {status}: {self.stderr.text()}"
        assert not self.bad_lines, f"not JSON: {self.bad_lines[:3]}"
        return self

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self._close()

    def _close(self):
        for lines, pipe in ((self.stdout, self.process.stdout), (self.stderr, self.process.stderr)):
            lines.close()
            pipe.close()
        if self in Tracer.running:
            Tracer.running.remove(self)


def chapters_of(text):
    """The chapters in the lines of -o json, without what is no connection's."""
    return [r for r in map(json.loads, text.splitlines()) if r["type"] in ("handshake", "close")]


def run_tracer(*args, **kw):
    """For calls that end by themselves: (status, stdout, stderr)."""
    done = subprocess.run([BINARY, *map(str, args)], stdin=kw.pop("stdin", subprocess.DEVNULL),
                          stdout=kw.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
                          timeout=pump.HANG_S, **kw)
    return (done.returncode, (done.stdout or b"").decode("utf-8", "surrogateescape"),
            done.stderr.decode("utf-8", "surrogateescape"))


def replayed(recording, *args):
    """The chapters that a recording has for a selection"""
    status, stdout, stderr = run_tracer("-r", recording, "-o", "json", *args)
    assert status == 0, stderr
    return chapters_of(stdout)
