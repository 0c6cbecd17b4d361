# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Recordings as pcapng files: what is in them, for whom, and in how many files.

That they agree with captures is proved beside the other tests, see wireshark.py.
"""
import json
import os
import signal
import stat
import subprocess

import pytest

import capture
import pump
import wireshark
from capture import ACK, FIN, RST, SYN
from lent import NOBODY, SUDO
from tracer import BINARY, Tracer, chapters_of, run_tracer

NAME = "tcpstates-trace, reconstructed headers"
FIELDS = ("frame.interface_name", "frame.comment", "frame.packet_flags_direction", "frame.len",
          "frame.cap_len", "tcp.analysis.flags", "_ws.malformed", "tcp.options.mss_val")


def talk(server, client, address, n=0, name="s", family=4):
    """A connection that sends n bytes each way and is closed by the client first; its local port."""
    port = server.port("l")
    local = client.connect(address, port, name=name, family=family)["port"]
    server.accept(name=name)
    for a, b in ((client, server), (server, client)):
        if n:
            a.start("send", n, name)
            b.recv(n, name)
            a.finish()
    client.close(name)
    assert server.recv_any(name) == b""
    server.close(name)
    return local


@pytest.fixture
def ends(world):
    """(link, server, client): two namespaces of this host."""
    link = world.link("veth")
    server, client = world.agent(link.b, "the server"), world.agent(link.a, "=cl\x1b[2J")
    return link, server, client


def test_a_segment_is_in_it_once(ends, tmp_path):
    """Both ends in one file, of two namespaces: each segment by its sender, and says who that is."""
    link, server, client = ends
    file = tmp_path / "file"
    tracer = Tracer("-w", file, "-p", f"{server.pid},{client.pid}")
    for family in (4, 6):
        server.listen(link.server(family), family=family)
        talk(server, client, link.server(family), 1000, family=family)
        server.close("l")
    tracer.wait_count(8)
    tracer.stop()
    packets = capture.read(str(file), FIELDS, wireshark.STRICT)
    assert len({p.stream for p in packets}) == 2
    for stream in (0, 1):
        mine = [p for p in packets if p.stream == stream]
        once = [(p.src, p.flags, p.seq, p.ack, p.len) for p in mine]
        assert len(set(once)) == len(once) and all(p.completeness == 31 for p in mine)
        assert [p.flags for p in mine][:3] == [SYN, SYN | ACK, ACK]
        assert sorted((p.len, p.sport == mine[0].sport) for p in mine if p.len) == \
            [(1000, False), (1000, True)]
        assert sum(bool(p.flags & FIN) for p in mine) == 2
    for p in packets:
        interface, comment, direction, length, captured, analysis, malformed, mss = p.more
        sent_by_client = p.src in (link.client(4), link.client(6))
        who = (r"=cl\x1b[2J", client.pid) if sent_by_client else ("the server", server.pid)
        assert interface == NAME and not malformed and not analysis
        assert f"{who[0]}[{who[1]}] {'client' if sent_by_client else 'server'} > " in comment, comment
        assert int(direction, 0) == 2  # sent
        assert int(length) - int(captured) == p.len
        assert mss == (("1440" if ":" in p.src else "1460") if p.flags & SYN else "")
    wanted = {"> SYN CLOSE -> SYN_SENT", "> SYN,ACK NEW_SYN_RECV", "> FIN ESTABLISHED -> FIN_WAIT1",
              "CLOSE_WAIT -> LAST_ACK"}
    comments = "\n".join(p.more[1] for p in packets)
    assert all(words in comments for words in wanted), comments


def test_other_tools(ends, tmp_path):
    """Wireshark's tools take the file, and what they copy is a recording still."""
    link, server, client = ends
    file, copy, both = tmp_path / "file", tmp_path / "copy", tmp_path / "both"
    tracer = Tracer("-w", file, netns=link.a)
    server.listen(link.server(4))
    talk(server, client, link.server(4), 200_000)
    assert client.connect(link.server(4), 9)["errno"] == "ECONNREFUSED"
    tracer.wait_count(3)
    tracer.stop()
    about, _ = wireshark.run("capinfos", file)
    for words in (NAME, "Not a capture", "Raw IP", "nanoseconds", "tcpstates-trace"):
        assert words in about, about
    wireshark.run("editcap", file, copy)
    wireshark.run("mergecap", "-w", both, copy, file)
    wireshark.run("reordercap", both, tmp_path / "ordered")
    wireshark.run("tcpdump", "-nr", file)
    for path in (file, copy):
        status, text, stderr = run_tracer("-r", path, "-o", "json")
        assert status == 0, stderr
        assert [json.loads(line) for line in text.splitlines()] == tracer.records
    packets = capture.read(str(file), FIELDS)
    assert sum(p.len for p in packets) == 400_000
    assert [p.flags for p in packets if p.dport == 9 or p.sport == 9] == [SYN, RST | ACK]


def test_killed(ends, tmp_path):
    """What a killed tracer leaves can be read to its last byte."""
    link, server, client = ends
    file = tmp_path / "file"
    tracer = Tracer("-w", file, netns=link.a)
    empty = file.stat().st_size
    server.listen(link.server(4))
    local = talk(server, client, link.server(4), 100)
    tracer.wait_count(2)
    pump.wait_until(lambda: file.stat().st_size > empty, "the recording")
    tracer.send_signal(signal.SIGKILL)
    assert tracer.wait() == -signal.SIGKILL
    packets = capture.read(str(file))
    assert {p.sport for p in packets} | {p.dport for p in packets} == {local, server.port("l")}
    status, text, stderr = run_tracer("-r", file, "-o", "json")
    assert status == 0 and stderr.count("\n") == 1 and f"{file}: the trace does not end there" in stderr
    assert [json.loads(line) for line in text.splitlines()][:-1] == tracer.chapters()


def in_many(world, directory, *args):
    """A tracer that wrote some files, and their paths by time."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer("-w", directory / "file", *args, netns=ns)
    server.listen("127.0.0.1")
    for _ in range(40):
        talk(server, client, "127.0.0.1")
    tracer.wait_count(80 if "--role" in args else 160)
    tracer.stop()
    return tracer, sorted(directory.glob("file*"), key=lambda path: path.stat().st_mtime_ns)


def ports(chapters):
    return {c["local_port"] for c in chapters} | {c["remote_port"] for c in chapters}


# of one end, packets wait for those of the other
@pytest.mark.parametrize("args", [(), ("--role", "client")], ids=["both ends", "one"])
def test_one_file_after_the_other(world, tmp_path, args):
    """Each is a file of its own, with the packets of its records; one behind the other they replay to what was told."""
    tracer, files = in_many(world, tmp_path, "-C", "0.02", *args)
    assert {f.name for f in files} == {"file"} | {f"file{i}" for i in range(1, len(files))}
    assert len(files) > 3
    told = []
    for file in sorted(files, key=lambda f: int(f.name[4:] or 0)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.stat().st_size < 25_000
        packets = capture.read(str(file))
        status, text, stderr = run_tracer("-r", file, "-o", "json")
        assert status == 0, stderr
        here = chapters_of(text)
        assert {p.sport for p in packets} | {p.dport for p in packets} == ports(here)
        told += here
    assert told == tracer.chapters()
    whole = b"".join(f.read_bytes() for f in sorted(files, key=lambda f: int(f.name[4:] or 0)))
    done = subprocess.run([BINARY, "-r", "-", "-o", "json"], input=whole, stdout=subprocess.PIPE,
                          check=True)
    assert [json.loads(line) for line in done.stdout.splitlines()] == tracer.records


@pytest.mark.parametrize("args", [(), ("--role", "client")], ids=["both ends", "one"])
def test_so_many_files_and_no_more(world, tmp_path, args):
    tracer, files = in_many(world, tmp_path, "-C", "0.02", "-W", "3", *args)
    assert {f.name for f in files} == {"file0", "file1", "file2"}
    last = []
    for file in files:
        status, text, stderr = run_tracer("-r", file, "-o", "json")
        assert status == 0, stderr
        last += chapters_of(text)
    assert last == tracer.chapters()[-len(last):] and 20 < len(last) < len(tracer.chapters())


def test_files_to_come_are_the_callers(public):
    """Opened when all rights are dropped: as who called sudo; what cannot be is said at once."""
    theirs = os.path.join(public.directory, "theirs")
    os.mkdir(theirs)
    os.chown(theirs, NOBODY, NOBODY)
    args = ["-u", "0.1", "-o", "none", "-w", f"{theirs}/file", "-C", "1"]
    status, _, stderr = run_tracer(*args, env={**os.environ, **SUDO})
    assert status == 0, stderr
    assert os.stat(f"{theirs}/file").st_uid == NOBODY
    status, _, stderr = run_tracer(*args)  # root without capabilities may not write there
    assert status == 1 and "Permission denied" in stderr and "-C" in stderr, stderr


def test_what_is_no_recording(ends, world, tmp_path):
    """A clear line and status 1; what stands before is told."""
    link, server, client = ends
    captured = world.capture(link.a, link.dev_a)
    tracer = Tracer(netns=link.a)
    server.listen(link.server(4))
    talk(server, client, link.server(4))
    tracer.wait_count(2)
    tracer.stop()
    captured.packets()
    wireshark.run("editcap", captured.file, tmp_path / "foreign")
    good = open(tracer.recording, "rb").read()
    at = good.rindex(b"\xd9\x7e\x00\x00TSCT")  # the enterprise of a custom block and our magic
    newer = good[:at + 8] + b"\xff\x7f" + good[at + 10:]
    damaged = good[:at - 4] + b"\xff\xff\xff\x7f" + good[at:]
    for data, words, told in ((open(tmp_path / "foreign", "rb").read(), "not a recording", 0),
                              (open(captured.file, "rb").read(), "not a recording", 0),
                              (b"", "not a recording", 0), (good[:-100], "cut off", 1),
                              (newer, "another version", 0), (damaged, "damaged", 0),
                              (good, "", 2)):
        path = tmp_path / "file"
        path.write_bytes(data)
        status, text, stderr = run_tracer("-r", path, "-o", "json")
        assert words in stderr and len(stderr.splitlines()) == bool(words), stderr
        assert status == bool(words)
        chapters = [json.loads(line) for line in text.splitlines()]
        assert [c for c in chapters if c["type"] != "summary"] == tracer.chapters()[:told]
