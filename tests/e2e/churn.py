# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Connections by the hundred: servers and clients that run in children."""
import select
import socket

import pump


def serve(channel, port, total):
    """Accepts `total` connections, answers each with one byte, closes when the peer has closed."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(4096)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    live, accepted, closed = {}, 0, 0
    channel.send("listening")
    while closed < total:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                s, _peer = listener.accept()
                s.setblocking(False)
                s.send(b"x")
                accepted += 1
                live[s.fileno()] = s
                poll.register(s, select.EPOLLIN)
            elif live[fd].recv(16) == b"":
                poll.unregister(fd)
                live.pop(fd).close()
                closed += 1
    return accepted


def open_all(channel, port, count):
    """Opens `count` connections at once, and closes them only when all are open; their local ports."""
    socks = []
    for _ in range(count):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", port))
        socks.append(s)
    ports = []
    for s in socks:
        s.setblocking(True)
        assert s.recv(1) == b"x"
        ports.append(s.getsockname()[1])
    channel.send("all open")
    channel.recv()
    for s in socks:
        s.close()
    return ports


def churn(_channel, port, count):
    """One connection after the other, as fast as it goes."""
    done = 0
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", port))
        assert s.recv(1) == b"x"
        s.close()
        done += 1
    return done


def churn_until_told(channel, port):
    done = 0
    while not channel.poll():
        s = socket.create_connection(("127.0.0.1", port))
        assert s.recv(1) == b"x"
        s.close()
        done += 1
    return done


def wait_all_closed(ns):
    """Until the kernel itself says that nothing is left but TIME_WAIT."""
    pump.wait_until(lambda: {line.split()[0] for line in ns.exec("ss", "-Htan").splitlines()}
                    <= {"TIME-WAIT"}, "all connections are closed")


def with_rps(ns, mask):
    """Receive packet steering on the namespace's lo; `ip netns exec` mounts the namespace's sysfs."""
    path = "/sys/class/net/lo/queues/rx-0/rps_cpus"
    shown = ns.exec("sh", "-c", f"echo {mask} > {path}; cat {path}")
    assert int(shown, 16) == mask
