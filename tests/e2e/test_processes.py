# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""When a process begins and ends: by its last thread, whichever that is."""
import pytest

from tracer import Tracer

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
    if not os.fork():
        socket.create_connection(('127.0.0.1', int(port))).recv(1)
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
    import os
    import subprocess
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
