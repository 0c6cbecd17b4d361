#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""picture.py REPORT PICTURE: a report of connections over a slow wire, and how a browser shows it.

As root, after `make e2e` has built what it needs; the README's picture is made by
    tests/e2e/picture.py report.html user/render/page/report.png
"""
import os
import random
import socket
import struct
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import netns  # noqa: E402
import relay  # noqa: E402
from browser import Browser  # noqa: E402
from tracer import Tracer  # noqa: E402
from world import World  # noqa: E402

# port: (connections, the seconds that the server takes to close after the client, at most)
SERVICES = {443: (500, 0.02), 5432: (160, 0.3), 6379: (240, 0.005)}
CLIENTS = {"curl": 443, "psql": 5432, "worker": 6379}
NOBODY = 8080
AT_A_TIME = 12
WIDTH, SCALE = 1280, 0.7


def _answer(s, patience):
    with s:
        try:
            while s.recv(4096):
                s.sendall(b"y" * 700)
            time.sleep(random.expovariate(3) * patience)  # in CLOSE_WAIT
        except OSError:
            pass


def serve(channel, address):
    def accept(listener, patience):
        while True:
            s, _ = listener.accept()
            threading.Thread(target=_answer, args=(s, patience), daemon=True).start()

    for port, (_, patience) in SERVICES.items():
        listener = socket.create_server((address, port), backlog=256)
        threading.Thread(target=accept, args=(listener, patience), daemon=True).start()
    channel.send("serving")
    channel.recv()


def _talk(address, port):
    s = socket.socket()
    s.settimeout(20)
    try:
        s.connect((address, port))
        s.sendall(b"x" * random.randrange(100, 900))
        s.recv(4096)
        if random.random() < 0.02:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    finally:
        s.close()


def visit(channel, address, port):
    random.seed(port)
    left = [port] * SERVICES[port][0] + [NOBODY] * (8 if port == 443 else 0)
    random.shuffle(left)

    def work():
        while left:
            _talk(address, left.pop())

    threads = [threading.Thread(target=work) for _ in range(AT_A_TIME)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def trace(world, report):
    link = relay.wire(world, delay=0.009, loss=2)
    address = link.server(4)
    server = netns.Child(link.b, serve, address, comm="server")
    assert server.recv() == "serving"
    tracer = Tracer("--output-file", report, netns=link.a, output="html")
    visits = [netns.Child(link.a, visit, address, port, comm=comm)
              for comm, port in CLIENTS.items()]
    for child in visits:
        child.result()
    time.sleep(3)  # what was lost of the last closes is sent again
    tracer.stop()
    server.send("end")


def draw(directory, report, picture):
    """The page down to a slow connection's flow graph, in a size that a README shows as it is."""
    browser = Browser(directory)
    try:
        browser.resize(WIDTH, 1000)
        browser.open(report)
        browser.click("#connections thead th:nth-child(9) button")
        browser.click("#connections tbody tr:nth-child(2) button")
        browser.run("document.activeElement.blur(), scrollTo(0, 0)")
        bottom = browser.run("document.querySelector('.detail').getBoundingClientRect().bottom")
        browser.resize(WIDTH, int(bottom), SCALE)
        browser.screenshot(picture)
    finally:
        browser.close()


def main():
    report, picture = (os.path.abspath(path) for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as directory:
        world = World(directory)
        try:
            trace(world, report)
        finally:
            world.clean()
        draw(directory, report, picture)


if __name__ == "__main__":
    main()
