# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Each output format for one connection, and the same connection in all of them."""
import csv
import io
import json
import re
import shutil
import subprocess

import pytest

import checks
from agent import FIN_WAIT2
from lent import NOBODY, PublicCopy
from tracer import Tracer, run_tracer

MS = r"\d+\.\d{3} ms"


@pytest.fixture
def traced(world):
    """Runs one connection under tracers with these argument lists; each one's stdout lines."""
    ns = world.netns()

    def traced(*arguments, failing=False):
        server, client = world.agent(ns, "talker"), world.agent(ns, "caller")
        port = traced.port = server.listen("127.0.0.1")
        tracers = [Tracer(*args, "--role", "client", netns=ns, output=None) for args in arguments]
        witness = Tracer("--role", "client", netns=ns)
        traced.client = client
        traced.local = client.connect("127.0.0.1", port)["port"]
        server.accept()
        client.send(100)
        server.recv(100)
        client.close()
        assert server.recv_any() == b""
        client.wait_state(traced.local, FIN_WAIT2)  # the FIN is acknowledged by itself
        server.close()
        if failing:
            assert client.connect("127.0.0.1", 9)["errno"] == "ECONNREFUSED"
        witness.wait_count(3 if failing else 2)
        witness.stop()
        traced.json = witness
        for tracer in tracers:
            tracer.stop()
        traced.stderr = [t.stderr.text() for t in tracers]
        return [t.stdout.lines for t in tracers]

    return traced


def test_timeline(traced):
    (default,), (timeline,) = traced([]), traced(["-o", "timeline"])
    for lines in (default, timeline):
        text = "\n".join(lines)
        for state in ("SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"):
            assert state in text, text
        for word in ("SYN,ACK", "FIN", "caller", "127.0.0.1:", "client"):
            assert word in text, text
        assert re.search(rf"[Hh]andshake {MS}", text), text
        assert re.search(r"closed first by local", text), text
        assert "\x1b" not in text and max(map(len, lines)) <= 80, text
    assert any(f"127.0.0.1:{traced.port}" in line and str(traced.client.pid) in line
               for line in timeline)


def test_line(traced):
    (lines,) = traced(["-o", "line"])
    rows = [line for line in lines if f":{traced.port}" in line or f" {traced.port}" in line]
    assert len(rows) == 1, lines
    row = rows[0]
    assert "caller" in row and str(traced.client.pid) in row and "127.0.0.1" in row
    assert re.search(r"\d+\.\d{3}", row), row
    assert re.search("graceful|local", row), row


def test_states(traced):
    (lines,) = traced(["-o", "states"])
    header, rows = lines[0].split(), [line.split() for line in lines[1:]]
    for column in ("SKADDR", "PID", "COMM", "LADDR", "LPORT", "RADDR", "RPORT", "OLDSTATE",
                   "NEWSTATE", "MS"):
        assert column in header, header
    old, new, ms = (header.index(c) for c in ("OLDSTATE", "NEWSTATE", "MS"))
    moves = [(r[old], r[new]) for r in rows if r]
    assert moves[:2] == [("CLOSE", "SYN_SENT"), ("SYN_SENT", "ESTABLISHED")]
    assert ("ESTABLISHED", "FIN_WAIT1") in moves and ("FIN_WAIT1", "FIN_WAIT2") in moves
    assert all(a[1] == b[0] for a, b in zip(moves, moves[1:])), moves
    assert all(re.fullmatch(r"\d+\.\d{3}", r[ms]) or r[old] == "CLOSE" for r in rows if r)
    remote = header.index("RPORT")
    assert {r[remote] for r in rows if r} == {str(traced.port)}


def test_none(traced):
    assert traced(["-o", "none"]) == [[]]


def test_summary(traced):
    only, added = traced(["-o", "none", "-s"], ["-o", "line", "-s"], failing=True)
    for lines in (only, added):
        text = "\n".join(lines)
        for word in ("established", "refused", "graceful", "p50", "p90", "p99", "max", "client",
                     str(traced.port)):
            assert word in text, (word, text)
    assert not any("caller" in line for line in only)
    assert any("caller" in line for line in added)


# RFC 4180, lines ended by LF
CELL = r'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
CSV = re.compile(rf"(?:{CELL}(?:,{CELL})*\n)+")


def as_json(cell):
    """A cell as the JSON output has the value."""
    if cell in ("", "true", "false"):
        return {"": None, "true": True, "false": False}[cell]
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def test_csv(traced, tmp_path):
    """The documented fields in their order, a row a chapter, each cell what JSON has there."""
    recording = tmp_path / "recording"
    (lines,) = traced(["-o", "csv", "-w", str(recording)], failing=True)
    text = "\n".join(lines) + "\n"
    assert CSV.fullmatch(text), text
    header, *rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    wanted = list(dict.fromkeys(checks.COMMON + checks.HANDSHAKE + checks.CLOSE))
    wanted.insert(wanted.index("steps"), "missing")
    assert header == wanted + ["open", "state", "state_us", "holder_pid", "holder_comm"]
    *chapters, _summary = map(json.loads, run_tracer("-o", "json", "-r", recording)[1].splitlines())
    assert len(rows) == len(chapters) == 3
    for row, chapter in zip(rows, chapters):
        for field, cell in zip(header, row, strict=True):
            value = chapter.get(field, False if field == "open" else None)
            assert (cell if isinstance(value, str) else as_json(cell)) == value, field
    check_sqlite(tmp_path, text, header, rows)


def check_sqlite(directory, text, header, rows):
    """Imported as it is; the steps are JSON there."""
    file = directory / "trace.csv"
    file.write_text(text)

    def query(sql):
        done = subprocess.run(["sqlite3", "-batch", "-csv", ":memory:", f".import --csv {file} t", sql],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
        assert done.stderr == ""
        return list(csv.reader(io.StringIO(done.stdout)))

    assert [name for (name,) in query("select name from pragma_table_info('t')")] == header
    assert query("select * from t") == rows
    assert query("""select count(*), sum(step.value ->> 'to' = 'TIME_WAIT')
                    from t, json_each(t.steps) step where t.type = 'close'""") == [["4", "2"]]


def test_json_fields(traced):
    traced(failing=True)
    tracer = traced.json
    # the failed connect is another socket's: nothing orders it and the close
    types = [c["type"] for c in tracer.records]
    assert types[0] == "handshake" and types[-1] == "summary"
    assert sorted(types[:-1]) == ["close", "handshake", "handshake"]
    for chapter in tracer.chapters():
        checks.check_shape(chapter)
    summary = tracer.summary
    assert set(checks.SUMMARY) <= summary.keys()
    assert (summary["connections"], summary["handshakes"], summary["closes"], summary["open"]) == \
        (2, 2, 1, 0)
    assert checks.happened(summary["outcomes"]) == {"established": 1, "refused": 1}
    assert checks.happened(summary["endings"]) == {"graceful": 1}
    assert tracer.stdout.text().isascii()


@pytest.mark.parametrize("output", ["timeline", "ladder", "line", "json", "csv", "states"])
def test_recording_replays_the_same(traced, tmp_path, output):
    """-w while printing; -r of that file, without root, prints the same."""
    file = tmp_path / "recording"
    (live,) = traced(["-o", output, "-w", str(file)])
    assert live
    with PublicCopy() as public:  # a directory that everybody can enter
        theirs = f"{public.directory}/recording"
        shutil.copyfile(file, theirs)
        status, stdout, stderr = run_tracer("-o", output, "-r", theirs, user=NOBODY, group=NOBODY)
    assert status == 0, stderr
    assert stdout.splitlines() == live
    assert run_tracer("-o", output, "-r", file, "--role", "client")[1].splitlines() == live
    status, stdout, stderr = run_tracer("-o", output, "-r", file, "--role", "server")
    assert status == 0 and str(traced.local) not in stdout


def test_output_file_and_quiet(world, tmp_path):
    """No banner with -q; a COMMAND starts only when all is attached, so nobody has to wait for it."""
    ns = world.netns()
    file = tmp_path / "out"
    code = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    tracer = Tracer("-q", "--output-file", file, "--", "/usr/bin/python3", "-c", code,
                    argv0=ns.argv(), output="line", ready=False)
    assert tracer.wait() == 0
    assert tracer.stdout.lines == [] == tracer.stderr.lines
    assert "refused" in file.read_text() and "127.0.0.1:9" in file.read_text()


@pytest.mark.parametrize("option,pattern", [("-t", r"\b\d+\.\d{3,}"), ("-T", r"\d\d:\d\d:\d\d")])
def test_times(traced, option, pattern):
    (lines,) = traced([option, "-o", "line"])
    row = next(line for line in lines if str(traced.port) in line)
    assert re.search(pattern, row), lines
