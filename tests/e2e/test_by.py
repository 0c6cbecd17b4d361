# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""-s --by: who, and how many.  One process leaks connections beside the ordinary ones of another."""
import csv
import json
import re

from tracer import Tracer, run_tracer

HERE = "127.0.0.1"
LEAKED, ORDINARY = 50, 20
NUMBERS = ("count", "failed", "abrupt", "open")


class Servers:
    """leaky does not close what its peer has closed; web does."""

    def __init__(self, world, ns):
        self.client = world.agent(ns, comm="visitor")
        self.leaky, self.web = world.agent(ns, comm="leaky"), world.agent(ns, comm="web")
        self.ports = {server: server.listen(HERE) for server in (self.leaky, self.web)}

    def serve(self, server, n):
        for i in range(n):
            self.client.connect(HERE, self.ports[server])
            server.accept(f"s{i}")
            self.client.close()
            assert server.recv_any(f"s{i}") == b""
            if server is self.web:
                server.close(f"s{i}")

    def serve_all(self):
        self.serve(self.leaky, LEAKED)
        self.serve(self.web, ORDINARY)


def row_of(summary, **keys):
    (row,) = [r for r in summary["rows"] if all(r[k] == v for k, v in keys.items())]
    return row


def summaries(tracer):
    return [r for r in tracer.records if r["type"] == "summary"]


def table(lines, *keys):
    """{keys of a row: {heading: cell}} without the percentiles, and {keys: details}"""
    rows, details, headings = {}, {}, None
    for line in lines:
        if line.startswith("connections "):
            break
        words = re.sub(r"(\d) (ms|s|min)\b", r"\1\2", line).split()
        if words[:len(keys)] == list(keys):
            headings = [w for w in words[len(keys):] if w not in ("main", "cause", "worst", "p99")]
        elif headings and words and not line.startswith(" "):
            row, cells = tuple(words[:len(keys)]), words[len(keys):]
            if row in rows:
                details[row] = " ".join(cells)
            else:
                rows[row] = {h: c for h, c in zip(headings, cells) if h in NUMBERS}
        elif headings and words and line.startswith(" "):
            details[row] += " " + " ".join(words)
    return rows, details


def test_the_first_line_names_the_culprit(world):
    ns = world.netns()
    servers = Servers(world, ns)
    tracer = Tracer("-s", "--by", "comm", "--role", "server", netns=ns, output="none")
    servers.serve_all()
    tracer.stop()
    lines = tracer.stdout.lines
    assert re.fullmatch(rf"leaky +{LEAKED} open in CLOSE_WAIT, oldest \d+(\.\d+)? m?s", lines[0]), lines
    assert lines[1:3] == ["(CLOSE_WAIT: the peer has closed, the program has not)", ""]
    assert all(len(line) <= 80 for line in lines)
    rows, details = table(lines, "comm")
    assert rows["leaky",] == {"count": str(LEAKED), "open": str(LEAKED)}
    assert rows["web",] == {"count": str(ORDINARY), "open": "0"}
    (row,) = [line for line in lines if line.startswith("leaky ") and " open in " not in line and "connect" not in line]
    assert row.endswith(f"  app_slow {LEAKED}"), row
    assert details["web",].startswith(f"closed first: {ORDINARY} remote; ")


def test_json(world):
    """The last object has the rows, with the numbers of what happened."""
    ns = world.netns()
    servers = Servers(world, ns)
    tracer = Tracer("-s", "--by", "pid,port", "--role", "server", netns=ns)
    servers.serve_all()
    tracer.wait_count(LEAKED + 2 * ORDINARY)
    tracer.stop()
    summary = tracer.summary
    assert summary["by"] == ["pid", "port"] and summary["without_row"] == 0 and len(summary["rows"]) == 2
    leaky = row_of(summary, pid=servers.leaky.pid)
    assert (leaky["comm"], leaky["port"], leaky["other"]) == ("leaky", servers.ports[servers.leaky], False)
    assert (leaky["connections"], leaky["handshakes"], leaky["closes"], leaky["open"]) == (LEAKED, LEAKED, 0, LEAKED)
    ages = [c["state_us"] for c in tracer.chapters("close", open=True)]
    assert leaky["open_states"] == {"CLOSE_WAIT": {"count": LEAKED, "before_trace": 0, "oldest_us": max(ages)}}
    web = row_of(summary, port=servers.ports[servers.web])
    closes = tracer.chapters("close", open=None, pid=servers.web.pid)
    assert (web["connections"], web["closes"], web["open"], web["open_states"]) == (ORDINARY, ORDINARY, 0, {})
    assert web["endings"]["graceful"] == web["first_closer"]["remote"] == ORDINARY == len(closes)
    for name in ("close_us", "app_close_us"):
        assert web[name]["count"] == ORDINARY and web[name]["max"] == max(c[name] for c in closes)


def test_older_than_the_trace(world):
    """How long it was in CLOSE_WAIT before is not known, and not made up."""
    ns = world.netns()
    servers = Servers(world, ns)
    servers.serve(servers.leaky, 3)
    tracer = Tracer("-s", "--by", "comm", netns=ns, output="none")
    tracer.stop()
    assert tracer.stdout.lines[0] == "leaky  3 open in CLOSE_WAIT, oldest before the trace", tracer.stdout.lines


def test_intervals(world):
    """Each object has what ended in its interval, and what was open at its end."""
    ns = world.netns()
    servers = Servers(world, ns)
    tracer = Tracer("-s", "-i", "0.2", "--by", "comm", "--role", "server", netns=ns)
    servers.serve_all()
    tracer.wait_for(lambda t: sum(s["closes"] for s in summaries(t)) == ORDINARY)
    tracer.wait_for(lambda t: (summaries(t)[-1]["open"], summaries(t)[-1]["connections"]) == (LEAKED, 0))
    tracer.stop()
    *intervals, whole = summaries(tracer)
    assert "interval" not in whole and all(s["events_lost"] is None for s in intervals)
    assert sum(s["connections"] for s in intervals) == whole["connections"] == LEAKED + ORDINARY
    assert all(a["interval"]["to"] == b["interval"]["from"] for a, b in zip(intervals, intervals[1:]))
    assert row_of(intervals[-1], comm="leaky")["open_states"]["CLOSE_WAIT"]["count"] == LEAKED
    # those are printed once, at the end
    assert len(tracer.chapters("close", open=True)) == LEAKED


def test_intervals_without_rows(world):
    """What is open is not looked for."""
    ns = world.netns()
    servers = Servers(world, ns)
    tracer = Tracer("-s", "-i", "0.2", netns=ns)
    servers.serve(servers.web, ORDINARY)
    tracer.wait_for(lambda t: sum(s["closes"] for s in summaries(t)) == 2 * ORDINARY)
    tracer.stop()
    *intervals, whole = summaries(tracer)
    assert all(s["open"] is None and "rows" not in s for s in intervals) and whole["open"] == 0
    # the table of the whole trace is the only one
    assert len([line for line in tracer.stderr.lines if line.startswith("connections")]) == 1


def test_counted_by_the_kernel(world):
    """By port and role nothing need be posted: the same counts as from the chapters."""
    ns = world.netns()
    servers = Servers(world, ns)
    counting = Tracer("-s", "--by", "role,port", netns=ns, output="none")
    telling = Tracer("-s", "--by", "role,port", netns=ns)
    servers.serve_all()
    telling.wait_count(2 * LEAKED + 4 * ORDINARY)
    counting.stop()
    telling.stop()
    (counted, how), (told, how_told) = (table(lines, "role", "port")
                                        for lines in (counting.stdout.lines, telling.stderr.lines))
    assert len(counted) == 4 and counted == told
    web = "server", str(servers.ports[servers.web])
    assert counted[web] == {"count": str(ORDINARY), "open": "0"}
    assert all(f"closed first: {ORDINARY} remote; " in d[web] for d in (how, how_told))


def test_replay(world, tmp_path):
    ns = world.netns()
    servers = Servers(world, ns)
    file = tmp_path / "by.pcapng"
    tracer = Tracer("-s", "--by", "comm", "-w", file, netns=ns, output="none")
    servers.serve_all()
    tracer.stop()
    status, out, _err = run_tracer("-r", file, "-o", "none", "-s", "--by", "comm")
    assert status == 0 and out.splitlines() == tracer.stdout.lines


def flat(row, prefix=""):
    """The cells of CSV that are not empty or 0."""
    for name, value in row.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        elif value not in (None, 0) and name != "before_trace" or value is False:
            yield prefix + name, json.dumps(value) if isinstance(value, bool) else str(value)


def test_csv(world, tmp_path):
    """Each row of the JSON summary, and no chapter."""
    ns = world.netns()
    servers = Servers(world, ns)
    file = tmp_path / "by.pcapng"
    tracer = Tracer("-w", file, netns=ns, output="none")
    servers.serve_all()
    tracer.stop()
    keys = ("--by", "pid,port", "-s", "-r", file)
    status, out, _err = run_tracer("-o", "csv", *keys)
    found = [{name: cell for name, cell in row.items() if cell not in ("", "0")}
             for row in csv.DictReader(out.splitlines())]
    summary = json.loads(run_tracer("-o", "json", *keys)[1].splitlines()[-1])
    assert status == 0 and found == [dict(flat(row)) for row in summary["rows"]]
    assert len(found) > 2
