# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Who owns a connection and who closes it; time in the accept queue."""
import signal
import subprocess
import sys

import pytest

import checks
import pump
from agent import CLOSE_WAIT, SYS_accept4
from checks import Noise, between
from netns import in_syscall
from oracle import End
from tracer import Tracer


CONNECTS = """
import socket, sys, threading
def named(name):
    open("/proc/thread-self/comm", "w").write(name)
def connect():
    c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    sys.stdin.read()
    c.close()
def worker():
    named("a-thread")
    connect()
named("household")
"""
IN_A_THREAD = {"the first": CONNECTS + "connect()",
               "another": CONNECTS + "t = threading.Thread(target=worker); t.start(); t.join()"}


def converse(client, server, first="client"):
    for end in (client, server) if first == "client" else (server, client):
        end.close()


@pytest.mark.alone("another tracer that looks at the files of all processes may be the last to let this one go")
def test_forking_server(world, ns):
    """The parent accepts, forks and closes its copy; the child serves and closes."""
    server, client = world.agent(ns, "parent"), world.agent(ns)
    tracer = Tracer(netns=ns)
    server.listen("127.0.0.1", 8899)
    server.start("fork_serve", 4, 5)
    client.connect("127.0.0.1", 8899)
    client.send(4)
    client.recv(5)
    assert client.recv_any() == b""
    client.close()
    child = server.finish()
    tracer.wait_count(4)
    tracer.stop()
    for kind in ("handshake", "close"):
        chapter = tracer.one(kind, local_port=8899)
        assert (chapter["pid"], chapter["comm"]) == (server.pid, "parent")
    assert tracer.one("close", local_port=8899)["closer_pid"] == child != server.pid
    assert tracer.one("close", local_port=8899)["first_closer"] == "local"
    theirs = tracer.one("close", remote_port=8899)
    assert theirs["pid"] == theirs["closer_pid"] == client.pid


@pytest.mark.parametrize("thread", ["the first", "another"])
def test_threads(world, ns, thread):
    """A process has the name of its first thread, whatever the one that connects and closes is called."""
    server = world.agent(ns, "srv")
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    client = subprocess.Popen(ns.argv(sys.executable, "-c", IN_A_THREAD[thread], str(port)), stdin=subprocess.PIPE)
    server.accept()
    client.communicate()
    assert server.recv_any() == b""
    server.close()
    tracer.wait_count(4)
    tracer.stop()
    close = tracer.one("close", role="client")
    assert (close["pid"], close["comm"]) == (close["closer_pid"], close["closer_comm"]) == (client.pid, "household")
    assert tracer.one("handshake", role="client")["comm"] == "household"


@pytest.mark.parametrize("side", ["client", "server"])
def test_killed_owner(world, ns, side):
    """SIGKILL: the dying process sends the FIN; owner and closer are both its pid."""
    server, client = world.agent(ns, "srv"), world.agent(ns, "cli")
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    server.accept()
    victim, other = (client, server) if side == "client" else (server, client)
    victim.kill(signal.SIGKILL)
    assert other.recv_any() == b""
    other.close()
    tracer.wait_count(4)
    tracer.stop()
    key = "remote_port" if side == "client" else "local_port"
    chapter = tracer.one("close", **{key: port})
    assert chapter["first_closer"] == "local" and chapter["ending"] == "graceful"
    assert chapter["pid"] == chapter["closer_pid"] == victim.pid
    assert chapter["comm"] == chapter["closer_comm"] == ("cli" if side == "client" else "srv")


def test_never_accepted(world, ns):
    """The listener's process is the owner; the handshake is told after 1 s in the queue."""
    server, client = world.agent(ns, "lazy"), world.agent(ns)
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    with Noise() as noise:
        local = client.connect("127.0.0.1", port)
        told = tracer.wait_count(1, "handshake", local_port=port)[0]
        waited = checks.time_ns(told["time"])
    assert (told["pid"], told["comm"]) == (server.pid, "lazy")
    assert told["accept_us"] is None and told["outcome"] == "established"
    assert told["role"] == "server" and waited <= local["call"].after_ns + noise.tolerance_ns
    client.close()
    server.wait_state(port, CLOSE_WAIT)
    tracer.wait_count(1, "handshake", local_port=local["port"])
    tracer.stop()
    open_close = tracer.one("close", local_port=port)
    assert open_close["open"] is True and open_close["state"] == "CLOSE_WAIT"
    assert open_close["pid"] == server.pid


def test_late_accept(world, ns):
    """accept() when the handshake has been told without it: the close tells accept_us."""
    server, client = world.agent(ns), world.agent(ns)
    capture = world.capture(ns, "lo")
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    with Noise() as noise:
        local = client.connect("127.0.0.1", port)["port"]
        tracer.wait_count(1, "handshake", local_port=port)
        accepted = server.accept()
        converse(client, server)
        tracer.wait_count(4)
    tracer.stop()
    end = End(capture.packets(), "127.0.0.1", port, "127.0.0.1", local)
    assert tracer.one("handshake", local_port=port)["accept_us"] is None
    between(tracer.one("close", local_port=port)["accept_us"], accepted["call"].since(end.established_ns()),
            noise.tolerance_ns, "accept_us")


def test_accept_us(world, ns):
    """accept() comes 200 ms after the connection."""
    server, client = world.agent(ns), world.agent(ns)
    capture = world.capture(ns, "lo")
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    with Noise() as noise:
        local = client.connect("127.0.0.1", port)["port"]
        server.sleep(0.2)
        accepted = server.accept()
        told = tracer.wait_count(1, "handshake", local_port=port)[0]
    tracer.stop()
    end = End(capture.packets(), "127.0.0.1", port, "127.0.0.1", local)
    assert told["accept_us"] >= 200_000
    between(told["accept_us"], accepted["call"].since(end.established_ns()), noise.tolerance_ns, "accept_us")
    assert tracer.one("handshake", local_port=local)["accept_us"] is None


@pytest.mark.parametrize("way", ["blocked before", "poll", "after"])
def test_accept_ways(world, ns, way):
    """The acceptor is the owner, however it comes by the connection (Python calls accept4)."""
    server, client = world.agent(ns, "acceptor"), world.agent(ns)
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    if way == "blocked before":
        server.start("accept")
        pump.wait_until(lambda: in_syscall(server.pid, SYS_accept4), "the server in accept4()")
    elif way == "poll":
        server.nonblocking()
        server.start("poll_accept")
    client.connect("127.0.0.1", port)
    server.finish() if way != "after" else server.accept()
    told = tracer.wait_count(1, "handshake", local_port=port)[0]
    tracer.stop()
    assert (told["pid"], told["comm"], told["role"]) == (server.pid, "acceptor", "server")
    assert told["accept_us"] is not None and told["accept_us"] < 1_000_000


def test_plain_accept(world, ns):
    """accept(2), which Python never calls."""
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    assert server.plain_accept() > 2
    told = tracer.wait_count(1, "handshake", local_port=port)[0]
    tracer.stop()
    assert told["pid"] == server.pid and told["accept_us"] is not None


def test_reuseport(world, ns):
    """Two processes listen on one port: the owner is the one whose accept() took the connection."""
    servers = [world.agent(ns, "first"), world.agent(ns, "second")]
    client = world.agent(ns)
    tracer = Tracer("--role", "server", netns=ns)
    port = servers[0].listen("127.0.0.1", reuseport=True)
    servers[1].listen("127.0.0.1", port, reuseport=True)
    for server in servers:
        server.nonblocking()
    truth = {}
    for i in range(24):
        local = client.connect("127.0.0.1", port, name=f"s{i}")["port"]
        taken = [s for s in servers if s.try_accept(f"s{i}")]
        assert len(taken) == 1
        truth[local] = taken[0]
    tracer.wait_count(24, "handshake")
    tracer.stop()
    assert {s.pid for s in truth.values()} == {s.pid for s in servers}, "all went to one process"
    for local, server in truth.items():
        told = tracer.one("handshake", remote_port=local)
        assert (told["pid"], told["comm"]) == (server.pid, "first" if server is servers[0] else "second")


def test_inherited_listener(world, ns):
    """A listener made by one process and accepted from by its child: the child owns."""
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    server.start("fork_accept")
    client.connect("127.0.0.1", port)
    child = server.finish()
    told = tracer.wait_count(1, "handshake", local_port=port)[0]
    tracer.stop()
    assert told["pid"] == child != server.pid


def test_uid(world, ns):
    """uid and comm of both owners."""
    server, client = world.agent(ns, "srv"), world.agent(ns, "cli")
    server.uid(65534)
    client.uid(1234)
    tracer = Tracer(netns=ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    server.accept()
    tracer.wait_count(2, "handshake")
    tracer.stop()
    mine = tracer.one("handshake", local_port=port)
    assert (mine["pid"], mine["comm"], mine["uid"]) == (server.pid, "srv", 65534)
    mine = tracer.one("handshake", remote_port=port)
    assert (mine["pid"], mine["comm"], mine["uid"]) == (client.pid, "cli", 1234)
