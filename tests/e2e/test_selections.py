# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Every selection, with traffic that must show and traffic that must not.

One script of connections runs; for each selection a tracer of its own runs at the same time, and what
it told is compared with what the script says about the connections.
"""
import signal

import pytest

import checks
from tracer import Tracer, replayed

V4, V6 = "127.0.0.1", "::1"


class Conn:
    """What the script knows about one end of a connection it made."""

    def __init__(self, name, role, family, local, local_port, remote, remote_port, agent):
        self.__dict__.update(locals())
        self.key = (role, local, local_port, remote, remote_port)
        self.pid = agent.pid


class Script:
    def __init__(self, world):
        self.ns = world.netns()
        self.other = world.netns()
        self.ns.addr("lo", "10.5.0.1/32", "10.5.1.7/32", "fd00:5::1/128")
        self.server, self.server2 = world.agent(self.ns, "srv-one"), world.agent(self.ns, "srv-two")
        self.client, self.client2 = world.agent(self.ns, "cli-one"), world.agent(self.ns, "cli-two")
        self.far_server, self.far_client = world.agent(self.other), world.agent(self.other)
        self.ends = []

    def talk(self, name, client, server, family, addr, port, netns=None):
        source = {4: V4, 6: V6}[family] if addr in (V4, V6) else addr
        server.listen(addr, port, family=family)
        local = client.connect(addr, port, family=family)["port"]
        server.accept()
        client.close()
        assert server.recv_any() == b""
        server.close()
        server.close("l")
        self.ends += [Conn(name, "client", family, source, local, addr, port, client),
                      Conn(name, "server", family, addr, port, source, local, server)]

    def run(self):
        self.talk("plain", self.client, self.server, 4, V4, 2001)
        self.talk("six", self.client, self.server, 6, V6, 2002)
        self.talk("second", self.client2, self.server2, 4, V4, 2100)
        self.talk("ten", self.client, self.server2, 4, "10.5.0.1", 2200)
        self.talk("prefix", self.client2, self.server, 4, "10.5.1.7", 2300)
        self.talk("six ten", self.client2, self.server, 6, "fd00:5::1", 2400)
        self.talk("far", self.far_client, self.far_server, 4, V4, 2001)


def key(chapter):
    return (chapter["role"], chapter["local"], chapter["local_port"], chapter["remote"],
            chapter["remote_port"])


CASES = {
    # name: (arguments, wanted end?); arguments may be a function of the script
    "pid": (lambda s: ["-p", s.client.pid], lambda s, e: e.agent is s.client),
    "pid server": (lambda s: ["-p", s.server.pid], lambda s, e: e.agent is s.server),
    "pid list": (lambda s: ["-p", f"{s.client.pid},{s.server2.pid}"],
                 lambda s, e: e.agent in (s.client, s.server2)),
    "pid repeated": (lambda s: ["-p", s.client2.pid, "--pid", s.server.pid],
                     lambda s, e: e.agent in (s.client2, s.server)),
    "comm": (["-c", "cli-two"], lambda s, e: e.agent is s.client2),
    "comm server": (["--comm", "srv-one"], lambda s, e: e.agent is s.server),
    "comm list": (["-c", "cli-two,srv-one"], lambda s, e: e.agent in (s.client2, s.server)),
    "comm pattern": (["-c", "cli*", "-c", "*v-t*"],
                     lambda s, e: e.agent in (s.client, s.client2, s.server2)),
    "not comm": (["-c", "!cli-two"], lambda s, e: e.agent is not s.client2),
    "not comm pattern": (["-c", "!*-one"], lambda s, e: e.agent in (s.client2, s.server2)),
    "comm but": (["-c", "cli*,!*-two"], lambda s, e: e.agent is s.client),
    "eight comms": (["-c", "a,b,c,fifteen-bytes-x,e,f,g*,srv-two"], lambda s, e: e.agent is s.server2),
    "not pid": (lambda s: ["-p", f"!{s.client.pid}"], lambda s, e: e.agent is not s.client),
    "not pids": (lambda s: ["-p", f"!{s.client.pid},!{s.server.pid}"],
                 lambda s, e: e.agent not in (s.client, s.server)),
    "not local port": (["-L", "!2001"], lambda s, e: e.local_port != 2001),
    "not remote port": (["-D", "!2001,!2100-2299"],
                        lambda s, e: e.remote_port != 2001 and not 2100 <= e.remote_port < 2300),
    "remote ports but": (["-D", "2000-2999,!2100"], lambda s, e: e.remote_port in (2001, 2002, 2200, 2300, 2400)),
    "not either port": (["--port", "!2001,!2400"], lambda s, e: not {e.local_port, e.remote_port} & {2001, 2400}),
    "not local": (["-l", "!10.5.0.0/16"], lambda s, e: not e.local.startswith("10.5.")),
    "not remote": (["-d", "!10.5.0.0/16,!::1"], lambda s, e: e.remote in (V4, "fd00:5::1")),
    "remote prefix but": (["-d", "10.5.0.0/16,!10.5.1.0/24"], lambda s, e: e.remote == "10.5.0.1"),
    "shorter exclusion": (["-d", "10.5.1.7,!10.5.0.0/16,::1"], lambda s, e: e.remote == V6),
    "not host": (["--host", "!127.0.0.0/8"], lambda s, e: e.local != V4),
    "host but": (["--host", "0.0.0.0/0,!10.5.0.1"], lambda s, e: e.family == 4 and e.name != "ten"),
    "local port": (["-L", "2001"], lambda s, e: e.local_port == 2001),
    "local port list": (["-L", "2001,2300"], lambda s, e: e.local_port in (2001, 2300)),
    "remote port": (["-D", "2100"], lambda s, e: e.remote_port == 2100),
    "remote port range": (["-D", "2100-2299,2400"], lambda s, e: e.remote_port in (2100, 2200, 2400)),
    "either port": (["--port", "2001,2400"],
                    lambda s, e: {e.local_port, e.remote_port} & {2001, 2400}),
    "local": (["-l", "10.5.0.1"], lambda s, e: e.local == "10.5.0.1"),
    "local prefix": (["-l", "10.5.0.0/16"], lambda s, e: e.local.startswith("10.5.")),
    "remote prefix": (["--remote", "10.5.1.0/24,fd00:5::/32"],
                      lambda s, e: e.remote in ("10.5.1.7", "fd00:5::1")),
    "host": (["--host", "127.0.0.0/8"], lambda s, e: e.local == V4),
    "host v6": (["--host", "::1"], lambda s, e: e.local == V6),
    "all v4 as prefix": (["-d", "0.0.0.0/0"], lambda s, e: e.family == 4),
    "all v6 as prefix": (["-d", "::/0"], lambda s, e: e.family == 6),
    "-4": (["-4"], lambda s, e: e.family == 4),
    "-6": (["-6"], lambda s, e: e.family == 6),
    "client": (["--role", "client"], lambda s, e: e.role == "client"),
    "server": (["--role", "server"], lambda s, e: e.role == "server"),
    "and": (["-4", "--role", "server", "-L", "2001,2002,2100", "-c", "srv-one"],
            lambda s, e: e.name == "plain" and e.role == "server"),
    "1,024 ports": (["-L", ",".join(map(str, range(2001, 6096, 4)))],
                    lambda s, e: e.local_port in range(2001, 6096, 4)),
    "1,024 ranges": (["-D", ",".join(f"{p}-{p + 1}" for p in range(2300, 8444, 6))],
                     lambda s, e: (e.remote_port - 2300) % 6 < 2 and 2300 <= e.remote_port < 8444),
    "1,024 prefixes": (["-d", ",".join(f"10.9.{i // 256}.{i % 256}" for i in range(1022))
                        + ",10.5.1.4/30,fd00:5::/64"],
                       lambda s, e: e.remote in ("10.5.1.7", "fd00:5::1")),
    "nothing": (["-L", "1"], lambda s, e: False),
    "all": ([], lambda s, e: True),
}
for _name in ("1,024 ports", "1,024 ranges", "1,024 prefixes"):
    assert len(set(CASES[_name][0][1].split(","))) == 1024


@pytest.mark.parametrize("part", [0, 1])
def test_selections(world, part):
    """All of CASES, half of them at a time."""
    script = Script(world)
    tracers = {}
    for name in list(CASES)[part::2]:
        args, wanted = CASES[name]
        args = args(script) if callable(args) else args
        tracers[name] = (Tracer(*args, netns=script.ns), wanted)
    how = script.other.name if part else script.other.path
    tracers["another namespace"] = (Tracer("--netns", how), None)
    script.run()
    shown = {name: [e for e in script.ends if (e.name == "far") == (wanted is None)
                    and (wanted is None or wanted(script, e))]
             for name, (_, wanted) in tracers.items()}
    for name, (tracer, _) in tracers.items():
        tracer.wait_count(2 * len(shown[name]))
    for tracer, _ in tracers.values():
        tracer.send_signal(signal.SIGINT)  # they all end at the same time
    for name, (tracer, _) in tracers.items():
        ends = shown[name]
        tracer.stop()
        told = sorted((key(c), c["type"]) for c in tracer.chapters())
        assert told == sorted((e.key, t) for e in ends for t in ("close", "handshake")), name
        pids = {e.key: e.pid for e in ends}
        for chapter in tracer.chapters():
            checks.check_shape(chapter)
            assert chapter["pid"] == pids[key(chapter)], name
        assert tracer.summary["connections"] == len(ends), name


def test_many_pids(world):
    """1,024 PIDs: all of them live processes, two of them with connections."""
    ns = world.netns()
    server, client, stranger = world.agent(ns), world.agent(ns), world.agent(ns)
    crowd = world.agent(ns)
    pids = crowd.fork_crowd(1022)
    listed = ",".join(map(str, [*pids[:500], client.pid, *pids[500:], server.pid]))
    tracer = Tracer("-p", listed, netns=ns)
    port = server.listen("127.0.0.1")
    for agent in (client, stranger):
        agent.connect("127.0.0.1", port)
        server.accept()
        agent.close()
        assert server.recv_any() == b""
        server.close()
    tracer.wait_count(6)
    tracer.stop()
    assert {c["pid"] for c in tracer.chapters()} == {client.pid, server.pid}
    assert len(tracer.chapters()) == 6


@pytest.mark.parametrize("follow", [True, False])
def test_follow(world, follow):
    """-f: also the connections of a child forked while traced; without it only the process's own."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    tracer = Tracer("-p", client.pid, *(["-f"] if follow else []), netns=ns)
    port = server.listen("127.0.0.1")
    server.start("accept_close", 3)
    child, ports = client.fork_connect("127.0.0.1", port, 2)
    own = client.connect("127.0.0.1", port)["port"]
    client.recv_any()
    client.close()
    server.finish()
    tracer.wait_count(6 if follow else 2)
    tracer.stop()
    told = sorted((c["pid"], c["local_port"], c["type"]) for c in tracer.chapters())
    want = [(client.pid, own)] + ([(child, p) for p in ports] if follow else [])
    assert told == sorted((*w, t) for w in want for t in ("close", "handshake"))


def test_two_listeners_of_one_port(world):
    """One for IPv4, one for IPv6 alone: each has its own connections."""
    ns = world.netns()
    four, six, client = world.agent(ns), world.agent(ns), world.agent(ns)
    tracers = {who: Tracer("-p", who.pid, netns=ns) for who in (four, six)}
    four.listen("0.0.0.0", 7070)
    six.listen("::", 7070, family=6, v6only=1)
    local = {four: client.connect("127.0.0.1", 7070, name="four")["port"],
             six: client.connect("::1", 7070, name="six", family=6)["port"]}
    for who, tracer in tracers.items():
        who.accept()
        tracer.wait_count(1)
        tracer.stop()
        assert {(c["remote_port"], c["pid"]) for c in tracer.chapters()} == {(local[who], who.pid)}


def test_what_nobody_owns(world):
    """A SYN to a port where nobody listens is among all others; it is of no process that is named."""
    ns = world.netns()
    client = world.agent(ns, "knocker")
    others, named, excluded = (Tracer("-c", c, netns=ns) for c in ("!nginx", "knock*", "!knocker"))
    client.connect("127.0.0.1", 9)
    for tracer in (others, named, excluded):
        tracer.wait_count(2 if tracer is others else 1)
        tracer.stop()
    told = {t: sorted(str(c["comm"]) for c in t.chapters()) for t in (others, named, excluded)}
    assert told == {others: ["None", "knocker"], named: ["knocker"], excluded: ["None"]}


def test_one_connection(world, tmp_path):
    """--conn: both its ends, whichever is named first; nothing of another one with the same addresses."""
    ns = world.netns()
    server, client = world.agent(ns), world.agent(ns)
    port = server.listen("127.0.0.1")
    client.socket()
    client.bind("127.0.0.1")
    own = client.port()
    tracers = [Tracer("--conn", conn, netns=ns)
               for conn in (f"127.0.0.1:{own}-127.0.0.1:{port}", f"127.0.0.1:{port} < 127.0.0.1:{own}")]
    both = Tracer("--conn", "10.0.0.1:1-10.0.0.2:2", "--conn", f"127.0.0.1:{own}-127.0.0.1:{port}", netns=ns)
    tracers.append(both)
    recording = str(tmp_path / "all")
    whole = Tracer("-w", recording, netns=ns)
    for name in ("s", "other"):
        client.connect("127.0.0.1", port, name=name)
        server.accept()
        client.close(name)
        assert server.recv_any() == b""
        server.close()
    whole.wait_count(8)
    for t in (*tracers, whole):
        t.stop()
    want = [c for c in whole.chapters() if own in (c["local_port"], c["remote_port"])]
    assert len(want) == 4
    assert replayed(recording, "--conn", f"127.0.0.1:{own}-127.0.0.1:{port}") == want
    for tracer in tracers:
        assert sorted((c["type"], c["local_port"]) for c in tracer.chapters()) == sorted(
            (c["type"], c["local_port"]) for c in want)


def test_selections_of_a_replay(world, tmp_path):
    """A recording is selected from as the kernel selects."""
    script = Script(world)
    recording = str(tmp_path / "all")
    tracer = Tracer("-w", recording, netns=script.ns)
    script.run()
    tracer.wait_count(24)
    tracer.stop()
    for name, (args, wanted) in CASES.items():
        if callable(args) or not any("!" in a or "*" in a or "," in a for a in args):
            continue
        told = sorted((key(c), c["type"]) for c in replayed(recording, *args))
        ends = [e for e in script.ends if e.name != "far" and wanted(script, e)]
        assert told == sorted((e.key, t) for e in ends for t in ("close", "handshake")), name
