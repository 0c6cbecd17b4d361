# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""-o none -s: the kernel counts, and the table is that of a tracer that is told every chapter."""
import re
import socket

from tracer import Tracer

GRACEFUL, RESET = 40, 7


def _traffic(channel):
    lst = socket.socket()
    lst.bind(("127.0.0.1", 0))
    lst.listen(16)
    channel.send(lst.getsockname()[1])
    for n in range(GRACEFUL + RESET):
        c = socket.create_connection(lst.getsockname())
        s, _peer = lst.accept()
        if n >= GRACEFUL:
            s.send(b"unread")
        c.close()
        s.close()
    lst.close()
    c = socket.socket()
    assert c.connect_ex(("127.0.0.1", 1)) != 0


def _counts(lines):
    """The table without its latencies, as words."""
    return [[w for w in line.split() if not re.fullmatch(r"\d+\.\d{3}", w)] for line in lines]


def test_tally_is_the_summary(world):
    ns = world.netns()
    counting, telling = Tracer("-s", netns=ns, output="none"), Tracer("-s", netns=ns)
    child = ns.spawn(_traffic)
    port = str(child.recv())
    child.result()
    telling.wait_count(4 * (GRACEFUL + RESET) + 2)
    counting.stop()
    telling.stop()
    both = str(GRACEFUL + RESET)
    table = _counts(counting.stdout.lines)
    for row in (["connections", str(2 * (GRACEFUL + RESET) + 2)], ["refused", "2"], ["open", "0"],
                ["graceful", str(2 * GRACEFUL)], ["reset_sent", str(RESET)],
                ["reset_received", str(RESET)], ["client", port, "connect", both],
                ["server", port, "close", str(GRACEFUL)], ["client", "1", "failed", "1"], ["server", "1", "refused", "1"]):
        assert row in table, (row, table)
    assert table == _counts(line for line in telling.stderr.lines if not line.startswith("Tracing"))


def test_intervals(world):
    """Each table of -i covers what ended since the one before; the last table covers all."""
    ns = world.netns()
    tracer = Tracer("-s", "-i", "0.2", netns=ns, output="none")

    def tables():
        text = [line.split() for line in tracer.stdout.lines]
        return [int(line[1]) for line in text if line[:1] == ["connections"]]

    for rounds in (1, 2):
        child = ns.spawn(_traffic)
        child.recv()
        child.result()
        once = 2 * (GRACEFUL + RESET) + 2
        tracer.wait_for(lambda _t: sum(tables()) == rounds * once)
    tracer.stop()
    got = tables()
    assert got[-1] == 2 * once == sum(got[:-1])
