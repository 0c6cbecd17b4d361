# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Why an end resets its connection, and that no end says it was reset which sent the RST itself."""
import os
import re
import socket
import subprocess

import pytest

import capture
import checks
import firewall
import netns
from capture import RST
from pair import Pair
from tracer import Tracer, run_tracer

TCP_LINGER2 = 8


def timeline(tracer):
    """What the recording prints, without its line breaks."""
    status, out, err = run_tracer("-r", tracer.recording)
    assert status == 0, err
    return " ".join(out.split())


def unread(pair):
    pair.server.send(4)
    pair.client.peek_ready(4)
    pair.client.close()


def unread_in_close_wait(pair):
    pair.server.send_and_close(1)
    pair.client.peek_ready(2)  # with the FIN
    pair.client.close()


def unread_in_part(pair):
    pair.server.send(100)
    pair.client.peek_ready(100)
    pair.client.recv(30)
    pair.client.close()


def linger(pair):
    pair.client.linger0()
    pair.client.close()


def linger2(pair):
    pair.client.option(socket.IPPROTO_TCP, TCP_LINGER2, -1)
    pair.client.close()


def disconnect(pair):
    pair.client.disconnect()


def disconnect_unread(pair):
    pair.server.send(4)
    pair.client.peek_ready(4)
    pair.client.disconnect()


def exchange(pair):
    """How much data an RST refuses is not known: there is data before, so that its trace has some."""
    pair.client.send(10)
    pair.server.recv(10)


def data_to_a_minisocket(pair):
    exchange(pair)
    pair.client.close()
    assert pair.server.recv_any() == b""
    pair.client.wait_state(pair.local, 5, pair.family)
    pair.server.send(1)


def data_after_shutdown_of_both(pair):
    """First one direction, then the other: a full socket in FIN_WAIT2."""
    exchange(pair)
    pair.client.shutdown()
    assert pair.server.recv_any() == b""
    pair.client.wait_state(pair.local, 5, pair.family)
    pair.client.shutdown(socket.SHUT_RD)
    pair.server.send(1)


WAYS = [
    (unread, "unread_data", 4, "4 bytes that the application had not read"),
    (unread_in_close_wait, "unread_data", 1, "1 byte that the application had not read"),
    (unread_in_part, "unread_data", 70, "70 bytes that the application had not read"),
    (linger, "linger", None, "close() with SO_LINGER and 0 s"),
    (linger2, "linger2", None, "TCP_LINGER2 does not wait"),
    (disconnect, "disconnect", None, "the application disconnected"),
    (disconnect_unread, "disconnect", None, "the application disconnected"),
    (data_to_a_minisocket, "data_after_close", None, "data came that nobody reads"),
    (data_after_shutdown_of_both, "data_after_close", None, "data came that nobody reads"),
]


@pytest.mark.parametrize("way, reason, n_unread, words", WAYS, ids=[w[0].__name__ for w in WAYS])
def test_the_reason(world, family, way, reason, n_unread, words):
    pair = Pair(world, world.link("veth"), family)
    way(pair)
    client, server = pair.finish()
    assert (client["ending"], client["reset_reason"], client["unread_bytes"]) == ("reset_sent", reason, n_unread)
    assert (server["ending"], server["reset_reason"]) == ("reset_received", None)
    assert client["steps"][-1]["segment"].startswith("> RST")
    sent = [p for p in pair.capture[0].packets() if p.flags & RST]
    assert {p.sport for p in sent} == {pair.local}
    assert words in timeline(pair.tracers[0])


def test_keepalive(world, family):
    pair = Pair(world, world.link("veth"), family)
    for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 1)):
        pair.client.option(socket.IPPROTO_TCP, option, value)
    pair.client.option(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    firewall.rule(pair.link.b, family, "INPUT", "-j", "DROP")
    assert pair.client.recv_any() == "ETIMEDOUT"
    pair.tracers[0].wait_count(2)
    pair.tracers[0].stop()
    close = pair.tracers[0].one("close")
    checks.check_shape(close)
    assert (close["ending"], close["reset_reason"]) == ("timed_out", "keepalive")


def test_killed(world, family):
    pair = Pair(world, world.link("veth"), family)
    done = subprocess.run(pair.link.a.argv("ss", "-K", "sport", "=", f":{pair.local}"), stdout=subprocess.PIPE)
    if str(pair.local).encode() not in done.stdout:
        pytest.skip("this kernel destroys no sockets")
    client, server = pair.finish()
    assert (client["ending"], client["reset_reason"]) == ("aborted", "killed")
    assert (server["ending"], server["reset_reason"]) == ("reset_received", None)


def test_a_listener_closes_before_accept(world, family):
    link = world.link("veth")
    server, client = world.agent(link.b), world.agent(link.a)
    tracer = Tracer(netns=link.b)
    port = server.listen(link.server(family), family=family)
    client.connect(link.server(family), port, family=family)
    server.close("l")
    assert client.recv_any() == "ECONNRESET"
    tracer.wait_count(1, "close")
    tracer.stop()
    close = tracer.one("close")
    assert (close["ending"], close["reset_reason"]) == ("reset_sent", "listener_closed")


def has_owner_of_answers():
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (6, 13)


@pytest.mark.needs("unsent")
@pytest.mark.parametrize("way, answers", [(unread, False), (linger, False), (linger2, True), (disconnect, False),
                                          (data_after_shutdown_of_both, True), (data_to_a_minisocket, True)])
def test_the_rst_does_not_leave(world, family, way, answers):
    """This host's firewall drops it: it is on no wire, so it is not sent, nor recorded."""
    if answers and not has_owner_of_answers():
        pytest.skip("an RST that answers a segment does not say whose it is (Linux 6.13)")
    pair = Pair(world, world.link("veth"), family)
    firewall.rule(pair.link.a, family, "OUTPUT", "--tcp-flags", "RST", "RST", "-j", "DROP")
    way(pair)
    tracer = pair.tracers[0]
    tracer.wait_count(2)
    tracer.stop()
    close = tracer.one("close")
    checks.check_shape(close)
    assert close["ending"] == "reset_sent" and close["complete"] is True
    last = close["steps"][-1]
    assert last["segment"] == "x RST" and last["sent"] is False
    assert not close["completeness"] & 32
    assert not [p for p in pair.capture[0].packets() if p.flags & RST]
    assert not [p for p in capture.read(tracer.recording) if p.flags & RST]
    assert "did not leave this host" in timeline(tracer)


def counter(ns, name):
    lines = [line.split() for line in ns.exec("cat", "/proc/net/netstat").splitlines()]
    values = dict(zip(lines[0], lines[1]))
    return int(values[name])


RACES = 400


def _serve(listener):
    """Answers each byte at once and closes: the answer meets the peer's close()."""
    for _ in range(RACES):
        s, _peer = listener.accept()
        s.setblocking(False)
        while True:
            try:
                s.recv(1)
                break
            except BlockingIOError:
                pass
        try:
            s.send(b"y")
        except OSError:
            pass
        s.close()


def _race(channel):
    listener = socket.create_server(("127.0.0.1", 0))
    pid = os.fork()
    if pid == 0:
        _serve(listener)
        os._exit(0)
    for i in range(RACES):
        s = socket.create_connection(listener.getsockname())
        s.send(b"x")
        for _ in range(i % 40 * 5):
            pass
        s.close()
    os.waitpid(pid, 0)
    return RACES


def test_data_arrives_while_close_holds_the_socket(world):
    """The segment that close() refuses was counted before: who was reset is known by who sent the RST."""
    link = world.link("lo")
    wire = world.capture(link.a, "lo")
    tracer = Tracer(netns=link.a)
    assert netns.Child(link.a, _race).result() == RACES
    tracer.wait_count(4 * RACES)
    tracer.stop()
    senders = {p.sport + p.dport * 65536 for p in wire.packets() if p.flags & RST}
    closes = tracer.chapters("close")
    assert len(closes) == 2 * RACES
    for close in closes:
        here, there = close["local_port"], close["remote_port"]
        if close["ending"] == "reset_received":
            assert there + here * 65536 in senders, close
        if close["ending"] == "reset_sent":
            assert here + there * 65536 in senders, close
            assert close["reset_reason"] in ("unread_data", "data_after_close"), close
    unread = [c for c in closes if c["reset_reason"] == "unread_data"]
    assert len(unread) == counter(link.a, "TCPAbortOnClose") and all(c["unread_bytes"] == 1 for c in unread)
