# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Network namespaces, the links between them, and children that run Python functions inside."""
import ctypes
import itertools
import multiprocessing
import os
import signal
import subprocess
import traceback

import pump

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
_libc = ctypes.CDLL(None, use_errno=True)
_serial = itertools.count()
# of this run, whose tests may run in several processes, and of this process
RUN = f"tst-{os.environ.setdefault('E2E_RUN', str(os.getpid()))}-"
PREFIX = f"{RUN}{os.getpid()}-"


def _ports():
    """Each process that tests has ports of its own, by which events are known to be its test's."""
    n, of = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    each, n = 42000 // of, n % of  # one that takes the place of another has a higher number
    return range(23000 + n * each, 23000 + (n + 1) * each)


PORTS = _ports()


def run(*argv, **kw):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)
    assert done.returncode == 0, f"{argv}: {done.returncode}: {done.stderr}"
    return done.stdout


def setns(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _libc.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns", path)
    finally:
        os.close(fd)


class Child:
    """fn(channel, *args) in a forked child inside a namespace: `pid`, `result()`, `send()`, `recv()`.

    What the child sends with channel.send() arrives at recv(); its return value at result().
    """

    alive = []

    def __init__(self, netns, fn, *args, comm=None):
        ours, theirs = multiprocessing.Pipe()
        self.inbox = []
        self.eof = False
        self.status = None
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            self._child(parent, ours, theirs, netns, fn, args, comm)
        theirs.close()
        self.channel = ours
        pump.add(ours.fileno(), self._read)
        Child.alive.append(self)

    @staticmethod
    def _child(parent, ours, theirs, netns, fn, args, comm):
        status = 70
        try:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(71)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            keep = theirs.fileno()
            os.closerange(3, keep)
            os.closerange(keep + 1, 4096)
            if comm:
                _libc.prctl(PR_SET_NAME, os.fsencode(comm), 0, 0, 0)
            if netns:
                setns(netns.path)
            theirs.send(("result", fn(theirs, *args)))
            status = 0
        except BaseException:
            try:
                theirs.send(("error", traceback.format_exc()))
            except BaseException:
                pass
        finally:
            os._exit(status)

    def _read(self):
        try:
            while self.channel.poll():
                self.inbox.append(self.channel.recv())
        except (EOFError, ConnectionResetError):
            self.eof = True
            pump.remove(self.channel.fileno())

    def send(self, value):
        self.channel.send(value)

    def recv(self):
        pump.wait_until(lambda: self.inbox or self.eof, f"a word from child {self.pid}")
        if not self.inbox:
            raise AssertionError(f"child {self.pid} ended without a word (killed?)")
        word = self.inbox.pop(0)
        if isinstance(word, tuple) and word and word[0] == "error":
            raise AssertionError(f"in child {self.pid}:\n{word[1]}")
        return word

    def result(self):
        word = self.recv()
        assert word[0] == "result", f"unexpected word {word!r}"
        self.wait()
        return word[1]

    def wait(self):
        def reaped():
            if self.status is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.status = os.waitstatus_to_exitcode(status)
            return self.status is not None

        pump.wait_until(reaped, f"the end of child {self.pid}")
        self._close()
        return self.status

    def _close(self):
        if not self.channel.closed:
            pump.remove(self.channel.fileno())
            self.channel.close()
        if self in Child.alive:
            Child.alive.remove(self)

    def kill(self, signo=signal.SIGKILL):
        if self.status is None:
            os.kill(self.pid, signo)
            self.wait()


def in_syscall(pid, number):
    """Does the (single-threaded) process block in this system call?"""
    try:
        with open(f"/proc/{pid}/syscall") as f:
            return f.read().split()[0] == str(number)
    except (OSError, IndexError):
        return False


class Netns:
    def __init__(self, tag="n"):
        self.name = f"{PREFIX}{tag}{next(_serial)}"
        self.path = f"/run/netns/{self.name}"
        run("ip", "netns", "add", self.name)
        self.inode = os.stat(self.path).st_ino
        self.ip("link", "set", "lo", "up")
        # no address is ever tentative, so that IPv6 works from the first packet on
        self.sysctl(net__ipv6__conf__all__accept_dad=0, net__ipv6__conf__default__accept_dad=0,
                    net__ipv4__ip_local_port_range=f"{PORTS[0]} {PORTS[-1]}")

    def ip(self, *args):
        return run("ip", "-n", self.name, *args)

    def ip_all(self, *lines):
        """Several commands in one process."""
        run("ip", "-n", self.name, "-batch", "-", input="".join(f"{line}\n" for line in lines))

    def argv(self, *argv):
        """The command line that runs argv inside; ip execs it, so the pid stays the same."""
        return ["ip", "netns", "exec", self.name, *argv]

    def exec(self, *argv):
        return run(*self.argv(*argv))

    def sysctl(self, **values):
        """Keys are written with __ for dots; all of them belong to the namespace."""
        self.exec("sysctl", "-qw", *(f"{k.replace('__', '.')}={v}" for k, v in values.items()))

    def tune(self, **values):
        """As sysctl(), without what this kernel does not have."""
        known = {k: v for k, v in values.items() if os.path.exists(f"/proc/sys/{k.replace('__', '/')}")}
        if known:
            self.sysctl(**known)

    def spawn(self, fn, *args, comm=None):
        return Child(self, fn, *args, comm=comm)

    def call(self, fn, *args):
        return Child(self, lambda _channel, *a: fn(*a), *args).result()

    def addr(self, dev, *addrs):
        for addr in addrs:
            flags = ["nodad"] if ":" in addr else []
            self.ip("addr", "add", addr, "dev", dev, *flags)
        self.ip("link", "set", dev, "up")

    def delete(self):
        run("ip", "netns", "del", self.name)


class Link:
    """Where a conversation takes place: two ends, the interface to capture on, and addresses."""

    def __init__(self, a, b, dev_a, dev_b, addr):
        self.a, self.b = a, b  # namespaces of client and server
        self.dev_a, self.dev_b = dev_a, dev_b
        self.addr = addr  # {4: (a, b), 6: (a, b)}

    def client(self, family):
        return self.addr[family][0]

    def server(self, family):
        return self.addr[family][1]


def loopback(netns):
    return Link(netns, netns, "lo", "lo", {4: ("127.0.0.1",) * 2, 6: ("::1",) * 2})


def veth(a, b, neighbours=True):
    """Without `neighbours` the ends have to find each other by ARP and neighbour discovery."""
    mac_a, mac_b = "02:00:00:00:77:01", "02:00:00:00:77:02"
    a.ip("link", "add", "va", "address", mac_a, "type", "veth",
         "peer", "name", "vb", "address", mac_b, "netns", b.name)
    for ns, dev, own, mac, peer in ((a, "va", "1", mac_b, "2"), (b, "vb", "2", mac_a, "1")):
        lines = [f"address add 10.77.1.{own}/24 dev {dev}", f"address add fd00:77::{own}/64 dev {dev} nodad",
                 f"link set {dev} up"]
        if neighbours:
            lines += [f"neighbour add {addr} lladdr {mac} dev {dev} nud permanent"
                      for addr in (f"10.77.1.{peer}", f"fd00:77::{peer}")]
        ns.ip_all(*lines)
    return Link(a, b, "va", "vb", {4: ("10.77.1.1", "10.77.1.2"), 6: ("fd00:77::1", "fd00:77::2")})
