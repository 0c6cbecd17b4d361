# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The two processes of a run: the load, in a namespace of its own, and the tool that watches it."""
import glob
import json
import os
import pathlib
import re
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    pass


def stop(process, signo, seconds=30):
    if process.poll() is None:
        process.send_signal(signo)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Churn:
    """A process of build/bench/churn.  It has its namespace when __init__() returns."""

    def __init__(self, binary, connections, *options):
        self.process = subprocess.Popen([binary, "--wait", *map(str, options), str(connections)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.namespace = self._line("namespace")[0]

    def _line(self, word):
        line = self.process.stdout.readline().split()
        if line[:1] != [word]:
            raise Failed(f"churn: {line or 'ended'}, not {word}")
        return line[1:]

    def _go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def open_alive(self):
        self._go()
        return int(self._line("alive")[0])

    def run(self):
        """(connections, wall seconds, own CPU seconds)"""
        self._go()
        line = self._line("connections")
        return int(line[0]), float(line[2]), float(line[4])

    def end(self):
        if self.process.poll() is None:
            try:
                self._go()
            except BrokenPipeError:
                pass
        self.process.stdin.close()
        self.process.wait()

    def kill(self):
        stop(self.process, signal.SIGKILL)


class Tool:
    """
    A tracer: `started_ms` is the time from exec to its line `Tracing`, None where it has none; `start_cpu_ms`
    is its CPU time until then.
    """

    def __init__(self, argv, directory, env=None):
        self.out_path = os.path.join(directory, "out")
        self.err_path = os.path.join(directory, "err")
        begin = time.monotonic()
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            env=env)
        self.argv, self.pid = argv, self.process.pid
        self.started_ms = None
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > begin + 20:
                self.kill()
                raise Failed(f"{argv[0]} does not start: {self.stderr()[-300:]}")
            time.sleep(0.002)
            now = time.monotonic()
        if re.search(r"^Tracing", self.stderr(), re.M):
            self.started_ms = (now - begin) * 1000
        else:
            time.sleep(1)  # it does not say when it is ready
        self.start_cpu_ms = self.cpu_s() * 1000
        self.programs = self._programs()

    def stderr(self):
        with open(self.err_path, errors="replace") as f:
            return f.read()

    def _ready(self):
        return re.search(r"^Tracing", self.stderr(), re.M) or self._links() >= 1

    def _fdinfo(self):
        for path in glob.glob(f"/proc/{self.pid}/fdinfo/*"):
            try:
                with open(path) as f:
                    yield f.read()
            except OSError:
                pass

    def _links(self):
        """How many programs are attached; 0 for tcpstates-trace, which prints `Tracing` when it is ready."""
        if "tcpstates-trace" in self.argv[0]:
            return 0
        return sum("link_type" in i or "prog_id" in i for i in self._fdinfo())

    def _programs(self):
        return {int(i) for info in self._fdinfo() for i in re.findall(r"^prog_id:\s+(\d+)", info, re.M)}

    def bpf(self):
        """{program's name: (run time in ns, runs)} of this process's programs"""
        shown = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True)
        programs = {}
        for p in json.loads(shown.stdout or "[]"):
            if p["id"] in self.programs:
                name = p.get("name", "?")
                ns, runs = programs.get(name, (0, 0))
                programs[name] = ns + p.get("run_time_ns", 0), runs + p.get("run_cnt", 0)
        return programs

    def cpu_s(self):
        """User and system time.  schedstat has it in ns, stat in ticks of 10 ms."""
        paths = glob.glob(f"/proc/{self.pid}/task/*/schedstat")
        if paths:
            return sum(int(pathlib.Path(p).read_text().split()[0]) for p in paths) / 1e9
        with open(f"/proc/{self.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def settle(self):
        """Waits until it has read everything: its CPU time does not grow for a quarter of a second."""
        last = -1.0
        for _ in range(40):
            time.sleep(0.25)
            now = self.cpu_s()
            if now - last < 0.02:
                return
            last = now

    def memory_mib(self):
        """(peak RSS, RSS now without the pages of mapped BPF maps, where a ring counts twice)"""
        with open(f"/proc/{self.pid}/status") as f:
            status = f.read()
        peak, rss = (int(re.search(rf"{what}:\s+(\d+)", status).group(1)) for what in ("VmHWM", "VmRSS"))
        ring, inside = 0, False
        with open(f"/proc/{self.pid}/smaps") as f:
            for line in f:
                if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                    inside = "bpf-map" in line or "bpf_map" in line or "perf_event" in line
                elif inside and line.startswith("Rss:"):
                    ring += int(line.split()[1])
        return peak / 1024, (rss - ring) / 1024

    def end(self):
        """Stops it as a user would."""
        stop(self.process, signal.SIGINT)

    def kill(self):
        stop(self.process, signal.SIGKILL)

    def lost(self):
        """How many events it reports as lost, after it has ended."""
        text = self.stderr()
        ours = [int(n) for n in re.findall(r"^tcpstates-trace: (\d+) events? lost", text, re.M)]
        return sum(ours) + sum(int(n) for n in re.findall(r"^[Ll]ost (\d+) events", text, re.M))
