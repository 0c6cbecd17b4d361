# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The kernel's types: a kernel without them, those of a file, and the check of the BPF object against them."""
import os
import subprocess

import pytest

import checks
import kernel
from checks import Noise
from oracle import End
from pump import HANG_S
from tracer import BINARY, ROOT, Tracer

TYPES = "/sys/kernel/btf/vmlinux"
# a mount namespace in which the kernel's own types are not to be seen, as in a kernel built without them
WITHOUT = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs none {os.path.dirname(TYPES)} && exec "$@"', "sh"]
OBJECT = os.path.join(os.path.dirname(BINARY), "tcpstates.bpf.o")
CHECK = os.path.join(ROOT, "tests/vm/check_btf")

pytestmark = pytest.mark.skipif(not os.path.exists(TYPES), reason="this kernel has no types to hide")


@pytest.fixture
def types(tmp_path):
    """A copy, as it would be got from an archive."""
    path = tmp_path / "types.btf"
    with open(TYPES, "rb") as f:
        path.write_bytes(f.read())
    return path


def run_without(*args):
    done = subprocess.run([*WITHOUT, BINARY, *map(str, args)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=HANG_S, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("what", [["-u", "1"], ["--features"]], ids=["trace", "features"])
def test_no_types(what):
    status, out, err = run_without(*what)
    assert (status, out) == (1, "")
    assert f"{TYPES}: No such file or directory" in err and "--btf FILE" in err and "BTFHub" in err


def test_not_types(tmp_path):
    (tmp_path / "text").write_text("not BTF")
    for path in (tmp_path / "text", tmp_path / "nothing"):
        status, out, err = run_without("--btf", path)
        assert (status, out) == (1, "") and f"--btf {path}: " in err and err.count("\n") == 1


def test_features_by_a_file(types):
    """What needs the kernel's own types is none, in as many lines as ever."""
    status, out, err = run_without("--features", "--btf", types)
    assert (status, err) == (0, "")
    found = dict(line.split(": ", 1) for line in out.splitlines())
    assert found.keys() == kernel.hooks().keys()
    assert found["state"] == "raw_tp inet_sock_set_state"
    assert found["scan"] == "proc sock_diag, /proc"
    for fact in ("cookie", "alive"):
        assert found[fact].startswith("none; null: ")
    assert found["mptcp"].startswith("field" if kernel.can_tell("mptcp") else "none")


@pytest.mark.parametrize("hidden", [True, False], ids=["hidden", "beside"])
def test_types_of_a_file(world, types, hidden):
    """Told as ever, every field by the wire; an older connection is none that events of were lost."""
    ns = world.netns("lo")
    capture = world.capture(ns, "lo")
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    old = client.connect("127.0.0.1", port, name="old")["port"]
    server.accept(name="old")
    tracer = Tracer("--btf", types, netns=ns, argv0=WITHOUT if hidden else ())
    with Noise() as noise:
        local = client.connect("127.0.0.1", port)["port"]
        server.accept()
        client.send(100)
        server.recv(100)
        for name in ("s", "old"):
            # FIN_WAIT2 keeps its socket: without one not all of these kernels can tell
            client.shutdown(name=name)
            assert server.recv_any(name=name) == b""
            server.close(name=name)
            assert client.recv_any(name=name) == b""
            client.close(name=name)
        tracer.wait_count(6)
    tracer.stop()
    packets = capture.packets()
    for agent, ends in ((client, (local, port)), (server, (port, local))):
        end = End(packets, "127.0.0.1", ends[0], "127.0.0.1", ends[1])
        told = {kind: tracer.one(kind, local_port=ends[0], remote_port=ends[1])
                for kind in ("handshake", "close")}
        for chapter in told.values():
            checks.check_shape(chapter)
            checks.check_owner(chapter, agent)
        checks.check_handshake(told["handshake"], end, noise.tolerance_ns)
        checks.check_close(told["close"], end, noise.tolerance_ns)
    for agent, ends in ((client, (old, port)), (server, (port, old))):
        close = tracer.one("close", local_port=ends[0], remote_port=ends[1])
        assert (close["missing"], close["ending"]) == ("before_trace", "graceful")
        assert close["pid"] == agent.pid == close["closer_pid"]
    assert tracer.summary["events_lost"] == 0


def check_btf(path):
    done = subprocess.run([CHECK, OBJECT, str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    return done.returncode, done.stdout


def test_check_btf(types):
    """This kernel has all; one that calls a field otherwise lacks it; one guarded may lack it."""
    if not os.path.exists(OBJECT):
        pytest.skip("the BPF object is not beside the program")
    status, out = check_btf(types)
    assert status == 0 and " 0 of them missing" in out
    data = types.read_bytes()
    types.write_bytes(data.replace(b"\0is_mptcp\0", b"\0is_mptcq\0"))
    status, out = check_btf(types)
    assert status == 0 and " 0 of them missing" in out
    types.write_bytes(data.replace(b"\0snd_una\0", b"\0snd_unb\0"))
    status, out = check_btf(types)
    assert status == 1 and "struct tcp_sock.snd_una: missing, and not checked first" in out
