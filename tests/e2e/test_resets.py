# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""An RST that arrives in each state, sent by nobody's TCP: its numbers are exact, its time is known."""
import socket

import pytest

import checks
import pump
from capture import ACK, FIN, RST, SYN
from checks import Noise, near
from injector import Injector
from oracle import End
from tracer import Tracer


class Scene:
    """A traced client at one end of a veth; who injects sits at the other, beside the server."""

    def __init__(self, world):
        self.link = world.link("veth")
        self.server, self.client = world.agent(self.link.b), world.agent(self.link.a)
        self.capture = world.capture(self.link.a, self.link.dev_a)
        self.injector = Injector(self.link.b, self.link.dev_b)
        self.tracer = Tracer(netns=self.link.a)
        self.port = self.server.listen(self.link.server(4))
        self.there = (self.link.server(4), self.port)
        self.here = None

    def lose_the_peer(self):
        """From now on nothing of the client reaches the server; who listens on the wire hears it."""
        self.link.a.ip("neigh", "replace", self.link.server(4), "lladdr", "02:00:00:00:00:77",
                       "dev", self.link.dev_a, "nud", "permanent")

    def find_the_peer(self):
        self.link.a.ip("neigh", "del", self.link.server(4), "dev", self.link.dev_a)

    def connect(self, blocking=True):
        done = self.client.connect(*self.there, blocking=blocking)
        assert done["errno"] == (None if blocking else "EINPROGRESS")
        self.here = (self.link.client(4), done["port"])
        if blocking:
            self.server.accept()

    def wait_state(self, state):
        """Until the client's kernel says so, or has no socket any more (None)."""
        def shown():
            lines = self.link.a.exec("ss", "-Htan", f"sport = :{self.here[1]}").splitlines()
            return (lines[0].split()[0] if lines else None) == state

        pump.wait_until(shown, 10, f"the client in {state}")

    def reset(self, flags=RST | ACK):
        self.injector.send(self.there, self.here, flags)
        self.wait_state(None)

    def end(self):
        return End(self.capture.packets(), *self.here, *self.there)


@pytest.fixture
def scene(world):
    return Scene(world)


def established(scene):
    scene.connect()


def fin_wait1(scene):
    scene.connect()
    scene.lose_the_peer()
    scene.client.shutdown()


def fin_wait1_orphan(scene):
    scene.connect()
    scene.lose_the_peer()
    scene.client.close()


def fin_wait2(scene):
    scene.connect()
    scene.client.shutdown()


def fin_wait2_minisocket(scene):
    scene.connect()
    scene.client.close()


def close_wait(scene):
    scene.connect()
    scene.server.shutdown()
    assert scene.client.recv_any() == b""


def last_ack(scene):
    close_wait(scene)
    scene.lose_the_peer()
    scene.client.close()


def closing(scene):
    fin_wait1(scene)
    scene.server.close()


def closing_orphan(scene):
    fin_wait1_orphan(scene)
    scene.server.close()


# how the client comes there; its state; who closed first; what the application finds, None: it has
# closed; what the flags of the client and the server are by then
STATES = [
    (established, "ESTAB", "none", "ECONNRESET", ACK, SYN),
    (fin_wait1, "FIN-WAIT-1", "local", "ECONNRESET", FIN, SYN),
    (fin_wait1_orphan, "FIN-WAIT-1", "local", None, FIN, SYN),
    (fin_wait2, "FIN-WAIT-2", "local", "ECONNRESET", FIN, ACK),
    (fin_wait2_minisocket, "FIN-WAIT-2", "local", None, FIN, ACK),
    (close_wait, "CLOSE-WAIT", "remote", "EPIPE", ACK, FIN),
    (last_ack, "LAST-ACK", "remote", None, FIN, FIN),
    (closing, "CLOSING", "both", "ECONNRESET", FIN, FIN),
    (closing_orphan, "CLOSING", "both", None, FIN, FIN),
]


@pytest.mark.parametrize("way, state, first_closer, error, ours, theirs", STATES,
                         ids=[case[0].__name__ for case in STATES])
def test_reset_received_in(scene, way, state, first_closer, error, ours, theirs):
    with Noise() as noise:
        way(scene)
        scene.wait_state(state)
        scene.injector.wait(scene.here, ours)
        scene.injector.wait(scene.there, theirs)
        scene.reset()
        if error:
            assert scene.client.wait_error() == error
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    end = scene.end()
    assert len(scene.tracer.chapters()) == 2, scene.tracer.brief()
    shake, close = (scene.tracer.one(t, local_port=scene.here[1]) for t in ("handshake", "close"))
    checks.check_shape(close)
    assert close["conn"] == shake["conn"] and close["complete"] is True
    assert close["ending"] == "reset_received" and close["first_closer"] == first_closer
    assert close["errno"] == error or error is None
    assert close["time_wait"] is False
    assert (close["local_fin_seq"], close["remote_fin_seq"]) == (end.local_fin, end.remote_fin)
    assert close["closer_pid"] == (scene.client.pid if end.local_fin else None)
    assert close["completeness"] == end.completeness() & ~8 == close["completeness"] & ~8
    checks.check_steps(close, end.close, noise.tolerance_ns)
    near(close["close_us"], end.close_ns(), noise.tolerance_ns, "close_us")
    near(close["fin_rtt_us"], end.fin_rtt_ns(), noise.tolerance_ns, "fin_rtt_us")
    near(close["app_close_us"], end.app_close_ns(), noise.tolerance_ns, "app_close_us")
    near(close["lifetime_us"], end.lifetime_ns(), noise.tolerance_ns, "lifetime_us")
    assert close["peer_fin_us"] is None and (close["bytes_sent"], close["bytes_received"]) == (0, 0)
    assert (shake["iss"], shake["irs"]) == (end.iss, end.irs)


def check_failed(scene, tolerance_ns):
    """The only chapter, a handshake that lasted from the first captured segment to the last one."""
    scene.tracer.stop()
    told = scene.tracer.one("handshake")
    assert len(scene.tracer.chapters()) == 1
    checks.check_shape(told)
    first, *_, last = scene.capture.packets()
    assert told["local_port"] == scene.here[1] and told["iss"] == first.seq
    near(told["handshake_us"], last.t_ns - first.t_ns, tolerance_ns, "handshake_us")
    steps = [(s["from"], s["to"], checks._plain(s["segment"])) for s in told["steps"]]
    return told, steps, last


def test_reset_received_in_syn_sent(scene):
    """Only one that acknowledges our SYN is taken; the one before it changes nothing."""
    scene.lose_the_peer()
    with Noise() as noise:
        scene.connect(blocking=False)
        scene.wait_state("SYN-SENT")
        scene.injector.wait(scene.here, SYN)
        scene.injector.send(scene.there, scene.here, RST)
        scene.injector.wait(scene.there, RST)
        scene.wait_state("SYN-SENT")
        scene.reset()
        assert scene.client.wait_error() == "ECONNREFUSED"
        scene.tracer.wait_count(1)
    told, steps, rst = check_failed(scene, noise.tolerance_ns)
    assert (told["outcome"], told["errno"]) == ("refused", "ECONNREFUSED")
    assert told["irs"] is None and len(scene.capture.packets()) == 3
    assert told["completeness"] == rst.completeness == 37
    assert told["steps"][-1]["segment"] == "< RST,ACK"
    assert steps == [("CLOSE", "SYN_SENT", "> SYN"), ("SYN_SENT", "CLOSE", "< RST")]


def test_reset_received_in_syn_recv_after_crossed_syns(scene):
    """The peer's SYN meets ours, then its RST: a client in SYN_RECV that was reset."""
    scene.lose_the_peer()
    with Noise() as noise:
        scene.connect(blocking=False)
        scene.injector.wait(scene.here, SYN)
        scene.injector.send(scene.there, scene.here, SYN)
        scene.wait_state("SYN-RECV")
        scene.injector.wait(scene.here, SYN | ACK)
        scene.reset()
        assert scene.client.wait_error() == "ECONNRESET"
        scene.tracer.wait_count(1)
    told, steps, _rst = check_failed(scene, noise.tolerance_ns)
    assert (told["outcome"], told["errno"]) == ("reset", "ECONNRESET")
    assert told["role"] == "client" and told["simultaneous_open"] is True
    assert told["irs"] in (1_000_000, None)
    assert steps == [("CLOSE", "SYN_SENT", "> SYN"), ("SYN_SENT", "SYN_RECV", "< SYN"),
                     ("SYN_RECV", "SYN_RECV", "> SYN,ACK"), ("SYN_RECV", "CLOSE", "< RST")]


def test_syns_that_cross_late(scene):
    """The peer's SYN comes 200 ms after ours: the handshake began with ours, which leaves again as SYN,ACK."""
    scene.lose_the_peer()
    with Noise() as noise:
        scene.connect(blocking=False)
        scene.injector.wait(scene.here, SYN)
        scene.server.sleep(0.2)
        scene.injector.send(scene.there, scene.here, SYN)
        scene.injector.wait(scene.here, SYN | ACK)
        scene.injector.send(scene.there, scene.here, ACK)
        scene.tracer.wait_count(1)
    told, steps, _ack = check_failed(scene, noise.tolerance_ns)
    assert told["outcome"] == "established" and told["simultaneous_open"] is True
    assert told["handshake_us"] > 200_000
    assert steps == [("CLOSE", "SYN_SENT", "> SYN"), ("SYN_SENT", "SYN_RECV", "< SYN"),
                     ("SYN_RECV", "SYN_RECV", "> SYN,ACK"), ("SYN_RECV", "ESTABLISHED", "< SYN,ACK")]


def test_reset_sent_in_syn_sent(scene):
    """A half-open peer answers our SYN with an ACK (RFC 9293, 3.5.1), gets an RST, and then it works out."""
    scene.lose_the_peer()
    with Noise() as noise:
        scene.connect(blocking=False)
        scene.injector.wait(scene.here, SYN)
        scene.find_the_peer()
        scene.injector.send(scene.there, scene.here, ACK, ahead=1000)
        scene.injector.wait(scene.here, RST)
        scene.server.accept()
        scene.client.close()
        assert scene.server.recv_any() == b""
        scene.server.close()
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    shake, close = (scene.tracer.one(t, local_port=scene.here[1]) for t in ("handshake", "close"))
    packets = scene.capture.packets()
    fins = {(p.src, p.sport): p for p in packets if p.flags & FIN}
    assert shake["outcome"] == "established" and shake["syn_retransmits"] >= 1
    assert close["ending"] == "graceful" and close["complete"] is True
    assert close["completeness"] == shake["completeness"] | 16 == packets[-1].completeness == 55
    assert close["local_fin_seq"] == fins[scene.here].seq
    assert close["remote_fin_seq"] == fins[scene.there].seq
    near(close["close_us"], fins[scene.there].t_ns - fins[scene.here].t_ns, noise.tolerance_ns, "close_us")


def test_port_unreachable_in_syn_sent(scene):
    """What iptables' REJECT sends: connect() says ECONNREFUSED, and nobody sent an RST."""
    scene.lose_the_peer()
    scene.connect(blocking=False)
    scene.injector.wait(scene.here, SYN)
    scene.injector.refuse(scene.there, scene.here, 3)
    scene.wait_state(None)
    assert scene.client.wait_error() == "ECONNREFUSED"
    scene.tracer.wait_count(1)
    scene.tracer.stop()
    told = scene.tracer.one("handshake")
    checks.check_shape(told)
    assert (told["outcome"], told["errno"]) == ("unreachable", "ECONNREFUSED")
    assert [s["segment"] for s in told["steps"]] == ["> SYN", None]
    assert told["completeness"] == scene.capture.packets()[-1].completeness == 1


def test_reset_of_a_request_at_a_listener(scene):
    """SYN, SYN,ACK, RST: a listener's kernel forgets it without a word, and so do we."""
    scene.client.listen(scene.link.client(4), 6500)
    scene.lose_the_peer()  # or the other kernel would answer the SYN,ACK itself
    here, there = (scene.link.client(4), 6500), (scene.link.server(4), 6501)
    scene.here = here
    scene.injector.send(there, here, SYN)
    scene.injector.wait(here, SYN | ACK)
    scene.injector.wait(there, SYN)

    def requests():
        return scene.link.a.exec("ss", "-Htan", "state", "syn-recv")

    assert requests()
    scene.injector.send(there, here, RST)
    pump.wait_until(lambda: not requests(), 5, "the request is forgotten")
    scene.tracer.stop()
    assert scene.tracer.chapters() == [] and scene.tracer.summary["connections"] == 0


def test_reset_received_in_time_wait(scene):
    """It ends the TIME_WAIT (RFC 1337), which had been told: nothing is added, nothing is changed."""
    scene.connect()
    scene.client.close()
    assert scene.server.recv_any() == b""
    scene.server.close()
    scene.wait_state("TIME-WAIT")
    before = scene.tracer.wait_count(2)
    scene.injector.wait(scene.there, FIN)
    scene.injector.send(scene.there, scene.here, RST)
    scene.wait_state(None)
    scene.tracer.stop()
    assert scene.tracer.chapters() == before
    close = scene.tracer.one("close")
    assert close["ending"] == "graceful" and close["time_wait"] is True


@pytest.mark.usefixtures("minisockets")
def test_data_reaches_a_minisocket(scene):
    """Data after close(), when the socket is a minisocket already: an RST answers, and it is over."""
    with Noise() as noise:
        fin_wait2_minisocket(scene)
        scene.wait_state("FIN-WAIT-2")
        scene.server.send(100)
        assert scene.server.wait_error() == "EPIPE"
        scene.wait_state(None)
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    assert len(scene.tracer.chapters()) == 2
    close, end = scene.tracer.one("close"), scene.end()
    checks.check_shape(close)
    assert close["ending"] == "reset_sent" and close["first_closer"] == "local"
    assert close["time_wait"] is False and close["complete"] is True
    assert close["remote_fin_seq"] is None and close["local_fin_seq"] == end.local_fin
    assert close["peer_fin_us"] is None
    checks.check_steps(close, end.close, noise.tolerance_ns)
    near(close["close_us"], end.close_ns(), noise.tolerance_ns, "close_us")


def test_an_orphan_that_never_becomes_a_minisocket(scene):
    """
    An old FIN comes with the ACK of ours: FIN_WAIT2 in a full socket, which the keepalive timer resets when
    tcp_fin_timeout is over (tcp_rcv_state_process, tcp_keepalive_timer).
    """
    scene.link.a.sysctl(net__ipv4__tcp_fin_timeout=2)
    with Noise() as noise:
        fin_wait1_orphan(scene)
        scene.injector.wait(scene.here, FIN)
        before = scene.injector.wait(scene.there, SYN) - 1
        scene.injector.send(scene.there, scene.here, ACK | FIN, seq=before)
        scene.wait_state("FIN-WAIT-2")
        scene.wait_state(None)
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    close, end = scene.tracer.one("close"), scene.end()
    checks.check_shape(close)
    assert close["ending"] == "reset_sent" and close["first_closer"] == "local"
    assert close["time_wait"] is False and close["complete"] is True
    assert close["remote_fin_seq"] is None and close["local_fin_seq"] == end.local_fin
    checks.check_steps(close, end.close, noise.tolerance_ns)
    near(close["close_us"], end.close_ns(), noise.tolerance_ns, "close_us")


@pytest.mark.parametrize("way", ["close", "SHUT_RDWR"])
def test_data_before_our_fin_is_acknowledged(scene, way):
    """The server was still sending when the client closed: the client's kernel answers with an RST."""
    with Noise() as noise:
        scene.connect()
        scene.server.send(10)
        assert scene.client.recv(10) == 10
        scene.lose_the_peer()
        if way == "close":
            scene.client.close()
        else:
            scene.client.shutdown(socket.SHUT_RDWR)
        scene.injector.wait(scene.here, FIN)
        scene.server.send(100)
        scene.wait_state(None)
        scene.tracer.wait_count(2)
    scene.tracer.stop()
    close, end = scene.tracer.one("close"), scene.end()
    checks.check_shape(close)
    assert close["ending"] == "reset_sent" and close["first_closer"] == "local"
    assert close["time_wait"] is False and close["complete"] is True
    checks.check_steps(close, end.close, noise.tolerance_ns)
    near(close["close_us"], end.close_ns(), noise.tolerance_ns, "close_us")


@pytest.mark.usefixtures("minisockets")
def test_an_old_reset_reaches_a_minisocket(scene):
    """Out of its window, it changes nothing (tcp_timewait_state_process)."""
    fin_wait2_minisocket(scene)
    scene.wait_state("FIN-WAIT-2")
    old = scene.injector.wait(scene.there, ACK) - 1000
    scene.injector.send(scene.there, scene.here, RST, seq=old)
    scene.injector.wait(scene.there, RST)
    scene.wait_state("FIN-WAIT-2")
    scene.server.close()
    scene.tracer.wait_count(2)
    scene.tracer.stop()
    close = scene.tracer.one("close")
    assert close["ending"] == "graceful" and close["time_wait"] is True
    assert close["remote_fin_seq"] == scene.capture.packets()[-2].seq
