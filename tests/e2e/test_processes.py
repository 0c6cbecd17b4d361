# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""When a process begins and ends: by its last thread, whichever that is."""
import os
import signal
import socket
import subprocess

import pytest

import netns
from pump import HANG_S
from tracer import BINARY, Tracer, run_tracer

# what runs in a thread that is not the main one, while that one waits or has ended
THREADS = """
import ctypes, os, socket, sys, threading
how, port = sys.argv[1], sys.argv[2]
connects = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"
def main_thread_is_gone():
    while open('/proc/self/stat').read().rpartition(')')[2].split()[0] != 'Z':
        pass
def execs():
    os.execv(sys.executable, [sys.executable, '-c', connects, port])
def connects_alone():
    main_thread_is_gone()
    socket.create_connection(('127.0.0.1', int(port))).recv(1)
    os._exit(0)
def forks():
    main_thread_is_gone()
    child = os.fork()
    if not child:
        socket.create_connection(('127.0.0.1', int(port))).recv(1)
        os._exit(0)
    os.waitpid(child, 0)  # what begins after the command's end is not traced
    os._exit(0)
t = threading.Thread(target={'exec': execs, 'last': connects_alone, 'forks': forks}[how])
t.start()
if how == 'exec':
    t.join()
ctypes.CDLL(None).syscall(60, 0)  # exit(2): of this thread alone
"""

# its main thread ends once it has connected; another one closes when it is asked to
HOLDS = """
import ctypes, socket, sys, threading
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
threading.Thread(target=lambda: (sys.stdin.readline(), s.close())).start()
ctypes.CDLL(None).syscall(60, 0)
"""


@pytest.fixture
def server(world):
    ns = world.netns()
    agent = world.agent(ns)
    agent.ns, agent.port = ns, agent.listen("127.0.0.1")
    return agent


@pytest.mark.parametrize("how", ["exec", "last", "forks"])
def test_the_main_thread_is_not_the_last(world, server, how):
    """exec() by another thread keeps the process; so does the end of the main thread alone."""
    server.start("accept_close", 1)
    tracer = Tracer("--", "/usr/bin/python3", "-c", THREADS, how, server.port, argv0=server.ns.argv(),
                    ready=False)
    assert tracer.wait() == 0, tracer.stderr.text()
    server.finish()
    assert tracer.one("handshake")["remote_port"] == server.port
    assert tracer.one("close")["ending"] == "graceful"


def _holder(channel, port):
    """A process without its main thread, which has a connection open; its own PID is the process's"""
    p = subprocess.Popen(["/usr/bin/python3", "-c", HOLDS, str(port)], stdin=subprocess.PIPE)
    while True:
        with open(f"/proc/{p.pid}/stat") as f:
            if f.read().rpartition(")")[2].split()[0] == "Z":
                break
        os.sched_yield()
    channel.send(p.pid)
    channel.recv()
    p.communicate(b"\n")


@pytest.mark.parametrize("scan", [None, "scan=proc"], ids=["best", "proc"])
def test_older_connection_of_a_process_without_its_main_thread(world, server, force, scan):
    if scan:
        force(scan)
    holder = server.ns.spawn(_holder, server.port)
    server.accept()
    pid = holder.recv()
    tracer = Tracer("-p", pid, netns=server.ns)
    holder.send("close")
    assert server.recv_any() == b""
    server.close()
    holder.result()
    tracer.wait_count(1)
    tracer.stop()
    close = tracer.one("close")
    assert (close["pid"], close["comm"], close["remote_port"]) == (pid, "python3", server.port)


def test_the_trace_ends_with_its_processes(world, server):
    """Its chapters are there, the status is 0, and it says why."""
    first, second = world.agent(server.ns), world.agent(server.ns)
    tracer = Tracer("-p", first.pid, "-p", second.pid, netns=server.ns)
    first.connect("127.0.0.1", server.port)
    server.accept()
    tracer.wait_count(1)
    first.kill()
    server.close()
    tracer.wait_count(2)
    assert tracer.process.poll() is None, "one of them still runs"
    second.kill()
    assert tracer.wait() == 0
    assert "--pid" in tracer.stderr.lines[-1] and "--wait" in tracer.stderr.lines[-1]
    assert [c["pid"] for c in tracer.chapters()] == [first.pid] * 2
    assert tracer.summary["connections"] == 1


def test_their_children_keep_it(world, server):
    """-f: the trace goes on while a child of theirs runs, and has the child's connections."""
    parent = world.agent(server.ns)
    tracer = Tracer("-f", "-p", parent.pid, netns=server.ns)
    (child,) = parent.fork_holders(1)
    os.kill(child, signal.SIGSTOP)  # or it would end with its parent
    parent.kill()
    tracer.send_signal(signal.SIGUSR1)  # an event that follows the end of the parent
    assert tracer.process.poll() is None
    tracer.stop()
    os.kill(child, signal.SIGCONT)


def test_wait(world, server):
    """--wait: until a signal."""
    agent = world.agent(server.ns)
    tracers = [Tracer("-p", agent.pid, *wait, netns=server.ns) for wait in ([], ["--wait"])]
    agent.kill()
    assert tracers[0].wait() == 0
    assert tracers[1].process.poll() is None
    tracers[1].stop()
    assert not any("--wait" in line for line in tracers[1].stderr.lines)


# In a PID namespace of its own, so that it says which PID is next.
SUCCESSOR = """
import os, signal, socket, subprocess, sys
binary, *args = sys.argv[1:]
os.system("ip link set lo up")
victim = subprocess.Popen(["sleep", "1000"])
tracers = [subprocess.Popen([binary, "--wait", "-o", "json", "-p", str(victim.pid), *more],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
           for more in ([], ["-f"])]
for t in tracers:
    while not t.stderr.readline().startswith("Tracing"):
        pass
victim.kill()
victim.wait()
with open("/proc/sys/kernel/ns_last_pid", "w") as f:
    f.write(str(victim.pid - 1))
pid = os.fork()
if not pid:
    assert socket.socket().connect_ex(("127.0.0.1", 1))
    os._exit(0)
os.waitpid(pid, 0)
assert pid == victim.pid, (pid, victim.pid)
for t in tracers:
    t.send_signal(signal.SIGINT)
    print([l for l in t.communicate()[0].splitlines() if '"summary"' not in l])
"""


def test_the_successor_of_a_pid(world):
    """Another process with the number of one that has ended is not what was asked for."""
    ns = world.netns()
    done = subprocess.run(ns.argv("unshare", "-pf", "--mount-proc", "/usr/bin/python3", "-c", SUCCESSOR, BINARY),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=HANG_S)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[]", "[]"]


@pytest.mark.parametrize("how", ["path", "inode"])
def test_the_number_of_a_namespace_is_not_given_again(world, how):
    """It stays while it is traced, so no other one gets its number."""
    ns = netns.Netns("gone")
    try:
        tracer = Tracer("--netns", getattr(ns, how))
    finally:
        ns.delete()
    held = [os.stat(entry.path).st_ino for entry in os.scandir(f"/proc/{tracer.pid}/fd")]
    assert ns.inode in held
    assert ns.inode not in [world.netns().inode for _ in range(3)]
    tracer.stop()


def test_no_such_namespace():
    status, _, stderr = run_tracer("--netns", "1")
    assert status == 2 and "no such network namespace" in stderr


def _family(channel, port):
    """A child and its child, which connects when it is asked to; both are older than the trace."""
    ask, asked = os.pipe()
    tell, told = os.pipe()
    if not os.fork():
        pid = os.fork()
        if pid:
            os.write(told, str(pid).encode())
            os.waitpid(pid, 0)
        elif os.read(ask, 1):
            socket.create_connection(("127.0.0.1", port)).recv(1)
        os._exit(0)
    channel.send(int(os.read(tell, 16)))
    channel.recv()
    os.write(asked, b"!")
    os.wait()


def test_children_that_run_already(world, server):
    """-f takes them, and those of theirs."""
    parent = server.ns.spawn(_family, server.port)
    grandchild = parent.recv()
    tracer = Tracer("-f", "-p", parent.pid, netns=server.ns)
    server.start("accept_close", 1)
    parent.send("connect")
    server.finish()
    parent.result()
    assert tracer.wait() == 0
    assert [(c["type"], c["pid"]) for c in tracer.chapters()] == [("handshake", grandchild), ("close", grandchild)]


def _prefork(channel, n):
    """A server whose n children have a connection each and accept more; all are older than the trace."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    tell, told = os.pipe()
    for _ in range(n):
        if not os.fork():
            kept, _peer = listener.accept()
            os.write(told, b".")
            kept.recv(1)  # until the test closes it
            kept.close()
            s, _peer = listener.accept()
            s.recv(1)
            s.close()
            os._exit(0)
    channel.send(port)
    got = b""
    while len(got) < n:
        got += os.read(tell, n)
    channel.send("busy")
    for _ in range(n):
        os.wait()


@pytest.mark.parametrize("excluded", [False, True])
def test_busy_workers(world, server, excluded):
    """-f: what the workers of a server have already, and what they accept then; '!' hides the same."""
    parent = server.ns.spawn(_prefork, 3)
    port = parent.recv()
    client = world.agent(server.ns)
    for i in range(3):
        client.connect("127.0.0.1", port, name=f"old{i}")
    assert parent.recv() == "busy"
    tracer = Tracer("-f", "-p", f"{'!' if excluded else ''}{parent.pid}", netns=server.ns)
    for i in range(3):
        client.close(f"old{i}")
        client.connect("127.0.0.1", port, name=f"new{i}")
    for i in range(3):
        client.close(f"new{i}")
    parent.result()
    if excluded:
        tracer.wait_count(9)  # the client's closes, and its handshakes of the new ones
        tracer.stop()
        assert {c["pid"] for c in tracer.chapters()} == {client.pid}
        return
    assert tracer.wait() == 0
    told = tracer.chapters()
    assert len([c for c in told if c["type"] == "close"]) == 6
    assert len([c for c in told if c["type"] == "handshake"]) == 3
    pids = {c["pid"] for c in told}
    assert len(pids) == 3 and not pids & {parent.pid, client.pid}
