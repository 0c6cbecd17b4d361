# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A connection that becomes a selected process's own late: what is shown of it, live and from a recording."""
import pytest

import pump
from household import NAMES, stop, traced, types
from tracer import Tracer, chapters_of, run_tracer

FACTS = """type role local_port remote_port pid comm closer_pid outcome ending missing accepted iss irs
local_fin_seq remote_fin_seq""".split()


def facts(chapters):
    return [[c.get(f) for f in FACTS] + [c["accept_us"] is None, [s["segment"] for s in c["steps"]]] for c in chapters]


def replayed(file, *args):
    status, out, _ = run_tracer("-r", file, *args)
    assert status == 0
    return out


def passed(client, house, *_tracers):
    """The acceptor takes it, the worker closes it."""
    client.connect("127.0.0.1", house.port)
    house.do("acceptor", "accept")
    client.close()
    house.hand_over()
    house.do("worker", "wait", "close")


def accepted_late(client, house, *tracers):
    """It is told before anybody has accepted it, by all who see that."""
    client.connect("127.0.0.1", house.port)
    for tracer in tracers:
        tracer.wait_count(1)
    house.do("acceptor", "accept")
    client.close()
    house.do("acceptor", "wait", "close")


@pytest.mark.parametrize("way", [passed, accepted_late])
def test_replay_as_live(world, ns, house, tmp_path, way):
    """The handshake comes with the close where it was recorded before anybody could know whose it would be."""
    client = world.agent(ns)
    file = tmp_path / "all.pcapng"
    every = Tracer("--role", "server", "-w", file, netns=ns)
    tracers = traced(ns, house, "--role", "server")
    way(client, house, every, tracers["master"])
    for tracer in (every, tracers["worker"] if way is passed else tracers["acceptor"]):
        tracer.wait_count(1, "close")
    every.stop()
    stop(tracers)
    for name in NAMES:
        again = chapters_of(replayed(file, "-o", "json", "-p", house.pids[name]))
        assert facts(again) == facts(tracers[name].chapters()), name
    assert types(tracers["worker"] if way is passed else tracers["acceptor"]) == ["handshake", "close"]
    # what the recording does not have is not made up: it was not asked for
    again = chapters_of(replayed(file, "-o", "json", "-p", house.pids["worker"], "--min-close", "0.0001"))
    assert [c["type"] for c in again] == (["close"] if way is passed else [])


def test_replay_of_what_was_not_recorded(world, ns, house, tmp_path):
    """Handshakes that the trace did not select are not in its replay either."""
    client = world.agent(ns)
    file = tmp_path / "closes.pcapng"
    every = Tracer("--role", "server", "--min-close", "0.0001", "-w", file, netns=ns)
    passed(client, house)
    every.wait_count(1)
    every.stop()
    assert types(every) == ["close"]
    for args in ((), ("-p", house.pids["worker"])):
        assert [c["type"] for c in chapters_of(replayed(file, "-o", "json", *args))] == ["close"]


def changes(lines):
    """The states and the PID in each line of -o states."""
    rows = [line.split() for line in lines[1:]]
    return [(row[1], row[7], row[9]) for row in rows]


@pytest.mark.parametrize("role", ["server", "client"])
@pytest.mark.parametrize("first", ["peer", "worker"])
def test_states(world, ns, house, tmp_path, role, first):
    """-o states -p: from the change on by which a selected process closes it."""
    peer = world.agent(ns)
    file = tmp_path / "states.pcapng"
    port = ("-L" if role == "server" else "-D", house.port)
    every = Tracer(*port, "-w", file, netns=ns, output="states")
    tracers = {name: Tracer(*port, "-p", house.pids[name], netns=ns, output="states") for name in NAMES}
    if role == "server":
        peer.connect("127.0.0.1", house.port)
        house.do("acceptor", "accept")
    else:
        house.do("acceptor", "connect")
    house.hand_over()
    if role == "client":
        house.do("acceptor", "accept")

    def peer_closes():
        if role == "server":
            peer.close()
        else:
            house.do("acceptor", "close")

    if first == "peer":
        peer_closes()
        house.do("worker", "wait", "close")
    else:
        house.do("worker", "close")
        peer_closes()
    ends = "LAST_ACK" if first == "peer" else "FIN_WAIT2"
    for tracer in (every, tracers["acceptor"], tracers["worker"]):
        pump.wait_until(lambda t=tracer: any((c[1], c[2]) == (ends, "CLOSE") for c in changes(t.stdout.lines)),
                        "its end")
    every.stop()
    stop(tracers)
    whole, own = changes(every.stdout.lines), changes(tracers["acceptor"].stdout.lines)
    closing = [("CLOSE_WAIT", "LAST_ACK"), ("LAST_ACK", "CLOSE")] if first == "peer" else [
        ("ESTABLISHED", "FIN_WAIT1"), ("FIN_WAIT1", "FIN_WAIT2"), ("FIN_WAIT2", "CLOSE")]
    # of a client's, nothing before is known to a trace of the worker alone, nor whose it was
    owner = str(house.pids["acceptor"]) if role == "server" else "-"
    assert changes(tracers["worker"].stdout.lines) == [(owner, *c) for c in closing]
    # the listener's owner until somebody accepts it
    listens = [(str(house.pids["master"]), "SYN_RECV", "ESTABLISHED")] if role == "server" else []
    assert changes(tracers["master"].stdout.lines) == listens
    assert own[-len(closing):] == whole[-len(closing):] == [(str(house.pids["acceptor"]), *c) for c in closing]
    again = replayed(file, "-o", "states", "-p", house.pids["worker"]).splitlines()
    assert changes(again) == whole[-len(closing):]
