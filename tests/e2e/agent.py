# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A process with sockets that does what the test tells it, one call at a time.

Scenarios read as what happens at both ends; the process's pid and the times of its calls are known,
so they can be compared with what the tracer says.
"""
import ctypes
import errno
import os
import select
import signal
import socket
import struct
import subprocess
import time
from dataclasses import dataclass
from socket import SHUT_WR

import netns
from pump import HANG_S

FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
SYS_accept4, SYS_accept = 288, 43
TCP_USER_TIMEOUT = 18
ESTABLISHED, FIN_WAIT2, CLOSE_WAIT, CLOSING = 1, 5, 8, 11  # as in /proc/net/tcp


@dataclass
class Call:
    """When a call began and when it had returned, in ns since the epoch: what it did was between the two."""
    before_ns: int
    after_ns: int

    def since(self, t_ns):
        """(least, most) that it can have been after t_ns"""
        return self.before_ns - t_ns, self.after_ns - t_ns

    def until(self, t_ns):
        """(least, most) that it can have been before t_ns"""
        return t_ns - self.after_ns, t_ns - self.before_ns


def _now_ns():
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


def _timed(fn, *args):
    """(what it returns, its Call)"""
    before = _now_ns()
    result = fn(*args)
    return result, Call(before, _now_ns())


class _Inside:
    """The methods run in the child; sockets have names."""

    def __init__(self):
        self.s = {}

    def listen(self, addr, port=0, family=4, name="l", backlog=128, reuseport=False, v6only=None):
        s = self.s[name] = socket.socket(FAMILY[family], socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuseport:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if v6only is not None:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
        s.bind((addr, port))
        s.listen(backlog)
        return s.getsockname()[1]

    def nonblocking(self, name="l"):
        self.s[name].setblocking(False)

    def accept(self, name="s", listener="l"):
        (self.s[name], peer), call = _timed(self.s[listener].accept)
        self.s[name].setblocking(True)
        return {"peer": peer[:2], "call": call}

    def poll_accept(self, name="s", listener="l"):
        p = select.poll()
        p.register(self.s[listener], select.POLLIN)
        assert p.poll(HANG_S * 1000), "nothing to accept"
        return self.accept(name, listener)

    def try_accept(self, name="s", listener="l"):
        try:
            self.accept(name, listener)
            return True
        except BlockingIOError:
            return False

    def plain_accept(self, listener="l"):
        fd = ctypes.CDLL(None, use_errno=True).syscall(SYS_accept, self.s[listener].fileno(), 0, 0)
        if fd >= 0:
            self.s["s"] = socket.socket(fileno=fd)
        return fd

    def fork_accept(self, listener="l"):
        """A child accepts and waits for the peer's FIN; returns its pid once it has accepted."""
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            s, _peer = self.s[listener].accept()
            os.write(w, b"a")
            s.recv(1)
            os._exit(0)
        os.read(r, 1)
        os.close(r)
        os.close(w)
        return pid

    def socket(self, name="s", family=4):
        self.s[name] = socket.socket(FAMILY[family], socket.SOCK_STREAM)

    def bind(self, addr, port=0, name="s", late=False):
        if late:  # the port is chosen by connect()
            self.s[name].setsockopt(socket.IPPROTO_IP, 24, 1)
        self.s[name].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s[name].bind((addr, port))

    def option(self, level, option, value, name="s"):
        self.s[name].setsockopt(level, option, value)

    def connect(self, addr, port, name="s", family=4, blocking=True):
        """Returns what happened: errno's symbol or None, the local port, and the times."""
        if name not in self.s:
            self.socket(name, family)
        self.s[name].setblocking(blocking)
        error, before = None, _now_ns()
        try:
            self.s[name].connect((addr, port))
        except OSError as e:
            error = errno.errorcode[e.errno]
        call = Call(before, _now_ns())
        return {"errno": error, "port": self.port(name), "call": call, "took_ns": call.after_ns - before}

    def connect_and_close(self, addr, port, name, *names):
        """Nothing is between a connect() that fails and the close() of all these."""
        self.socket(name)
        assert self.s[name].connect_ex((addr, port)) == errno.EADDRNOTAVAIL
        for other in names:
            self.s.pop(other).close()

    def port(self, name="s"):
        return self.s[name].getsockname()[1]

    def send(self, n, name="s"):
        self.s[name].sendall(b"x" * n)
        return n

    def send_and_close(self, n, name="s"):
        """With nothing between them."""
        self.send(n, name)
        self.close(name)

    def answer_fin(self, n, name="s"):
        """Sends n bytes as soon as the peer's FIN is there."""
        assert self.s[name].recv(1 << 16) == b""
        self.s[name].send(bytes(n))

    def recv(self, n, name="s"):
        left = n
        while left:
            data = self.s[name].recv(left)
            if not data:
                raise EOFError(f"{left} of {n} bytes missing")
            left -= len(data)
        return n

    def recv_any(self, name="s"):
        """Bytes, b"" for the peer's FIN, or the symbol of an error."""
        try:
            return self.s[name].recv(1 << 16)
        except OSError as e:
            return errno.errorcode[e.errno]

    def peek_ready(self, n, name="s"):
        """Waits until n bytes are in the receive queue, and leaves them there."""
        self.s[name].setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, n)
        p = select.poll()
        p.register(self.s[name], select.POLLIN)
        assert p.poll(HANG_S * 1000)

    def wait_error(self, name="s"):
        """Waits for an error on the socket and returns its symbol."""
        p = select.poll()
        p.register(self.s[name], 0)
        assert p.poll(HANG_S * 1000), "no error"
        return errno.errorcode[self.s[name].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)]

    def wait_connected(self, name="s"):
        """Waits for the end of a non-blocking connect(): errno's symbol or None, and when it was over."""
        p = select.poll()
        p.register(self.s[name], select.POLLOUT)
        assert p.poll(HANG_S * 1000), "still connecting"
        error = self.s[name].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self.s[name].setblocking(True)
        return {"errno": errno.errorcode[error] if error else None, "after_ns": _now_ns()}

    def wait_state(self, port, state, family=4):
        """Until this namespace's connection (or minisocket) at a local port is in /proc/net/tcp's state."""
        path = "/proc/thread-self/net/tcp" + ("6" if family == 6 else "")
        deadline = time.monotonic() + HANG_S
        while True:
            with open(path) as f:
                lines = [line.split() for line in f.readlines()[1:]]
            found = [int(w[3], 16) for w in lines if int(w[1].rpartition(":")[2], 16) == port]
            if state in found:
                return
            assert time.monotonic() < deadline, f"port {port} is in {found}, not in {state}"
            time.sleep(0.005)

    def shutdown(self, how=SHUT_WR, name="s"):
        return _timed(self.s[name].shutdown, how)[1]

    def disconnect(self, name="s"):
        """connect() to AF_UNSPEC: the socket is free again."""
        assert ctypes.CDLL(None).connect(self.s[name].fileno(), bytes(16), 16) == 0

    def close(self, name="s"):
        return _timed(self.s.pop(name).close)[1]

    def linger0(self, name="s"):
        self.option(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0), name)

    def sleep(self, seconds):
        time.sleep(seconds)

    def pids(self):
        return os.getpid()

    def uid(self, uid):
        os.setresuid(uid, uid, uid)

    def fork_serve(self, n_in, n_out):
        """accept(); fork(); close(): the child serves, the parent closes its copy first."""
        self.accept("s")
        gate_r, gate_w = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(gate_w)
            os.read(gate_r, 1)  # until the parent has closed its copy
            self.recv(n_in)
            self.send(n_out)
            self.s["s"].close()
            os._exit(0)
        self.s.pop("s").close()
        os.close(gate_w)
        os.close(gate_r)
        os.waitpid(pid, 0)
        return pid

    def fork_crowd(self, n):
        """The pids of n processes that do nothing until this one ends: a shell's, which are small."""
        script = f"exec 3<&0; for i in $(seq {n}); do read _ <&3 & echo $!; done; wait"
        self.crowd = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        return [int(self.crowd.stdout.readline()) for _ in range(n)]

    def fork_holders(self, n):
        """The pids of n children that have all the sockets of this process open, until it ends."""
        r, w = os.pipe()
        pids = []
        for _ in range(n):
            pids.append(os.fork())
            if pids[-1] == 0:
                os.close(w)
                os.read(r, 1)
                os._exit(0)
        return pids

    def fork_connect(self, addr, port, n):
        """A child connects n times and ends; returns its pid and its ports."""
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            ports = []
            for _ in range(n):
                s = socket.create_connection((addr, port))
                ports.append(s.getsockname()[1])
                s.recv(1)
                s.close()
            os.write(w, repr(ports).encode())
            os._exit(0)
        os.close(w)
        ports = eval(os.read(r, 1 << 16).decode())
        os.waitpid(pid, 0)
        os.close(r)
        return pid, ports

    def close_after(self, *names):
        """Closes each as soon as its peer has."""
        for name in names:
            assert self.s[name].recv(1) == b""
            self.s.pop(name).close()

    def accept_close(self, n, listener="l"):
        """Takes n connections one after the other and closes each first."""
        for _ in range(n):
            s, _peer = self.s[listener].accept()
            s.send(b"x")
            s.shutdown(socket.SHUT_WR)
            s.recv(1)
            s.close()
        return n


def _serve(channel):
    inside = _Inside()
    while True:
        try:
            method, args, kw = channel.recv()
        except EOFError:
            return None
        if method == "quit":
            return None
        channel.send(getattr(inside, method)(*args, **kw))


class Agent:
    """agent.connect(...), agent.close(), ...: calls into the child; start()/finish() for one that blocks."""

    def __init__(self, ns, comm=None):
        self.child = netns.Child(ns, _serve, comm=comm)
        self.pid = self.child.pid

    def __getattr__(self, method):
        if method.startswith("_") or not hasattr(_Inside, method):
            raise AttributeError(method)

        def call(*args, **kw):
            self.start(method, *args, **kw)
            return self.finish()

        return call

    def start(self, method, *args, **kw):
        self.child.send((method, args, kw))

    def finish(self):
        return self.child.recv()

    def kill(self, signo=signal.SIGKILL):
        self.child.kill(signo)

    def quit(self):
        if self.child.status is None:
            self.child.send(("quit", (), {}))
            self.child.result()
