# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Who asks the tracer for its metrics, as bytes on a socket: nothing is hidden by a library."""
import gzip
import socket
import time

from pump import HANG_S

PORT = 9967
TCP = ("127.0.0.1", PORT)


class Answer:
    """status, headers {lower-case name: value}, body; status 0: closed without an answer."""

    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1]) if first else 0
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def text(self):
        plain = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        return plain.decode()


def connect(address=TCP):
    family = (socket.AF_UNIX if isinstance(address, str) else
              socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(HANG_S)
    s.connect(address)
    return s


def read_all(s):
    data = b""
    try:
        while chunk := s.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    return data


def send(data, address=TCP, wrap=lambda s: s):
    """What comes back, up to the end of the connection"""
    with wrap(connect(address)) as s:
        try:
            s.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return read_all(s)


def request(method="GET", path="/metrics", **headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def scrape(method="GET", path="/metrics", address=TCP, wrap=lambda s: s, **headers):
    return Answer(send(request(method, path, **headers), address, wrap))


def time_until_closed(data, every_s=None, address=TCP):
    """Seconds from connect() until the other end closes; every_s: a byte is sent that often, else all at once."""
    begun = time.monotonic()
    with connect(address) as s:
        if every_s is None:
            s.sendall(data)
            read_all(s)
            return time.monotonic() - begun
        s.settimeout(every_s)
        for byte in data:
            try:
                s.sendall(bytes([byte]))
                if not s.recv(1):
                    break
            except socket.timeout:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
    return time.monotonic() - begun
