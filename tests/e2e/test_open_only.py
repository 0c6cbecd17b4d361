# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""--open, --state and --older: what is not over, and nothing else."""
import signal

from tracer import Tracer, chapters_of, run_tracer


def leak(world, ns, n, server=None):
    """n connections that the peer has closed and a server has not: (server, their ports)"""
    server = server or world.agent(ns, "leaky")
    client = world.agent(ns)
    port = server.listen("127.0.0.1", name=f"l{id(client)}")
    ports = []
    for i in range(n):
        ports.append(client.connect("127.0.0.1", port, name=f"c{i}")["port"])
        server.accept(f"s{i}-{id(client)}", f"l{id(client)}")
        client.close(f"c{i}")
        server.wait_state(port, 8)
    return server, ports


def test_only_what_leaks(world):
    """Connections that come and go meanwhile are not told; those that existed before the trace are."""
    ns = world.netns()
    server, older = leak(world, ns, 2)
    tracer = Tracer("--open", "--state", "CLOSE_WAIT", netns=ns)
    _, newer = leak(world, ns, 3, server)
    client, other = world.agent(ns), world.agent(ns)
    port = other.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    other.accept()
    client.close()
    assert other.recv_any() == b""
    other.close()
    tracer.stop()
    found = tracer.chapters()
    assert [(c["type"], c["state"], c["open"], c["comm"]) for c in found] == [
        ("close", "CLOSE_WAIT", True, "leaky")] * 5
    assert sorted(c["remote_port"] for c in found) == sorted(older + newer)


def test_older_than(world):
    """--older: one whose state began before the trace is old, whatever its age; one that began just now is not."""
    ns = world.netns()
    server, older = leak(world, ns, 1)
    tracer = Tracer("--older", "1h", netns=ns)
    any_age = Tracer("--state", "close-wait", "--older", "1us", netns=ns)
    _, newer = leak(world, ns, 1, server)
    for t in (tracer, any_age):
        t.stop()
    assert [c["remote_port"] for c in tracer.chapters("close") if c["state"] == "CLOSE_WAIT"] == older
    assert sorted(c["remote_port"] for c in any_age.chapters()) == sorted(older + newer)


def test_established_if_asked_for(world):
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port, name="before")
    server.accept("before")
    tracers = [Tracer("--open", netns=ns), Tracer("--state", "ESTABLISHED", netns=ns)]
    client.connect("127.0.0.1", port, name="after")
    server.accept("after")
    tracers[1].send_signal(signal.SIGUSR1)
    tracers[1].wait_count(4)
    for t in tracers:
        t.stop()
    assert tracers[0].chapters() == []
    told = tracers[1].chapters()
    assert len(told) == 8 and {(c["state"], c["open"]) for c in told} == {("ESTABLISHED", True)}


def test_of_a_recording(world, tmp_path):
    ns = world.netns()
    recording = str(tmp_path / "all")
    tracer = Tracer("-w", recording, netns=ns)
    _, ports = leak(world, ns, 2)
    client = world.agent(ns)
    client.connect("127.0.0.1", 9)
    tracer.wait_count(1, outcome="refused")
    tracer.stop()
    status, stdout, stderr = run_tracer("-r", recording, "-o", "json", "--open", "--state", "CLOSE_WAIT")
    assert status == 0, stderr
    assert [c["remote_port"] for c in chapters_of(stdout)] == ports
    status, stdout, _ = run_tracer("-r", recording, "-o", "json", "--older", "1h")
    assert status == 0 and chapters_of(stdout) == []
