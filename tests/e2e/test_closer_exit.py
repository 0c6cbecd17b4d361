# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A descriptor that its process's end closes: by exit(), or by a signal; and one that close() does."""
import subprocess
import sys

import pytest

import checks
from tracer import Tracer, run_tracer

CLIENT = """
import os, socket, sys, threading
c = socket.create_connection((sys.argv[1], int(sys.argv[2])))
c.recv(1)
"""
ENDS = {
    "close": ("c.close(); print(flush=True); sys.stdin.read()", None),
    "shutdown": ("c.shutdown(1); print(flush=True); sys.stdin.read()", None),
    "exit": ("os._exit(3)", "exit"),
    "SIGKILL": ("os.kill(os.getpid(), 9)", "signal 9"),
    "SIGTERM of a thread": ("""
t = threading.Thread(target=lambda: os.kill(os.getpid(), 15)); t.start(); t.join(); threading.Event().wait()""",
                            "signal 15"),
    "exec": ("os.execv('/bin/cat', ['cat'])", None),
}


@pytest.mark.parametrize("end, unread", [(end, unread) for end in ENDS for unread in (False, True)
                                         if not (unread and end == "shutdown")])  # shutdown() sends no RST
def test_the_process_ends(world, end, unread):
    how, wanted = ENDS[end]
    link = world.link("lo")
    server = world.agent(link.a)
    wire = world.capture(link.a, "lo")
    tracer = Tracer(netns=link.a)
    port = server.listen(link.server(4))
    client = subprocess.Popen(link.a.argv(sys.executable, "-c", CLIENT + how, link.server(4), str(port)),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    server.accept()
    server.send(2 if unread else 1)
    assert server.recv_any() == ("ECONNRESET" if unread else b"")
    server.close()
    tracer.wait_count(1, "close", role="client")
    client.stdin.close()
    client.wait()
    client.stdout.close()
    tracer.stop()
    close = tracer.one("close", role="client")
    checks.check_shape(close)
    assert close["closer_pid"] == close["pid"] and close["closer_exit"] == wanted
    assert close["ending"] == ("reset_sent" if unread else "graceful")
    assert tracer.one("close", role="server")["closer_exit"] is None
    text = " ".join(run_tracer("-r", tracer.recording)[1].split())
    if wanted:
        who = f"{close['comm']}[{close['pid']}]"
        assert (f"by the exit of {who}" if wanted == "exit" else f"because {who} was killed ({wanted})") in text
    assert wire.packets()
