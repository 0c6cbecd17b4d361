# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A crowd of connections on a wire that loses at random."""
import socket
import threading

import checks
from checks import Noise
from oracle import End
from relay import wire
from talk import check_end
from tracer import Tracer

WAY = 0.02


def in_parallel(fn, args):
    results = [None] * len(args)

    def run(i):
        results[i] = fn(args[i])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(args))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def read(s, n):
    while n:
        got = len(s.recv(n))
        assert got, "the peer closed too early"
        n -= got


def crowd_server(channel, addr, n):
    lst = socket.create_server((addr, 0))
    channel.send(lst.getsockname()[1])

    def serve(s):
        with s:
            read(s, 1000)
            s.sendall(b"y" * 3000)
            assert s.recv(1) == b""
        return True

    return in_parallel(serve, [lst.accept()[0] for _ in range(n)])


def crowd_client(addr, port, n):
    def talk(_):
        with socket.create_connection((addr, port)) as s:
            s.sendall(b"x" * 1000)
            read(s, 3000)
            return s.getsockname()[1]

    return in_parallel(talk, [None] * n)


def test_random_loss(world):
    """A fifth of everything is lost: what each end tells is still what each end's wire saw."""
    link = wire(world, WAY, loss=20)
    here, there, n = link.client(4), link.server(4), 20
    for ns in (link.a, link.b):
        # nobody gives up, which an orphan does at once when its timer is at its maximum
        ns.sysctl(net__ipv4__tcp_syn_retries=20, net__ipv4__tcp_synack_retries=20,
                  net__ipv4__tcp_orphan_retries=20)
        ns.tune(net__ipv4__tcp_rto_max_ms=1000)  # else the last of them may wait for half a minute
    captures = world.captures(link)
    tracers = [Tracer(netns=ns) for ns in (link.a, link.b)]
    with Noise() as noise:
        server = link.b.spawn(crowd_server, there, n)
        port = server.recv()
        ports = link.a.call(crowd_client, there, port, n)
        assert server.result() == [True] * n
        for tracer in tracers:
            tracer.wait_count(2 * n)
    lost = 0
    for tracer, capture, mine in ((tracers[0], captures[0], "local_port"),
                                  (tracers[1], captures[1], "remote_port")):
        tracer.stop()
        assert len(tracer.chapters()) == 2 * n, tracer.brief()
        assert tracer.summary["incomplete"] == 0 == tracer.summary["events_lost"]
        for local in ports:
            ends = (here, local), (there, port)
            if mine == "remote_port":
                ends = ends[::-1]
            end = End(capture.packets(), *ends[0], *ends[1])
            told = {t: tracer.one(t, **{mine: local}) for t in ("handshake", "close")}
            for chapter in told.values():
                checks.check_shape(chapter)
            check_end(told, end, noise.tolerance_ns)
            lost += end.retransmits()
    assert lost > n, "nothing was lost"
