# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Compares the chapters with what happened, connection by connection."""
from truth import (BEGUN, CLIENT_FIRST, CLIENT_RESET, DONE, HALF_CLOSE, OPEN, REFUSED, SERVER_FIRST,
                   SERVER_RESET, UNREAD)

# where both ends followed the script: (first closer, ending) of the client and of the server
ENDINGS = {
    CLIENT_FIRST: (("local", "graceful"), ("remote", "graceful")),
    SERVER_FIRST: (("remote", "graceful"), ("local", "graceful")),
    HALF_CLOSE: (("local", "graceful"), ("remote", "graceful")),
    CLIENT_RESET: (("none", "reset_sent"), ("none", "reset_received")),
    SERVER_RESET: (("none", "reset_received"), ("none", "reset_sent")),
    UNREAD: (("none", "reset_sent"), ("none", "reset_received")),
}
# payload that the client sent, and the server
BYTES = {
    CLIENT_FIRST: lambda t: (t.up, 0),
    SERVER_FIRST: lambda t: (0, t.down),
    HALF_CLOSE: lambda t: (t.up, t.down),
    CLIENT_RESET: lambda t: (0, 1),
    SERVER_RESET: lambda t: (1, 0),
    UNREAD: lambda t: (0, 1),
}
UNDONE = 3  # at most per epoch: it takes two segments on two CPUs at the same time


class Verdict:
    def __init__(self):
        self.differences = []
        self.absent = set()  # keys of chapters that are missing: the tracer must count them as lost
        self.unseen = 0  # missing ones of connections that only the kernel's counters know
        self.incomplete = 0
        self.reported = 0

    def differ(self, what, *details):
        self.differences.append(" | ".join(map(str, (what, *details))))


def judge(epoch, chapters, hidden):
    """hidden: numbers of connections with events that the kernel showed to no BPF program."""
    v = Verdict()
    # attempts that made no socket: the client's end is what is compared
    chapters = {k: c for k, c in chapters.items()
                if k[1:] != ("server", "handshake") or c["outcome"] in ("established", "abandoned", None)}
    v.reported = len(chapters)
    v.incomplete = sum(not c["complete"] for c in chapters.values())
    for key, chapter in chapters.items():
        if key[0] not in epoch.truths:
            v.differ("a connection that never was", chapter)
        if chapter.get("open"):
            v.differ("open in the middle of the trace", chapter)
    for number, truth in epoch.truths.items():
        if number in hidden:
            continue
        _client(v, truth, chapters.get((number, "client", "handshake")),
                chapters.get((number, "client", "close")))
        _server(v, truth, chapters.get((number, "server", "handshake")),
                chapters.get((number, "server", "close")))
    _count(v, epoch, chapters, len(hidden))
    return v


def _client(v, t, handshake, close):
    key = (t.number, "client")
    if not handshake:
        # a killed one may not have sent its SYN; ActiveOpens below counts those that did
        if t.client not in (0, BEGUN):
            v.absent.add((*key, "handshake"))
            if t.client in (OPEN, DONE) and not close:
                v.absent.add((*key, "close"))
        return
    if handshake["pid"] not in (t.client_pid, None):
        v.differ("client's pid", t, handshake)
    if handshake["complete"]:
        expected = {REFUSED: ("refused",), OPEN: ("established",), DONE: ("established",)}
        if handshake["outcome"] not in expected.get(t.client, (handshake["outcome"],)):
            v.differ("outcome", t, handshake)
    if close:
        _close(v, t, close, 0)
    elif handshake["outcome"] == "established":
        v.absent.add((*key, "close"))


def _server(v, t, handshake, close):
    key = (t.number, "server")
    if not close and (handshake or t.server):
        v.absent.add((*key, "close"))
    if not handshake:
        if t.server or close:
            v.absent.add((*key, "handshake"))
        return
    if t.server and handshake["complete"]:
        if handshake["pid"] != t.server_pid:
            v.differ("server's pid", t, handshake, close)
        late = close and close["accept_us"] is not None
        if handshake["accept_us"] is None and close and close["complete"] and not late:
            v.differ("no accept()", t, handshake, close)
    # the listener may have been killed before the last ACK arrived
    expected = ("established",) if t.server else ("established", "abandoned")
    if handshake["outcome"] not in expected and handshake["complete"]:
        v.differ("outcome", t, handshake)
    if close:
        _close(v, t, close, 1)


def _close(v, t, close, end):
    if not close["complete"] or t.client != DONE or t.server != DONE:
        return
    if (close["first_closer"], close["ending"]) != ENDINGS[t.script][end]:
        v.differ("ending", t, close)
    sent, received = BYTES[t.script](t)[::-1 if end else 1]
    if (close["bytes_sent"], close["bytes_received"]) != (sent, received):
        v.differ("bytes", t, close)


def _count(v, epoch, chapters, hidden):
    """By the kernel's counters each SYN sent and each child made has a handshake."""
    for role, happened in (("client", epoch.active), ("server", epoch.passive)):
        reported = sum(k[1:] == (role, "handshake") for k in chapters)
        absent = sum(k[1:] == (role, "handshake") for k in v.absent)
        if not reported <= happened:
            v.differ(f"{role} handshakes", reported, "reported, and happened", happened)
        more = max(0, happened - reported - absent - hidden)
        if role == "server":
            # the kernel also counts a second child of a request, which it discards
            v.undone = min(more, UNDONE)
            more -= v.undone
        # those of killed processes, of which there is no handshake and no close of either end
        v.unseen += more
