# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The measurements, a function for each table.  All modes run in every round, in rotating order."""
import os
import re
import subprocess
import sys
import time

from process import Churn, Failed, Tool
from stats import Series, print_table, ratios

TRANSITIONS = 10  # of both ends of a loopback connection
# run by user space on a timer
ITERATORS = ("scan_", "check_", "read_")


def state_changes(used):
    """How many of them the programs of a tool saw; others than those for state changes may run more often."""
    ours = [runs for name, (_, runs) in used.items() if name.startswith("state_")]
    return max(ours or [runs for _, runs in used.values()])


class Bench:
    def __init__(self, options, directory):
        self.o = options
        self.directory = directory
        self.churn = os.path.join(options.build, "churn")
        self.unused = Churn(self.churn, 0)  # for its network namespace

    def close(self):
        self.unused.kill()

    def rounds(self, names, measure, rounds=None):
        """{name: [the result of measure(name) in each round]}, {} where it failed"""
        results = {name: [] for name in names}
        rounds = rounds or self.o.rounds
        begin = time.monotonic()
        for r in range(rounds):
            if r and sys.stderr.isatty():
                print(f"after {r} of {rounds} rounds: {time.monotonic() - begin:.0f} s", file=sys.stderr)
            turn = r % len(names)
            for name in names[turn:] + names[:turn]:
                try:
                    results[name].append(measure(name))
                except Failed as e:
                    print(f"{name}: {e}", flush=True)
                    results[name].append({})
        return results

    @staticmethod
    def one_churn(churn, tool):
        """What it took, and the tool with it, per connection."""
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
            seen = state_changes(used) / TRANSITIONS
            result["seen"] = seen / n
            result["programs"] = {name: (runs / seen, ns / seen) for name, (ns, runs) in used.items()}
            result["ns"] = sum(ns for ns, _ in used.values()) / seen
            result["hook_ns"] = sum(v[0] for k, v in used.items() if not k.startswith(ITERATORS)) / seen
            result["cpu_us"] = (tool.cpu_s() - cpu0) / seen * 1e6
        churn.end()
        return result

    def one_run(self, argv, connections, churns, in_namespace=()):
        """
        {name: result} of churns {name: options}, one after the other under one tool, and what is the tool's
        own.  in_namespace: options to which the number of the first one's namespace is added.
        """
        waiting = {name: Churn(self.churn, connections, *options) for name, options in churns.items()}
        tool = None
        try:
            if argv and in_namespace:
                argv = [*argv, *in_namespace, next(iter(waiting.values())).namespace]
            tool = Tool(argv, self.directory) if argv else None
            result = {name: self.one_churn(churn, tool) for name, churn in waiting.items()}
            if tool:
                result["rss"], result["beside"] = tool.memory_mib()
                result["start"], result["start_cpu"] = tool.started_ms, tool.start_cpu_ms
                tool.end()
                result["lost"] = tool.lost()
                result["tail"] = self.last_line(tool)
            return result
        finally:
            if tool:
                tool.kill()
            for churn in waiting.values():
                churn.kill()

    @staticmethod
    def last_line(tool):
        with open(tool.out_path, "rb") as f:
            f.seek(max(0, os.path.getsize(tool.out_path) - 4096))
            lines = f.read().splitlines()
        return lines[-1] if lines else b""

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
            argv, self.o.connections, {"churn": ("--alive", counts[name])}))
        churns = {name: [r.get("churn", {}) for r in runs] for name, runs in results.items()}
        hooks = {name: [r["hook_ns"] / TRANSITIONS if r else None for r in runs]
                 for name, runs in churns.items()}
        rows = [[name, Series(hooks[name]).text(0),
                 Series(ratios(hooks[name], hooks[f"{few} alive"])).text(3),
                 Series([r.get("cpu_us") for r in churns[name]]).text(2),
                 Series([r.get("beside") for r in runs]).text(1),
                 Series([r.get("rate") for r in churns[name]]).text(0)] for name, runs in results.items()]
        print_table(f"{self.o.connections} connections while others are alive",
                    ["", "BPF ns/change", "ratio", "CPU us", "no ring", "conn/s"], rows,
                    ["Without the iterators that check which sockets are alive: they run on a timer."])

    def loss(self):
        rows = []
        for name, options in (("plain", ()), ("rps_cpus=3", ("--rps", "3"))):
            for accept in ((), ("--no-accept",)):
                argv = [self.o.tracer, "-o", "json", *accept]
                try:
                    r = self.one_run(argv, self.o.loss, {"churn": options}, in_namespace=("--netns",))
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
                f"{100 * missing / happened:.4f}", f"{r['churn']['rate']:.0f}"]
