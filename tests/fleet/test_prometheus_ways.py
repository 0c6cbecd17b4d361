# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Other ways to a Prometheus: the file that node_exporter reads, and HTTPS."""
import subprocess

from fleet import program
import pump
from certificates import Authority
from prometheus import Prometheus
from services import Services
from watched import METRICS, trace, wait_counted


def test_textfile(world, tmp_path):
    """node_exporter's collector reads the file, and no more once the trace is over."""
    ns, watch = world.netns("host"), world.netns("watch")
    files, node = tmp_path / "textfile", "127.0.0.1:9100"
    files.mkdir()
    tracer = trace(ns, watch, "--metrics-file", files / "tcpstates.prom")
    exporter = subprocess.Popen(watch.argv(program("prometheus-node-exporter"), "--collector.disable-defaults",
                                           "--collector.textfile", f"--collector.textfile.directory={files}",
                                           f"--web.listen-address={node}"), stderr=subprocess.DEVNULL)
    prometheus = Prometheus(watch, tmp_path, {"node": [node]})
    try:
        services = Services(world, ns)
        services.round()
        wait_counted(prometheus, services)
        assert prometheus.value("node_textfile_scrape_error") == 0
        tracer.stop()
        pump.wait_until(lambda: not prometheus.query("tcpstates_build_info"), "no metrics of a trace that is over")
        assert not list(files.iterdir())
    finally:
        prometheus.kill()
        exporter.kill()
        exporter.wait()


def test_tls(world, tmp_path):
    """By HTTPS; without a certificate of its own, a Prometheus is not let in."""
    ns, watch = world.netns("host"), world.netns("watch")
    authority = Authority(tmp_path)
    trace(ns, watch, "--metrics", METRICS, "--metrics-tls", ",".join([*authority.issue("server"), authority.ca]))
    cert, key = authority.issue("prometheus", usage="clientAuth")
    own = {"cert_file": cert, "key_file": key}
    for name, tls, is_up in (("with", own, 1), ("without", {}, 0)):
        directory = tmp_path / name
        directory.mkdir()
        prometheus = Prometheus(watch, directory, {"tcpstates-trace": [METRICS]},
                                scrape={"scheme": "https", "tls_config": {"ca_file": authority.ca, **tls}})
        try:
            prometheus.wait("up")
            assert prometheus.value("up") == is_up, prometheus.api("targets")
            assert len(prometheus.query("tcpstates_build_info")) == is_up
        finally:
            prometheus.kill()
