# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The service, as the Debian packages install it, under systemd in a virtual machine."""
import contextlib
import re

import pytest

UNIT = "tcpstates-trace.service"
SOCKET = "tcpstates-trace.socket"
CAPABILITIES = 1 << 39 | 1 << 38  # CAP_BPF, CAP_PERFMON
SCRAPE = "curl -sS --fail --max-time 120 http://127.0.0.1:9967/metrics"


@pytest.fixture(autouse=True)
def running(guest):
    guest.wait(f"systemctl is-active {UNIT} && ! systemctl is-failed {UNIT} {SOCKET}")


def main_pid(guest):
    return int(guest.show(UNIT, "MainPID")["MainPID"])


def value(page, name, **labels):
    """The value of the series with these labels, 0 if there is none."""
    wanted = [f'{key}="{label}"' for key, label in labels.items()]
    found = [line.rsplit(" ", 1)[1] for line in page.splitlines()
             if re.match(rf"{name}(\{{|\s)", line) and all(w in line for w in wanted)]
    return sum(float(number) for number in found)


@contextlib.contextmanager
def changed(guest, unit, text):
    """The unit with these changes, restarted."""
    drop_in = f"/run/systemd/system/{unit}.d"
    restart = f"systemctl daemon-reload && systemctl stop {SOCKET} {UNIT} && systemctl start {SOCKET} {UNIT}"
    guest.run(f"mkdir -p {drop_in} && printf '%s' '{text}' >{drop_in}/test.conf && {restart}")
    try:
        yield
    finally:
        guest.run(f"rm -r {drop_in} && {restart}")


def test_exposure(guest):
    """At most 2.0"""
    guest.run(f"systemd-analyze verify --man=no {UNIT} {SOCKET}")
    guest.run(f"systemd-analyze security --no-pager --threshold=20 {UNIT}")


def test_enabled_by_the_package(guest):
    """It runs from the start of the machine on, and not from the first scrape."""
    assert guest.run(f"systemctl is-enabled {UNIT} {SOCKET}").split() == ["enabled", "enabled"]
    shown = guest.show(UNIT, "Type", "StatusText", "NRestarts", "Result", "UnitFileState")
    assert shown == {"Type": "notify", "StatusText": "Tracing TCP handshakes and closes", "NRestarts": "0",
                     "Result": "success", "UnitFileState": "enabled"}


def test_rights(guest):
    """An ordinary user, and when it is ready no capability is left but in the bounds."""
    text = guest.run(f"cat /proc/{main_pid(guest)}/status")
    status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    assert [int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Amb")] == [0] * 4
    assert int(status["CapBnd"], 16) & ~CAPABILITIES == 0
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert 61184 <= int(status["Uid"].split()[0]) <= 65519  # systemd's range for dynamic users


def test_sees_what_root_sees(guest):
    """Nothing in the unit keeps it from a hook."""
    wanted = guest.run("tcpstates-trace --features")
    with changed(guest, UNIT, "[Service]\nEnvironmentFile=\nEnvironment=ARGS=-v\n"):
        of_unit = guest.run(f"journalctl -o cat --no-pager _PID={main_pid(guest)}")
    assert len(wanted.splitlines()) > 15
    assert [line for line in wanted.splitlines() if f"tcpstates-trace: {line}" not in of_unit.splitlines()] == []


def test_options(guest):
    """/etc/default/tcpstates-trace has them, and one that is wrong is not tried again and again."""
    guest.run("cp /etc/default/tcpstates-trace /run/ARGS && echo ARGS=--nonsense >/etc/default/tcpstates-trace")
    assert guest.ask(f"systemctl restart {UNIT}")[0] != 0
    shown = guest.show(UNIT, "ActiveState", "ExecMainStatus", "NRestarts")
    guest.run(f"cp /run/ARGS /etc/default/tcpstates-trace && systemctl restart {SOCKET} {UNIT}")
    assert shown == {"ActiveState": "failed", "ExecMainStatus": "2", "NRestarts": "0"}


def test_scrape(guest):
    """Counts what happened since the scrape before, its own connections too."""
    assert guest.run(SCRAPE.replace("/metrics", "/healthz")) == "ok"
    before = guest.run(SCRAPE)
    guest.run("for i in 1 2 3; do curl -s --max-time 60 http://127.0.0.1:9 || :; done")
    after = guest.run(SCRAPE)
    name = "tcpstates_handshake_failures_total"
    assert value(after, name, outcome="refused", role="client") == value(before, name, outcome="refused", role="client") + 3
    handshakes = [value(page, "tcpstates_handshakes_total", role="client") for page in (before, after)]
    assert handshakes[1] - handshakes[0] == 4  # with that of the second scrape
    assert value(after, "tcpstates_events_lost_total") == 0
    assert value(after, "tcpstates_build_info") == 1


def test_memory(guest):
    """Most of what it may take is room for connections."""
    peak = int(guest.run(f"cat /sys/fs/cgroup/system.slice/{UNIT}/memory.peak"))
    most = int(guest.show(UNIT, "MemoryMax")["MemoryMax"])
    print(f"peak {peak / 1e6:.1f} MB of {most / 1e6:.1f}")
    assert peak < most / 4


def test_a_scrape_waits_for_a_restart(guest):
    """The socket stays: a scrape between the old process and the new one gets its answer."""
    old = main_pid(guest)
    guest.run(f"systemctl stop {UNIT} && systemctl is-active {SOCKET} && {SCRAPE} >/run/page")
    page = guest.run("cat /run/page")
    assert main_pid(guest) not in (0, old)
    assert value(page, "tcpstates_build_info") == 1
    guest.wait(f"systemctl is-active {UNIT}")


def test_another_address(guest):
    """The address of the socket decides who may scrape, and not that the service may talk to localhost only."""
    guest.run("ip address add 192.0.2.1/32 dev lo")
    with changed(guest, SOCKET, "[Socket]\nListenStream=\nListenStream=192.0.2.1:9967\n"):
        assert guest.ask(SCRAPE)[0] == 7  # curl's "failed to connect"
        assert value(guest.run(SCRAPE.replace("127.0.0.1", "192.0.2.1")), "tcpstates_build_info") == 1


def test_stop(guest):
    guest.run(f"systemctl stop {SOCKET} {UNIT}")
    shown = guest.show(UNIT, "ActiveState", "Result", "ExecMainStatus")
    guest.run(f"systemctl start {SOCKET} {UNIT}")
    assert shown == {"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"}


def test_watchdog(guest):
    """A process that hangs is replaced."""
    with changed(guest, UNIT, "[Service]\nWatchdogSec=20s\nRestartSec=1s\n"):
        old = main_pid(guest)
        last = guest.run(f"systemctl show {UNIT} -p WatchdogTimestampMonotonic")
        guest.wait(f"systemctl show {UNIT} -p WatchdogTimestampMonotonic | grep -vx {last}")
        guest.run(f"kill -STOP {old}")
        guest.wait(f"systemctl is-active {UNIT} && systemctl show {UNIT} -p NRestarts | grep -x NRestarts=1")
        assert main_pid(guest) not in (0, old)
        assert "Watchdog timeout" in guest.run(f"journalctl -u {UNIT} -o cat --no-pager")
        assert value(guest.run(SCRAPE), "tcpstates_build_info") == 1
