# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A host whose services are traced, and a Prometheus that watches it."""
import re

from fleet import RULES
import pump
from prometheus import Prometheus
from services import FULL, PORTS, Services
from tracer import Tracer

METRICS = "127.0.0.1:9967"


def trace(host, watch, *args):
    """The scrapes are in another namespace: they are not counted."""
    return Tracer(*args, "--metrics-ports", ",".join(map(str, PORTS)), netns=host, output="none",
                  argv0=["nsenter", f"--net={watch.path}"])


def counted(engine):
    """{(name, labels): value} of the ports of the services and of what has no port, without those still on their way"""
    found = {}
    for name in ("handshakes", "closes", "handshake_failures", "abnormal_closes"):
        for metric, value in engine.query(f'tcpstates_{name}_total{{port!="{FULL}"}} > 0'):
            found[name, tuple(sorted((k, v) for k, v in metric.items() if k not in ("__name__", "job", "instance")))] = value
    return found


def wait_counted(engine, services):
    """Until it has all that has happened, and nothing else"""
    pump.wait_until(lambda: counted(engine) == services.happened,
                    lambda: f"these are in one of them: {counted(engine).items() ^ services.happened.items()}")


class Host:
    """One that is traced, and the Prometheus that watches it"""

    def __init__(self, world, directory):
        self.ns, self.watch = world.netns("host"), world.netns("watch")
        self.ns.sysctl(net__ipv4__tcp_fin_timeout=1000)  # no half that waits is given up in a test
        self.tracer = trace(self.ns, self.watch, "--metrics", METRICS)
        self.prometheus = Prometheus(self.watch, directory, {"tcpstates-trace": [METRICS]}, rules=[hastened(directory)])
        self.services = Services(world, self.ns)

    def page(self, **headers):
        return self.prometheus.visitor.get(f"http://{METRICS}/metrics", headers)

    def wait_counted(self):
        wait_counted(self.prometheus, self.services)


# an hour of the rules is 6 s, and an hour's leak one of 3 s
HASTE = {r"\[10m\]": "[12s]", r"\[5m\]": "[8s]", r"\[30m\]": "[1s]", r"\[1h\]": "[2s]", "offset 1h": "offset 2s",
         "for: .*": "for: 1s", "> 3600": "> 3"}


def hastened(directory):
    """The rules, for a test of seconds"""
    with open(RULES) as f:
        text = f.read()
    for pattern, instead in HASTE.items():
        assert re.search(pattern, text), pattern
        text = re.sub(pattern, instead, text)
    file = directory / "rules.yml"
    file.write_text(text)
    return str(file)
