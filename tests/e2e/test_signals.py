# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What ends a trace, and what does not: each signal, an ignored one, a storm; and the command's signals."""
import os
import signal
import subprocess

import pytest

import pump
from lent import NOBODY, SUDO
from tracer import Tracer


def test_hangup_writes_the_report(world, tmp_path):
    """The terminal is closed: the report and the summary are written as after SIGTERM."""
    ns = world.netns()
    client = world.agent(ns)
    page = tmp_path / "page"
    tracer = Tracer("-s", "--output-file", page, "-w", tmp_path / "recording", netns=ns, output="html")
    client.connect("127.0.0.1", 9)
    tracer.stop(signal.SIGHUP)
    assert "refused" in page.read_text() and "refused" in tracer.stderr.text()


@pytest.mark.parametrize("name", ["INT", "HUP"])
def test_an_ignored_signal_stays_ignored(world, name):
    """`nohup`, or `&` in a script: the signal does not end the trace, nor the command."""
    ns = world.netns()
    client = world.agent(ns)
    signo = getattr(signal, f"SIG{name}")
    tracer = Tracer(netns=ns, argv0=["env", f"--ignore-signal={name}"])
    for _ in range(3):
        tracer.send_signal(signo)
    client.connect("127.0.0.1", 9)
    tracer.wait_count(1)
    assert tracer.process.poll() is None
    tracer.stop(signal.SIGTERM)


@pytest.mark.parametrize("env", [{}, SUDO], ids=["root", "sudo"])
def test_a_command_that_became_another_user(world, env):
    """A server that gave up root, or a set-user-ID program: SIGTERM reaches it."""
    ns = world.netns()
    changed = "trap 'exit 7' TERM; echo up; while :; do sleep 0.02; done"
    if env:
        copy = os.path.join(world.directory, "become")
        source = os.path.join(world.directory, "become.c")
        with open(source, "w") as f:
            f.write("#define _GNU_SOURCE\n#include <unistd.h>\nint main(int c, char **v)\n"
                    "{ (void)c; return setresgid(7, 7, 7) || setresuid(7, 7, 7) || execvp(v[1], v + 1); }\n")
        subprocess.run(["cc", "-o", copy, source], check=True)
        for path in (copy, *parents(copy)):
            os.chmod(path, 0o755)
        os.chmod(copy, 0o4755)
        if os.statvfs(copy).f_flag & os.ST_NOSUID:
            pytest.skip("no set-user-ID programs here")
        command = [copy, "sh", "-c", changed]
    else:
        command = ["setpriv", "--reuid", str(NOBODY), "--clear-groups", "sh", "-c", changed]
    tracer = Tracer("--", *command, netns=ns, output="none", env={**os.environ, **env})
    pump.wait_until(lambda: tracer.stdout.lines == ["up"], "the command is up")
    tracer.send_signal(signal.SIGTERM)
    assert tracer.wait() == 7, tracer.stderr.text()


def parents(path):
    while (path := os.path.dirname(path)) not in ("/", "/tmp"):
        yield path


def test_the_messenger_can_do_nothing_else(world):
    """The process that signals the command has one capability and no file, and ends with the tracer."""
    ns = world.netns()
    held = os.path.join(world.directory, "held")
    os.mkfifo(held)
    fd = os.open(held, os.O_RDWR)
    tracer = Tracer("--", "sh", "-c", f"echo up; read x <{held}", netns=ns, output="none")
    pump.wait_until(lambda: tracer.stdout.lines == ["up"], "the command is up")
    with open(f"/proc/{tracer.pid}/task/{tracer.pid}/children") as f:
        children = f.read().split()
    (messenger,) = [c for c in children if open(f"/proc/{c}/comm").read() == "tcpstates-trace\n"]
    with open(f"/proc/{messenger}/status") as f:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 1 << 5
    assert int(status["CapBnd"], 16) == 0 and status["NoNewPrivs"] == "1"
    kinds = sorted(os.readlink(f"/proc/{messenger}/fd/{fd}").split(":")[0]
                   for fd in os.listdir(f"/proc/{messenger}/fd"))
    assert kinds == ["anon_inode", "pipe"]
    tracer.process.kill()
    tracer.process.wait()
    pump.wait_until(lambda: not os.path.exists(f"/proc/{messenger}"), "its end")
    os.close(fd)


def test_a_storm_of_requests(world):
    """Somebody sends SIGUSR1 all the time: chapters are told all the same, and the trace ends when it should."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    client.shutdown()  # an open close, which each request reports
    tracer = Tracer(netns=ns)
    storm = [subprocess.Popen(["/usr/bin/python3", "-c",
                               f"import os\nwhile True: os.kill({tracer.pid}, 10)"],
                              stderr=subprocess.DEVNULL) for _ in range(3)]
    try:
        tracer.wait_count(1, open=True)
        client.connect("127.0.0.1", 9, name="refused")
        tracer.wait_count(1, outcome="refused")
        tracer.stop(signal.SIGTERM)
    finally:
        for process in storm:
            process.kill()
            process.wait()
