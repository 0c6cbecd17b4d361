# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What `-- COMMAND` gets from the tracer: nothing that the user would not have without it."""
import os
import signal
import subprocess

import pytest

import pump
from lent import NOBODY, SUDO, PublicCopy, as_nobody, parse_status, status_of
from pump import HANG_S
from tracer import BINARY, Tracer

SHOW = "cat /proc/self/status; echo; ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> .*/\\1/p'"
HOWS = ["root", "sudo", "lent"]


def run_command(how, script, **kw):
    """script's output, run by the tracer as root, under sudo, or as a user with few capabilities"""
    with PublicCopy() as public:
        argv0 = as_nobody("bpf", "perfmon") if how == "lent" else []
        done = subprocess.run([*argv0, public.path, "-o", "none", "--", "sh", "-c", script],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=HANG_S,
                              env={**os.environ, **(SUDO if how == "sudo" else {})}, **kw)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("how", HOWS)
def test_rights(how):
    """Root's command is root's; otherwise there is no capability, and a set-user-ID program works."""
    shown, _, _ = run_command(how, SHOW).partition("\n\n")
    status, mine = parse_status(shown), status_of("self")
    for which in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert status[which] == (mine[which] if how == "root" else 0), which
    assert status["NoNewPrivs"] == mine["NoNewPrivs"] == 0
    assert status["Uid"] == [0 if how == "root" else NOBODY] * 4
    if how != "lent":  # whose bounding set the test made
        assert status["CapBnd"] == mine["CapBnd"]


CALLER = """
import os, sys
read, write = os.pipe()
sudo = os.fork()
if sudo == 0:
    os.read(read, 1)
    os.execv(sys.argv[1], sys.argv[1:])
os.setgroups([4242, 4243])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
os.write(write, b".")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(sudo, 0)[1]))
"""


def test_groups_of_the_caller():
    """Those of the process that called sudo, whatever /etc/group says."""
    with PublicCopy() as public:
        done = subprocess.run(["/usr/bin/python3", "-c", CALLER, public.path, "-o", "none", "--",
                               "id", "-G"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=HANG_S,
                              env={**os.environ, **SUDO})
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["4242", "4243", "65534"]


@pytest.mark.parametrize("how", HOWS)
def test_descriptors(how):
    """0, 1 and 2 (3 is the directory that ls reads); recording and output file are the tracer's."""
    _, _, fds = run_command(how, SHOW).partition("\n\n")
    assert fds.split() == ["0", "1", "2", "3"]


def test_descriptors_of_the_tracer(tmp_path):
    done = subprocess.run([BINARY, "-o", "json", "-w", str(tmp_path / "w"), "--output-file",
                           str(tmp_path / "o"), "--", "ls", "/proc/self/fd"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=HANG_S)
    assert (done.returncode, done.stdout.split()) == (0, ["0", "1", "2", "3"]), done.stderr


def test_descriptors_of_the_caller(tmp_path):
    """What the caller passes on, such as <(...), arrives, as with env or strace."""
    with open(tmp_path / "given", "w+") as f:
        f.write("given")
        f.flush()
        f.seek(0)
        assert run_command("root", f"cat /proc/self/fd/{f.fileno()}", pass_fds=[f.fileno()]) == "given"


@pytest.mark.parametrize("env", [{}, SUDO], ids=["root", "sudo"])
def test_a_signal_is_passed_on(world, env):
    """The tracer has no CAP_KILL any more, and needs none: it is the command's user."""
    ns = world.netns()
    tracer = Tracer("--", "sh", "-c", "trap 'exit 7' TERM; echo up; while :; do sleep 0.02; done",
                    netns=ns, output="none", env={**os.environ, **env})
    pump.wait_until(lambda: tracer.stdout.lines == ["up"], "the command is up")
    tracer.send_signal(signal.SIGTERM)
    assert tracer.wait() == 7, tracer.stderr.text()


def test_nothing_runs_when_the_tracer_cannot():
    """The command waits until everything is attached; when that fails it never runs."""
    with PublicCopy() as public:
        done = subprocess.run([*as_nobody(), public.path, "--", "echo", "ran"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=HANG_S)
    assert (done.returncode, done.stdout) == (1, "")
