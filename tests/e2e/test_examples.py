# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Each example of the manual page does what is written above it.

It is run as it stands, by sh, in a namespace. A wrapper of the program's name selects that namespace and leaves out
the durations: the test ends the trace when what it should see has happened.
"""
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

import pump
from relay import wire
from terminal import Terminal
from tracer import BINARY, ROOT

PAGE = os.path.join(ROOT, "user", "man", "tcpstates-trace.8")
LEAKS = 3
WAY = 0.06  # there and back is more than the 100 ms of the example

WRAPPER = """#!/bin/sh
echo $$ >pid
skip=
for word; do
	shift
	[ "$word" = -u ] && skip=yes && continue
	[ "$skip" ] && skip= && continue
	set -- "$@" "$word"
done
exec {binary} --max-connections 65536 {select} "$@"
"""


def examples():
    """The commands, by the text that introduces each."""
    with open(PAGE) as f:
        section = re.search(r"^\.Sh EXAMPLES\n(.*?)^\.Sh", f.read(), re.S | re.M)[1]
    found, text = {}, ""
    for part in re.split(r"^(\.Dl [^\n]*|\.Bd .*?^\.Ed)$", section, flags=re.S | re.M):
        if part.startswith((".Dl", ".Bd")):
            command = part.removeprefix(".Dl ") if part.startswith(".Dl") else "\n".join(part.splitlines()[1:-1])
            found[text] = command.replace("\\-", "-").replace("\\e", "\\")
        else:
            lines = [line for line in part.splitlines() if not line.startswith((".Pp", ".Pq"))]
            text = " ".join(lines).strip().rstrip(":")
    return found


EXAMPLES = examples()


def prepare(directory, ns, begins):
    """Its command, and the environment in which that finds the wrapper."""
    (command,) = [c for text, c in EXAMPLES.items() if text.startswith(begins)]
    wrapper = directory / "tcpstates-trace"
    wrapper.write_text(WRAPPER.format(binary=BINARY, select="" if " -r " in command else f"--netns {ns.inode}"))
    wrapper.chmod(0o755)
    return command, {**os.environ, "PATH": f"{directory}:{os.environ['PATH']}"}


class Example:
    """One of them, running from the constructor on."""

    def __init__(self, directory, ns, begins, *changes):
        command, env = prepare(directory, ns, begins)
        for old, new in changes:
            assert old in command
            command = command.replace(old, new)
        if "jq" in command and not shutil.which("jq"):
            pytest.skip("no jq")
        self.directory = directory
        self.process = subprocess.Popen(ns.argv("sh", "-c", command), cwd=directory, env=env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.stdout = pump.Lines(self.process.stdout.fileno())
        self.stderr = pump.Lines(self.process.stderr.fileno())
        if " -r " not in command:
            pump.wait_until(lambda: any(line.startswith("Tracing") for line in self.stderr.lines) or self.ended(),
                            lambda: self.stderr.text())

    def ended(self):
        return self.process.poll() is not None

    def end(self, signo=signal.SIGINT):
        """What it printed, and its status."""
        if signo and not self.ended():
            os.kill(int((self.directory / "pid").read_text()), signo)
        pump.wait_until(lambda: self.ended() and self.stdout.eof and self.stderr.eof,
                        lambda: f"the end of it: {self.stderr.text()}")
        for lines, pipe in ((self.stdout, self.process.stdout), (self.stderr, self.process.stderr)):
            lines.close()
            pipe.close()
        return self.stdout.lines, self.process.returncode


@pytest.fixture
def ns(world):
    ns = world.netns()
    ns.addr("lo", "10.20.0.1/32")
    return ns


def leak(world, ns):
    """Connections in CLOSE_WAIT, and the process that has them."""
    server, client = world.agent(ns, "leaker"), world.agent(ns)
    port = server.listen("127.0.0.1")
    for i in range(LEAKS):
        client.connect("127.0.0.1", port, f"c{i}")
        server.accept(f"s{i}")
        client.close(f"c{i}")
        assert server.recv_any(f"s{i}") == b""
    return server


def test_slow_handshakes(world, tmp_path):
    link = wire(world, WAY, [])
    server, client = world.agent(link.b, "talker"), world.agent(link.a)
    example = Example(tmp_path, link.b, "Show handshakes of the server on port 443")
    server.listen(link.server(4), 443)
    client.connect(link.server(4), 443)
    server.accept()
    lines, status = example.end()
    assert status == 0 and f" talker[{server.pid}] server {link.server(4)}:443 " in lines[0], lines
    (took,) = re.findall(r"handshake (\d+\.\d{3}) ms", "\n".join(lines))
    assert float(took) >= 1000 * 2 * WAY


def test_recorded_and_replayed(world, ns, tmp_path):
    client = world.agent(ns)
    example = Example(tmp_path, ns, "Print what goes wrong")
    for address, port in (("10.20.0.1", 9), ("10.20.0.1", 5432), ("127.0.0.1", 9)):
        assert client.connect(address, port, f"c{address}{port}")["errno"] == "ECONNREFUSED"
    lines, status = example.end()
    *told, summary = map(json.loads, lines)
    # each has an end that nobody listens at, too
    assert status == 0 and {(c["outcome"], c["remote"]) for c in told} == {("refused", "10.20.0.1")}
    assert {c["remote_port"] for c in told if c["role"] == "client"} == {9, 5432}
    lines, status = Example(tmp_path, ns, "Replay the recording later").end(None)
    headers = [line for line in lines if " client " in line]
    assert status == 0 and len(headers) == 1 and headers[0].endswith(" > 10.20.0.1:5432"), lines


def test_last_hundred_megabytes(world, ns, tmp_path):
    client = world.agent(ns)
    example = Example(tmp_path, ns, "Keep the last hundred megabytes", ("/var/tmp/", ""))
    client.connect("127.0.0.1", 9)
    assert example.end() == ([], 0)
    assert (tmp_path / "tcp.pcapng0").stat().st_size > 500


def test_one_command(ns, tmp_path):
    example = Example(tmp_path, ns, "Trace one command", ("https://example.org/", "http://127.0.0.1:9/"))
    lines, status = example.end(None)
    assert status == 7  # curl's own: it could not connect
    assert " curl[" in lines[0] and lines[0].endswith(" > 127.0.0.1:9")
    assert any(line.startswith("  refused after ") for line in lines)


def test_summary_alone(world, ns, tmp_path):
    client = world.agent(ns)
    example = Example(tmp_path, ns, "Print a summary of one minute")
    client.connect("127.0.0.1", 9)
    lines, status = example.end()
    assert status == 0 and [line for line in lines if re.match(r"handshakes +[12]$", line)], lines


def test_open_ones(world, ns, tmp_path):
    server = leak(world, ns)
    example = Example(tmp_path, ns, "Show which connections stay in CLOSE_WAIT")
    (header, *lines), status = example.end()
    assert status == 0 and header.startswith("TIME ") and len(lines) == LEAKS
    assert all(re.match(rf"earlier +leaker\[{server.pid}\] +CLOSE_WAIT ", line) for line in lines), lines


def test_leaks(world, ns, tmp_path):
    """Those of which it is known for how long, and those that are older."""
    server = leak(world, ns)
    example = Example(tmp_path, ns, "Find the processes that leak connections")
    late = leak(world, ns)
    late.sleep(1.1)
    lines, status = example.end()
    assert status == 0
    assert sorted(line.split(maxsplit=1) for line in lines) == sorted(
        [str(LEAKS), f'[{agent.pid},"leaker"]'] for agent in (server, late))


@pytest.mark.skipif(not shutil.which("tmux"), reason="there is no tmux")
def test_leaks_on_a_screen(world, ns, tmp_path):
    command, env = prepare(tmp_path, ns, "Watch which process leaks connections")
    terminal = Terminal(script=f"cd {tmp_path} && {command}", env={"PATH": env["PATH"]})
    try:
        terminal.wait_text("no connection yet")
        server = leak(world, ns)
        terminal.press("s", "w")
        terminal.wait_text(f"\n>leaker[{server.pid}]")
        terminal.press("Enter")
        terminal.wait_text("\n>CLOSE_WAIT ")
    finally:
        terminal.close()


def test_late_closes(world, ns, tmp_path):
    example = Example(tmp_path, ns, "Find those that close late")
    server = leak(world, ns)
    server.close("s0")
    server.sleep(1.1)
    server.close("s1")
    lines, status = example.end()
    assert (lines, status) == ([f'[{server.pid},"leaker"]'], 0)


def test_by_process(world, ns, tmp_path):
    leak(world, ns)
    lines, status = Example(tmp_path, ns, "Show which processes leave connections open").end()
    assert status == 0 and re.match(rf"leaker +{LEAKS} open in CLOSE_WAIT, ", lines[0]), lines


def test_by_network(world, ns, tmp_path):
    client = world.agent(ns)
    example = Example(tmp_path, ns, "Count the failures of each network of clients", ("-i 60", "-i 0.2"))
    client.connect("127.0.0.1", 9)
    pump.wait_until(lambda: any('"127.0.0.0/24"' in line for line in example.stdout.lines), example.stdout.text)
    example.end()


def test_files_after_noon(world, ns, tmp_path):
    client = world.agent(ns)
    example = Example(tmp_path, ns, "Keep the last hundred megabytes", ("/var/tmp/", ""))
    client.connect("127.0.0.1", 9)
    example.end()
    replay = Example(tmp_path, ns, "Show one connection of a recording in several files", ("ring/tcp*", "tcp.pcapng*"))
    assert replay.end(None) == ([], 0), "it is of other addresses"


def test_exclusions(world, ns, tmp_path):
    ns.addr("lo", "192.0.2.1/32")
    balancer, other = world.agent(ns, "haproxy"), world.agent(ns, "other")
    example = Example(tmp_path, ns, "Show what all programs but the load balancer have")
    for client in (balancer, other):
        for address in ("192.0.2.1", "10.20.0.1", "127.0.0.1"):
            client.connect(address, 9, address)
    lines, status = example.end()
    headers = [line for line in lines if " client " in line]
    assert status == 0 and len(headers) == 1 and headers[0].endswith(" > 192.0.2.1:9"), lines
    assert f" other[{other.pid}] " in headers[0]


def test_a_report(world, ns, tmp_path):
    client = world.agent(ns)
    example = Example(tmp_path, ns, "Write a report of one minute")
    client.connect("127.0.0.1", 9)
    assert example.end() == ([], 0)
    page = (tmp_path / "report.html").read_text()
    assert page.startswith("<!doctype html>") and '"outcome":"refused"' in page


def test_all_are_run():
    with open(__file__) as f:
        text = f.read()
    assert len(EXAMPLES) >= 10
    for introduced in EXAMPLES:
        assert any(introduced.startswith(begins) for begins in re.findall(r'(?:Example|prepare)\(\w+, [\w.]+, "([^"]+)"', text)), \
            f"no test runs this: {introduced}"
