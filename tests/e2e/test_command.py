# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""`-- COMMAND`: curl against nginx, the command's status, user, streams and children."""
import json
import os
import signal
import subprocess

import pytest

import checks
import pump
from capture import Capture
from oracle import End
from pump import HANG_S
from tracer import BINARY, Tracer

NGINX = """
daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; keepalive_timeout 65;
    client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
    uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
    server {{
        listen 127.0.0.1:8080; listen [::1]:8080;
        location / {{ return 200 "hello from the test\\n"; }}
    }}
}}
"""


class Nginx:
    def __init__(self, ns, directory):
        conf = os.path.join(directory, "nginx.conf")
        with open(conf, "w") as f:
            f.write(NGINX.format(dir=directory))
        self.process = subprocess.Popen(ns.argv("nginx", "-p", directory, "-c", conf),
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        pump.wait_until(lambda: ":8080" in ns.exec("ss", "-Hltn"), "nginx listens")

    def stop(self):
        self.process.terminate()
        self.process.wait(HANG_S)


@pytest.fixture
def nginx(world, tmp_path):
    ns = world.netns()
    server = Nginx(ns, str(tmp_path))
    server.ns = ns
    yield server
    server.stop()


def trace(ns, *args, env=None, timeout=HANG_S, **kw):
    """(status, stdout, stderr) of the tracer run inside ns"""
    done = subprocess.run(ns.argv(BINARY, *map(str, args)), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          env={**os.environ, **(env or {})}, text=True, **kw)
    return done.returncode, done.stdout, done.stderr


def read_json(path):
    with open(path) as f:
        return [json.loads(line) for line in f]


@pytest.mark.parametrize("host,family", [("127.0.0.1", 4), ("[::1]", 6)])
def test_curl_against_nginx(nginx, tmp_path, host, family):
    out = tmp_path / "trace.json"
    capture = Capture(nginx.ns, "lo", str(tmp_path))
    with checks.Noise() as noise:
        status, stdout, stderr = trace(nginx.ns, "-o", "json", "--output-file", out, "--",
                                       "curl", "-sS", f"http://{host}:8080/")
    assert (status, stdout) == (0, "hello from the test\n"), stderr
    records = read_json(out)
    assert [r["type"] for r in records] == ["handshake", "close", "summary"]
    shake, close = records[:2]
    address = host.strip("[]")
    end = End(capture.packets(), address, shake["local_port"], address, 8080)
    for chapter in (shake, close):
        checks.check_shape(chapter)
        checks.check_identity(chapter, end, nginx.ns, family)
        assert chapter["comm"] == "curl" and chapter["pid"] != nginx.pid
    checks.check_handshake(shake, end, noise.tolerance_ns)
    checks.check_close(close, end, noise.tolerance_ns)
    assert close["first_closer"] == "local" and close["completeness"] == 31


def test_both_ends_of_curl_and_nginx(nginx):
    tracer = Tracer("--port", "8080", netns=nginx.ns)
    done = subprocess.run(nginx.ns.argv("curl", "-sS", "http://127.0.0.1:8080/", "--next", "-sS",
                                        "http://[::1]:8080/"), stdout=subprocess.PIPE, text=True)
    assert done.stdout == "hello from the test\n" * 2
    tracer.wait_count(8)
    tracer.stop()
    servers = tracer.chapters(role="server")
    assert len(servers) == 4 and {c["comm"] for c in tracer.chapters(role="client")} == {"curl"}
    assert all((c["pid"], c["comm"], c["uid"]) == (nginx.pid, "nginx", 0) for c in servers)
    assert all(c["accept_us"] is not None for c in servers if c["type"] == "handshake")


@pytest.mark.parametrize("script,status", [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143),
                                           ("kill -KILL $$", 137)])
def test_status_of_the_command(world, script, status):
    ns = world.netns()
    got, stdout, stderr = trace(ns, "-o", "json", "--output-file", "/dev/null", "--", "sh", "-c",
                                f"echo own stdout; {script}")
    assert (got, stdout) == (status, "own stdout\n"), stderr


def test_command_that_cannot_be_run(world):
    ns = world.netns()
    status, stdout, stderr = trace(ns, "-o", "json", "--", "/no/such/command")
    assert status in (1, 127) and "/no/such/command" in stderr
    assert all(json.loads(line)["type"] == "summary" for line in stdout.splitlines())


def test_as_the_user_who_called_sudo(world, tmp_path):
    ns = world.netns()
    status, stdout, stderr = trace(ns, "-o", "none", "--", "sh", "-c", "id -u; id -g; id -G",
                                   env={"SUDO_UID": "65534", "SUDO_GID": "65534",
                                        "SUDO_USER": "nobody"})
    assert status == 0, stderr
    uid, gid, groups = stdout.split("\n")[:3]
    assert (uid, gid) == ("65534", "65534") and "0" not in groups.split()


def test_sees_the_first_connection_and_its_children(world):
    """Nothing of the command is missed, and nothing but it and its children is told."""
    ns = world.netns()
    server, stranger = world.agent(ns), world.agent(ns)
    server.listen("127.0.0.1", 7001)
    stranger.connect("127.0.0.1", 7001)
    server.accept("stranger")
    code = ("import os, socket\n"
            "def talk():\n"
            "    s = socket.create_connection(('127.0.0.1', 7001)); s.recv(1); s.close()\n"
            "talk()\n"
            "if os.fork() == 0:\n"
            "    if os.fork() == 0:\n"
            "        talk(); os._exit(0)\n"
            "    talk(); os.wait(); os._exit(0)\n"
            "os.wait(); talk()\n")
    server.start("accept_close", 4)
    tracer = Tracer("--", "/usr/bin/python3", "-c", code, argv0=ns.argv(),
                    ready=False)
    status = tracer.wait()
    assert status == 0, tracer.stderr.text()
    server.finish()
    closes = tracer.chapters("close")
    assert len(closes) == len(tracer.chapters("handshake")) == 4, tracer.brief()
    assert all(c["role"] == "client" and c["remote_port"] == 7001 for c in tracer.chapters())
    assert sorted(closes_of(closes).values()) == [1, 1, 2]
    assert stranger.pid not in closes_of(closes)


def closes_of(closes):
    count = {}
    for c in closes:
        count[c["pid"]] = count.get(c["pid"], 0) + 1
    return count


def test_tells_what_the_command_left_open(world):
    """The command ends, its child keeps a connection: it is not waited for, and told open."""
    ns = world.netns()
    server = world.agent(ns)
    server.listen("127.0.0.1", 7002)
    code = ("import os, socket, time\n"
            "s = socket.create_connection(('127.0.0.1', 7002))\n"
            "if os.fork() == 0:\n"
            "    s.shutdown(socket.SHUT_WR); os.close(1); os.close(2); s.recv(1); os._exit(0)\n"
            "os._exit(3)\n")
    tracer = Tracer("--", "/usr/bin/python3", "-c", code, argv0=ns.argv(), ready=False)
    assert tracer.wait() == 3
    close = tracer.one("close")
    checks.check_shape(close)
    assert close["open"] is True and close["state"] == "FIN_WAIT2" and close["ending"] is None
    assert tracer.summary["open"] == 1
    server.accept()
    server.close()


def test_interrupt_reaches_a_command(world):
    """Ctrl-C goes to the whole terminal group: the tracer still tells what it has."""
    ns = world.netns()
    server = world.agent(ns)
    server.listen("127.0.0.1", 7003)
    code = ("import socket, signal, time\n"
            "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
            "s = socket.create_connection(('127.0.0.1', 7003)); time.sleep(60)\n")
    process = subprocess.Popen(ns.argv(BINARY, "-o", "json", "--", "/usr/bin/python3", "-c", code),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True, text=True)
    server.accept()
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=HANG_S)
    assert process.returncode == 130, stderr
    records = [json.loads(line) for line in stdout.splitlines()]
    assert [r["type"] for r in records][:1] == ["handshake"] and records[-1]["type"] == "summary"


@pytest.mark.parametrize("limit", [["-n", "1"], ["-u", 1 * pump.PATIENCE]], ids=["-n", "-u"])
def test_the_trace_ends_before_the_command(world, limit):
    """Its status is the command's, which is waited for."""
    code = ("import socket, sys, time\n"
            "try: socket.create_connection(('127.0.0.1', 9))\n"
            "except ConnectionRefusedError: pass\n"
            f"time.sleep({2 * pump.PATIENCE})\n"
            "sys.exit(3)\n")
    status, stdout, _ = trace(world.netns(), "-o", "json", *limit, "--", "/usr/bin/python3", "-c", code,
                              timeout=HANG_S)
    assert status == 3
    assert json.loads(stdout.splitlines()[0])["outcome"] == "refused"


def test_who_starts_it_ignores_sigchld(world):
    """The kernel would forget the command's status."""
    done = subprocess.run(world.netns().argv("bash", "-c", 'trap "" CHLD; exec "$@"', "-", BINARY, "-q",
                                             "--", "sh", "-c", "exit 3"), timeout=HANG_S)
    assert done.returncode == 3


def test_no_standard_error(world, tmp_path):
    """What is opened does not become it: no message stands among the records."""
    out = tmp_path / "out"
    ns = world.netns()
    subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "-", BINARY, "-o", "json", "-u", "0.1", "--netns",
                    str(ns.inode), "--output-file", out], check=True, timeout=HANG_S)
    assert [json.loads(line)["type"] for line in out.read_text().splitlines()] == ["summary"]
