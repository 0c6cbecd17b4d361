# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Pages that -o html writes: of a scene with real sockets, and of many connections like it."""
import json
import re

from agent import FIN_WAIT2
from tracer import Tracer, run_tracer

SENT, RECEIVED = 100, 2000
HOSTILE = "</script><img/>"
MANY = 10000


class Scene:
    """Connections of which it is known what they did, as a live page, a recording, and records."""

    def __init__(self, world, directory):
        ns = world.netns()
        server, client = world.agent(ns, "talker"), world.agent(ns, HOSTILE)
        self.page, recording = directory / "report.html", directory / "recording"
        self.port = server.listen("127.0.0.1")
        reporter = Tracer("--role", "client", "-w", recording, "--output-file", self.page, netns=ns,
                          output="html")
        witness = Tracer("--role", "client", netns=ns)
        self.graceful = client.connect("127.0.0.1", self.port, "graceful")["port"]
        server.accept("graceful")
        client.send(SENT, "graceful")
        server.recv(SENT, "graceful")
        server.send(RECEIVED, "graceful")
        client.recv(RECEIVED, "graceful")
        client.close("graceful")
        server.recv_any("graceful")
        client.wait_state(self.graceful, FIN_WAIT2)  # the FIN is acknowledged by itself
        server.close("graceful")
        assert client.connect("127.0.0.1", 9, "refused")["errno"] == "ECONNREFUSED"
        self.reset = client.connect("127.0.0.1", self.port, "reset")["port"]
        server.accept("reset")
        client.linger0("reset")
        client.close("reset")
        self.open = client.connect("127.0.0.1", self.port, "open")["port"]
        server.accept("open")
        server.close("open")
        assert client.recv_any("open") == b""  # and stays in CLOSE_WAIT
        witness.wait_count(6)
        reporter.stop()
        witness.stop()
        assert reporter.stdout.lines == []
        self.replayed = run_tracer("-o", "html", "-r", recording)
        self.summary = run_tracer("-o", "none", "-s", "-r", recording)[1]
        lines = run_tracer("-o", "json", "-r", recording)[1].splitlines()
        self.records = [json.loads(line) for line in lines]
        self.pid = client.pid


def many(scene, path):
    """The page with ten thousand connections in it: the graceful one's records over and over."""
    text = scene.page.read_text()
    head, data, tail = re.fullmatch('(.* id="data">\n)(.*\n)(</script>\n.*)', text, re.S).groups()
    lines = [json.loads(line) for line in data.splitlines()]
    pair = [r for r in lines if r.get("local_port") == scene.graceful]
    report, *services, summary = [r for r in lines if r["type"] in ("report", "service", "summary")]
    made = []
    to_scale, broken = ([{**step, "t_us": us} for step, us in zip(pair[1]["steps"], times)]
                        for times in ((0, 300, 1500, 1600), (0, 300, 600, 99900)))
    for i in range(MANY):
        us = 1000 + i * 7919 % MANY
        made += [{**pair[0], "conn": i, "remote_port": 1000 + i % 100, "handshake_us": us},
                 {**pair[1], "conn": i, "remote_port": 1000 + i % 100, "comm": f"worker{i}",
                  "steps": to_scale if i % 2 else broken}]
    records = [{**report, "kept": MANY}, *services, *made, {**summary, "connections": 10 * MANY}]
    dumps = (json.dumps(r).replace("<", "\\u003c") for r in records)
    path.write_text(head + "\n".join(dumps) + "\n" + tail)
