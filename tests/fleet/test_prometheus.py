# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What PromQL answers is what the programs did: of a real Prometheus that scrapes a real trace."""
import bisect
import json
import math
import re
import shlex
import statistics

import pytest
import yaml
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

from fleet import RULES, output, program
import pump
from dashboard import expressions
from metrics import COUNTERS, GAUGES, HISTOGRAMS
from prometheus import Prometheus, VictoriaMetrics
from services import FULL, LATE, LEAKY, NOBODY, RUDE, WEB, WEB_EACH, labels
from tracer import Tracer
from watched import METRICS, Host, trace, wait_counted

BUCKETS = [.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 3, 7, 15, 31, math.inf]


@pytest.fixture(scope="module")
def host(world, tmp_path_factory):
    host = Host(world, tmp_path_factory.mktemp("prometheus"))
    yield host
    host.prometheus.kill()


def test_counts(host):
    """Each count, and nothing else is counted."""
    for _ in range(5):
        host.services.round()
    host.wait_counted()
    queries = host.prometheus
    assert queries.value('sum(tcpstates_connections{role="server",state="CLOSE_WAIT"})') == host.services.rounds
    assert queries.value("sum(tcpstates_accept_wait_seconds_count)") == sum(
        n for (name, of), n in host.services.happened.items()
        if name == "handshakes" and ("role", "server") in of and ("port", "other") not in of)
    for name in ("events_lost", "table_full", "rows_full"):
        assert queries.value(f"tcpstates_{name}_total") == 0


def test_quantile(host):
    """In the bucket where the true one is."""
    host.services.round()
    host.wait_counted()
    for q, true_ns in ((0.5, statistics.median_low(host.services.waits_ns)), (1, max(host.services.waits_ns))):
        got = host.prometheus.value(f'histogram_quantile({q}, tcpstates_accept_wait_seconds_bucket{{port="{LATE}"}})')
        assert bisect.bisect_left(BUCKETS, got) == bisect.bisect_left(BUCKETS, true_ns / 1e9), (got, true_ns)
    mean = host.prometheus.value(f'tcpstates_accept_wait_seconds_sum{{port="{LATE}"}}'
                                 f' / tcpstates_accept_wait_seconds_count{{port="{LATE}"}}')
    assert mean == pytest.approx(statistics.mean(host.services.waits_ns) / 1e9, rel=0.2)


def test_native_histograms(host, tmp_path):
    """A Prometheus that wants them has one series a row, finer than the classic one, with the same counts."""
    native = Prometheus(host.watch, tmp_path, {"tcpstates-trace": [METRICS]}, port=9091, features=["native-histograms"])
    try:
        host.services.round()
        host.wait_counted()
        wait_counted(native, host.services)
        assert native.query('{__name__=~"tcpstates_.*_(bucket|sum|count)"}') == []
        for name in HISTOGRAMS:
            for part in ("count", "sum"):
                ours = dict((tuple(sorted(m.items())), v) for m, v in native.query(f"histogram_{part}({name})"))
                theirs = dict((tuple(sorted((k, v) for k, v in m.items() if k != "__name__")), v)
                              for m, v in host.prometheus.query(f"{name}_{part}"))
                assert ours == pytest.approx(theirs) and theirs, (name, part)
        late = f'tcpstates_accept_wait_seconds{{port="{LATE}"}}'
        true = statistics.median_low(host.services.waits_ns) / 1e9
        # a bucket ends at 2^0.5 of where it begins
        assert true / 2 ** 0.5 <= native.value(f"histogram_quantile(0.5, {late})") <= true * 2 ** 0.5
    finally:
        native.kill()


def test_listener(host):
    before = host.services.drops()
    host.services.fill()
    pump.wait_until(lambda: host.services.drops() > before, "a drop")
    pump.wait_until(lambda: (host.prometheus.query(f'tcpstates_listener_queue{{port="{FULL}"}}') and
                             host.prometheus.value(f'tcpstates_listener_dropped_total{{port="{FULL}"}}')
                             == host.services.drops()), "the drops are on the page")
    of_port = [host.prometheus.value(f'tcpstates_{name}{{port="{FULL}"}}') for name in ("listener_queue", "listener_queue_limit")]
    assert tuple(of_port) == host.services.listener(FULL)


def shown(engine, instance):
    """{name: series} of the dashboard, where this instance is chosen"""
    found = {}
    for name, expr in expressions().items():
        for variable, value in (("$instance", instance), ("$job", ".*"), ("$port", ".*"), ("$__rate_interval", "8s")):
            expr = expr.replace(variable, value)
        found[name] = engine.query(expr)
    return found


@pytest.mark.parametrize("instance", [".*", METRICS], ids=["all", "one"])
def test_dashboard(host, instance):
    """No panel is empty; where all are shown, by what the rules have recorded."""
    host.prometheus.wait("job_role_port:tcpstates_handshakes:rate5m")

    def all_there():
        host.services.round()
        found = shown(host.prometheus, instance)
        return all(series and not any(math.isnan(v) for _, v in series) for series in found.values())

    pump.wait_until(all_there, lambda: f"series in all panels: {shown(host.prometheus, instance)}")
    found = shown(host.prometheus, instance)
    assert {metric["port"] for metric, _ in found["Wait for accept(), p99, A"]} == {str(p) for p in (WEB, RUDE, LEAKY, LATE)}
    assert {metric["outcome"]: v for metric, v in found["Failed connects, A"]}["refused"] > 0


def test_check_metrics(host):
    """promtool has nothing to say, and the parser of Prometheus's own library takes both formats."""
    _, page = host.page()
    file = f"{host.prometheus.directory}/page"
    with open(file, "wb") as f:
        f.write(page)
    assert output("sh", "-c", f"{program('promtool')} check metrics <{file}") == ""
    families = {f.name: f for f in parser.text_string_to_metric_families(page.decode())}
    headers, page = host.page(Accept="application/openmetrics-text; version=1.0.0")
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    again = {f.name: f for f in openmetrics.text_string_to_metric_families(page.decode())}
    wanted = {**{n: "histogram" for n in HISTOGRAMS}, **{n.removesuffix("_total"): "counter" for n in COUNTERS},
              **{n: "gauge" for n in GAUGES}}
    assert {f.name: f.type for f in families.values()} == wanted
    assert {f.name: f.type for f in again.values()} == wanted
    assert all(f.documentation for f in again.values())


def test_exemplars(host):
    """Whose a handshake, a wait and a close were"""
    of = {h: pump.wait_until(lambda h=h: host.prometheus.exemplars(f"{h}_bucket"), f"exemplars of {h}") for h in HISTOGRAMS}
    for exemplars in of.values():
        for of_one in (e["labels"] for e in exemplars):
            assert {"peer", "conn"} <= set(of_one) <= {"peer", "comm", "conn"}
            assert of_one["peer"].startswith("127.0.0.1:")
        assert all(0 < float(e["value"]) < 60 for e in exemplars)
    assert {e["labels"].get("comm") for e in of["tcpstates_accept_wait_seconds"]} == {"services"}


def test_victoria_metrics(host, tmp_path):
    """The same counts, and the panels of an instance."""
    victoria = VictoriaMetrics(host.watch, tmp_path, {"tcpstates-trace": [METRICS]}, port=8428)
    try:
        host.services.round()
        wait_counted(victoria, host.services)

        def all_there():
            host.services.round()
            return all(shown(victoria, METRICS).values())

        pump.wait_until(all_there, lambda: f"series in all panels: {shown(victoria, METRICS)}")
    finally:
        victoria.kill()


def alerts(host):
    """{name: those that fire}"""
    firing = {}
    for alert in host.prometheus.api("alerts")["alerts"]:
        if alert["state"] == "firing":
            firing.setdefault(alert["labels"]["alertname"], []).append(alert)
    return firing


def run_beside(host, command):
    """What a runbook's command prints while the services go on"""
    argv = shlex.split(command.replace("-u 60", "-u 2").replace("--older 3600", "--older 0.5"))
    assert argv[0] == "tcpstates-trace"
    tracer = Tracer(*argv[1:], netns=host.ns, output=None)
    while tracer.process.poll() is None:
        host.services.round()
        pump.turn(0.05)
    assert tracer.wait() == 0, tracer.stderr.text()
    return tracer.stdout.text()


# name: (port, whose fault)
EXPECTED = {"TcpConnectFailures": (NOBODY, "clients"), "TcpAcceptWaitLong": (LATE, "services"),
            "TcpListenerDrops": (FULL, "services"), "TcpResets": (RUDE, "services"), "TcpCloseWaitLeak": (None, "services")}


def test_alerts(host):
    """Those of what happens here, and no others; the command in each says who it is."""
    firing = {}

    def all_fired():
        host.services.round()
        host.services.fill()
        firing.update(alerts(host))
        return set(EXPECTED) <= set(firing)

    pump.wait_until(all_fired, lambda: f"{set(EXPECTED) - set(firing)}")
    assert set(firing) == set(EXPECTED)
    for name, (port, who) in EXPECTED.items():
        assert port is None or str(port) in {a["labels"]["port"] for a in firing[name]}, firing[name]
        assert "<no value>" not in json.dumps([a["annotations"] for a in firing[name]])
        assert who in run_beside(host, firing[name][0]["annotations"]["runbook"]), name


@pytest.mark.parametrize("port", ["8080", "other"])
def test_runbooks(host, port):
    """The tracer takes the command of each alert."""
    with open(RULES) as f:
        rules = [r for group in yaml.safe_load(f)["groups"] for r in group["rules"] if "alert" in r]
    for rule in rules:
        command = rule["annotations"]["runbook"]
        if port == "other":
            command = re.sub("{{ if .*?{{ end }}", "", command)
        command = re.sub("{{ (if|end).*?}}", "", command).replace("{{ $labels.port }}", port).replace("{{ $labels.role }}", "server")
        assert "{{" not in command
        if command.startswith("tcpstates-trace"):
            run_beside(host, command.replace("-u 60", "-u 0.1"))


def test_restart(host):
    """rate() takes the counters of a new trace for what they are."""
    web = f'tcpstates_closes_total{{role="client",port="{WEB}"}}'
    happened = host.services.happened

    def told(closes):
        pump.wait_until(lambda: host.prometheus.query(web) and host.prometheus.value(web) == closes, f"{closes} closes")
        return host.prometheus.value(f"timestamp({web})")

    begun = told(happened["closes", labels("client", WEB)])
    host.services.round()
    told(happened["closes", labels("client", WEB)])
    host.tracer.stop()
    host.tracer = trace(host.ns, host.watch, "--metrics", METRICS)
    host.services.round()
    ended = told(WEB_EACH)
    # its queue has been full from before this trace, so that nothing of it is counted
    assert host.prometheus.value(f'tcpstates_listener_queue{{port="{FULL}"}}') == host.services.listener(FULL)[0]
    assert host.prometheus.value(f"resets({web}[1m])") == 1
    window = f"{round((ended - begun) * 1000) + 1}ms"  # with the sample at its begin
    assert host.prometheus.value(f"increase({web}[{window}] @ {ended})") == pytest.approx(2 * WEB_EACH, rel=0.25)
