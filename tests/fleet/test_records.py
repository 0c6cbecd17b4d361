# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The records of two hosts in ClickHouse and DuckDB: a column for each field, each value as it was printed, and ten
questions whose answers are what the programs on these hosts did."""
import glob
import ipaddress
import json
import os

import pytest

from fleet import ROOT
import two_hosts
from engines import ENGINES, ClickHouse, DuckDb, SqlError, moment, queries
from two_hosts import (A, B, CONTAINER, GRACEFUL, LEAKS, POD, PORTS, RECEIVED, REFUSED, SENT, SERVER_FIRST, SLOW_S,
                       V6, WEB, TwoHosts)

OMITTED = {"by", "rows", "without_row"}  # the rows of a summary: see the head of both schemas
WORKED_OUT = {"host", "loaded", "seen", "port", "peer", "peer_net", "workload"}
TYPES = {"handshake", "close", "listener", "counted", "summary"}
# of ClickHouse's columns that are not nullable: what a record without the field has
ABSENT = {"conn": 0, "family": 0, "local": "::", "remote": "::", "complete": False, "completeness": 0,
          "completeness_text": "", "steps": [], "outcomes": {}, "endings": {}, "interval": {"from": None, "to": None}}
STEP = ["t_us", "from", "to", "segment", "seq", "ack", "sent", "derived"]


@pytest.fixture(scope="module")
def hosts(world):
    return TwoHosts(world)


@pytest.fixture(scope="module")
def answers(hosts, tmp_path_factory):
    """{engine: {query: rows}}"""
    cookie = hosts.one(A, type="close", first_closer="local", family=6)["cookie"]
    return {e.name: e(tmp_path_factory.mktemp(e.name) / "db", hosts.lines).ask(A, cookie) for e in ENGINES}


@pytest.fixture(params=[e.name for e in ENGINES])
def answer(request, answers):
    return answers[request.param]


@pytest.fixture(scope="module")
def lines(world, hosts):
    """Of all types of records, true ones and those of the golden files"""
    golden = [line for path in sorted(glob.glob(f"{ROOT}/tests/golden/*.json")) for line in open(path).read().splitlines()]
    return [*hosts.lines[A], *hosts.lines[B], *two_hosts.interval(world), *golden]


def columns(engine):
    (rows,) = engine.run("DESCRIBE records")
    return {r.get("name", r.get("column_name")) for r in rows}


@pytest.mark.parametrize("kind", ENGINES)
def test_a_column_for_each_field(kind, hosts, lines, tmp_path):
    """Of what this program prints: a field that gets another name is missed in one set, and is new in the other."""
    records = [json.loads(line) for line in lines]
    assert {r["type"] for r in records} == TYPES and any(r.get("open") is True for r in records)
    fields = {key for r in records for key in r}
    assert OMITTED < fields
    assert columns(kind(tmp_path / "db", {A: lines[:1]})) - WORKED_OUT == fields - OMITTED


def expected(record, column, absent):
    value = record.get(column, absent.get(column))
    if column in ("time", "interval"):
        return {k: moment(v) for k, v in value.items()} if isinstance(value, dict) else moment(value)
    if column == "steps":
        return [[step.get(k) for k in STEP] for step in value or []]
    return int(value) if column in ("accepted", "open") and value is not None else value


def told(row, column):
    value = row[column]
    if column in ("local", "remote") and value and value != "::":
        address = ipaddress.ip_address(value)
        return str(getattr(address, "ipv4_mapped", None) or address)
    if column == "interval" and value:
        return {k: moment(v) for k, v in value.items()}
    if column == "steps":
        return [[step[k] for k in STEP] for step in value or []]
    return moment(value) if column == "time" else value


@pytest.mark.parametrize("kind, absent", [(ClickHouse, ABSENT), (DuckDb, {})], ids=["clickhouse", "duckdb"])
def test_each_value(kind, absent, lines, tmp_path):
    """null stays null, a number keeps its digits, and no type of record gets a field of another one."""
    (rows,) = kind(tmp_path / "db", {B: lines}).run("SELECT * FROM records")
    names = sorted(set(rows[0]) - WORKED_OUT)
    stored = sorted(repr([(n, told(row, n)) for n in names]) for row in rows)
    assert stored == sorted(repr([(n, expected(record, n, absent)) for n in names]) for record in map(json.loads, lines))


@pytest.mark.parametrize("kind", ENGINES)
def test_the_largest_numbers(kind, hosts, tmp_path):
    """64 bits, fractions after months, and a time to the microsecond."""
    close = hosts.one(A, type="close")
    large = {"bytes_sent": 2**64 - 1, "local_fin_seq": 2**32 - 1, "cookie": "f" * 16,
             **{name: 9e12 + 0.125 for name in close if name.endswith("_us")}}
    line = json.dumps({**close, **large, "time": "2026-11-29T12:00:00.123456789Z"})
    (rows,) = kind(tmp_path / "db", {A: [line]}).run(f"SELECT {', '.join(large)}, time FROM records")
    assert moment(rows[0].pop("time")) == moment("2026-11-29T12:00:00.123456") and rows == [large]


@pytest.mark.parametrize("kind", ENGINES)
def test_a_new_field(kind, hosts, tmp_path):
    """A newer tracer's lines are loaded, without it."""
    line = json.dumps({**hosts.one(A, type="close"), "new": {"a": [1]}})
    (rows,) = kind(tmp_path / "db", {A: [line]}).run("SELECT type FROM records")
    assert rows == [{"type": "close"}]


def test_clickhouse_refuses_another_type(hosts, tmp_path):
    line = json.dumps({**hosts.one(A, type="close"), "remote_port": "http"})
    with pytest.raises(SqlError, match="remote_port"):
        ClickHouse(tmp_path / "db", {A: [line]}).run()


def test_the_name_of_the_host(hosts, tmp_path):
    """load without an argument takes the machine's."""
    (rows,) = ClickHouse(tmp_path / "db", {"": hosts.lines[A]}).run("SELECT DISTINCT host FROM records")
    assert rows == [{"host": os.uname().nodename}]


def test_ten_questions():
    assert list(queries("clickhouse")) == list(queries("duckdb")) and len(queries("duckdb")) == 10


def in_order(rows):
    """By what is not measured: of rows that are equal in what the query sorts by, any may be first."""
    return sorted(rows, key=lambda row: repr({k: v for k, v in row.items() if not isinstance(v, float)}))


def test_both_engines_agree(answers):
    """But for the last digit: one rounds a half to the even one, the other up."""
    for name, rows in answers["clickhouse"].items():
        assert rows, name
        for ours, theirs in zip(in_order(rows), in_order(answers["duckdb"][name]), strict=True):
            assert ours == {k: pytest.approx(v, abs=0.0011) if isinstance(v, float) else v for k, v in theirs.items()}


def by(rows, *keys):
    found = {tuple(r[k] for k in keys): r for r in rows}
    assert len(found) == len(rows)
    return found


def having(row, **values):
    assert {k: row[k] for k in values} == values


def test_slowest_peers(answer, hosts):
    first, rows = answer["slowest_peers"][0], by(answer["slowest_peers"], "peer_net", "port")
    having(first, peer_net="10.77.1.0/24", port=hosts.lossy, connects=1)
    assert first["p50_ms"] == first["p99_ms"] == first["max_ms"] >= 1000  # a SYN is sent again after a second
    having(rows["10.77.1.0/24", hosts.port], connects=GRACEFUL + SERVER_FIRST + LEAKS)
    having(rows["fd00:77::/64", hosts.port], connects=V6)


def test_failures(answer):
    rows = by(answer["failures"], "role", "outcome", "cause")
    assert {key: r["failures"] for key, r in rows.items()} == {
        ("client", "refused", "refused"): REFUSED, ("server", "refused", None): REFUSED,  # these were counted
        ("client", "no_port", "no_ports"): 1}
    assert {r["hosts"] for r in rows.values()} == {1}


def test_leaks(answer, hosts):
    (row,) = answer["leaks"]
    having(row, host=B, workload=hosts.unit, holder_comm=WEB, leaked=LEAKS - 1)
    oldest = [r["state_us"] for r in hosts.records[B] if r.get("state") == "CLOSE_WAIT"]
    assert row["oldest_s"] == round(max(oldest) / 1e6, 3)


@pytest.mark.parametrize("kind", ENGINES)
def test_an_old_leak(kind, hosts, tmp_path):
    """Reported again today; others have closed since, one of them as long ago."""
    leak = hosts.one(B, type="close", state="CLOSE_WAIT")
    old = [{**leak, "time": time, "state_us": age, "remote_port": port}
           for port, (time, age) in enumerate([("2026-01-01T00:00:00.000000000Z", 2e12), (None, None)], 1)]
    over = {k: v for k, v in old[0].items() if k not in ("open", "state", "state_us", "holder_pid", "holder_comm")}
    over = [{**over, "remote_port": 3}, {**old[0], "remote_port": 3}]
    engine = kind(tmp_path / "db", {B: map(json.dumps, [*old, *over])})
    if kind is ClickHouse:
        engine.before.append("OPTIMIZE TABLE records FINAL")  # drops what is too old
    (row,) = engine.ask(B, "")["leaks"]
    having(row, leaked=2, oldest_s=2e6)


def test_first_closer(answer, hosts):
    rows = by(answer["first_closer"], "port", "role")
    ours = GRACEFUL + V6 + 1
    having(rows[hosts.port, "client"], total=ours + SERVER_FIRST, local_first=ours, remote_first=SERVER_FIRST, no_fin=0)
    having(rows[hosts.port, "server"], total=ours + SERVER_FIRST, local_first=SERVER_FIRST, remote_first=ours, no_fin=0)
    having(rows[hosts.short, "server"], total=1, no_fin=1)
    having(rows[hosts.few, "client"], total=PORTS, local_first=PORTS)


def test_accept_wait(answer, hosts):
    rows = by(answer["accept_wait"], "host", "port")
    first = answer["accept_wait"][0]
    having(first, host=B, port=hosts.slow, server=WEB, accepts=1, queue_limit=128)
    assert SLOW_S * 1000 <= hosts.least_wait_ms <= first["p99_ms"] <= hosts.most_wait_ms and first["longest_queue"] >= 1
    having(rows[B, hosts.port], accepts=GRACEFUL + V6 + SERVER_FIRST + LEAKS, drops=0)


def test_retransmits(answer):
    (row,) = answer["retransmits"]
    total = GRACEFUL + SERVER_FIRST + LEAKS + PORTS + 3 + REFUSED + 1
    having(row, role="client", peer_net="10.77.1.0/24", total=total, sent_again=1, affected=1,
           percent=round(100 / total, 1))


def test_resets(answer, hosts):
    rows = by(answer["resets"], "port", "role")
    assert set(rows) == {(hosts.short, "client"), (hosts.short, "server")}
    having(rows[hosts.short, "server"], ending="reset_sent", reset_reason="unread_data", cause="unread_data",
           closer_comm=WEB, resets=1, hosts=1)
    having(rows[hosts.short, "client"], ending="reset_received", reset_reason=None, cause="peer_reset", resets=1)


def test_ports(answer, hosts):
    having(answer["ports"][0], host=A, peer=hosts.there, port=hosts.few, without_port=1, time_waits=PORTS)
    rows = by(answer["ports"], "host", "peer", "port")
    having(rows[A, hosts.there, hosts.port], without_port=0, time_waits=GRACEFUL + 1)


def test_workloads(answer, hosts):
    rows = by(answer["workloads"], "workload", "pod_uid", "role")
    talks = GRACEFUL + V6 + SERVER_FIRST
    established = talks + LEAKS + PORTS + 3
    having(rows[CONTAINER, POD, "client"], total=established + REFUSED + 1, failed=REFUSED + 1,
           sent=SENT * talks + 10, received=RECEIVED * talks)
    having(rows[hosts.unit, None, "server"], total=established, failed=0, sent=RECEIVED * talks,
           received=SENT * talks + 10)
    assert rows[CONTAINER, POD, "client"]["connect_p99_ms"] > 500 > rows[hosts.unit, None, "server"]["connect_p99_ms"]


def test_story(answer, hosts):
    rows = answer["story"]
    assert [r["segment"] for r in rows][:4] == ["> SYN", "< SYN,ACK", "> ACK", "> FIN"]
    assert [r["to_state"] for r in rows][:3] == ["SYN_SENT", "ESTABLISHED", "ESTABLISHED"]
    assert rows[-1]["to_state"] == "TIME_WAIT" and [r["at"] for r in rows] == sorted(r["at"] for r in rows)
    assert {(r["type"], r["result"]) for r in rows} == {("handshake", "established"), ("close", "graceful")}
