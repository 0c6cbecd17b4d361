# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What the metrics count is what the test's programs did, whether the kernel counts or user space."""
import os
import time

import pytest

import metrics_page
import pump
import scraper
from agent import ESTABLISHED
from cgroups import mount
from relay import wire
from tracer import Tracer, run_tracer

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
# nothing is printed and the kernel counts; chapters are printed, and user space does
MODES = {"kernel": None, "user": "json"}


class Scraped:
    """A tracer that serves on a socket which everybody reaches."""

    def __init__(self, ns, tmp_path, *args, output=None):
        self.path = str(tmp_path / "socket")
        self.tracer = Tracer("--metrics", f"unix:{self.path}", *args, netns=ns, output=output)

    def page(self, **headers):
        answer = scraper.scrape(address=self.path, **headers)
        assert answer.status == 200, answer.data
        return metrics_page.parse(answer.text)

    def until(self, wanted):
        """The page, as soon as it is like this: a hook on another processor may be late"""
        return pump.wait_until(lambda: (page := self.page()) and wanted(page) and page, lambda: str(self.page()))


@pytest.fixture
def ns(world):
    return world.netns("lo")


class Spans:
    """Of some waits, between two calls each: what they can have been together, in seconds."""

    def __init__(self):
        self.least = self.most = 0

    def add(self, begin, end, begun_ns=None):
        """begun_ns: it had begun by then; without it, that is not known before the end"""
        self.least += max(0, end.before_ns - (begun_ns or end.before_ns)) / 1e9
        self.most += (end.after_ns - begin.before_ns) / 1e9

    def have(self, seconds):
        return self.least <= seconds <= self.most


def connection(client, server, port, accepted, closed, pause_s=0.0):
    """Accepted, then closed by the client, then by the server, after a while each"""
    asked = client.connect("127.0.0.1", port)["call"]
    server.wait_state(port, ESTABLISHED)
    begun_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
    client.sleep(pause_s)
    accepted.add(asked, server.accept()["call"], begun_ns)
    first = client.close()
    server.recv_any()
    begun_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
    client.sleep(pause_s)
    closed.add(first, server.close(), begun_ns)


@pytest.mark.parametrize("mode", MODES)
def test_counts(world, ns, tmp_path, mode):
    client, server, other = (world.agent(ns) for _ in range(3))
    port, unused = server.listen("127.0.0.1"), other.listen("127.0.0.1")
    other.close("l")
    scraped = Scraped(ns, tmp_path, "--metrics-ports", f"{port},{unused}", output=MODES[mode])
    accepted, closed = Spans(), Spans()
    for pause_s in (0, 0, 0, 0.3):
        connection(client, server, port, accepted, closed, pause_s)
    for _ in range(3):
        assert client.connect("127.0.0.1", unused)["errno"] == "ECONNREFUSED"
    client.close()
    asked = client.connect("127.0.0.1", port)["call"]
    accepted.add(asked, server.accept()["call"])
    client.linger0()
    client.close()
    server.wait_error()
    server.close()
    page = scraped.until(lambda p: p.sum("closes_total") == 10 and
                         p.sum("handshake_failures_total", role="server") == 3)
    for role, ending in (("client", "reset_sent"), ("server", "reset_received")):
        here = {"role": role, "port": port}
        assert page.get("handshakes_total", **here) == page.get("closes_total", **here) == 5
        assert page.get("handshake_duration_seconds_count", **here) == 5
        assert page.labels("abnormal_closes_total", **here) == {("ending", ending): 1}
    assert page.get("handshake_failures_total", role="client", port=unused, outcome="refused") == 3
    # an attempt of a peer makes no row
    assert page.get("handshake_failures_total", role="server", port="other", outcome="refused") == 3
    assert page.get("accept_wait_seconds_count", port=port) == 5
    assert accepted.have(page.get("accept_wait_seconds_sum", port=port))
    assert page.get("close_wait_seconds_count", role="server", port=port) == 4
    assert closed.have(page.get("close_wait_seconds_sum", role="server", port=port))
    assert not page.labels("close_wait_seconds_count", role="client")
    for name in ("events_lost_total", "table_full_total", "rows_full_total"):
        assert page.labels(name) == {(): 0}
    scraped.tracer.stop()
    if mode == "user":  # sums are exact
        for name, field, type in (("handshake_duration", "handshake_us", "handshake"), ("close_duration", "close_us", "close"),
                                  ("accept_wait", "accept_us", "handshake")):
            seconds = sum(c[field] or 0 for c in scraped.tracer.chapters(type) if c.get("outcome") in (None, "established")) / 1e6
            assert page.sum(f"{name}_seconds_sum") == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize("mode", MODES)
def test_open(world, ns, tmp_path, mode):
    """By role and state, with the age of the oldest; and the accept queue."""
    client, server = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1", backlog=3)
    scraped = Scraped(ns, tmp_path, output=MODES[mode])
    for name in "abcd":
        client.connect("127.0.0.1", port, name=name)
    server.accept("a")
    server.accept("b")
    left = client.close("a")
    server.recv_any("a")
    # connect() returns before the last ACK has made the server's end, recv() before its ACK has come
    page = scraped.until(lambda p: p.get("connections", role="server", state="CLOSE_WAIT") == 1 and
                         p.get("connections", role="client", state="FIN_WAIT2") == 1 and
                         p.get("connections", role="server", state="ESTABLISHED") == 3 and
                         p.get("listener_queue", port=port) == 2)
    seen_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
    assert page.get("connections", role="client", state="ESTABLISHED") == 3
    age = page.get("oldest_seconds", role="server", state="CLOSE_WAIT")
    assert 0 < age <= (seen_ns - left.before_ns) / 1e9
    assert page.get("oldest_seconds", role="client", state="ESTABLISHED") > age
    assert page.get("listener_queue_limit", port=port) == 3
    # a minisocket, which stays
    assert scraped.page().get("connections", role="client", state="FIN_WAIT2") == 1
    server.close("a")
    page = scraped.until(lambda p: not p.get("connections", role="server", state="CLOSE_WAIT") and
                         not p.get("connections", role="client", state="FIN_WAIT2"))
    assert page.get("oldest_seconds", role="server", state="CLOSE_WAIT") == 0
    scraped.tracer.stop()


def test_exemplars(world, ns, tmp_path):
    """The slowest connection since the last page, once."""
    client, server = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    scraped = Scraped(ns, tmp_path)
    for pause_s in (0, 0.2, 0):
        connection(client, server, port, Spans(), Spans(), pause_s)
    scraped.until(lambda p: p.get("closes_total", role="server", port=port) == 3)
    connection(client, server, port, Spans(), Spans(), 0.2)
    called = client.connect("127.0.0.1", port)
    server.accept()
    page = scraped.until(lambda p: p.get("handshakes_total", role="server", port=port) == 5)
    assert not page.exemplars("accept_wait_seconds_bucket")  # text has none
    for _ in range(2):
        client.close()
        server.recv_any()
        server.close()
        called = client.connect("127.0.0.1", port)
        server.accept()
    page = scraped.page(Accept=OPENMETRICS)
    found, = page.exemplars("accept_wait_seconds_bucket", port=port)
    assert found.labels["comm"]
    if not page.labels("feature_info", feature="cookie", hook="none"):
        assert found.labels["conn"].startswith("0x")
    assert found.labels["peer"].startswith("127.0.0.1:")
    assert abs(float(found.timestamp) - called["call"].after_ns / 1e9) < 3600
    assert not scraped.page(Accept=OPENMETRICS).exemplars("accept_wait_seconds_bucket")
    scraped.tracer.stop()


@pytest.mark.parametrize("mode", MODES)
def test_rows_are_bounded(world, ns, tmp_path, mode):
    """What finds no row counts as the others', and says so; a row that is there stays."""
    client, server = world.agent(ns), world.agent(ns)
    ports = [server.listen("127.0.0.1", name=f"l{i}") for i in range(4)]
    scraped = Scraped(ns, tmp_path, "--metrics-rows", "2", output=MODES[mode])
    for _ in range(2):
        for i, port in enumerate(ports):
            client.connect("127.0.0.1", port)
            server.accept(listener=f"l{i}")
            client.close()
            server.recv_any()
            server.close()
    page = scraped.until(lambda p: p.sum("closes_total", role="server") == 8)
    assert page.labels("closes_total", role="server") == {
        ("port", str(ports[0])): 2, ("port", str(ports[1])): 2, ("port", "other"): 4}
    assert page.get("closes_total", role="client", port="other") == 8  # ports that are not listed
    assert page.get("rows_full_total") >= 8
    scraped.tracer.stop()


def test_by_role(world, ns, tmp_path):
    client, server = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    scraped = Scraped(ns, tmp_path, "--metrics-by", "role")
    connection(client, server, port, Spans(), Spans())
    page = scraped.until(lambda p: p.sum("closes_total") == 2)
    assert page.labels("closes_total") == {("role", "client"): 1, ("role", "server"): 1}
    assert page.labels("accept_wait_seconds_count") == {(): 1}
    scraped.tracer.stop()


def test_idle(world, ns, tmp_path):
    """Nobody asks: it sleeps, whatever the host does, and where nothing is selected even a handshake hangs."""
    link = wire(world, 0.001, losses=[("b", "SYN,ACK", 1)])
    elsewhere = world.agent(link.b).listen(link.server(4))
    client, server = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    scraped = Scraped(ns, tmp_path)
    proc = f"/proc/{scraped.tracer.pid}"

    def sockets():
        n = 0
        for fd in os.listdir(f"{proc}/fd"):
            try:
                n += os.readlink(f"{proc}/fd/{fd}").startswith("socket:")
            except FileNotFoundError:
                pass
        return n

    def sleeps():
        with open(f"{proc}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] == "S"

    def slept():
        with open(f"{proc}/status") as f:
            return next(line for line in f if line.startswith("voluntary_ctxt_switches"))

    idle = sockets()
    scraped.page()
    # whoever asked has read the last byte before the tracer closes the socket, which is its last work
    pump.wait_until(lambda: sockets() == idle, "it has closed the socket")
    pump.wait_until(sleeps, "it sleeps")
    before = slept()
    for _ in range(200):
        client.connect("127.0.0.1", port)
        server.accept()
        client.close()
        server.recv_any()
        server.close()
    assert world.agent(link.a).connect(link.server(4), elsewhere)["errno"] is None  # by the second SYN,ACK
    assert slept() == before
    page = scraped.until(lambda p: p.get("closes_total", role="server", port=port) == 200)
    assert page.get("handshakes_total", role="server", port=port) == 200
    scraped.tracer.stop()


def test_file(world, ns, tmp_path):
    """A whole page at any time; removed at the end, so that nobody takes it for the present."""
    path = tmp_path / "tcpstates.prom"
    tracer = Tracer("--metrics-file", path, netns=ns, output=None)
    pump.wait_until(path.exists, "the file")
    page = metrics_page.parse(path.read_text())
    assert page.sum("build_info") == 1 and "# {" not in path.read_text()
    assert os.listdir(tmp_path) == [path.name]
    tracer.stop()
    assert os.listdir(tmp_path) == []
    status, _, stderr = run_tracer("--metrics-file", tmp_path / "none" / "x.prom", "--netns", str(ns.inode))
    assert status == 1 and "output:" not in stderr and "No such file or directory" in stderr


@pytest.mark.parametrize("mode", MODES)
def test_by_unit(world, ns, tmp_path, mode):
    """The row of a unit, and what its name stands for"""
    unit = f"tst-{os.getpid()}.service"
    path = os.path.join(mount(), unit)
    client, server = world.agent(ns), world.agent(ns)
    os.makedirs(path)
    try:
        with open(f"{path}/cgroup.procs", "w") as f:
            f.write(str(server.pid))
        port = server.listen("127.0.0.1")
        scraped = Scraped(ns, tmp_path, "--metrics-by", "unit", output=MODES[mode])
        connection(client, server, port, Spans(), Spans())
        page = scraped.until(lambda p: p.get("closes_total", role="server", port=port) == 1)
        assert page.get("accept_wait_seconds_count", port=port, workload=unit) == 1
        assert page.get("handshakes_total", role="server", port=port, workload=unit) == 1
        (labels,) = page.labels("workload_info", workload=unit)
        assert ("unit", unit) in labels and dict(labels)["cgroup"].endswith(unit)
        scraped.tracer.stop()
    finally:
        server.kill()
        os.rmdir(path)
