# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""io_uring's accept."""
import ctypes
import mmap
import os
import socket
import struct

import pytest

from checks import told
from tracer import FORCED, Tracer, run_tracer

SETUP, ENTER, REGISTER, OP_ACCEPT, OFF_SQES, GETEVENTS = 425, 426, 427, 13, 0x10000000, 1
REGISTER_FILES = 2


def _uring_accept(fd, ioprio=0, slot=0):
    """One IORING_OP_ACCEPT by plain system calls; the new descriptor."""
    libc = ctypes.CDLL(None, use_errno=True)
    params = ctypes.create_string_buffer(120)
    ring = libc.syscall(SETUP, 4, params)
    if ring < 0:
        return -ctypes.get_errno()
    sq_entries, cq_entries = struct.unpack_from("II", params.raw, 0)
    _, sq_tail, sq_mask, _, _, _, sq_array = struct.unpack_from("7I", params.raw, 40)
    cq_head, cq_tail, cq_mask, _, _, cqes = struct.unpack_from("6I", params.raw, 80)
    size = max(sq_array + 4 * sq_entries, cqes + 16 * cq_entries)
    rings = mmap.mmap(ring, size, mmap.MAP_SHARED | mmap.MAP_POPULATE)  # FEAT_SINGLE_MMAP
    sqes = mmap.mmap(ring, 64 * sq_entries, mmap.MAP_SHARED | mmap.MAP_POPULATE, offset=OFF_SQES)
    if slot:
        assert libc.syscall(REGISTER, ring, REGISTER_FILES, struct.pack("i", -1), 1) == 0
    struct.pack_into("=BBHiQQIIQHHI", sqes, 0, OP_ACCEPT, 0, ioprio, fd, 0, 0, 0, 0, 7, 0, 0, slot)
    struct.pack_into("I", rings, sq_array, 0)
    struct.pack_into("I", rings, sq_tail, 1)
    assert libc.syscall(ENTER, ring, 1, 1, GETEVENTS, 0, 0) == 1
    assert struct.unpack_from("I", rings, cq_tail)[0] == 1
    user_data, result = struct.unpack_from("=Qi", rings, cqes)
    assert user_data == 7
    return result


def _uring_server(channel):
    """The child of the listener's owner accepts, so that the two have different pids."""
    lst = socket.socket()
    lst.bind(("127.0.0.1", 0))
    lst.listen(4)
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        fd = _uring_accept(lst.fileno())
        os.write(w, str(fd).encode())
        if fd >= 0:
            s = socket.socket(fileno=fd)
            while s.recv(4096):
                pass
            s.close()
        os._exit(0)
    os.close(w)
    channel.send((pid, lst.getsockname()[1]))
    fd = int(os.read(r, 16))
    os.waitpid(pid, 0)
    return fd


def test_io_uring_accept(world):
    """No accept() system call: the owner is still the process that took the connection."""
    ns = world.netns()
    tracer = Tracer(netns=ns)
    server, client = ns.spawn(_uring_server), world.agent(ns)
    acceptor, port = server.recv()
    local = client.connect("127.0.0.1", port)["port"]
    client.send(10)
    client.shutdown()
    assert client.recv_any() == b""
    client.close()
    assert server.result() >= 0, "io_uring's accept failed"
    told(tracer, 4)
    shake, close = (tracer.one(t, role="server") for t in ("handshake", "close"))
    assert shake["remote_port"] == local and shake["accept_us"] is not None
    assert shake["pid"] == acceptor == close["pid"] == close["closer_pid"]
    assert shake["comm"] == "python3"


def _listening(accepts):
    """A child that accepts in its own way, and waits for the peer's FIN; (its pid, port)."""
    def serve(channel):
        lst = socket.socket()
        lst.bind(("127.0.0.1", 0))
        lst.listen(4)
        pid = os.fork()
        if pid == 0:
            with open("/proc/self/comm", "w") as f:
                f.write("worker")
            accepts(lst.fileno(), channel)
            os._exit(0)
        channel.send((pid, lst.getsockname()[1]))
        os.waitpid(pid, 0)
    return serve


def _multishot(fd, channel):
    """Accepts until it is told to end."""
    new = _uring_accept(fd, ioprio=1)  # IORING_ACCEPT_MULTISHOT
    s = socket.socket(fileno=new)
    while s.recv(4096):
        pass
    s.close()


def _direct(fd, channel):
    """Into a slot of the ring: there is no descriptor."""
    _uring_accept(fd, slot=1)
    channel.recv()


def _compat(fd, channel):
    """accept4() of the 32-bit system call table, which no tracepoint of system calls shows."""
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    # push rbx; mov eax, 364; mov ebx, edi; xor ecx, ecx; xor edx, edx; xor esi, esi; int 0x80; pop rbx; ret
    code.write(bytes.fromhex("53b86c01000089fb31c931d231f6cd805bc3"))
    accept4 = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    s = socket.socket(fileno=accept4(fd))
    while s.recv(4096):
        pass
    s.close()


def _has_compat():
    """Does this kernel run 32-bit system calls?"""
    child = os.fork()
    if not child:
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(bytes.fromhex("b814000000cd80c3"))  # getpid()
        getpid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
        os._exit(0 if getpid() == os.getpid() else 1)
    return os.waitpid(child, 0)[1] == 0


def _talk(world, ns, server, tracers):
    """One connection, which the client closes first."""
    client = world.agent(ns)
    client.connect("127.0.0.1", server.port)
    client.shutdown()
    return client


def _accepted_by(world, accepts):
    ns = world.netns()
    server = ns.spawn(_listening(accepts))
    server.worker, server.port = server.recv()
    tracers = {"all": Tracer("--role", "server", netns=ns), "worker": Tracer("-p", server.worker, "--wait", netns=ns),
               "master": Tracer("-p", server.pid, netns=ns)}
    return ns, server, tracers


def test_multishot(world):
    """The completions of a multishot request have no request: the descriptor says who accepted."""
    ns, server, tracers = _accepted_by(world, _multishot)
    _talk(world, ns, server, tracers)
    server.result()
    tracers["worker"].wait_count(1, "close")
    for t in tracers.values():
        t.stop()
    for t in (tracers["all"], tracers["worker"]):
        assert [(c["type"], c["pid"], c["comm"]) for c in t.chapters()] == [
            (kind, server.worker, "worker") for kind in ("handshake", "close")]
        assert t.one("handshake")["accept_us"] is not None
    assert tracers["master"].chapters() == []


@pytest.mark.parametrize("how", ["direct", "32-bit"])
def test_accepted_unseen(world, how):
    """Nobody knows who accepted: the owner is null and not the listener's; who closes is known."""
    if FORCED or "accept: syscall" not in run_tracer("--features")[1]:
        pytest.skip("the function that accepts is seen here, whoever calls it")
    if how == "32-bit" and not _has_compat():
        pytest.skip("this kernel has no 32-bit system calls")
    ns, server, tracers = _accepted_by(world, _direct if how == "direct" else _compat)
    client = _talk(world, ns, server, tracers)
    if how == "direct":
        # it is reported while it is open
        shake = tracers["all"].wait_count(1, "handshake")[0]
        assert (shake["pid"], shake["accepted"], shake["accept_us"]) == (None, True, None)
        server.send("end")
    server.result()
    assert client.recv_any() == b""
    tracers["all"].wait_count(2)
    tracers["worker" if how == "32-bit" else "all"].wait_count(1, "close")
    for t in tracers.values():
        t.stop()
    for c in tracers["all"].chapters():
        assert (c["pid"], c["comm"], c["uid"], c["accepted"]) == (None, None, None, True)
    if how == "32-bit":
        assert tracers["worker"].one("close")["closer_pid"] == server.worker
    assert "accepted by calls that no hook shows" in tracers["worker"].stderr.text()
    assert "accepted by calls" not in tracers["all"].stderr.text()
