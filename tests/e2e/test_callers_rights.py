# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Under sudo the program reads no more files than its caller may, and the command has the caller's home."""
import os
import pwd
import subprocess

import pytest

from lent import NOBODY, SUDO
from pump import HANG_S
from tracer import BINARY, ROOT, run_tracer

ENV = {**os.environ, **SUDO, "HOME": "/root", "USER": "root", "LOGNAME": "root"}
GOLDEN = os.path.join(ROOT, "tests/golden/http-client.rec")


@pytest.fixture
def private(public):
    """A folder that only root may enter."""
    path = os.path.join(public.directory, "private")
    os.mkdir(path, 0o700)
    return path


def link_to(private, target):
    path = os.path.join(private, "link")
    os.symlink(target, path)
    return path


def check_denied(status, stderr, path, code=1):
    assert status == code and f"{path}" in stderr and "Permission denied" in stderr, stderr


def test_a_recording(private):
    path = link_to(private, GOLDEN)
    status, stdout, stderr = run_tracer("-o", "json", "-r", path, env=ENV)
    check_denied(status, stderr, path)
    assert stdout == "" and "sudo" in stderr
    assert run_tracer("-o", "json", "-r", path)[0] == 0
    with open(GOLDEN, "rb") as f:
        assert run_tracer("-o", "json", "-r", "-", env=ENV, stdin=f)[0] == 0


def test_types(private):
    path = link_to(private, "/sys/kernel/btf/vmlinux")
    args = ("-u", "0.1", "-o", "none", "--btf")
    status, _, stderr = run_tracer(*args, path, env=ENV)
    check_denied(status, stderr, path)
    if os.path.exists("/sys/kernel/btf/vmlinux"):
        status, _, stderr = run_tracer(*args, "/sys/kernel/btf/vmlinux", env=ENV)
        assert status == 0, stderr


def test_a_network_namespace(private, world):
    ns = world.netns()
    agent = world.agent(ns)
    args = ("-u", "0.1", "-o", "none", "--netns")
    path = link_to(private, f"/proc/{agent.pid}/ns/net")
    status, _, stderr = run_tracer(*args, path, env=ENV)
    check_denied(status, stderr, path, 2)
    status, _, stderr = run_tracer(*args, f"/proc/{agent.pid}/ns/net", env=ENV)
    assert status == 0, stderr


def test_a_cgroup(private):
    root = next((line.split()[4] for line in open("/proc/self/mountinfo")
                 if " - cgroup2 " in line), None)
    if not root:
        pytest.skip("no cgroup v2 is mounted")
    path = link_to(private, root)
    status, _, stderr = run_tracer("-u", "0.1", "-o", "none", "--cgroup", path, env=ENV)
    check_denied(status, stderr, path, 2)
    status, _, stderr = run_tracer("-u", "0.1", "-o", "none", "--cgroup", root, env=ENV)
    assert status == 0, stderr


def test_what_was_opened_for_reading_is_not_written_to(tmp_path):
    """Standard output is a FIFO that the caller may only read."""
    os.mkfifo(tmp_path / "fifo")
    r = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    status, _, stderr = run_tracer("-o", "json", "-r", GOLDEN, stdout=r)
    assert (status, stderr) == (1, "tcpstates-trace: output: Bad file descriptor\n")
    os.set_blocking(r, False)
    assert os.read(r, 1) == b""
    os.close(r)


def test_set_group_id_is_refused(public):
    os.chown(public.path, 0, 0)
    os.chmod(public.path, 0o2755)
    if os.statvfs(public.path).f_flag & os.ST_NOSUID:
        pytest.skip("no set-group-ID programs here")
    done = subprocess.run(["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
                           public.path, "-o", "json", "-r", GOLDEN], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=HANG_S, text=True)
    assert (done.returncode, done.stdout) == (1, "") and "set-group-ID" in done.stderr


def test_the_command_is_at_home():
    status, stdout, stderr = run_tracer("-o", "none", "--", "sh", "-c", "echo $HOME $USER $LOGNAME", env=ENV)
    assert status == 0, stderr
    assert stdout.split() == [pwd.getpwuid(NOBODY).pw_dir, "nobody", "nobody"]


@pytest.mark.parametrize("home", ["/home/of/the/caller", None])
def test_a_caller_whom_no_file_names(home):
    """A user of a directory service: the shell that called sudo knows its home."""
    uid = 4123456
    with pytest.raises(KeyError):
        pwd.getpwuid(uid)
    # the shell stays, and is the parent of what becomes root again: nothing here is set-user-ID
    shell = ("import os, subprocess, sys; uid = int(sys.argv[1]); r, w = os.pipe(); os.set_inheritable(w, True)\n"
             "child = os.fork()\n"
             "if not child:\n"
             "    os.read(r, 1)\n"
             "    sys.exit(subprocess.run(sys.argv[2:], env={'SUDO_UID': str(uid), 'SUDO_GID': str(uid),\n"
             "             'SUDO_USER': 'far', 'HOME': '/root', 'PATH': os.environ['PATH']}).returncode)\n"
             "os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)\n"
             "os.execvp('sh', ['sh', '-c', f'echo >&{w}; wait; read x'])\n")
    env = {"PATH": os.environ["PATH"], **({"HOME": home} if home else {})}
    done = subprocess.Popen(["python3", "-c", shell, str(uid), BINARY, "-o", "none", "--", "sh", "-c",
                             "echo ${HOME-none} $USER"], env=env, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    try:
        assert done.stdout.readline().split() == [home or "none", "far"]
    finally:
        done.communicate("\n", timeout=HANG_S)
