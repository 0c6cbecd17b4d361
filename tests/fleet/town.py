# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Clients and servers on two hosts for three minutes, to which happens what happens to services."""
import random
import socket
import struct
import threading
import time

WEB, CACHE, DATABASE, BATCH = PORTS = 443, 6379, 5432, 8000
RATE = {WEB: 30, CACHE: 15, DATABASE: 10, BATCH: 0.7}  # connections a second
SECONDS = 180
# what happens when, in seconds
DATABASE_DOWN, WEB_BUSY, CACHE_RUDE, BATCH_LEAKS = (35, 55), (75, 95), (115, 135), (100, SECONDS)
BACKLOG = 24


class Clock:
    def __init__(self):
        self.begun = time.monotonic()

    def s(self):
        return time.monotonic() - self.begun

    def during(self, span):
        return span[0] <= self.s() < span[1]


def _reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _answer(clock, port, s, leaked):
    try:
        while s.recv(4096):
            time.sleep(random.expovariate(1000))
            s.sendall(b"y" * 700)
            if port == CACHE and clock.during(CACHE_RUDE):
                _reset(s)
                break
        if port == DATABASE:
            time.sleep(random.expovariate(40))  # in CLOSE_WAIT
        if port == BATCH and clock.during(BATCH_LEAKS):
            leaked.append(s)
            return
    except OSError:
        pass
    s.close()


def _listen(clock, address, port):
    leaked = []
    while clock.s() < SECONDS:
        listener = socket.create_server((address, port), backlog=BACKLOG)
        listener.settimeout(0.5)
        while clock.s() < SECONDS and not (port == DATABASE and clock.during(DATABASE_DOWN)):
            if port == WEB and clock.during(WEB_BUSY):
                time.sleep(random.expovariate(20))
            try:
                s, _ = listener.accept()
            except socket.timeout:
                continue
            s.settimeout(20)
            threading.Thread(target=_answer, args=(clock, port, s, leaked), daemon=True).start()
        listener.close()
        while clock.during(DATABASE_DOWN):
            time.sleep(0.1)


def serve(channel, address):
    clock = Clock()
    for port in PORTS:
        threading.Thread(target=_listen, args=(clock, address, port), daemon=True).start()
    channel.send("serving")
    channel.recv()


def _talk(address, port):
    s = socket.socket()
    s.settimeout(20)
    try:
        s.connect((address, port))
        s.sendall(b"x" * 200)
        s.recv(4096)
    except OSError:
        pass
    finally:
        s.close()


def visit(channel, address):
    clock = Clock()

    def come(port):
        while clock.s() < SECONDS:
            time.sleep(random.expovariate(RATE[port]))
            threading.Thread(target=_talk, args=(address, port), daemon=True).start()

    threads = [threading.Thread(target=come, args=(port,)) for port in PORTS]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
