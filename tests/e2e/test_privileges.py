# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Which capabilities it takes, and that none is kept."""
import os
import signal
import stat
import subprocess

import pytest

import checks
from agent import FIN_WAIT2
from checks import Noise
from lent import NOBODY, NUMBERS, SUDO, as_nobody, kept, status_of
from oracle import End
from pump import HANG_S
from tracer import BINARY, Tracer, run_tracer


def check_dropped(pid, uid):
    status = status_of(pid)
    assert status["CapInh"] == status["CapAmb"] == 0
    assert status["CapPrm"] == status["CapEff"] == kept(), f"{status['CapPrm']:x}"
    assert status["NoNewPrivs"] == 1
    assert status["Uid"] == [uid] * 4
    if uid:
        assert status["Gid"] == [uid] * 4 and status["Groups"] in ([], [uid])
    return status


def old_connection(world, ns):
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    server.accept()
    return server, client, port


@pytest.mark.parametrize("env,uid", [({}, 0), (SUDO, NOBODY)], ids=["root", "sudo"])
def test_nothing_is_kept(world, env, uid):
    """When it says Tracing, all sets are empty; everything that is left to do works all the same."""
    ns = world.netns()
    server, client, port = old_connection(world, ns)
    tracer = Tracer("-v", netns=ns, env={**os.environ, **env})
    status = check_dropped(tracer.pid, uid)
    assert status["CapBnd"] == 0
    assert f"capabilities kept: {'CAP_BPF' if kept() else 'none'}" in tracer.stderr.text()
    # the table is walked for live sockets, and the sweep looks for who is not accept()ed
    client.connect("127.0.0.1", port, name="waiting")
    client.shutdown()
    assert server.recv_any() == b""
    client.wait_state(client.port(), FIN_WAIT2)
    tracer.send_signal(signal.SIGUSR1)
    tracer.wait_count(2, "close", open=True)
    tracer.wait_count(1, "handshake", role="server")
    assert tracer.chapters("handshake", role="server")[0]["accept_us"] is None
    tracer.stop()
    states = {c["state"] for c in tracer.chapters("close", open=True)}
    assert states == {"FIN_WAIT2", "CLOSE_WAIT", "ESTABLISHED"}
    (waiting,) = tracer.chapters("close", open=True, state="ESTABLISHED")
    assert waiting["accepted"] is False
    assert tracer.summary["events_lost"] == 0 and tracer.summary["incomplete"] == 0


@pytest.mark.parametrize("caps,accepts", [
    (("bpf", "perfmon"), False),
    (("bpf", "perfmon", "dac_read_search", "sys_admin"), True),
])
def test_few_capabilities(world, public, family, caps, accepts):
    """An ordinary user with CAP_BPF and CAP_PERFMON sees what root sees, accept() apart."""
    ns = world.netns()
    link = world.link("lo")
    ns, addr = link.a, link.client(family)
    capture = world.capture(ns, "lo")
    old_server, old_client, old_port = old_connection(world, ns)
    tracer = Tracer("-v", netns=ns, argv0=as_nobody(*caps), binary=public.path)
    check_dropped(tracer.pid, NOBODY)
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen(addr, family=family)
    with Noise() as noise:
        local = client.connect(addr, port, family=family)["port"]
        server.accept()
        client.send(100)
        server.recv(100)
        client.close()
        assert server.recv_any() == b""
        server.close()
        tracer.wait_count(4)
        old_client.close()
        assert old_server.recv_any() == b""
        old_server.close()
        tracer.wait_count(6)
    tracer.stop()
    packets = capture.packets()
    for agent, end in ((client, End(packets, addr, local, addr, port)),
                       (server, End(packets, addr, port, addr, local))):
        # the kernel may give the older client, whose peer is another, the same port
        told = {kind: tracer.one(kind, local_port=end.local_port, remote_port=end.remote_port)
                for kind in ("handshake", "close")}
        for chapter in told.values():
            checks.check_shape(chapter)
            checks.check_identity(chapter, end, ns, family)
            checks.check_owner(chapter, agent)
            assert chapter["cgroup"] is not None or not cgroup2_is_mounted()
        checks.check_handshake(told["handshake"], end, noise.tolerance_ns)
        checks.check_close(told["close"], end, noise.tolerance_ns)
        seen = accepts or not slow_accept(tracer)
        assert (told["handshake"]["accept_us"] is not None) is (seen and agent is server)
    assert any("accept(): no hook on its return" in line
               for line in tracer.stderr.lines) is not seen
    # older than the trace, in a namespace that this user may not enter: its owner is known, or it is said
    for agent, key in ((old_client, "remote_port"), (old_server, "local_port")):
        close = tracer.one("close", **{key: old_port})
        assert close["missing"] == "before_trace"
        assert close["pid"] == agent.pid or "found in this network namespace only" in \
            tracer.stderr.text()
    assert tracer.summary["events_lost"] == 0


def cgroup2_is_mounted():
    with open("/proc/self/mountinfo") as f:
        return " - cgroup2 " in f.read()


def slow_accept(tracer):
    """Is the exit of the system call, whose tracepoint is found in tracefs, the best there is?"""
    return not any(": accept: fexit" in line or ": accept: kretprobe" in line
                   for line in tracer.stderr.lines)


@pytest.mark.parametrize("caps", [(), ("bpf", "perfmon")], ids=["root", "few"])
def test_a_socket_that_nobody_holds(world, public, caps):
    """Not accepted yet when tracing begins: not found without the right to enter, and not called lost."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    tracer = Tracer(netns=ns, argv0=as_nobody(*caps) if caps else (), binary=public.path)
    server.accept()
    client.close()
    assert server.recv_any() == b""
    server.close()
    tracer.wait_count(2)
    tracer.stop()
    close = tracer.one("close", local_port=port)
    checks.check_shape(close)
    assert close["missing"] == "before_trace" and close["ending"] == "graceful"
    assert tracer.summary["events_lost"] == 0 and len(tracer.chapters()) == 2


@pytest.mark.parametrize("caps", [(), ("bpf",), ("perfmon",)])
def test_too_few_capabilities(public, caps):
    done = subprocess.run([*as_nobody(*caps), public.path, "-u", "0.1"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=HANG_S, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "CAP_BPF and CAP_PERFMON" in done.stderr


def test_file_capabilities(world, public):
    """What the file lends stays with the program: neither the command nor another process gets it."""
    public.give("bpf", "perfmon")
    ns = world.netns()
    tracer = Tracer(netns=ns, argv0=["setpriv", "--reuid", str(NOBODY), "--clear-groups"],
                    binary=public.path)
    assert status_of(tracer.pid)["CapPrm"] == kept()
    # not dumpable: its descriptors are not this user's to take
    assert os.stat(f"/proc/{tracer.pid}/fd").st_uid == 0
    tracer.stop()
    shown = subprocess.run(["setpriv", "--reuid", str(NOBODY), "--clear-groups", public.path, "-o",
                            "none", "--", "grep", "Cap[IPEA]", "/proc/self/status"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=HANG_S, text=True)
    assert shown.returncode == 0
    assert {int(line.split()[1], 16) for line in shown.stdout.splitlines()} == {0}


def test_set_user_id_is_refused(public):
    os.chmod(public.path, 0o4755)
    if os.statvfs(public.path).f_flag & os.ST_NOSUID:
        pytest.skip("no set-user-ID programs here")
    done = subprocess.run(["setpriv", "--reuid", str(NOBODY), "--clear-groups", public.path, "--",
                           "id"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=HANG_S, text=True)
    assert (done.returncode, done.stdout) == (1, "") and "set-user-ID" in done.stderr


def test_replay_keeps_only_the_right_to_read(world, tmp_path):
    fifo = tmp_path / "recording"
    os.mkfifo(fifo)
    replay = subprocess.Popen([BINARY, "-r", str(fifo)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(fifo, "wb"):  # opens when the replay has opened it
        status = status_of(replay.pid)
    assert replay.wait(HANG_S) == 1  # an empty recording is none
    assert status["NoNewPrivs"] == 1
    assert status["CapEff"] | status["CapPrm"] == 1 << NUMBERS["dac_read_search"]
    assert status["CapInh"] == status["CapAmb"] == status["CapBnd"] == 0


@pytest.fixture
def theirs(public):
    """A directory of the user who calls sudo, beside which only root may write."""
    path = os.path.join(public.directory, "theirs")
    os.mkdir(path)
    os.chown(path, NOBODY, NOBODY)
    return path


def write_files(directory, **names):
    return run_tracer("-u", "0.1", "-o", "line", "-w", f"{directory}/{names['record']}",
                      "--output-file", f"{directory}/{names['text']}", env={**os.environ, **SUDO})


def test_files_are_the_callers(theirs):
    old = os.umask(0o022)
    try:
        status, _, stderr = write_files(theirs, record="new", text="text")
    finally:
        os.umask(old)
    assert status == 0, stderr
    for name, mode in (("new", 0o600), ("text", 0o644)):
        got = os.stat(f"{theirs}/{name}")
        assert (got.st_uid, got.st_gid, stat.S_IMODE(got.st_mode)) == (NOBODY, NOBODY, mode)


def test_files_of_others_are_left_alone(public, theirs):
    """Nothing is overwritten, through no link, and nothing created, that the caller may not."""
    roots = f"{public.directory}/roots"
    with open(roots, "w") as f:
        f.write("precious")
    os.chmod(roots, 0o644)
    os.symlink(roots, f"{theirs}/link")
    for path in (roots, f"{theirs}/link", f"{public.directory}/new"):
        for option in ("-w", "--output-file"):
            status, _, stderr = run_tracer("-u", "0.1", option, path, env={**os.environ, **SUDO})
            assert status == 1
            assert stderr.startswith(f"tcpstates-trace: {path}: ") and "sudo" in stderr, stderr
    with open(roots) as f:
        assert f.read() == "precious"
    assert os.stat(roots).st_uid == 0 and not os.path.exists(f"{public.directory}/new")


def test_an_existing_file_keeps_its_owner(public, theirs):
    """One that the caller may write, and does not own."""
    path = f"{theirs}/shared"
    with open(path, "w") as f:
        f.write("x" * 10)
    os.chmod(path, 0o666)
    status, _, stderr = run_tracer("-u", "0.1", "-w", path, env={**os.environ, **SUDO})
    got = os.stat(path)
    assert status == 0, stderr
    assert (got.st_uid, stat.S_IMODE(got.st_mode)) == (0, 0o666)
    with open(path, "rb") as f:
        assert not f.read().startswith(b"xxx")


def test_in_a_chroot(world, tmp_path):
    """Its / is no mount, and /sys has no tracefs: the tracepoints of accept() are found all the same."""
    script = ("for d in usr lib lib64 bin proc sys; do mkdir -p $1/$d; mount --bind /$d $1/$d; done; touch $1/it; "
              "mount --bind $2 $1/it; exec chroot $1 /it --hook accept=syscall -v -u 0.01 -o none --netns $3")
    done = subprocess.run(["unshare", "-m", "sh", "-ec", script, "sh", tmp_path, BINARY, str(world.netns().inode)],
                          stderr=subprocess.PIPE, text=True, check=False, timeout=HANG_S)
    assert done.returncode == 0, done.stderr
    assert "accept: syscall sys_exit_accept, sys_exit_accept4" in done.stderr
    assert "no hook on its return" not in done.stderr
