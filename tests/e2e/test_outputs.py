# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Each output format for one connection, and the same connection in all of them."""
import csv
import fcntl
import io
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import termios

import pytest

import checks
import pump
from agent import FIN_WAIT2
from lent import NOBODY, PublicCopy
from tracer import ROOT, Tracer, run_tracer

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


def in_ms(us):
    """As -o line prints it: four digits of milliseconds."""
    return next(text for n in (3, 2, 1, 0) if len(text := f"{us / 1000:.{n}f}") <= 5)


def test_line(traced):
    """The times are those of JSON; what is not known is a dash."""
    wide, narrow = traced(["-o", "line"], ["-o", "line", "--narrow"])
    shake, close = traced.json.one("handshake"), traced.json.one("close")
    (header, row), (brief, short) = wide, narrow
    assert max(map(len, wide)) <= 120 and max(map(len, narrow)) <= 80, (wide, narrow)
    cells = dict(zip(header.split(), row.split()))
    assert cells["PROCESS"] == f"caller[{traced.client.pid}]" and cells["RESULT"] == "graceful"
    assert re.fullmatch(r"\d\d:\d\d:\d\dZ", cells["TIME"]) and cells["TIME"][:8] in close["time"]
    assert cells["RTX"] == "0" and cells["ACC-MS"] == "-" and cells["LIFE-S"].count(".") == 1
    for name, us in (("CONN-MS", shake["handshake_us"]), ("CLO-MS", close["close_us"])):
        # another tracer's, so a little other
        assert abs(float(cells[name]) - us / 1000) < 5, (cells, us)
        assert len(cells[name]) <= len(in_ms(us)) + 1
    assert row.endswith(f" 127.0.0.1:{traced.local} > 127.0.0.1:{traced.port}")
    assert brief.startswith("TIME-UTC ") and brief.endswith(" REMOTE")
    assert short.split()[0] == cells["TIME"][:8] and short.endswith(f".1:{traced.port}")


@pytest.mark.parametrize("columns,most", [(120, 120), (119, 80)])
def test_line_on_a_terminal(columns, most):
    """It is narrow on a narrow terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    recording = os.path.join(ROOT, "tests", "golden", "resets.rec")
    status, _, stderr = run_tracer("-o", "line", "-r", recording, stdout=theirs)
    os.close(theirs)
    assert status == 0, stderr
    lines = os.read(ours, 1 << 16).decode().split("\r\n")
    os.close(ours)
    assert 60 < max(map(len, lines)) <= most and ("LIFE-S" in lines[0]) is (most == 120), lines


def test_numbers_count_what_is_told(world, tmp_path):
    """From 1, in order, each chapter of a connection with its number, also in a replay of a part."""
    ns, file = world.netns(), tmp_path / "recording"
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer("--role", "client", "-w", file, netns=ns)
    ports = [server.listen("127.0.0.1", name=f"l{i}") for i in range(3)]
    for i, port in enumerate(ports):
        client.connect("127.0.0.1", port, f"c{i}")
        tracer.wait_count(i + 1, "handshake")
    for i in (2, 0):
        client.close(f"c{i}")
        server.close(f"l{i}")  # which resets it
        tracer.wait_for(lambda t, n={2: 1, 0: 2}[i]: len(t.chapters("close")) == n)
    assert client.connect("127.0.0.1", 9)["errno"] == "ECONNREFUSED"
    tracer.wait_count(4, "handshake")
    tracer.stop()
    told = [(c["type"], c["conn"]) for c in tracer.chapters()]
    assert told == [("handshake", 1), ("handshake", 2), ("handshake", 3), ("close", 3), ("close", 1),
                    ("handshake", 4)]
    assert tracer.summary["established"] == 1 and tracer.summary["open"] == 0
    replayed = run_tracer("-o", "json", "-r", file)[1].splitlines()
    assert replayed == tracer.stdout.lines
    some = [json.loads(line) for line in
            run_tracer("-o", "json", "-r", file, "-D", ports[2])[1].splitlines()]
    assert [(c["type"], c["conn"]) for c in some[:-1]] == [("handshake", 3), ("close", 3)]


def test_numbers_of_two_traces_in_one_file(tmp_path):
    """Each trace begins its own numbers again; put together, they are different connections."""
    with open(os.path.join(ROOT, "tests", "golden", "older.rec"), "rb") as f:
        (tmp_path / "both").write_bytes(2 * f.read())
    told = [c for c in map(json.loads, run_tracer("-o", "json", "-r", tmp_path / "both")[1].splitlines())
            if c["type"] != "summary"]
    half = [c["conn"] for c in told[:len(told) // 2]]
    assert [c["conn"] for c in told[len(half):]] == [n + max(half) for n in half]


def test_times_are_utc(traced, monkeypatch):
    """But for -T, whatever the zone is, and each format says which."""
    monkeypatch.setenv("TZ", "XYZ-3:30")
    utc, local, row = traced([], ["-T"], ["-o", "line", "-T"])
    begin = traced.json.one("handshake")["time"]
    hour, rest = int(begin[11:13]), begin[14:16]
    minutes = hour * 60 + int(rest) + 210
    assert re.match(rf"{begin[11:16]}:\d\d\.\d{{6}}Z #", utc[0]), utc[0]
    assert re.match(rf"{minutes // 60 % 24:02}:{minutes % 60:02}:\d\d\.\d{{6}}\+03:30 #", local[0])
    assert re.match(r"\d\d:\d\d:\d\d\+03:30 caller", row[1])


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


def test_the_other_end(world):
    """Both ends are traced: each names the other once that was reported; a connection from elsewhere names none."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    tracers = [Tracer(*args, netns=ns, output="timeline") for args in ([], ["--role", "client"])]
    port = server.listen("127.0.0.1")
    for _ in range(2):
        client.connect("127.0.0.1", port)
        server.accept()
        client.close()
        assert server.recv_any() == b""
        server.close()
    pump.wait_until(lambda: "\n".join(tracers[0].stdout.lines).count("closed first") == 4, "the closes")
    for tracer in tracers:
        tracer.stop()
    both, alone = ("\n".join(t.stdout.lines) for t in tracers)
    ends = re.findall(r"#(\d+) python3\[\d+\] (client|server) ((?:.+\n)+)", both + "\n")
    assert len(ends) == 8
    for role, other in (("client", "server"), ("server", "client")):
        mine = {number for number, its, _ in ends if its == role}
        theirs = {number for number, its, _ in ends if its == other}
        named = [re.search(r"other\s+end\s+#(\d+)", text) for _, its, text in ends if its == role]
        assert {m[1] for m in named if m} == theirs and len(mine) == 2
    assert "other end" not in alone


def test_lines_of_all_but_a_cause():
    """A connection has one line, as without the selection."""
    recording = os.path.join(ROOT, "tests", "golden", "http-client.rec")
    _, whole, _ = run_tracer("-o", "line", "-r", recording)
    status, out, err = run_tracer("-o", "line", "-r", recording, "--cause", "!refused")
    assert (status, out, err) == (0, whole, "") and len(whole.splitlines()) == 2
