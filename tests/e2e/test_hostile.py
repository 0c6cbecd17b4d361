# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Processes and cgroups whose names are meant for the reader's terminal, spreadsheet or web page."""
import csv
import io
import json
import os
import unicodedata

import pytest

from tracer import Tracer, run_tracer

# at most 15 bytes; what JSON tells of them, what CSV does
NAMES = [
    (b"esc\x1b[2J\x1b]0;x\a", "esc\x1b[2J\x1b]0;x\a", r"esc\x1b[2J\x1b]0;x\x07"),
    (b"\xff\xc3(\xc2\x9b2J", "\ufffd\ufffd(\x9b2J", r"\xff\xc3(\xc2\x9b2J"),
    (b"\xe2\x80\xaecod.exe", "\u202ecod.exe", r"\xe2\x80\xaecod.exe"),
    (b"a\"b',\\\t\r\nc", "a\"b',\\\t\r\nc", r"""a"b',\x5c\x09\x0d\x0ac"""),
    (b'=cmd()","', '=cmd()","', "'=cmd()\",\""),
    (b"-1+1", "-1+1", "'-1+1"),
    (b"</script>", "</script>", "</script>"),
    ("ümläut €".encode(), "ümläut €", "ümläut €"),
    ("a\u200b\u2060\ufeffb".encode(), "a\u200b\u2060\ufeffb", r"a\xe2\x80\x8b\xe2\x81\xa0\xef\xbb\xbfb"),
    ("a\U000e0041b".encode(), "a\U000e0041b", r"a\xf3\xa0\x81\x81b"),
    (b"a;=cmd()", "a;=cmd()", "a;'=cmd()"),
]
CGROUP = b'=1"\x1b[2J,\xff<script>'
CGROUP_JSON, CGROUP_TEXT = '=1"\x1b[2J,\ufffd<script>', r'=1"\x1b[2J,\xff<script>'


def check_harmless(text):
    """Nothing but lines of characters that stay where they are."""
    for c in text:
        assert c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), ascii(text)
        assert unicodedata.bidirectional(c) not in ("RLE", "LRE", "RLO", "LRO", "PDF", "LRI", "RLI",
                                                    "FSI", "PDI"), ascii(text)


def replay(file, output):
    status, text, stderr = run_tracer("-o", output, "-r", file)
    assert status == 0, stderr
    check_harmless(text)
    return text


@pytest.fixture
def recorded(world, tmp_path):
    """Recordings of a refused connection of a process of this name: chapters, transitions."""
    def recorded(name, before=lambda client: None):
        ns = world.netns()
        client = world.agent(ns, name)
        before(client)
        files = tmp_path / "chapters", tmp_path / "transitions"
        tracers = [Tracer("-w", files[0], "--role", "client", netns=ns),
                   Tracer("-w", files[1], netns=ns, output="states")]
        client.connect("127.0.0.1", 9)
        tracers[0].wait_count(1)
        for tracer in tracers:
            tracer.stop()
            check_harmless(tracer.stdout.text())
        return files

    return recorded


@pytest.mark.parametrize("name,in_json,in_csv", NAMES, ids=[n[2] for n in NAMES])
def test_comm(recorded, name, in_json, in_csv):
    chapters, transitions = recorded(name)
    text = replay(chapters, "json")
    assert json.loads(text.splitlines()[0])["comm"] == in_json
    assert "</" not in text
    (row,) = csv.DictReader(io.StringIO(replay(chapters, "csv"), newline=""))
    assert row["comm"] == in_csv and row["outcome"] == "refused"
    shown = in_csv.removeprefix("'").replace(";'", ";")
    header, told = replay(chapters, "line").splitlines()
    assert f"Z {shown[:4]}" in told  # it is cut in the middle if it is long
    assert f" {shown}[" in replay(chapters, "timeline").splitlines()[0]
    header, *told = replay(transitions, "states").splitlines()
    assert len(told) == 2 and all(f" {shown} " in line for line in told)


def test_locale_without_utf8(recorded):
    """Nothing but ASCII, in every format; JSON says the same."""
    chapters, transitions = recorded("ümläut €".encode())
    for output in ("timeline", "ladder", "line", "json", "csv", "html"):
        status, text, _ = run_tracer("-o", output, "-r", chapters, env={**os.environ, "LC_ALL": "C"})
        assert status == 0 and text.isascii(), text
        if output == "json":
            assert json.loads(text.splitlines()[0])["comm"] == "ümläut €"
    text = run_tracer("-o", "states", "-r", transitions, env={**os.environ, "LC_ALL": "C"})[1]
    assert text.isascii() and "\\xc3" in text
    _, _, stderr = run_tracer("-r", "/nö", env={**os.environ, "LC_ALL": "C"})
    assert stderr == "tcpstates-trace: /n\\xc3\\xb6: No such file or directory\n"


def test_cgroup(recorded):
    root = next((line.split()[4] for line in open("/proc/self/mountinfo")
                 if " - cgroup2 " in line), None)
    if not root:
        pytest.skip("no cgroup v2 is mounted")
    name = b"tst-%d-" % os.getpid() + CGROUP
    path = os.path.join(os.fsencode(root), name)
    clients = []

    def move(client):
        clients.append(client)
        with open(os.path.join(path, b"cgroup.procs"), "w") as f:
            f.write(str(client.pid))

    os.mkdir(path)
    try:
        chapters, _ = recorded("cli", move)
    finally:
        for client in clients:
            client.kill()
        os.rmdir(path)
    begin = f"/tst-{os.getpid()}-"
    assert json.loads(replay(chapters, "json").splitlines()[0])["cgroup"] == begin + CGROUP_JSON
    (row,) = csv.DictReader(io.StringIO(replay(chapters, "csv"), newline=""))
    assert row["cgroup"] == begin + CGROUP_TEXT
