# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""-r of several files, --since and --until."""
import datetime
import glob

import checks
from tracer import ROOT, Tracer, chapters_of, replayed, run_tracer


def golden(name):
    return f"{ROOT}/tests/golden/{name}.rec"


def refuse(client, n):
    for _ in range(n):
        client.connect("127.0.0.1", 9)
        client.close()


def test_a_ring(world, tmp_path):
    """The files of -C, as a shell gives them, are the one trace that they were."""
    ns = world.netns()
    client = world.agent(ns)
    tracer = Tracer("-w", tmp_path / "t", "-C", "0.000001", "--role", "client", netns=ns)
    for _ in range(4):
        have = len(glob.glob(f"{tmp_path}/t*"))
        refuse(client, 1)
        tracer.wait_for(lambda _: len(glob.glob(f"{tmp_path}/t*")) > have)
    tracer.stop()
    files = sorted(glob.glob(f"{tmp_path}/t*"), reverse=True)
    assert len(files) > 3
    told = tracer.chapters()
    assert len(told) == 4
    assert replayed(*files) == told
    assert replayed(files[0], *(w for f in files[1:] for w in ("-r", f))) == told


def test_two_traces(world, tmp_path):
    """In the order in which they began, and one that is missing does not hide the other."""
    ns = world.netns()
    client = world.agent(ns)
    told = []
    for name in ("z", "a"):
        tracer = Tracer("-w", tmp_path / name, "--role", "client", netns=ns)
        refuse(client, 2)
        tracer.wait_count(2)
        told += tracer.stop().chapters()
    both = replayed(tmp_path / "a", tmp_path / "z")
    assert [c["conn"] for c in both] == [1, 2, 3, 4], "a number is that of one connection"
    assert [{**c, "conn": None} for c in both] == [{**c, "conn": None} for c in told]
    status, stdout, stderr = run_tracer("-o", "json", "-r", tmp_path / "z", tmp_path / "none")
    assert status == 1 and chapters_of(stdout) == told[:2]
    assert "none: No such file" in stderr


def test_a_killed_tracer(world, tmp_path):
    """Its recording has no end: that is said, and the next one's numbers and chapters are its own."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    told = []
    for name in ("killed", "whole"):
        tracer = Tracer("-w", tmp_path / name, netns=ns)
        client.connect("127.0.0.1", port)
        server.accept()
        told += tracer.wait_count(2, "handshake")
        if name == "killed":
            tracer.wait_for(lambda _: len(replayed(tmp_path / name)) == 2)
            tracer.process.kill()
            tracer.process.wait()
        client.close()
        server.close()
    told += tracer.wait_count(2, "close")
    tracer.stop()
    status, stdout, stderr = run_tracer("-o", "json", "-r", tmp_path / "killed", tmp_path / "whole")
    assert status == 0
    assert stderr.splitlines() == [f"tcpstates-trace: {tmp_path / 'killed'}: the trace does not end there "
                                   "(what was open then, or lost, is not known)"]
    both = chapters_of(stdout)
    assert [{**c, "conn": None} for c in both] == [{**c, "conn": None} for c in told]
    assert [c["conn"] for c in both] == [1, 2, 3, 4] + [c["conn"] + 2 for c in told[4:]]


def test_window(world, tmp_path):
    """By the first event of each chapter."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer("-w", tmp_path / "t", "--role", "client", netns=ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    server.accept()
    client.sleep(0.01)
    client.close()
    server.recv_any()
    server.close()
    tracer.wait_count(2)
    handshake, close = tracer.stop().chapters()
    middle = (checks.time_ns(handshake["time"]) + checks.time_ns(close["time"])) // 2
    at = datetime.datetime.fromtimestamp(middle / 1e9, datetime.timezone.utc)
    rfc3339 = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert replayed(tmp_path / "t", "--until", rfc3339) == [handshake]
    assert replayed(tmp_path / "t", "--since", rfc3339) == [close]
    status, out, err = run_tracer("-r", tmp_path / "t", "--since", rfc3339, "--until", rfc3339)
    assert (status, out) == (2, "") and "--since: not before --until" in err
    local = at.astimezone().strftime("%H:%M:%S.%f")[:12]  # as ms
    assert len(replayed(tmp_path / "t", "--since", local)) in (1, 2)
    assert replayed(tmp_path / "t", "--since", local)[-1] == close


def test_states_of_a_recording_without_them():
    """It says so; one that has some does not."""
    status, out, err = run_tracer("-o", "states", "-r", golden("resets"))
    assert (status, len(out.splitlines())) == (0, 1)
    assert err == (f"tcpstates-trace: {golden('resets')}: the recording has no state changes "
                   "(they are recorded with -o states -w FILE)\n")
    status, out, err = run_tracer("-o", "states", "-r", golden("states"), "--port", "1")
    assert (status, len(out.splitlines()), err) == (0, 1, "")
