# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Connections older than the trace, and those that are not over."""
import signal

import pytest

import checks
import pump
from agent import FIN_WAIT2
from checks import Noise, near
from oracle import End
from tracer import Tracer


@pytest.fixture(autouse=True, params=[None, "scan=proc"], ids=["best", "proc"])
def way(request, force):
    """As this kernel does it best, and where it has no iterators."""
    if request.param:
        force(request.param)


def establish(world, ns, family=4):
    addr = {4: "127.0.0.1", 6: "::1"}[family]
    server, client = world.agent(ns, "old-srv"), world.agent(ns, "old-cli")
    port = server.listen(addr, family=family)
    local = client.connect(addr, port, family=family)["port"]
    server.accept()
    client.send(100)
    server.recv(100)
    return server, client, addr, port, local


def check_old(close, end, agent, comm, tolerance_ns):
    checks.check_shape(close)
    assert close["complete"] is False and close["missing"] == "before_trace"
    assert close["role"] is None and close["lifetime_us"] is None
    assert (close["pid"], close["comm"]) == (agent.pid, comm)
    assert close["ending"] == "graceful" and close["first_closer"] == end.first_closer()
    assert (close["local_fin_seq"], close["remote_fin_seq"]) == (end.local_fin, end.remote_fin)
    assert close["closer_pid"] == agent.pid
    checks.check_steps(close, end.close, tolerance_ns)
    near(close["close_us"], end.close_ns(), tolerance_ns, "close_us")
    near(close["fin_rtt_us"], end.fin_rtt_ns(), tolerance_ns, "fin_rtt_us")


def test_older_connections_in_every_namespace(world, family):
    """One namespace selected, and all of them: the close is told, its owner is known."""
    first, second = world.netns(), world.netns()
    talks = {ns: establish(world, ns, family) for ns in (first, second)}
    captures = {ns: world.capture(ns, "lo") for ns in talks}
    ports = ",".join(str(t[3]) for t in talks.values())
    one = Tracer(netns=first)
    every = Tracer("--port", ports)
    with Noise() as noise:
        for server, client, *_ in talks.values():
            client.close()
            assert server.recv_any() == b""
            server.close()
        one.wait_count(2)
        every.wait_for(lambda t: sum(c["netns"] in (first.inode, second.inode)
                                     for c in t.chapters()) >= 4)
    one.stop()
    every.stop()
    for ns, (server, client, addr, port, local) in talks.items():
        packets = captures[ns].packets()
        for tracer in (one, every) if ns is first else (every,):
            mine = tracer.one("close", netns=ns.inode, local_port=local)
            check_old(mine, End(packets, addr, local, addr, port), client, "old-cli",
                      noise.tolerance_ns)
            mine = tracer.one("close", netns=ns.inode, local_port=port)
            check_old(mine, End(packets, addr, port, addr, local), server, "old-srv",
                      noise.tolerance_ns)
    told = [c for c in every.chapters() if c["netns"] in (first.inode, second.inode)]
    assert [c["type"] for c in told] == ["close"] * 4  # others on this host may use the same ports
    assert [c["type"] for c in one.chapters()] == ["close"] * 2


def test_older_connection_selected_by_owner(world):
    """-p and -c know the owners of older connections too."""
    ns = world.netns()
    server, client, *_ = establish(world, ns)
    by_pid = Tracer("-p", client.pid, netns=ns)
    by_comm = Tracer("-c", "old-srv", netns=ns)
    client.close()
    server.recv_any()
    server.close()
    by_pid.wait_count(1)
    by_comm.wait_count(1)
    assert [c["pid"] for c in by_pid.stop().chapters()] == [client.pid]
    assert [c["pid"] for c in by_comm.stop().chapters()] == [server.pid]


def test_established_and_idle_is_not_open(world):
    """Neither its handshake nor its close is under way: not told."""
    ns = world.netns()
    establish(world, ns)
    tracer = Tracer("-u", "0.3", netns=ns)
    assert tracer.wait() == 0
    assert tracer.chapters() == [] and tracer.summary["open"] == 0


def test_leaked_close_wait(world, family):
    """`-u 1`: who sits in CLOSE_WAIT? The leak began before the trace."""
    ns = world.netns()
    server, client, addr, port, local = establish(world, ns, family)
    client.close()
    assert server.recv_any() == b""
    tracer = Tracer("-u", "1", netns=ns)
    assert tracer.wait() == 0
    leak = tracer.one("close", local_port=port)
    checks.check_shape(leak)
    assert leak["open"] is True and leak["state"] == "CLOSE_WAIT"
    assert leak["pid"] == server.pid and leak["comm"] == "old-srv"
    assert leak["remote_port"] == local and leak["missing"] == "before_trace"
    assert leak["first_closer"] == "remote"
    assert tracer.summary["open"] == len(tracer.chapters(open=True))


def test_older_close_wait_that_ends(world):
    """Told open by SIGUSR1, then closed: one connection, and nothing of it is open any more."""
    ns = world.netns()
    server, client, _addr, port, _local = establish(world, ns)
    client.shutdown()
    assert server.recv_any() == b""
    tracer = Tracer("-L", port, netns=ns)
    tracer.send_signal(signal.SIGUSR1)
    (leak,) = tracer.wait_count(1)
    assert (leak["open"], leak["state"], leak["pid"]) == (True, "CLOSE_WAIT", server.pid)
    server.close()
    tracer.wait_count(2)
    tracer.stop()
    _leak, close = tracer.chapters()
    checks.check_shape(close)
    assert "open" not in close and (close["conn"], close["pid"]) == (leak["conn"], server.pid)
    assert (close["first_closer"], close["ending"]) == ("remote", "graceful")
    assert tracer.summary["open"] == 0 and tracer.summary["connections"] == 1


@pytest.mark.parametrize("how", [[], ["-c", "keeps"]])
def test_established_are_counted(world, how):
    """Those from before the trace and those since, apart from what is reported as open."""
    ns = world.netns()
    server, client = world.agent(ns, "keeps"), world.agent(ns, "other")
    port = server.listen("127.0.0.1")

    def connect(names):
        for name in names:
            client.connect("127.0.0.1", port, f"c{name}")
            server.accept(f"s{name}")

    connect("abc")
    tracer, table = Tracer(*how, netns=ns), Tracer("-o", "none", "-s", *how, netns=ns, output=None)
    connect("de")
    client.shutdown(name="ca")
    assert server.recv_any("sa") == b""
    for t in (tracer, table):
        t.stop()
    ends = 1 if how else 2
    assert (tracer.summary["established"], tracer.summary["open"]) == (4 * ends, ends)
    assert [line.split() for line in table.stdout.lines if line.startswith(("open", "established"))] == [
        ["open", str(ends)], ["established", str(4 * ends)]]


def test_sigusr1_tells_what_is_open(world):
    """A CLOSE_WAIT leak and a hanging SYN_SENT, told while running, again at the end, and older then."""
    link = world.link("veth")
    link.a.ip("neigh", "add", "10.77.1.66", "lladdr", "02:00:00:00:00:66", "dev", link.dev_a)
    server, client, hanging = (world.agent(link.a, c) for c in ("leaky", "cli", "hanging"))
    capture = world.capture(link.a, link.dev_a)
    tracer = Tracer(netns=link.a)
    port = server.listen("127.0.0.1")
    closing = client.connect("127.0.0.1", port)["port"]
    server.accept()
    client.shutdown()
    assert server.recv_any() == b""
    client.wait_state(closing, FIN_WAIT2)
    local = hanging.connect("10.77.1.66", 80, blocking=False)["port"]
    hanging.sleep(0.2)  # so long at least it hangs
    with Noise() as noise:
        tracer.send_signal(signal.SIGUSR1)
        tracer.wait_count(3, open=True)
    first = {c["local_port"]: c for c in tracer.chapters(open=True)}
    assert len(first) == len(tracer.chapters(open=True)) == 3, tracer.brief()
    hanging.sleep(0.3)
    tracer.stop()
    last = {c["local_port"]: c for c in tracer.chapters(open=True)[3:]}
    assert first.keys() == last.keys()
    states = {port: ("close", "CLOSE_WAIT", "leaky"), local: ("handshake", "SYN_SENT", "hanging")}
    for now in (first, last):
        for chapter in now.values():
            checks.check_shape(chapter)
        for key, (kind, state, comm) in states.items():
            assert (now[key]["type"], now[key]["state"], now[key]["comm"]) == (kind, state, comm)
        (other,) = now.keys() - states.keys()
        assert (now[other]["type"], now[other]["state"]) == ("close", "FIN_WAIT2")
    for key in states:
        grown = last[key]["state_us"] - first[key]["state_us"]
        assert grown >= 300_000, f"state_us grew by {grown} us"
        assert first[key]["conn"] == last[key]["conn"]
    syn = min(p.t_ns for p in capture.packets() if p.sport == local)
    told_at = checks.time_ns(first[local]["time"])
    near((told_at - syn) / 1000 + 1e6, 1e9, noise.tolerance_ns, "time of the hanging SYN")
    assert first[local]["state_us"] >= 200_000
    assert tracer.summary["open"] == 3


def test_sigusr1_with_nothing_open(world):
    ns = world.netns()
    client = world.agent(ns)
    tracer = Tracer("--role", "client", netns=ns)
    client.connect("127.0.0.1", 9)
    tracer.wait_count(1)
    tracer.send_signal(signal.SIGUSR1)  # not before connect(): a slow tracer would find it open
    client.sleep(0.2)
    tracer.stop()
    assert len(tracer.chapters()) == 1 and tracer.summary["open"] == 0


def test_connection_accepted_before_and_closed_after(world):
    """The listener is older than the trace, the connection is not: its chapters are complete."""
    ns = world.netns()
    server, client = world.agent(ns, "old-listener"), world.agent(ns)
    port = server.listen("127.0.0.1")
    tracer = Tracer(netns=ns)
    client.connect("127.0.0.1", port)
    told = tracer.wait_count(1, "handshake", local_port=port)[0]  # nobody accepts
    assert told["pid"] == server.pid and told["comm"] == "old-listener"
    assert told["complete"] is True and told["role"] == "server"
    tracer.stop()


def test_older_listeners_of_one_place(world):
    """Two sockets (SO_REUSEPORT) in the hands of three processes are their opener's; then another's."""
    ns = world.netns()
    server, other, client = world.agent(ns, "master"), world.agent(ns, "other"), world.agent(ns)
    port = server.listen("127.0.0.1", reuseport=True)
    server.listen("127.0.0.1", port, reuseport=True, name="l2")
    server.fork_holders(2)
    tracer = Tracer(netns=ns)
    client.connect("127.0.0.1", port)
    told = tracer.wait_count(1, "handshake", local_port=port)[0]  # nobody accepts
    assert (told["pid"], told["comm"]) == (server.pid, "master")
    server.kill()
    pump.wait_until(lambda: not ns.exec("ss", "-Htln"), "nobody listens")
    other.listen("127.0.0.1", port)
    client.connect("127.0.0.1", port, name="s2")
    told = tracer.wait_count(2, "handshake", local_port=port)[1]
    assert (told["pid"], told["comm"]) == (other.pid, "other")
    tracer.stop()
