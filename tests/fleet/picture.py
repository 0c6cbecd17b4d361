#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""picture.py PICTURE: the panels of the dashboard, as they show three minutes of two hosts.

As root, after `make test-fleet` and with python3-matplotlib; the README's picture is made by
    tests/fleet/picture.py .github/fleet.png
"""
import os
import pathlib
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ.setdefault("FLEET_BUILD", "build/fleet")

import fleet  # noqa: E402,F401
import netns  # noqa: E402
import pump  # noqa: E402
import relay  # noqa: E402
import town  # noqa: E402
from draw import Board  # noqa: E402
from prometheus import Prometheus  # noqa: E402
from tracer import Tracer  # noqa: E402
from world import World  # noqa: E402

ALL = {"$job": ".*", "$instance": "(shop|backend)", "$port": ".*", "$__rate_interval": "6s"}


def watch(world, directory):
    link, watch = relay.wire(world, delay=0.004, loss=1), world.netns("watch")
    targets = {}
    for name, ns, port in (("shop", link.a, 9967), ("backend", link.b, 9968)):
        Tracer("--metrics", f"127.0.0.1:{port}", "--metrics-ports", ",".join(map(str, town.PORTS)), netns=ns, output="none",
               argv0=["nsenter", f"--net={watch.path}"])
        targets[name] = f"127.0.0.1:{port}"
    prometheus = Prometheus(watch, directory, {"tcpstates-trace": targets}, interval_s=1)
    server = netns.Child(link.b, town.serve, link.server(4), comm="server")
    assert server.recv() == "serving"
    begin = time.time()
    netns.Child(link.a, town.visit, link.server(4), comm="client")
    while time.time() < begin + town.SECONDS:
        pump.turn(1)
    return prometheus, begin


def main():
    picture = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        world = World(directory)
        try:
            prometheus, begin = watch(world, pathlib.Path(directory))
            Board(prometheus, ALL, begin, begin + town.SECONDS, 2).draw(picture)
            prometheus.kill()
        finally:
            world.clean()


if __name__ == "__main__":
    main()
