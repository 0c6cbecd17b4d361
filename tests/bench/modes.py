# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The tracer with the options whose cost is asked for, what it is compared with, and the floor."""
import os
import shutil

BPFTRACE = ('tracepoint:sock:inet_sock_set_state { printf("%llu %d %s %d %d %d %d\\n", nsecs, pid, '
            'comm, args->sport, args->dport, args->oldstate, args->newstate); }')
YARDSTICK = "tcplife"
NOBODYS_PORT = "9"
# run only if named: their wake-ups make them no yardstick, or they tell little
OPTIONAL = ("metrics unit", "json --no-accept", "none -w", "tcpstates", "bpftrace")


def load(options, name):
    return [os.path.join(options.build, "load"), os.path.join(options.build, f"{name}.bpf.o")]


def all_modes(options, directory, namespace):
    """{name: argv}, argv None without a tool.  namespace: one that nobody uses."""
    ours = options.tracer
    json = [ours, "-o", "json"]
    return {
        "bare": None,
        "empty": load(options, "empty"),
        "hash": load(options, "hash"),
        YARDSTICK: ["tcplife"],
        "json": json,
        "timeline": [ours],
        "none -s": [ours, "-o", "none", "-s"],
        "metrics": [ours, "--metrics-file", os.path.join(directory, "metrics.prom")],
        "metrics unit": [ours, "--metrics-file", os.path.join(directory, "metrics.prom"), "--metrics-by", "unit"],
        "--min-* 1000": [*json, "--min-connect", "1000", "--min-close", "1000"],
        "-p other": [*json, "-p", str(os.getpid())],
        "--netns other": [*json, "--netns", namespace],
        "-D other": [*json, "-D", NOBODYS_PORT],
        "json --no-accept": [*json, "--no-accept"],
        "none -w": [ours, "-o", "none", "-w", os.path.join(directory, "written")],
        "tcpstates": ["tcpstates"],
        "bpftrace": ["bpftrace", "-e", BPFTRACE],
    }


def modes(options, directory, namespace, names=None):
    """Those of these names, or that options.only names, or all that are not optional; no missing ones."""
    found = {}
    names = names or options.only
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    for name, argv in all_modes(options, directory, namespace).items():
        if name not in names if names else name in OPTIONAL:
            continue
        if argv and not shutil.which(argv[0], path=path):
            print(f"not installed, left out: {name}")
            continue
        found[name] = argv
    return found
