# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""-p: the owner that is printed, who holds the connection, and who closes it."""
import os
import pathlib
import re
import signal
import subprocess

import pytest

import pump
from agent import CLOSE_WAIT
from household import stop, traced, types
from tracer import Tracer, chapters_of, run_tracer


def test_the_acceptor_is_selected(world, ns, house):
    """What the acceptor took and closes is not the master's, who only listens."""
    client = world.agent(ns)
    tracers = traced(ns, house)
    client.connect("127.0.0.1", house.port)
    house.do("acceptor", "accept")
    client.close()
    house.do("acceptor", "wait", "close")
    tracers["acceptor"].wait_count(2)
    stop(tracers)
    assert [c["pid"] for c in tracers["acceptor"].chapters()] == [house.pids["acceptor"]] * 2
    assert types(tracers["master"]) == types(tracers["worker"]) == []


def test_children_are_not_selected(ns):
    """A master has no connections: its workers have, and -f selects them."""
    master = subprocess.Popen(["sh", "-c", "sleep 60 & read line"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    children = f"/proc/{master.pid}/task/{master.pid}/children"
    try:
        pump.wait_until(lambda: pathlib.Path(children).read_text(), "a child")
        (child,) = pathlib.Path(children).read_text().split()
        told = [Tracer("-u", "0.2", *args, netns=ns) for args in (("-p", master.pid), ("-f", "-p", master.pid))]
        for tracer in told:
            assert tracer.wait() == 0
        hint = "--pid: no connection was reported, but 1 child process is not selected (-f selects it)"
        assert [hint in t.stderr.text() for t in told] == [True, False]
    finally:
        os.kill(int(child), signal.SIGKILL)
        master.communicate(b"end\n")


def test_before_accept_the_listener_is(world, ns, house):
    """Reported while it waits, it is the master's; what follows after accept() is not."""
    client = world.agent(ns)
    tracers = traced(ns, house)
    client.connect("127.0.0.1", house.port)
    told = tracers["master"].wait_count(1)[0]
    assert (told["type"], told["pid"], told["comm"]) == ("handshake", house.pids["master"], "master")
    house.do("acceptor", "accept")
    client.close()
    house.do("acceptor", "wait", "close")
    tracers["acceptor"].wait_count(1)
    stop(tracers)
    assert types(tracers["master"]) == ["handshake"]
    assert [(c["type"], c["pid"]) for c in tracers["acceptor"].chapters()][-1] == ("close", house.pids["acceptor"])


@pytest.mark.parametrize("first", ["peer", "worker"])
def test_the_worker_closes(world, ns, house, first):
    """A connection that was passed on (SCM_RIGHTS) is shown with -p of the process that closes it."""
    client = world.agent(ns)
    tracers = traced(ns, house)
    client.connect("127.0.0.1", house.port)
    house.do("acceptor", "accept")
    house.hand_over()
    if first == "peer":
        client.close()
        house.do("worker", "wait")
    house.do("worker", "close")
    if first == "worker":
        client.recv_any()
        client.close()
    tracers["worker"].wait_count(2)
    tracers["acceptor"].wait_count(2)
    stop(tracers)
    assert types(tracers["master"]) == []
    for name in ("acceptor", "worker"):
        shake, close = (tracers[name].one(t) for t in ("handshake", "close"))
        assert shake["pid"] == close["pid"] == house.pids["acceptor"]
        assert (close["closer_pid"], close["closer_comm"]) == (house.pids["worker"], "worker")
        assert shake["complete"] and close["complete"] and close["ending"] == "graceful"


def test_the_worker_resets(world, ns, house):
    """close() with unread data: an RST and no FIN."""
    client = world.agent(ns)
    tracers = traced(ns, house)
    client.connect("127.0.0.1", house.port)
    house.do("acceptor", "accept")
    client.send(10)
    house.hand_over()
    house.do("worker", "close")
    tracers["worker"].wait_count(2)
    stop(tracers)
    assert types(tracers["master"]) == []
    assert tracers["worker"].one("close")["ending"] == "reset_sent"
    assert tracers["worker"].one("close")["closer_pid"] == house.pids["worker"]


def test_the_worker_closes_a_clients(world, ns, house):
    """A client's record begins only when a selected process closes it, and says so."""
    tracers = traced(ns, house, "-D", house.port)
    house.do("acceptor", "connect")
    house.hand_over()
    house.do("worker", "close")
    house.do("acceptor", "accept", "wait", "close")
    tracers["worker"].wait_count(1)
    tracers["acceptor"].wait_count(2)
    stop(tracers)
    assert types(tracers["master"]) == []
    close = tracers["worker"].one("close")
    assert types(tracers["worker"]) == ["close"]
    assert (close["missing"], close["pid"], close["role"]) == ("not_selected", None, None)
    assert (close["closer_pid"], close["ending"], close["first_closer"]) == (house.pids["worker"], "graceful", "local")
    whole = tracers["acceptor"].one("close")
    assert whole["complete"] and whole["closer_pid"] == house.pids["worker"]
    same = ("local_port", "remote_port", "cookie", "bytes_sent", "bytes_received", "segs_out", "local_fin_seq",
            "remote_fin_seq")
    assert [close[k] for k in same] == [whole[k] for k in same]


def test_line_names_the_closer(world, ns, house):
    """-o line, where another process than the owner closes."""
    client = world.agent(ns)
    # a cause would take the room of the name
    tracer = Tracer("--role", "server", "--slow-accept=1min", "--slow-close=1min", netns=ns, output="line")
    for passes in (True, False):
        client.connect("127.0.0.1", house.port)
        house.do("acceptor", "accept")
        client.close()
        if passes:
            house.hand_over()
        house.do("worker" if passes else "acceptor", "wait", "close")
        pump.wait_until(lambda: len(tracer.stdout.lines) >= (2 if passes else 3), "the line")
    tracer.stop()
    first, second = tracer.stdout.lines[1:]
    assert re.search(rf" by worker\[{house.pids['worker']}\]$", first), first
    assert " by " not in second, second


def test_replay(world, ns, house, tmp_path):
    """The selections of a replay are those of the trace."""
    client = world.agent(ns)
    tracer = Tracer("--role", "server", "-w", tmp_path / "all.pcapng", netns=ns)
    for passes in (True, False):
        client.connect("127.0.0.1", house.port)
        house.do("acceptor", "accept")
        client.close()
        if passes:
            house.hand_over()
        house.do("worker" if passes else "acceptor", "wait", "close")
    tracer.wait_count(4)
    tracer.stop()

    def replayed(name):
        status, out, _ = run_tracer("-r", tmp_path / "all.pcapng", "-o", "json", "-p", house.pids[name])
        assert status == 0
        return [c["type"] for c in chapters_of(out)]

    assert replayed("master") == []
    assert replayed("acceptor") == ["handshake", "close"] * 2
    # its handshake was recorded before anybody could know who would close it: it comes with the close
    assert replayed("worker") == ["handshake", "close"]


def left_in_close_wait(client, house):
    """A server's connection: accepted by one, handed over, closed by the peer alone."""
    client.connect("127.0.0.1", house.port)
    house.do("acceptor", "accept")
    house.hand_over()
    client.close()
    house.do("worker", "wait")


def told_open(tracer):
    """What it reports as open when it is asked."""
    tracer.send_signal(signal.SIGUSR1)
    return tracer.wait_count(1, "close", open=True)[0]


def test_who_holds_it(world, ns, house):
    """The owner has ended: whoever has the socket now is named."""
    client = world.agent(ns)
    tracer = Tracer("--role", "server", netns=ns)
    left_in_close_wait(client, house)
    house.do("acceptor", "exit")
    told = told_open(tracer)
    assert (told["pid"], told["state"]) == (house.pids["acceptor"], "CLOSE_WAIT")
    assert (told["holder_pid"], told["holder_comm"]) == (house.pids["worker"], "worker")
    house.do("worker", "close")
    tracer.wait_count(1, "close", closer_pid=house.pids["worker"])
    tracer.stop()
    assert all("holder_pid" not in c for c in tracer.chapters() if not c.get("open"))


def test_the_owner_is_named_among_many(world, ns):
    """Of several holders, and of one that has its own."""
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    server.accept()
    server.fork_holders(2)
    client.shutdown()
    server.wait_state(port, CLOSE_WAIT)
    tracer.send_signal(signal.SIGUSR1)
    tracer.wait_count(2, "close", open=True)
    tracer.stop()
    for role, agent in (("server", server), ("client", client)):
        told = tracer.chapters("close", role=role)[0]
        assert told["pid"] == told["holder_pid"] == agent.pid


@pytest.mark.parametrize("role", ["server", "client"])
def test_the_holder_selects(world, ns, house, role):
    """-p shows what is open if the process holds it, whoever connected or accepted."""
    peer = world.agent(ns)
    tracers = traced(ns, house, "--wait", "--port", house.port)
    if role == "server":
        left_in_close_wait(peer, house)
    else:
        house.do("acceptor", "connect")
        house.hand_over()
        house.do("acceptor", "accept", "close")
        house.do("worker", "wait")
    told = told_open(tracers["worker"])
    stop(tracers)
    assert told["state"] == "CLOSE_WAIT" and told["holder_pid"] == house.pids["worker"]
    assert told["pid"] == (house.pids["acceptor"] if role == "server" else None)
    assert told["missing"] == (None if role == "server" else "not_selected")
    assert types(tracers["master"]) == []


def test_line_names_the_holder(world, ns, house, tmp_path):
    client = world.agent(ns)
    tracer = Tracer("--role", "server", "-w", tmp_path / "all.pcapng", netns=ns, output="line")
    left_in_close_wait(client, house)
    tracer.stop()
    assert re.search(rf" worker\[{house.pids['worker']}\] .* app_slow", tracer.stdout.lines[-1])
    out = run_tracer("-r", tmp_path / "all.pcapng", "-o", "json", "-p", house.pids["worker"])[1]
    assert [c["holder_pid"] for c in chapters_of(out)] == [house.pids["worker"]]


def test_states_of_a_listener(world, ns):
    """-o states: whose it is and how long it listened, and with -p and -c it is there as well."""
    server, other = world.agent(ns, "listens"), world.agent(ns, "other")
    older = server.listen("127.0.0.1", name="older")
    tracers = {name: Tracer(*args, netns=ns, output="states") for name, args in {
        "all": [], "pid": ["-p", server.pid], "comm": ["-c", "listens"], "other": ["-p", other.pid]}.items()}
    port = server.listen("127.0.0.1")
    server.sleep(0.2)
    server.close("l")
    server.close("older")
    pump.wait_until(lambda: len(tracers["all"].stdout.lines) > 3, "its states")
    stop(tracers)
    assert len(tracers["other"].stdout.lines) == 1
    for name in ("all", "pid", "comm"):
        rows = [line.split() for line in tracers[name].stdout.lines[1:]]
        assert [(r[4], *r[7:10]) for r in rows] == [
            (str(port), "CLOSE", "->", "LISTEN"), (str(port), "LISTEN", "->", "CLOSE"),
            (str(older), "LISTEN", "->", "CLOSE")]
        assert all(r[1:3] == [str(server.pid), "listens"] for r in rows)
        # when the older one began to listen is not known
        assert [rows[0][10], rows[2][10]] == ["-", "-"] and float(rows[1][10]) >= 200


def test_accepted_later(world, ns):
    """It waited in the accept queue when the trace began: whoever accepts it is the owner."""
    server, client = world.agent(ns, "later"), world.agent(ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    tracers = [Tracer("-L", port, *more, netns=ns) for more in ([], ["-p", server.pid], ["-p", client.pid])]
    server.accept()
    client.close()
    server.recv_any()
    server.close()
    for tracer in tracers[:2]:
        tracer.wait_count(1, "close")
    for tracer in tracers:
        tracer.stop()
    for tracer in tracers[:2]:
        close = tracer.one("close")
        assert (close["pid"], close["comm"], close["role"]) == (server.pid, "later", "server")
        assert (close["missing"], close["accepted"], close["accept_us"]) == ("before_trace", True, None)
        assert types(tracer) == ["close"]
    assert types(tracers[2]) == []


def test_a_stuck_queue_is_open(world, ns):
    """A server that has not accepted since before the trace."""
    server, client, other = world.agent(ns, "stuck"), world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    locals_ = {client.connect("127.0.0.1", port, name=f"s{i}")["port"] for i in range(3)}
    tracers = {agent: Tracer("-p", agent.pid, netns=ns) for agent in (server, other)}
    for tracer in tracers.values():
        tracer.stop()
    told = tracers[server].chapters()
    assert {c["remote_port"] for c in told} == locals_
    for c in told:
        assert (c["type"], c["open"], c["state"], c["accepted"]) == ("close", True, "ESTABLISHED", False)
        assert (c["pid"], c["role"], c["local_port"]) == (server.pid, "server", port)
    assert types(tracers[other]) == []
