# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A Prometheus of the test's own, on the loopback of a network namespace, that scrapes every 200 ms."""
import concurrent.futures
import json
import os
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from fleet import program
import netns
import pump

INTERVAL_S = 0.2


class Visitor:
    """Speaks HTTP inside a namespace: one thread of this process is there."""

    def __init__(self, ns):
        self.thread = concurrent.futures.ThreadPoolExecutor(1, initializer=netns.setns, initargs=(ns.path,))

    def get(self, url, headers=None):
        """(headers, body)"""
        return self.thread.submit(self._get, url, headers or {}).result()

    @staticmethod
    def _get(url, headers):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(url, headers=headers), timeout=pump.HANG_S) as answer:
            return answer.headers, answer.read()

    def close(self):
        self.thread.shutdown()


def static(hosts):
    if isinstance(hosts, dict):
        return [{"targets": [host], "labels": {"instance": name}} for name, host in hosts.items()]
    return [{"targets": hosts}]


class Prometheus:
    """targets: {job: [HOST:PORT, ...], or {instance: HOST:PORT, ...}}; scrape: more of their configuration"""
    NAME, READY = "prometheus", "/-/ready"

    def __init__(self, ns, directory, targets, *, rules=(), features=(), port=9090, interval_s=INTERVAL_S, scrape=None):
        self.ns, self.directory, self.port = ns, str(directory), port
        self.visitor = Visitor(ns)
        config = {"global": {"scrape_interval": f"{int(interval_s * 1000)}ms", "evaluation_interval": "1s"},
                  "rule_files": list(rules),
                  "scrape_configs": [{"job_name": job, "static_configs": static(hosts), **(scrape or {})}
                                     for job, hosts in targets.items()]}
        self.config = os.path.join(self.directory, "prometheus.json")
        with open(self.config, "w") as f:
            json.dump(config, f)  # which is YAML
        with open(os.path.join(self.directory, f"{self.NAME}.log"), "w") as log:
            self.process = subprocess.Popen(ns.argv(*self.argv(features)), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.directory)
        pump.wait_until(self.ready, lambda: f"{self.NAME} is ready: {self.log()}")

    def argv(self, features):
        return [program("prometheus"), f"--config.file={self.config}", f"--storage.tsdb.path={self.directory}/tsdb",
                f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
                f"--enable-feature={','.join(['exemplar-storage', *features])}"]

    def log(self):
        with open(os.path.join(self.directory, f"{self.NAME}.log")) as f:
            return f.read()

    def ready(self):
        assert self.process.poll() is None, self.log()
        try:
            return self.visitor.get(f"http://127.0.0.1:{self.port}{self.READY}")
        except OSError:
            return False

    def api(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        try:
            _, body = self.visitor.get(f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}")
        except urllib.error.HTTPError as e:
            raise AssertionError(f"{path} {parameters}: {e.read().decode()}") from None
        return json.loads(body)["data"]

    def query(self, expr, **parameters):
        """[(labels, value)] now"""
        result = self.api("query", query=expr, **parameters)["result"]
        return [(r["metric"], float(r["value"][1])) for r in result if "value" in r]

    def value(self, expr, **parameters):
        """Of the only series"""
        (_, value), = self.query(expr, **parameters)
        return value

    def exemplars(self, expr, begin=0, end=None):
        """Of all series together"""
        return [e for series in self.api("query_exemplars", query=expr, start=begin, end=end or time.time())
                for e in series["exemplars"]]

    def wait(self, expr):
        """Until there is a series"""
        return pump.wait_until(lambda: self.query(expr), lambda: f"{expr} has a value; {self.query('up')}")

    def kill(self):
        self.visitor.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


class VictoriaMetrics(Prometheus):
    """The same questions; it evaluates no rules."""
    NAME, READY = "victoria-metrics", "/health"

    def argv(self, features):
        return [program("victoria-metrics"), f"-promscrape.config={self.config}", "-promscrape.config.strictParse=false",
                f"-storageDataPath={self.directory}/victoria", f"-httpListenAddr=127.0.0.1:{self.port}",
                "-search.latencyOffset=0s", "-loggerLevel=WARN"]
