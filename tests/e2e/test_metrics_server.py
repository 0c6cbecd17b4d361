# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The metrics over HTTP: formats, limits, sockets of all kinds, and scrapers that behave badly."""
import os
import select
import signal
import socket
import stat
import subprocess
import tempfile
import time

import pytest

import pump
import scraper
from lent import NOBODY, SUDO, status_of
from scraper import PORT, connect, read_all, request, scrape, send, time_until_closed
from tracer import BINARY, Tracer

LIFETIME_S = 5
CONNECTIONS = 32
OPENMETRICS = "application/openmetrics-text"


class Served:
    """A tracer that serves in a namespace of its own; scrape() and the like run there."""

    def __init__(self, world, address=f":{PORT}", *args, output=None, **kw):
        self.ns = world.netns()
        self.tracer = Tracer("--metrics", address, *args, netns=self.ns, argv0=self.ns.argv(), output=output, **kw)

    def call(self, fn, *args, **kw):
        return self.ns.call(lambda: fn(*args, **kw))

    def scrape(self, *args, **kw):
        return self.call(scrape, *args, **kw)


@pytest.fixture
def served(world):
    return Served(world)


def test_formats(served):
    """As the request asks for; a page that is compressed, or only asked about, is the same page."""
    def version(answer):
        assert 'tcpstates_build_info{version="' in answer.text
        return answer.headers["content-type"]

    plain = served.scrape()
    assert plain.status == 200
    assert version(plain) == "text/plain; version=0.0.4; charset=utf-8"
    assert "content-encoding" not in plain.headers and "# EOF" not in plain.text
    open_metrics = served.scrape(Accept=f"{OPENMETRICS};version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
    assert version(open_metrics) == f"{OPENMETRICS}; version=1.0.0; charset=utf-8"
    assert open_metrics.text.endswith("\n# EOF\n")
    for accept, like in (("*/*", plain), (OPENMETRICS, open_metrics)):
        packed = served.scrape(Accept=accept, Accept_Encoding="gzip, deflate")
        assert packed.headers["content-encoding"] == "gzip"
        assert version(packed) == version(like)
        head = served.scrape("HEAD", Accept=accept)
        assert head.status == 200 and head.body == b""
        assert version(like) == head.headers["content-type"]
        assert int(head.headers["content-length"]) > 0
    for answer in (plain, open_metrics, packed):
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert answer.headers["vary"] == "Accept, Accept-Encoding"
    served.tracer.stop()
    assert served.tracer.stdout.text() == ""  # no -o: nothing is printed


def test_paths_and_methods(served):
    assert (served.scrape(path="/healthz").status, served.scrape(path="/healthz").body) == (200, b"ok\n")
    assert served.scrape(path="/metrics?name=x").status == 200
    for path in ("/", "/metrics/", "/metricsx", "/healthz/x", "//metrics"):
        answer = served.scrape(path=path)
        assert (answer.status, answer.body[:9]) == (404, b"not found"), path
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
        answer = served.scrape(method, Content_Length=0)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD"), method
    with_body = served.call(send, request("POST", Content_Length=100000) + b"x" * 100000)
    assert b" 405 " in with_body.split(b"\r\n")[0]


MALFORMED = [
    b"\r\n\r\n", b"GET\r\n\r\n", b"GET /metrics\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n", b"\0" * 100,
    b"GET /metrics HTTP/1.1\r\n\r\n", b"GET /metrics HTTP/1.1\r\nHost\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET " + b"/" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100000 + b"\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 10000 + b"\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
]


def test_malformed(served):
    """Each is refused or answered within its time; the next scraper sees nothing of it."""
    for data in MALFORMED:
        answer = served.call(lambda d: scraper.Answer(send(d)), data)
        assert answer.status in (0, 200, 400, 405, 413, 414, 431, 505), data[:60]
        assert served.scrape().status == 200


def hold(channel, n):
    """Connects n times, says nothing, and tells which were closed, and how old they were, until all are."""
    sockets, begun = [], []
    poll = select.poll()
    for _ in range(n):
        sockets.append(connect())
        begun.append(time.monotonic())
        poll.register(sockets[-1], select.POLLIN)
    order = [s.fileno() for s in sockets]
    closed = []
    channel.send("connected")
    while len(closed) < n:
        for fd, _ in poll.poll():
            poll.unregister(fd)
            number = order.index(fd)
            closed.append((number, time.monotonic() - begun[number]))
        channel.send(closed)


def test_a_hundred_connections(world):
    """The newest 32 stay, none of them longer than 5 s; scrapers and the trace do not wait for them."""
    served = Served(world, output="json")
    server, client = world.agent(served.ns), world.agent(served.ns)
    holder = served.ns.spawn(hold, 100)
    assert holder.recv() == "connected"
    while len(closed := holder.recv()) < 100 - CONNECTIONS:
        pass
    assert {n for n, _ in closed} == set(range(len(closed)))  # the oldest
    assert max(age for _, age in closed) < LIFETIME_S - 0.1
    assert served.scrape().status == 200
    client.connect("127.0.0.1", server.listen("127.0.0.1"))
    server.accept()
    served.tracer.wait_count(1, "handshake", role="client", pid=client.pid)
    while len(closed) < 100:
        closed = holder.recv()
    assert min(age for n, age in closed if n > 100 - CONNECTIONS) >= LIFETIME_S - 0.1
    assert holder.result() is None


def test_a_scraper_beside_idle_ones(world):
    """It has its page while those that came before it live."""
    served = Served(world)
    holder = served.ns.spawn(hold, CONNECTIONS + 1)
    assert holder.recv() == "connected"
    assert served.scrape().status == 200
    # what has ended by then was not too old, but one too many
    while len(closed := holder.recv()) <= CONNECTIONS:
        early = [n for n, age in closed if age < LIFETIME_S - 0.1]
    assert early == [0, 1]
    assert holder.result() is None


@pytest.mark.parametrize("data,every_s", [(b"", None), (b"GET /metr", None), (request()[:-2], None),
                                          (b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 100, 0.2)],
                         ids=["silent", "first line", "no end", "byte by byte"])
def test_a_stalled_scraper(served, data, every_s):
    """Its connection is closed when it is 5 s old, whatever it sends."""
    assert served.call(time_until_closed, data, every_s) >= LIFETIME_S - 0.1
    assert served.scrape().status == 200


def test_who_asks_and_who_leaves(served):
    """A request that was sent in two halves, one beside another, and one whose sender has gone."""
    def ask():
        first, second = connect(), connect()
        first.sendall(request()[:20])
        second.sendall(request())
        answered = read_all(second)
        first.sendall(request()[20:])
        gone = connect()
        gone.sendall(request())
        gone.close()
        return answered, read_all(first)

    for data in served.call(ask):
        assert scraper.Answer(data).status == 200
    assert served.scrape().status == 200


@pytest.mark.parametrize("host,to", [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"),
                                     ("[::1]", "::1"), ("[::]", "::1")])
def test_addresses(world, host, to):
    served = Served(world, f"{host}:{PORT}")
    assert served.scrape(address=(to, PORT)).status == 200


def refused(address, argv0=(), env=()):
    """What it says instead of serving there"""
    done = subprocess.run([*argv0, BINARY, "--metrics", address, "-u", "1"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=pump.HANG_S,
                          env={**os.environ, **dict(env)})
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_a_port_that_is_taken(served):
    said = refused(f":{PORT}", served.ns.argv())
    assert said == f"tcpstates-trace: --metrics 127.0.0.1:{PORT}: Address already in use\n"


@pytest.fixture
def directory():
    """Which all users can reach"""
    with tempfile.TemporaryDirectory(prefix="tst-") as path:
        os.chmod(path, 0o755)
        yield path


@pytest.mark.parametrize("env,uid", [({}, 0), (SUDO, NOBODY)], ids=["root", "sudo"])
def test_unix(world, directory, env, uid):
    """Its owner and group may connect; it goes with the trace, and one that was left behind is replaced."""
    path = f"{directory}/metrics"
    os.chown(directory, uid, uid)
    for how in ("killed", "ended"):
        served = Served(world, f"unix:{path}", env={**os.environ, **env})
        st = os.stat(path)
        assert (stat.S_IMODE(st.st_mode), stat.S_ISSOCK(st.st_mode), st.st_uid) == (0o660, True, uid)
        assert scrape(address=path).status == 200
        if how == "killed":
            served.tracer.kill()
            assert os.path.exists(path)
    # somebody serves there
    assert "Address already in use" in refused(f"unix:{path}", env=env)
    assert scrape(address=path).status == 200
    served.tracer.stop()
    assert not os.path.exists(path)
    # a file is no socket, and stays
    with open(path, "w", encoding="ascii") as f:
        f.write("mine")
    assert "Address already in use" in refused(f"unix:{path}", env=env)
    with open(path, encoding="ascii") as f:
        assert f.read() == "mine"


def test_unix_in_a_directory_of_others(directory):
    """Under sudo, no socket is made where the caller may not make one."""
    said = refused(f"unix:{directory}/x", env=SUDO)
    assert "Permission denied (files are opened as the user who called sudo)" in said


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX], ids=["tcp", "unix"])
def test_inherited(world, tmp_path, family):
    """As systemd passes it: descriptor 3.  The command gets neither it nor the variables."""
    ns = world.netns()
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0) if family == socket.AF_INET else str(tmp_path / "s"))
    listener.listen()
    command = ["sh", "-c", "env; ls -l /proc/self/fd; read line"]
    process = subprocess.Popen(
        ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", BINARY, "--metrics", "fd", "--netns", str(ns.inode), "--", *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[3], preexec_fn=lambda: os.dup2(listener.fileno(), 3),
        env={**os.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x"})
    try:
        assert scrape(address=listener.getsockname()).status == 200
        out, _ = process.communicate("\n", timeout=pump.HANG_S)
    finally:
        process.kill()
        process.wait()
        listener.close()
    assert process.returncode == 0
    assert "/proc/" in out and "LISTEN_" not in out and "socket:" not in out


def test_inherited_by_systemd(world):
    """Started by systemd's own program, when the first scraper comes."""
    ns = world.netns()
    process = subprocess.Popen(ns.argv("systemd-socket-activate", "-l", f"127.0.0.1:{PORT}", BINARY, "--metrics", "fd",
                                       "--netns", str(ns.inode)), stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    lines = pump.Lines(process.stderr.fileno())
    try:
        pump.wait_until(lambda: "Listening" in lines.text(), lines.text)
        assert ns.call(lambda: scrape()).status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(pump.HANG_S) == 0, lines.text()
    finally:
        process.kill()
        lines.close()
        process.stderr.close()


def test_nothing_inherited():
    assert "no socket was passed" in refused("fd")
    assert "no socket was passed" in refused("fd", env={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
    said = refused("fd", ["sh", "-c", 'export LISTEN_FDS=1 LISTEN_PID=$$; exec 3</dev/null "$@"', "sh"])
    assert "no socket that listens" in said


def test_system_calls_are_restricted(served):
    """By a filter, without privileges."""
    status = status_of(served.tracer.pid)
    assert status["Seccomp"] == 2 and status["CapEff"] == 0 and status["NoNewPrivs"] == 1
