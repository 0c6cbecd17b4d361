# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Sockets of a child that is inside a namespace: what the socket module does not say in one call."""
import ctypes
import socket
import struct

TCP_FASTOPEN = 23


def listener(port=0, fastopen=False):
    s = socket.socket()
    if fastopen:
        s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    s.bind(("127.0.0.1", port))
    s.listen(16)
    return s


def part(first, second):
    """A graceful close, `first` first."""
    first.shutdown(socket.SHUT_WR)
    while second.recv(4096):
        pass
    second.close()
    while first.recv(4096):
        pass
    first.close()


def disconnect(s):
    """connect() to AF_UNSPEC, which the socket module cannot say"""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.connect(s.fileno(), struct.pack("=H14x", socket.AF_UNSPEC), 16):
        raise OSError(ctypes.get_errno(), "connect(AF_UNSPEC)")
