# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The alerts, on series that promtool makes: each at its border, after its time, and where nothing happens."""
import json

import pytest
import yaml

from fleet import RULES, output, program

WHERE = {"job": "tcpstates-trace", "instance": "a:9967"}
CLIENT = {**WHERE, "role": "client", "port": "443"}
SERVER = {**WHERE, "role": "server", "port": "80"}
LISTENER = {**WHERE, "port": "80"}
CLOSE_WAIT = {**WHERE, "role": "server", "state": "CLOSE_WAIT"}


def selector(name, labels):
    return name + "{" + ",".join(f'{k}="{v}"' for k, v in labels.items()) + "}"


def series(name, labels, values, **more):
    """values: as promtool has them, a minute each: "0+5x60" is 0, 5, 10, ... in 61 samples"""
    return {"series": selector(f"tcpstates_{name}", {**labels, **more}), "values": values}


def counter(name, labels, per_minute, **more):
    return series(name, labels, f"0+{per_minute}x200", **more)


def histogram(name, labels, per_minute):
    """{le: how many a minute are in this bucket or below it}; the count is that of +Inf"""
    return [*(counter(f"{name}_bucket", labels, n, le=le) for le, n in per_minute.items()),
            counter(f"{name}_count", labels, per_minute["+Inf"])]


def connects(failed, per_minute):
    return [counter("handshakes_total", CLIENT, per_minute),
            counter("handshake_failures_total", CLIENT, failed, outcome="refused"),
            counter("handshake_failures_total", CLIENT, 0, outcome="timed_out")]


def handshakes(slow, per_minute):
    return histogram("handshake_duration_seconds", SERVER, {"0.5": per_minute - slow, "1": per_minute, "+Inf": per_minute})


def accepts(late, per_minute):
    return histogram("accept_wait_seconds", LISTENER, {"0.05": 0, "0.1": per_minute - late, "0.25": per_minute,
                                                       "+Inf": per_minute})


def resets(count, per_minute):
    return [counter("closes_total", CLIENT, per_minute),
            counter("abnormal_closes_total", CLIENT, count, ending="reset_sent"),
            counter("abnormal_closes_total", CLIENT, per_minute, ending="timed_out")]


def synacks(again, per_minute):
    return [counter("handshakes_total", SERVER, per_minute), counter("synack_retransmits_total", SERVER, again)]


def close_wait(oldest, count):
    return [series("oldest_seconds", CLOSE_WAIT, f"{oldest}+0x200"), series("connections", CLOSE_WAIT, count)]


def build(values, **more):
    return series("build_info", {**WHERE, "version": "1.0", **more}, values)


def up(values, job="tcpstates-trace"):
    return {"series": selector("up", {**WHERE, "job": job}), "values": values}


def fires(name, severity, labels):
    return [{"alertname": name, "alertstate": "firing", "severity": severity, **labels}]


FAILURES = fires("TcpConnectFailures", "critical", CLIENT)
SLOW = fires("TcpHandshakesSlow", "warning", SERVER)
LEAK = fires("TcpCloseWaitLeak", "warning", CLOSE_WAIT)
LATE = fires("TcpAcceptWaitLong", "warning", LISTENER)
DROPS = fires("TcpListenerDrops", "warning", LISTENER)
RESETS = fires("TcpResets", "warning", CLIENT)
AGAIN = fires("TcpSynAckRetransmits", "warning", SERVER)
LOST = fires("TcpstatesEventsLost", "info", WHERE)
FULL = fires("TcpstatesTableFull", "info", WHERE)
DOWN = fires("TcpstatesDown", "warning", WHERE)

# name: (series, the minute, what is firing then)
CASES = {
    "failures over 5 %": (connects(6, 100), 60, FAILURES),
    "failures of 5 %": (connects(5, 100), 60, []),
    "failures, not for long": (connects(50, 100), 9, []),
    "one failure of few": ([series("handshakes_total", CLIENT, "0x49 1+1x10"),
                            series("handshake_failures_total", CLIENT, "0x49 1x10", outcome="refused")], 60, []),
    "all of few fail": (connects(3, 3), 60, FAILURES),
    "no connects": (connects(0, 0), 60, []),
    "no failures yet": ([counter("handshakes_total", CLIENT, 100)], 60, []),
    "failures of servers": ([counter("handshakes_total", SERVER, 100),
                             counter("handshake_failures_total", SERVER, 100, outcome="refused")], 60, []),
    "slow over 1 %": (handshakes(2, 100), 60, SLOW),
    "slow 1 %": (handshakes(1, 100), 60, []),
    "slow, not for long": (handshakes(50, 100), 9, []),
    "slow of few": (handshakes(2, 10), 60, []),
    "no handshakes": (handshakes(0, 0), 60, []),
    "leak": (close_wait(3601, "0+1x200"), 180, LEAK),
    "leak, but young": (close_wait(3600, "0+1x200"), 180, []),
    "old, but no more of them": (close_wait(7200, "0+1x60 60x200"), 180, []),
    "old, and about as many": (close_wait(7200, "5 7 6 8 " * 50), 180, []),
    "old, and not known for two hours": (close_wait(7200, "0+1x200"), 59, []),
    "accept over 0.1 s": (accepts(2, 100), 60, LATE),
    "accept up to 0.1 s": (accepts(0, 100), 60, []),
    "accept, not for long": (accepts(50, 100), 9, []),
    "accept of few": (accepts(5, 10), 60, []),
    "nobody comes": (accepts(0, 0), 60, []),
    "a drop": ([series("listener_dropped_total", LISTENER, "0x57 1x10")], 60, DROPS),
    "a drop 6 minutes ago": ([series("listener_dropped_total", LISTENER, "0x53 1x10")], 60, []),
    "no drops": ([counter("listener_dropped_total", LISTENER, 0)], 60, []),
    "resets over 20 %": (resets(21, 100), 60, RESETS),
    "resets of 20 %": (resets(20, 100), 60, []),
    "resets, not for long": (resets(50, 100), 9, []),
    "one reset of few": ([series("closes_total", CLIENT, "0x49 1 2 3 4x10"),
                          series("abnormal_closes_total", CLIENT, "0x49 1x10", ending="reset_sent")], 60, []),
    "no closes": (resets(0, 0), 60, []),
    "SYN-ACKs over 2 %": (synacks(3, 100), 60, AGAIN),
    "SYN-ACKs of 2 %": (synacks(2, 100), 60, []),
    "SYN-ACKs, not for long": (synacks(50, 100), 9, []),
    "SYN-ACKs of few": (synacks(1, 5), 60, []),
    "no SYN-ACKs": (synacks(0, 0), 60, []),
    "events lost": ([series("events_lost_total", WHERE, "0x55 1x10")], 60, LOST),
    "events lost long ago": ([series("events_lost_total", WHERE, "0 1x100")], 60, []),
    "table full": ([series("table_full_total", WHERE, "0x55 1x10")], 60, FULL),
    "table full long ago": ([series("table_full_total", WHERE, "0 1x100")], 60, []),
    "down": ([up("1x10 0x100")], 60, DOWN),
    "down, of a PodMonitor": ([up("1x10 0x100", "fleet/tcpstates-trace")], 60,
                              fires("TcpstatesDown", "warning", {**WHERE, "job": "fleet/tcpstates-trace"})),
    "down, not for long": ([up("1x57 0x100")], 60, []),
    "another job is down": ([up("0x100", "node")], 60, []),
    "all is well": ([up("1x100"), build("1x100")], 60, []),
    "its file is no more": ([up("1x100", "node"), build("1x40 stale", job="node")], 70,
                            fires("TcpstatesDown", "warning", {**WHERE, "job": "node"})),
    "both say it once": ([up("1x40 0x100"), build("1x40 stale")], 70, DOWN),
    "a new version": ([build("1x40 stale"), build("_x39 1x60", version="1.1")], 70, []),
    "nothing at all": ([], 60, []),
}


def test_form():
    assert "SUCCESS" in output(program("promtool"), "check", "rules", "--lint-fatal", RULES)


def test_annotations():
    with open(RULES) as f:
        rules = [r for group in yaml.safe_load(f)["groups"] for r in group["rules"] if "alert" in r]
    assert {r["alert"] for r in rules} == {f[0]["alertname"] for _, _, f in CASES.values() if f}, "an alert without a test"
    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}


def promtool_test(directory, made, expr, minute, samples):
    test = {"rule_files": [RULES], "evaluation_interval": "1m", "tests": [{
        "interval": "1m", "input_series": made,
        "promql_expr_test": [{"expr": expr, "eval_time": f"{minute}m", "exp_samples": samples}]}]}
    file = directory / "test.json"
    file.write_text(json.dumps(test))
    output(program("promtool"), "test", "rules", str(file))


@pytest.mark.parametrize("name", CASES)
def test_alert(name, tmp_path):
    made, minute, firing = CASES[name]
    promtool_test(tmp_path, made, 'ALERTS{alertstate="firing"}', minute,
                  [{"labels": selector("ALERTS", labels), "value": 1} for labels in firing])


def test_sum_of_a_fleet(tmp_path):
    """What is recorded has no label of the target but its job."""
    other = {**CLIENT, "instance": "b:9967", "pod": "x"}
    promtool_test(tmp_path, [counter("handshakes_total", CLIENT, 60), counter("handshakes_total", other, 120)],
                  "job_role_port:tcpstates_handshakes:rate5m", 60,
                  [{"labels": selector("job_role_port:tcpstates_handshakes:rate5m",
                                       {"job": WHERE["job"], "role": "client", "port": "443"}), "value": 3}])
