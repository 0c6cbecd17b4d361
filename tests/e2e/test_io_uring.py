# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""io_uring's accept."""
import ctypes
import mmap
import os
import socket
import struct

from checks import told
from tracer import Tracer

SETUP, ENTER, OP_ACCEPT, OFF_SQES, GETEVENTS = 425, 426, 13, 0x10000000, 1


def _uring_accept(fd):
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
    struct.pack_into("=BBHiQQIIQ", sqes, 0, OP_ACCEPT, 0, 0, fd, 0, 0, 0, 0, 7)
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
