# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The measurements, one function a table.  Each runs all its modes in every round, in rotating order."""
import os
import re
import shutil
import subprocess

from process import Churn, Failed, Tool
from stats import Series, print_table, ratios

TRANSITIONS = 10  # of both ends of a loopback connection
BPFTRACE = ('tracepoint:sock:inet_sock_set_state { printf("%llu %d %s %d %d %d %d\\n", nsecs, pid, '
            'comm, args->sport, args->dport, args->oldstate, args->newstate); }')
ITERATORS = ("scan_tcp", "scan_files")
# programs that may run more often than the one for state changes
NOT_STATES = (*ITERATORS, "segment_freed")


class Bench:
    def __init__(self, options, directory):
        self.o = options
        self.directory = directory
        self.churn = os.path.join(options.build, "churn")

    def modes(self):
        """{name: argv}, argv None without a tool; `-p` names a process without connections."""
        ours, other = self.o.tracer, os.path.join(self.directory, "written")
        all_modes = {
            "bare": None,
            "empty program": [os.path.join(self.o.build, "load"),
                              os.path.join(self.o.build, "empty.bpf.o")],
            "json": [ours, "-o", "json"],
            "timeline": [ours],
            "json --no-accept": [ours, "--no-accept", "-o", "json"],
            "none -s": [ours, "-o", "none", "-s"],
            "--min-* 100": [ours, "-o", "json", "--min-connect", "100", "--min-close", "100"],
            "-p other": [ours, "-o", "json", "-p", str(os.getpid())],
            "none -w": [ours, "-o", "none", "-w", other],
        }
        for name, argv in (("tcpstates", ["tcpstates"]), ("tcplife", ["tcplife"]),
                           ("bpftrace", ["bpftrace", "-e", BPFTRACE])):
            if shutil.which(argv[0], path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
                all_modes[name] = argv
            else:
                print(f"not installed, left out: {name}")
        return {n: a for n, a in all_modes.items() if not self.o.only or n in self.o.only}

    def rounds(self, names, measure, rounds=None):
        """{name: [the result of measure(name) in each round]}, {} where it failed"""
        results = {name: [] for name in names}
        for r in range(rounds or self.o.rounds):
            turn = r % len(names)
            for name in names[turn:] + names[:turn]:
                try:
                    results[name].append(measure(name))
                except Failed as e:
                    print(f"{name}: {e}", flush=True)
                    results[name].append({})
        return results

    def one_run(self, argv, connections, *churn_options, in_namespace=()):
        """One churn under one tool.  in_namespace: options to which the namespace's number is added."""
        churn = Churn(self.churn, connections, *churn_options)
        tool = None
        try:
            if argv and in_namespace:
                argv = [*argv, *in_namespace, churn.namespace]
            tool = Tool(argv, self.directory) if argv else None
            churn.open_alive()
            if tool:
                tool.settle()
                before, cpu0 = tool.bpf(), tool.cpu_s()
            n, seconds, cpu = churn.run()
            result = {"rate": n / seconds, "load_us": cpu / n * 1e6}
            if tool:
                tool.settle()
                used = {name: (ns - before.get(name, (0, 0))[0], runs - before.get(name, (0, 0))[1])
                        for name, (ns, runs) in tool.bpf().items()}
                # all connections of the host, of which churn's may be the smaller part
                seen = max(r for name, (_, r) in used.items() if name not in NOT_STATES) / TRANSITIONS
                result["seen"] = seen / n
                result["ns"] = sum(ns for ns, _ in used.values()) / seen
                result["hook_ns"] = sum(v[0] for k, v in used.items() if k not in ITERATORS) / seen
                result["cpu_us"] = (tool.cpu_s() - cpu0) / seen * 1e6
                result["rss"], result["beside"] = tool.memory_mib()
                result["start"] = tool.started_ms
                tool.end()
                result["lost"] = tool.lost()
                result["tail"] = self.last_line(tool)
            churn.end()
            return result
        finally:
            if tool:
                tool.kill()
            churn.kill()

    @staticmethod
    def last_line(tool):
        with open(tool.out_path, "rb") as f:
            f.seek(max(0, os.path.getsize(tool.out_path) - 4096))
            lines = f.read().splitlines()
        return lines[-1] if lines else b""

    def cost(self):
        modes = self.modes()
        churn = [f"--bytes={self.o.bytes}"] if self.o.bytes else []
        churn += [f"--rps={self.o.rps}"] if self.o.rps else []
        results = self.rounds(list(modes),
                              lambda name: self.one_run(modes[name], self.o.connections, *churn))
        column = {name: {key: [r.get(key) for r in runs] for key in
                         ("rate", "seen", "ns", "cpu_us", "rss", "beside", "lost", "start", "load_us")}
                  for name, runs in results.items()}
        base = column.get("tcpstates", {"ns": [], "cpu_us": []})
        rows = []
        for name, c in column.items():
            rows.append([name, Series(c["rate"]).text(0), Series(c["load_us"]).text(1),
                         Series(c["seen"]).text(2), Series(c["ns"]).text(0), Series(ratios(c["ns"], base["ns"])).text(3),
                         Series(c["cpu_us"]).text(2),
                         Series(ratios(c["cpu_us"], base["cpu_us"])).text(3),
                         Series(c["rss"]).text(1), Series(c["beside"]).text(1),
                         Series(c["lost"]).text(0), Series(c["start"]).text(0)])
        print_table(
            f"Cost of tracing {self.o.connections} loopback connections (both ends, {TRANSITIONS} "
            f"state changes each{''.join(', ' + c for c in churn)}), {self.o.rounds} rounds: median "
            "[min..max]",
            ["mode", "conn/s", "load us", "seen", "BPF ns", "/tcpstates", "CPU us", "/tcpstates",
             "peak MiB", "no ring", "lost", "start ms"], rows,
            ["load us: CPU time of the load per connection.  seen: connections on the whole host divided by",
             "those of the load, near 1 on a quiet host.  BPF ns: run time of the tool's programs, CPU us: its",
             "user and system time, both per connection seen; ratios are computed in each round.  no ring:",
             "peak RSS without the resident pages of mapped BPF ring and perf buffers (a BPF ring's data",
             "pages are mapped twice, and counted twice in RSS).  start: from exec to the line `Tracing`."])

    def accept_hook(self):
        """The hook by which the tracer sees accept()."""
        shown = subprocess.run([self.o.tracer, "--features"], capture_output=True, text=True).stdout
        found = re.search(r"^accept: ([^;\n]*)", shown, re.M)
        return found.group(1) if found else "none"

    def syscall(self):
        ours = [self.o.tracer, "-o", "none"]
        modes = {"not tracing": None, f"default ({self.accept_hook()})": ours,
                 "--no-accept": [*ours, "--no-accept"]}
        binary = os.path.join(self.o.build, "syscall")

        def measure(name):
            tool = Tool(modes[name], self.directory) if modes[name] else None
            try:
                return float(subprocess.run([binary], capture_output=True, check=True).stdout)
            finally:
                if tool:
                    tool.end()

        results = self.rounds(list(modes), measure, 3 * self.o.rounds)
        rows = [[name, Series(v).text(1), Series(ratios(v, results["not tracing"])).text(3)]
                for name, v in results.items()]
        print_table("A bare system call (getppid)", ["", "ns", "ratio"], rows)

    def alive(self):
        few, many = 1000, self.o.alive
        argv = [self.o.tracer, "-o", "json", "--max-connections", str(4 * many)]
        counts = {f"{few} alive": few, f"{many} alive": many}
        results = self.rounds(list(counts), lambda name: self.one_run(
            argv, self.o.connections, "--alive", counts[name]))
        hooks = {name: [r["hook_ns"] / TRANSITIONS if r else None for r in runs]
                 for name, runs in results.items()}
        rows = [[name, Series(hooks[name]).text(0),
                 Series(ratios(hooks[name], hooks[f"{few} alive"])).text(3),
                 Series([r.get("cpu_us") for r in runs]).text(2),
                 Series([r.get("beside") for r in runs]).text(1),
                 Series([r.get("rate") for r in runs]).text(0)] for name, runs in results.items()]
        print_table(f"{self.o.connections} connections while others are alive",
                    ["", "BPF ns/change", "ratio", "CPU us", "no ring", "conn/s"], rows,
                    ["Without the iterators that check which sockets are alive: they run on a timer."])

    def loss(self):
        rows = []
        for name, options in (("plain", ()), ("rps_cpus=3", ("--rps", "3"))):
            for accept in ((), ("--no-accept",)):
                argv = [self.o.tracer, "-o", "json", *accept]
                try:
                    r = self.one_run(argv, self.o.loss, *options, in_namespace=("--netns",))
                except Failed as e:
                    print(f"{name}: {e}")
                    continue
                rows.append(self.accounts(" ".join((name, *accept)), r))
        print_table(f"Chapters of {self.o.loss} connections at full speed, 4 per connection",
                    ["", "happened", "reported", "open", "lost", "no room", "incomplete", "difference",
                     "lost %", "conn/s"], rows,
                    ["difference: happened - reported - open - lost; no room: connections, 2 chapters each"])

    def accounts(self, name, r):
        counts = {k.decode(): int(v) for k, v in re.findall(rb'"(\w+)":(\d+)', r["tail"])}
        reported = counts["handshakes"] + counts["closes"]
        happened = 4 * self.o.loss
        missing = counts["events_lost"] + 2 * counts["table_full"]
        return [name, str(happened), str(reported), str(counts["open"]), str(counts["events_lost"]),
                str(counts["table_full"]), str(counts.get("incomplete", "-")),
                str(happened - reported - counts["open"] - missing),
                f"{100 * missing / happened:.4f}", f"{r['rate']:.0f}"]
