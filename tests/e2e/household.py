# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Processes that hand a connection on: a master listens, an acceptor accepts, a worker closes."""
import array
import os
import socket

from tracer import Tracer

NAMES = ("master", "acceptor", "worker")


def _send(over, s):
    over.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [s.fileno()]))])


def _receive(over):
    fds = array.array("i")
    fds.frombytes(over.recvmsg(1, 100)[1][0][2][:4])
    return socket.socket(fileno=fds[0])


def _name(name):
    with open("/proc/self/comm", "w") as f:
        f.write(name)


def _serve(role, boss, other, listener):
    """What acceptor and worker do when the boss says so."""
    held = None
    while True:
        order = boss.recv(16).decode()
        if order == "accept":
            held = listener.accept()[0]
        elif order == "connect":
            held = socket.create_connection(("127.0.0.1", listener.getsockname()[1]))
        elif order == "pass":
            _send(other, held)
            held.close()
        elif order == "take":
            held = _receive(other)
        elif order == "close":
            held.close()
        elif order == "wait":
            while held.recv(4096):
                pass
        else:
            os._exit(0)
        boss.send(b"done")


def house(channel):
    """(pids by name, port); then (who, what) is done and acknowledged."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    _name("master")
    between = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    orders, pids = {}, {"master": os.getpid()}
    for i, name in enumerate(("acceptor", "worker")):
        orders[name], boss = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pids[name] = os.fork()
        if not pids[name]:
            _name(name)
            boss.send(b"here")
            _serve(name, boss, between[i], listener)
        orders[name].recv(16)
    channel.send((pids, listener.getsockname()[1]))
    for who, what in iter(channel.recv, "end"):
        orders[who].send(what.encode())
        if what != "exit":
            orders[who].recv(16)
        else:
            os.waitpid(pids[who], 0)
            orders.pop(who).close()
        channel.send("done")
    for end in orders.values():
        end.send(b"end")


class House:
    def __init__(self, ns):
        self.child = ns.spawn(house)
        self.pids, self.port = self.child.recv()

    def do(self, who, *what):
        for one in what:
            self.child.send((who, one))
            self.child.recv()

    def hand_over(self):
        self.do("acceptor", "pass")
        self.do("worker", "take")

    def end(self):
        self.child.send("end")
        self.child.result()


def traced(ns, house, *args):
    """A tracer for each process."""
    return {name: Tracer("-p", house.pids[name], *args, netns=ns) for name in NAMES}


def types(tracer):
    return [c["type"] for c in tracer.chapters()]


def stop(tracers):
    for tracer in tracers.values():
        tracer.stop()
