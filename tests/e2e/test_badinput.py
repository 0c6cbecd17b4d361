# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What cannot be done is said in one line, with the right status."""
import os
import signal
import subprocess

import pytest

import pump
from pump import HANG_S
from tracer import BINARY, Tracer, run_tracer

UNUSABLE = [
    (["-L", "65536"], "65536"),
    (["-L", "80x"], "80x"),
    (["-D", "0"], "0"),
    (["-D", "90-80"], "90-80"),
    (["-L", ""], "-L"),
    (["-L", "80,,81"], "80,,81"),
    (["--port", "-1"], "-1"),
    (["-p", ""], "-p"),
    (["-p", "12x"], "12x"),
    (["-p", "0"], "0"),
    (["-p", "4194305"], "4194305"),  # beyond the largest pid_max
    (["-l", ""], "-l"),
    (["-l", "10.0.0.0/33"], "10.0.0.0/33"),
    (["-d", "fd00::/129"], "fd00::/129"),
    (["--host", "300.1.2.3"], "300.1.2.3"),
    (["--host", "localhost"], "localhost"),
    (["-4", "-6"], "-6"),
    (["-o", "xml"], "xml"),
    (["--role", "proxy"], "proxy"),
    (["--netns", "/no/such/file"], "/no/such/file"),
    (["--netns", "/etc/passwd"], "/etc/passwd"),
    (["--netns", "12y"], "12y"),
    (["--cgroup", "/no/such/cgroup"], "/no/such/cgroup"),
    (["-n", "0"], "0"),
    (["-n", "many"], "many"),
    (["-u", "-3"], "-3"),
    (["-u", "soon"], "soon"),
    (["--min-connect", "fast"], "fast"),
    (["--min-close", "-1"], "-1"),
    (["--max-connections", "0"], "0"),
    (["--attach", "magic"], "magic"),
    (["--hook", "accept=magic"], "accept=magic"),
    (["--hook", "state=none"], "state=none"),
    (["-i", "0"], "0"),
    (["--no-such-option"], "--no-such-option"),
    (["stray"], "stray"),
    (["-c"], "-c"),
]


@pytest.mark.parametrize("args,word", UNUSABLE, ids=[" ".join(a) or "-" for a, _ in UNUSABLE])
def test_unusable_argument(args, word):
    status, stdout, stderr = run_tracer(*args)
    assert status == 2 and stdout == ""
    lines = stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("tcpstates-trace: "), stderr
    # option and value, whichever is at fault; a missing value has only the option
    assert word.lstrip("-") in lines[0] or args[0].lstrip("-") in lines[0], stderr
    if word not in args[:1]:
        assert word in lines[0], stderr


@pytest.mark.parametrize("args", [["-L", ""], ["-p", ""], ["-l", ""], ["-4", "-6"], ["-o", "xml"]])
def test_says_what_is_accepted(args):
    """Not only that the argument is wrong."""
    _, _, stderr = run_tracer(*args)
    if args[0] == "-o":
        assert all(w in stderr for w in ("timeline", "ladder", "line", "states", "json", "csv", "none"))
    assert len(stderr.strip()) > len("tcpstates-trace: ") + 20


def test_a_pid_that_has_gone():
    child = subprocess.Popen(["true"])
    child.wait()
    status, _, stderr = run_tracer("-p", child.pid)
    assert status == 2 and str(child.pid) in stderr and len(stderr.splitlines()) == 1


def test_help_and_version():
    for option in ("-h", "--help"):
        status, stdout, stderr = run_tracer(option)
        assert status == 0 and stderr == ""
        for word in ("--pid", "--follow", "--comm", "--local-port", "--remote-port", "--local",
                     "--remote", "--host", "--port", "--role", "--netns", "--cgroup",
                     "--min-connect", "--min-close", "--min-accept", "--cause", "--failed", "--open", "--state", "--older",
                     "--conn", "--container", "--since", "--until", "--output", "--write", "--read",
                     "--output-file", "--summary", "--max-connections", "--no-accept", "--attach",
                     "--btf", "--features", "--hook",
                     "--interval", "--count", "--duration", "COMMAND"):
            assert word in stdout, word
    status, stdout, stderr = run_tracer("-V")
    assert status == 0 and stdout.startswith("tcpstates-trace ") and stderr == ""


@pytest.mark.parametrize("how", [["setpriv", "--reuid", "65534", "--clear-groups"],
                                 ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]])
def test_no_right(how):
    done = subprocess.run([*how, BINARY, "-u", "0.1"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=HANG_S, text=True)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr.startswith("tcpstates-trace: ")
    assert any(w in done.stderr for w in ("root", "sudo", "CAP_BPF")), done.stderr
    assert len(done.stderr.splitlines()) <= 3, done.stderr


def test_a_closed_pipe_ends_it_quietly(world):
    ns = world.netns()
    client = world.agent(ns)
    r, w = os.pipe()
    process = subprocess.Popen([BINARY, "-o", "json", "--role", "client", "--netns", str(ns.inode)],
                               stdin=subprocess.DEVNULL, stdout=w, stderr=subprocess.PIPE)
    os.close(w)
    stderr = pump.Lines(process.stderr.fileno())
    try:
        pump.wait_until(lambda: "Tracing" in stderr.text(), "Tracing")
        client.connect("127.0.0.1", 9)
        client.close()
        assert os.read(r, 1 << 16).count(b"\n") == 1
        os.close(r)
        client.connect("127.0.0.1", 9)
        client.close()
        pump.wait_until(lambda: process.poll() is not None and stderr.eof, "its end")
    finally:
        if process.poll() is None:
            process.kill()
        stderr.close()
        process.stderr.close()
        process.wait()
    assert process.returncode in (0, 141, -signal.SIGPIPE)
    assert [line for line in stderr.lines if not line.startswith("Tracing")] == []


def test_full_disk_of_a_recording(world):
    """It is full from the start: a message, the trace goes on, and the status tells at the end."""
    ns = world.netns()
    client = world.agent(ns)
    tracer = Tracer("-w", "/dev/full", netns=ns)
    client.connect("127.0.0.1", 9)
    tracer.wait_count(1, outcome="refused", role="client")
    tracer.stop(status=1)
    assert tracer.stderr.text().startswith("tcpstates-trace: /dev/full: No space left on device\n"
                                           "tcpstates-trace: /dev/full: the trace goes on without a recording\n")


@pytest.mark.parametrize("where", ["stdout", "--output-file", "-w"])
def test_full_disk(world, where):
    """/dev/full: status 1, and the reason on stderr."""
    ns = world.netns()
    client = world.agent(ns)
    args = {"stdout": ["-o", "json"], "--output-file": ["-o", "json", "--output-file", "/dev/full"],
            "-w": ["-o", "none", "-w", "/dev/full"]}[where]
    with open("/dev/full", "w") as full:
        process = subprocess.Popen([BINARY, *args, "--netns", str(ns.inode)],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   stdout=full if where == "stdout" else subprocess.DEVNULL)
    stderr = pump.Lines(process.stderr.fileno())
    try:
        pump.wait_until(lambda: "Tracing" in stderr.text() or stderr.eof, "Tracing")
        for _ in range(50):  # -w writes a header at once, stdout only with the first records
            client.connect("127.0.0.1", 9)
            client.close()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        pump.wait_until(lambda: process.poll() is not None and stderr.eof, "its end")
    finally:
        if process.poll() is None:
            process.kill()
        stderr.close()
        process.stderr.close()
        process.wait()
    assert process.returncode == 1, stderr.text()
    assert "No space left on device" in stderr.text()


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM])
def test_ends_by_signal(world, signo):
    ns = world.netns()
    tracer = Tracer(netns=ns)
    tracer.stop(signo)
    assert tracer.chapters() == [] and tracer.summary["connections"] == 0


def test_interrupt_while_starting(world):
    """At any moment: status 0, or death by the signal before its handler is there; nothing stays."""
    ns = world.netns()
    for _ in range(8):
        tracer = Tracer(netns=ns, ready=False)
        pump.wait_until(lambda: tracer.process.poll() is not None or tracer.stderr.lines
                        or _maps_bpf(tracer.pid), "a sign of life")
        tracer.send_signal(signal.SIGINT)
        status = tracer.wait()
        assert status in (0, -signal.SIGINT), tracer.stderr.text()


def _maps_bpf(pid):
    try:
        return any("bpf" in os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False
