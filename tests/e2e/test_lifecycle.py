# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Killed, started twice, started beside others: nothing stays loaded and nobody is disturbed."""
import json
import os
import shutil
import signal
import subprocess

import pytest

import pump
from loaded import held_by_processes, ids, loaded_by, name_of, still, wait_gone
from pump import HANG_S
from tracer import BINARY, Tracer

TCPSTATES = shutil.which("tcpstates", path="/usr/sbin:/sbin:/usr/bin")


def connect(client, server, port, times=1):
    """So many connections, one after the other; the client's ports."""
    ports = []
    for _ in range(times):
        ports.append(client.connect("127.0.0.1", port)["port"])
        server.accept()
        client.close()
        assert server.recv_any() == b""
        server.close()
    return ports


def pair(world, ns):
    server, client = world.agent(ns), world.agent(ns)
    return server, client, server.listen("127.0.0.1")


@pytest.mark.parametrize("args", [[], ["-s", "-o", "none"], ["--no-accept", "-f", "-p", "1"]],
                         ids=["default", "summary", "follow"])
def test_killed_while_tracing(world, args):
    ns = world.netns()
    server, client, port = pair(world, ns)
    tracer = Tracer(*args, netns=ns, output=None)
    connect(client, server, port)
    ours = loaded_by(tracer.pid)
    assert {kind for kind, _ in ours} == {"prog", "map", "link"} and still(ours) == ours
    tracer.kill()
    wait_gone(ours)
    connect(client, server, port)


def test_killed_while_starting(world):
    """At every stage of it: as soon as so many objects are there."""
    for at_least in (1, 5, 10, 15, 20, 25, 30):
        tracer = Tracer("-v", ready=False)
        pump.wait_until(lambda: len(loaded_by(tracer.pid)) >= at_least or tracer.is_ready(),
                        "it loads something")
        os.kill(tracer.pid, signal.SIGSTOP)
        pump.wait_until(lambda: stopped(tracer.pid), "it stops")
        ours = loaded_by(tracer.pid)
        tracer.kill()
        wait_gone(ours)


def stopped(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(") ")[2][0] == "T"


def test_killed_beside_its_command(world):
    """The command goes on; what it connects after that is nobody's business any more."""
    ns = world.netns()
    server = world.agent(ns)
    port = server.listen("127.0.0.1")
    code = ("import socket, sys\n"
            "print('up', flush=True)\n"
            "sys.stdin.readline()\n"
            f"socket.create_connection(('127.0.0.1', {port})).close()\n"
            "print('done', flush=True)\n")
    process = subprocess.Popen(ns.argv(BINARY, "-q", "-o", "none", "--", "/usr/bin/python3", "-c",
                                       code), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"up\n"
    ours = loaded_by(process.pid)
    process.kill()
    process.wait()
    wait_gone(ours)
    process.stdin.write(b"go\n")
    process.stdin.close()
    server.accept()
    assert process.stdout.read() == b"done\n"
    process.stdout.close()


@pytest.mark.alone("looks at all programs that the kernel has")
def test_no_memory(world):
    """Maps that find no memory: one line, status 1, and nothing is left."""
    before = ids("prog")
    done = subprocess.run(["prlimit", f"--as={48 << 20}", BINARY, "--ring", "1024"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=HANG_S)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr.startswith("tcpstates-trace: ") and len(done.stderr.splitlines()) == 1
    assert "memory" in done.stderr
    
    def left():
        """Programs that have the names of ours; another's tracer is left alone."""
        found = {n for n in ids("prog") - before if name_of("prog", n) == "state_changed"}
        return {n for n in found if ("prog", n) not in held_by_processes()}

    pump.wait_until(lambda: not left(), "all is freed")


FIELDS = """cookie netns local local_port remote remote_port role pid comm outcome ending first_closer
iss irs local_fin_seq remote_fin_seq bytes_sent bytes_received complete""".split()


def facts(tracer):
    """What two tracers must agree on."""
    return sorted(json.dumps([c["type"], *(c.get(f) for f in FIELDS),
                              [s["segment"] for s in c["steps"]]]) for c in tracer.chapters())


def test_started_twice(world):
    """Two tracers tell the same; that one is killed, or comes and goes, is nothing to the other."""
    ns = world.netns()
    server, client, port = pair(world, ns)
    first, second, victim = Tracer(netns=ns), Tracer(netns=ns), Tracer(netns=ns)
    ours = loaded_by(victim.pid)
    connect(client, server, port, 5)
    client.connect("127.0.0.1", port)
    server.accept()
    victim.kill()
    Tracer(netns=ns).stop()
    wait_gone(ours)
    client.close()
    assert server.recv_any() == b""
    server.close()
    for tracer in (first, second):
        tracer.wait_count(24)
        tracer.stop()
        assert tracer.summary["events_lost"] == 0 == tracer.summary["incomplete"]
        assert len(tracer.chapters()) == 24
        accepted = tracer.chapters("handshake", role="server")
        assert all(c["accept_us"] is not None for c in accepted)
    assert facts(first) == facts(second)


class Tcpstates:
    """libbpf-tools' tcpstates beside ours."""

    def __init__(self, port):
        # it needs tracefs, which is mounted where nobody else sees it
        command = 'mount -t tracefs none /sys/kernel/tracing; exec stdbuf -oL "$@"'
        self.process = subprocess.Popen(["unshare", "-m", "sh", "-c", command, "sh", TCPSTATES,
                                         "-L", str(port)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.out = pump.Lines(self.process.stdout.fileno())

    def transitions(self, port):
        """of the connection from this port"""
        words = [line.split() for line in self.out.lines if "->" in line]
        return [(w[-4], w[-2]) for w in words if w[-5] == str(port)]

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(HANG_S)
        self.out.close()
        self.process.stdout.close()


SERVERS = [("LISTEN", "SYN_RECV"), ("SYN_RECV", "ESTABLISHED"), ("ESTABLISHED", "CLOSE_WAIT"),
           ("CLOSE_WAIT", "LAST_ACK"), ("LAST_ACK", "CLOSE")]


@pytest.mark.skipif(not TCPSTATES, reason="tcpstates (libbpf-tools) is not installed")
def test_beside_tcpstates(world):
    """It prints what it prints without us, before, while and after we trace; and we tell all."""
    ns = world.netns()
    server, client, port = pair(world, ns)
    other = Tcpstates(port)
    try:
        pump.wait_until(lambda: reports(other, client, server, port), "tcpstates traces")
        theirs = loaded_by(other.process.pid)
        tracer = Tracer(netns=ns)
        ports = connect(client, server, port, 3)
        tracer.wait_count(12)
        tracer.stop()
        assert still(theirs) == theirs
        ports += connect(client, server, port)
        killed = Tracer(netns=ns)
        killed.kill()
        ports += connect(client, server, port)
        pump.wait_until(lambda: all(len(other.transitions(p)) >= len(SERVERS) for p in ports),
                        lambda: f"tcpstates tells {ports}: {other.out.text()}")
        assert still(theirs) == theirs
    finally:
        other.stop()
    assert [other.transitions(p) for p in ports] == [SERVERS] * len(ports)
    assert {c["ending"] for c in tracer.chapters("close")} == {"graceful"}
    assert len(tracer.chapters()) == 12 and tracer.summary["events_lost"] == 0


def reports(other, client, server, port):
    """Makes a connection; true once tcpstates has told one, whole."""
    if other.process.poll() is not None:
        pytest.skip("tcpstates cannot trace here")
    ports = connect(client, server, port)
    return other.transitions(ports[0])[-1:] == [("LAST_ACK", "CLOSE")]
