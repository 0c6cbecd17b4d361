# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A reader that does not read, a full disk: nothing is lost silently, and the trace can be ended."""
import collections
import json
import os
import signal
import subprocess
import time

import pytest

import checks
import pump
from agent import FIN_WAIT2
from churn import churn, churn_until_told, serve, wait_all_closed
from pump import HANG_S
from tracer import BINARY, Tracer, chapters_of

TOTAL, WORKERS = 3000, 3
ROLES = ("client", "server")


@pytest.fixture
def busy(world):
    """A namespace, and a function that makes TOTAL connections in it."""
    ns = world.netns()
    ns.sysctl(net__core__somaxconn=4096, net__ipv4__tcp_max_tw_buckets=65536)

    def make():
        server = ns.spawn(serve, 7200, TOTAL)
        assert server.recv() == "listening"
        clients = [ns.spawn(churn, 7200, TOTAL // WORKERS) for _ in range(WORKERS)]
        assert sum(c.result() for c in clients) == TOTAL == server.result()
        wait_all_closed(ns)

    ns.make_connections = make
    return ns


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


@pytest.mark.alone("counts hook runs that the whole host skipped")
@pytest.mark.parametrize("kind", ["pipe", "-w -"])
def test_a_reader_that_pauses(busy, kind, tmp_path):
    """Nobody reads while 3,000 connections come and go: told + lost is what happened, to the last one."""
    args = ["-o", "none", "-w", "-"] if kind == "-w -" else ["-o", "json"]
    recording = tmp_path / "recording"
    r, w = os.pipe()
    tracer = subprocess.Popen([BINARY, "-v", *args, "--ring", "1", "--netns", str(busy.inode)],
                              stdin=subprocess.DEVNULL, stdout=w, stderr=subprocess.PIPE)
    os.close(w)
    stderr = pump.Lines(tracer.stderr.fileno())
    try:
        pump.wait_until(lambda: "Tracing" in stderr.text(), "Tracing")
        before = resident_kib(tracer.pid)
        busy.make_connections()
        assert resident_kib(tracer.pid) - before < 3 * 1024  # the ring counts twice
        tracer.send_signal(signal.SIGINT)
        with os.fdopen(r, "rb") as pipe, open(recording, "wb") as f:
            while data := pipe.read1(1 << 20):
                f.write(data)
        pump.wait_until(lambda: tracer.poll() is not None and stderr.eof, "its end")
    finally:
        if tracer.poll() is None:
            tracer.kill()
        tracer.wait()
        stderr.close()
        tracer.stderr.close()
    assert tracer.returncode == 0, stderr.text()
    text = recording.read_bytes()
    if kind == "-w -":
        text = subprocess.run([BINARY, "-r", recording, "-o", "json"], check=True,
                              stdout=subprocess.PIPE).stdout
    chapters, summary = chapters_of(text), json.loads(text.splitlines()[-1])
    assert summary["type"] == "summary" and summary["events_lost"] > 0, "the ring was never full"
    checks.adds_up(len(chapters), summary["events_lost"], 4 * TOTAL, stderr.text())
    assert summary["open"] == 0 == summary["table_full"]
    once = collections.Counter((c["conn"], c["type"]) for c in chapters)
    assert set(once.values()) == {1}
    torn = [c for c in chapters if not c["complete"]]  # the kernel skipped hooks meanwhile
    assert len(torn) == summary["incomplete"] <= TOTAL / 50, torn[:2]
    assert f"{summary['events_lost']} events lost" in stderr.text()


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM])
def test_a_reader_that_never_reads(busy, signo):
    """The trace is ended by a signal all the same, and says that not all was told."""
    tracer = Tracer("--ring", "1", netns=busy)
    tracer.stdout.pause()
    busy.make_connections()
    tracer.send_signal(signo)
    pump.wait_until(lambda: tracer.process.poll() is not None and tracer.stderr.eof, "its end")
    assert tracer.process.returncode == 1
    assert "nobody reads" in tracer.stderr.text() and "events lost" in tracer.stderr.text()
    tracer.kill()


REFUSED = """
import socket
for i in range(500):
    try: socket.create_connection(("127.0.0.1", 9))
    except OSError: pass
"""


@pytest.mark.parametrize("limit", ["-u", "the end of the command"])
def test_a_limit_while_nobody_reads(world, limit):
    """It ends the trace as a signal does."""
    ns = world.netns()
    argv = [BINARY, "-o", "json", "--netns", str(ns.inode)]
    argv += ["-u", str(3 * pump.PATIENCE)] if limit == "-u" else ["--", "/usr/bin/python3", "-c", REFUSED]
    r, w = os.pipe()
    tracer = subprocess.Popen(ns.argv(*argv), stdin=subprocess.DEVNULL, stdout=w, stderr=subprocess.PIPE)
    os.close(w)
    stderr = pump.Lines(tracer.stderr.fileno())
    try:
        pump.wait_until(lambda: "Tracing" in stderr.text(), "Tracing")
        if limit == "-u":
            ns.exec("/usr/bin/python3", "-c", REFUSED)
        pump.wait_until(lambda: tracer.poll() is not None and stderr.eof, "its end")
    finally:
        if tracer.poll() is None:
            tracer.kill()
        tracer.wait()
        stderr.close()
        tracer.stderr.close()
        os.close(r)
    assert tracer.returncode == 1
    assert "nobody reads" in stderr.text()


@pytest.mark.alone("counts hook runs that the whole host skipped")
def test_a_reader_that_reads_again(busy):
    """Blocked for a while, then read: what comes afterwards is told as if nothing had been."""
    tracer = Tracer("-v", "--ring", "1", netns=busy)
    tracer.stdout.pause()
    busy.make_connections()
    tracer.stdout.resume()
    tracer.wait_for(lambda t: any(c["type"] == "close" for c in t.chapters()))
    port = 7300
    server = busy.spawn(serve, port, 10)
    assert server.recv() == "listening"
    client = busy.spawn(churn, port, 10)
    assert client.result() == 10 == server.result()
    tracer.wait_for(lambda t: len(ours(t, port, "close")) == 20)
    tracer.stop()
    assert len(ours(tracer, port, "handshake")) == 20
    checks.adds_up(len(tracer.chapters()), tracer.summary["events_lost"], 4 * (TOTAL + 10),
                   tracer.stderr.text())


@pytest.mark.alone("counts hook runs that the whole host skipped")
def test_what_the_close_was_to_tell_is_told_at_the_end(busy, world):
    """Handshakes that found the ring full, of connections that are still open, in FIN_WAIT2 without a socket."""
    tracer = Tracer("-v", "--ring", "1", netns=busy)
    tracer.stdout.pause()
    busy.make_connections()
    server, client = world.agent(busy), world.agent(busy)
    port = server.listen("127.0.0.1", 7400)
    mine = client.connect("127.0.0.1", port)["port"]
    server.accept()
    client.close()
    assert server.recv_any() == b""
    server.wait_state(mine, FIN_WAIT2)
    tracer.stdout.resume()
    tracer.stop()
    shakes, closes = ours(tracer, port, "handshake"), ours(tracer, port, "close")
    assert {(c["role"], c["outcome"]) for c in shakes} == {(r, "established") for r in ROLES}
    assert {(c["role"], c["open"]) for c in closes} == {(r, True) for r in ROLES}
    checks.adds_up(len(tracer.chapters()), tracer.summary["events_lost"], 4 * (TOTAL + 1),
                   tracer.stderr.text())


def ours(tracer, port, kind):
    return [c for c in tracer.chapters(kind) if port in (c["local_port"], c["remote_port"])]


SMALL_DISK = 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"'


def on_a_small_disk(directory):
    """The beginning of a command line: 64 KiB of room in this directory, and nobody else sees it."""
    return ["unshare", "-m", "sh", "-c", SMALL_DISK, directory]


def test_a_disk_that_fills_up_ends_the_output(busy, tmp_path):
    """Status 1, the reason, and the summary that was asked for, of what was told."""
    tracer = Tracer("-s", "--output-file", tmp_path / "out", netns=busy,
                    argv0=on_a_small_disk(str(tmp_path)))
    busy.make_connections()
    assert tracer.wait() == 1
    stderr = tracer.stderr.text()
    assert "output: No space left on device" in stderr
    assert "established" in stderr and "graceful" in stderr, "no summary"


@pytest.mark.alone("counts hook runs that the whole host skipped")
def test_a_recording_that_fills_its_disk(busy, tmp_path):
    """The recording ends; the records on stdout go on to the end, and the status is 1."""
    tracer = Tracer("-v", "-w", tmp_path / "recording", netns=busy,
                    argv0=on_a_small_disk(str(tmp_path)))
    busy.make_connections()
    tracer.stop(status=1)
    assert "No space left on device (the recording ends here)" in tracer.stderr.text()
    checks.adds_up(len(tracer.chapters()), tracer.summary["events_lost"], 4 * TOTAL,
                   tracer.stderr.text())


def test_replay_to_where_nothing_can_be_written(busy, tmp_path):
    recording = tmp_path / "recording"
    tracer = Tracer("-w", recording, netns=busy, output="none")
    busy.make_connections()
    tracer.stop()
    replay = [BINARY, "-r", recording, "-o", "json"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(replay, stdout=full, stderr=subprocess.PIPE, text=True, timeout=HANG_S)
    assert done.returncode == 1
    assert done.stderr == "tcpstates-trace: output: No space left on device\n"
    gone = subprocess.Popen(replay, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert json.loads(gone.stdout.readline())["type"] == "handshake"
    gone.stdout.close()
    assert (gone.stderr.read(), gone.wait(HANG_S)) == ("", 0)
    gone.stderr.close()


def test_the_command_is_waited_for(world, tmp_path):
    """The disk is full; the command goes on to its end, and the tracer is there until then."""
    ns = world.netns()
    server = world.agent(ns)
    port = server.listen("127.0.0.1", backlog=1000)
    code = ("import socket, sys\n"
            f"for i in range(300): socket.create_connection(('127.0.0.1', {port})).close()\n"
            "print(sys.stdin.read(), flush=True)\n")
    stderr = tmp_path / "stderr"
    with open(stderr, "wb") as f:
        tracer = subprocess.Popen(
            ns.argv(*on_a_small_disk("/mnt"), BINARY, "-o", "json", "--output-file", "/mnt/out",
                    "--", "/usr/bin/python3", "-c", code),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=f, text=True)
    pump.wait_until(lambda: "No space left" in stderr.read_text(), stderr.read_text)
    assert tracer.poll() is None, "it did not wait"
    stdout, _ = tracer.communicate("the end", timeout=HANG_S)
    assert (stdout, tracer.returncode) == ("the end\n", 1)


@pytest.mark.alone("keeps all processors busy")
def test_a_reader_slower_than_what_happens(world):
    """The ring never runs empty: the time that was asked for is over all the same."""
    ns = world.netns()
    ns.sysctl(net__core__somaxconn=4096, net__ipv4__tcp_max_tw_buckets=65536)
    server = ns.spawn(serve, 7200, 1 << 30)
    assert server.recv() == "listening"
    clients = [ns.spawn(churn_until_told, 7200) for _ in range(WORKERS)]
    tracer = subprocess.Popen([BINARY, "-o", "json", "--ring", "1", "-u", "1", "--netns", str(ns.inode)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    begun = time.monotonic()
    read = 0
    try:
        while data := tracer.stdout.read1(1 << 16):
            read += len(data)
            assert read < 12 << 20, "it goes on"  # what is read in 1 s, and what the ring held then, as JSON
            time.sleep(max(read / (2 << 20) - (time.monotonic() - begun), 0))  # 2 MiB/s
        assert tracer.wait(HANG_S) == 0
    finally:
        tracer.kill()
        tracer.wait()
        tracer.stdout.close()
        for client in clients:
            client.send("enough")
    assert all(c.result() for c in clients)
    server.kill()


@pytest.mark.parametrize("style", ["csv", "states"])
def test_a_header_that_cannot_be_written(busy, style):
    """It says so, and the command is run."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(busy.argv(BINARY, "-q", "-o", style, "--netns", str(busy.inode), "--",
                                        "sh", "-c", "echo run >&2; exit 3"),
                              stdout=full, stderr=subprocess.PIPE, text=True, timeout=HANG_S)
    assert (sorted(done.stderr.splitlines()), done.returncode) == (
        ["run", "tcpstates-trace: output: No space left on device"], 1)


def test_who_reads_the_recording_leaves(busy):
    """As with any other output, that is no failure."""
    tracer = subprocess.Popen([BINARY, "-o", "none", "-w", "-", "--netns", str(busy.inode)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert b"Tracing" in tracer.stderr.readline()
    assert tracer.stdout.read(8)
    tracer.stdout.close()
    busy.make_connections()
    assert (tracer.stderr.read(), tracer.wait(HANG_S)) == (b"", 0)
    tracer.stderr.close()


def test_a_report_that_nobody_reads(busy):
    """One SIGTERM: it is all written at the end, and who does not read is not waited for to the end of days."""
    tracer = Tracer(netns=busy, output="html")
    tracer.stdout.pause()
    busy.make_connections()
    tracer.send_signal(signal.SIGTERM)
    pump.wait_until(lambda: tracer.process.poll() is not None and tracer.stderr.eof, "its end")
    assert tracer.process.returncode == 1 and "nobody reads" in tracer.stderr.text()
    tracer.kill()
