# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""ClickHouse and DuckDB as libraries of node, with the schemas and queries of user/packaging."""
import datetime
import json
import os
import re
import subprocess

from fleet import BUILD, PACKAGING

HERE = os.path.dirname(os.path.abspath(__file__))
# what stands for clickhouse-client: its arguments and what it would have sent, an insert each file
CLIENT = """#!/bin/sh
n=$(ls "$INSERTS" | wc -l)
for word; do printf '%s\\n' "$word"; done >"$INSERTS/$n.options"
cat >"$INSERTS/$n.lines"
"""


class SqlError(AssertionError):
    pass


def sql_of(engine, name):
    with open(os.path.join(PACKAGING, engine, f"{name}.sql")) as f:
        return f.read()


def statements(text):
    """Without the lines that are comments"""
    text = "".join(line for line in text.splitlines(True) if not line.startswith("--"))
    return [s.strip() for s in re.split(r";$", text, flags=re.M) if s.strip()]


def queries(engine):
    """{name: statement}, each after a comment that begins with its name"""
    parts = re.split(r"\n\n-- (\w+): ", sql_of(engine, "queries"))[1:]
    return {name: statements(f"-- {text}")[0] for name, text in zip(parts[::2], parts[1::2])}


def inserts(directory, lines, host):
    """What user/packaging/clickhouse/load makes of them: statements"""
    directory.mkdir()
    client = directory / "client"
    client.write_text(CLIENT)
    client.chmod(0o755)
    (directory / "inserts").mkdir()
    subprocess.run([os.path.join(PACKAGING, "clickhouse/load"), *host], input="".join(f"{line}\n" for line in lines),
                   text=True, check=True,
                   env={**os.environ, "CLICKHOUSE_CLIENT": str(client), "INSERTS": str(directory / "inserts")})
    for options in sorted(directory.glob("inserts/*.options")):
        words = iter(options.read_text().splitlines())
        given = dict(zip(words, words))
        query = given.pop("--query")
        given.pop("--async_insert")  # the library has no queue
        for name, value in given.items():
            yield f"SET {name.removeprefix('--')} = '{value}'"
        yield f"{query} {options.with_suffix('.lines').read_text()}"


class Engine:
    """One database, empty but for the schema and the records of hosts; each call begins with these."""

    def __init__(self, directory, hosts):
        """hosts: {name: lines of JSON}; no name is that of the machine, or in the lines"""
        self.directory = directory
        self.hosts = hosts
        directory.mkdir()
        self.before = list(self.load())

    def run(self, *sql):
        """The rows of each statement"""
        todo = [*self.before, *sql]
        argv = ["node", os.path.join(HERE, "sql.js"), self.name, os.path.join(BUILD, "node_modules")]
        subprocess.run(["rm", "-rf", self.directory / "data"], check=True)
        done = subprocess.run(argv, input=json.dumps(todo), stdout=subprocess.PIPE, text=True, check=True,
                              cwd=self.directory)
        results = json.loads(done.stdout)
        for statement, rows in zip(todo, results):
            if "error" in rows:
                raise SqlError(f"{self.name}: {rows['error']}\n{statement[:2000]}")
        return [r.get("data", []) for r in results[len(self.before):]]

    def ask(self, host, cookie):
        """{name of a query: its rows}"""
        asked = queries(self.name)
        results = self.run(*self.variables(host, cookie), *asked.values())[2:]
        return {name: [{k: moment(v) for k, v in row.items()} for row in rows] for name, rows in zip(asked, results)}


class ClickHouse(Engine):
    name = "clickhouse"
    def load(self):
        yield from [*statements(sql_of(self.name, "schema")), "USE tcpstates"]
        for i, (host, lines) in enumerate(self.hosts.items()):
            yield from inserts(self.directory / f"load{i}", lines, [host] if host else [])

    @staticmethod
    def variables(host, cookie):
        return f"SET param_host = '{host}'", f"SET param_cookie = '{cookie}'"


class DuckDb(Engine):
    name = "duckdb"

    def load(self):
        for host, lines in self.hosts.items():
            (self.directory / f"{host}.json").write_text("".join(f"{line}\n" for line in lines))
        yield f"SET VARIABLE files = '{self.directory}/*.json'"
        yield from statements(sql_of(self.name, "schema"))

    @staticmethod
    def variables(host, cookie):
        return f"SET VARIABLE host = '{host}'", f"SET VARIABLE cookie = '{cookie}'"


ENGINES = [ClickHouse, DuckDb]
TIME = re.compile(r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d")


def moment(value):
    """A time as both engines and the tracer print it, or what is none"""
    if not isinstance(value, str) or not TIME.match(value):
        return value
    digits = re.sub(r"(\.\d{6})\d*", r"\1", value)
    return datetime.datetime.fromisoformat(digits).replace(tzinfo=None)
