# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Services of all kinds and their clients in one namespace, and how often what happened to them."""
from collections import Counter

from agent import CLOSE_WAIT

ADDRESS = "127.0.0.1"
WEB, RUDE, LEAKY, LATE, FULL, NOBODY = PORTS = 8080, 8081, 8082, 8083, 8084, 8085
LATE_S, LATE_EACH = 0.15, 3  # until accept(); how many connections wait together
WEB_EACH = 10  # a round
BACKLOG = 1


def labels(role, port, **more):
    return tuple(sorted({"role": role, "port": str(port), **more}.items()))


class Services:
    """Each round() adds to `happened`: {(name of the counter, labels): how often}."""

    def __init__(self, world, ns):
        self.ns = ns
        self.server, self.client = world.agent(ns, comm="services"), world.agent(ns, comm="clients")
        self.happened = Counter()
        self.waits_ns = []  # of LATE, for accept()
        self.rounds, self.full = 0, False
        for port in (WEB, RUDE, LEAKY, LATE):
            self.server.listen(ADDRESS, port, name=port)
        self.server.listen(ADDRESS, FULL, name=FULL, backlog=BACKLOG)

    def count(self, name, role, port, **more):
        self.happened[name, labels(role, port, **more)] += 1

    def connect(self, port, name="c"):
        return self.client.connect(ADDRESS, port, name=name)["call"]

    def accept(self, port, name="s"):
        for role in ("client", "server"):
            self.count("handshakes", role, port)
        return self.server.accept(name=name, listener=port)["call"]

    def both_close(self, port, client="c", server="s"):
        self.client.close(client)
        assert self.server.recv_any(server) == b""
        self.server.close(server)
        for role in ("client", "server"):
            self.count("closes", role, port)

    def web(self):
        self.connect(WEB)
        self.accept(WEB)
        self.both_close(WEB)

    def late(self):
        names = range(LATE_EACH)
        calls = [self.connect(LATE, f"c{n}") for n in names]
        self.server.sleep(LATE_S)
        for n, call in zip(names, calls):
            self.waits_ns.append(self.accept(LATE, f"s{n}").after_ns - call.after_ns)
        for n in names:
            self.both_close(LATE, f"c{n}", f"s{n}")

    def rude(self):
        """The server resets."""
        self.connect(RUDE)
        self.accept(RUDE)
        self.server.linger0("s")
        self.server.close("s")
        assert self.client.recv_any("c") == "ECONNRESET"
        self.client.close("c")
        for role, ending in (("client", "reset_received"), ("server", "reset_sent")):
            self.count("closes", role, RUDE)
            self.count("abnormal_closes", role, RUDE, ending=ending)

    def leak(self):
        """The client closes, and the server never does."""
        self.connect(LEAKY)
        self.accept(LEAKY, name=f"leaked {self.rounds}")
        self.client.close("c")
        self.server.wait_state(LEAKY, CLOSE_WAIT)

    def refused(self):
        assert self.client.connect(ADDRESS, NOBODY, name="c")["errno"] == "ECONNREFUSED"
        self.client.close("c")
        for role, port in (("client", NOBODY), ("server", "other")):
            self.count("handshakes", role, port)
            self.count("handshake_failures", role, port, outcome="refused")

    def fill(self):
        """The accept queue, which holds one more than it is asked to; and one that finds it full."""
        if self.full:
            self.client.close("too many")
        else:
            for n in range(BACKLOG + 1):
                self.client.connect(ADDRESS, FULL, name=f"full {n}")
        self.full = True
        self.client.connect(ADDRESS, FULL, name="too many", blocking=False)

    def round(self):
        for _ in range(WEB_EACH):
            self.web()
        self.late()
        self.rude()
        self.refused()
        self.refused()
        self.leak()
        self.rounds += 1

    def listener(self, port):
        """What ss says: (queue, limit)"""
        line, = self.ns.exec("ss", "-Htln", f"sport = :{port}").splitlines()
        return tuple(map(int, line.split()[1:3]))

    def drops(self):
        """The kernel's count of the namespace"""
        names, values = (line.split() for line in self.ns.exec("cat", "/proc/net/netstat").splitlines()[:2])
        return int(values[names.index("ListenDrops")])
