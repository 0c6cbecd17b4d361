# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Table nginx: requests per second, a connection each, with and without a tracer."""
import os
import re
import shutil
import signal
import statistics
import subprocess
import time

from modes import YARDSTICK, modes
from process import Failed, Tool, stop
from stats import Series, print_table

CONFIGURATION = """\
daemon off;
worker_processes 1;
user root;
pid {d}/pid;
error_log {d}/error;
events {{ worker_connections 4096; }}
http {{
	access_log off;
	client_body_temp_path {d}/body;
	proxy_temp_path {d}/proxy;
	fastcgi_temp_path {d}/fastcgi;
	uwsgi_temp_path {d}/uwsgi;
	scgi_temp_path {d}/scgi;
	server {{
		listen 127.0.0.1:8080 backlog=4096;
		location / {{ return 200 "hello\\n"; }}
	}}
}}
"""
IN_NAMESPACE = """\
ip link set lo up
echo 4096 >/proc/sys/net/core/somaxconn
echo 4000000 >/proc/sys/net/ipv4/tcp_max_tw_buckets
echo '1024 65535' >/proc/sys/net/ipv4/ip_local_port_range
exec nginx -p "$1" -c "$1/nginx.conf"
"""
URL = "http://127.0.0.1:8080/"


class Nginx:
    """An nginx of its own, in a network namespace of its own."""

    def __init__(self, directory):
        self.directory = os.path.join(directory, "nginx")
        os.makedirs(self.directory, exist_ok=True)
        with open(os.path.join(self.directory, "nginx.conf"), "w") as f:
            f.write(CONFIGURATION.format(d=self.directory))
        self.process = subprocess.Popen(["unshare", "-n", "sh", "-ec", IN_NAMESPACE, "sh", self.directory])

    def ab(self, requests):
        """Requests per second."""
        done = subprocess.run(["nsenter", "-n", "-t", str(self.process.pid), "ab", "-q", "-c", "100", "-n",
                               str(requests), URL], capture_output=True, text=True)
        rate = re.search(r"^Requests per second: +([0-9.]+)", done.stdout, re.M)
        failed = re.search(r"^Failed requests: +(\d+)", done.stdout, re.M)
        if not rate or not failed or failed.group(1) != "0":
            raise Failed(f"ab: {done.stderr.strip() or failed.group(0)}")
        return float(rate.group(1))

    def wait(self):
        """Waits until it answers."""
        end = time.monotonic() + 20
        while True:
            try:
                return self.ab(100)
            except Failed:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def kill(self):
        stop(self.process, signal.SIGTERM)


def nginx(bench):
    for program in ("nginx", "ab"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            print(f"not installed, table nginx left out: {program}")
            return
    chosen = modes(bench.o, bench.directory, bench.unused.namespace, ("bare", "json", YARDSTICK))

    def measure(name):
        server, tool = Nginx(bench.directory), None
        try:
            server.wait()
            tool = Tool(chosen[name], bench.directory) if chosen[name] else None
            return server.ab(bench.o.connections)
        finally:
            if tool:
                tool.end()
            server.kill()

    results = {name: [v for v in values if v] for name, values in bench.rounds(list(chosen), measure).items()}
    medians = {name: statistics.median(values) for name, values in results.items() if values}
    rows = [[name, Series(values).text(0),
             f"{medians[name] / medians['bare']:.3f}" if name in medians and "bare" in medians else "-"]
            for name, values in results.items()]
    print_table(f"nginx, one worker, {bench.o.connections} requests of `ab -c 100` without keep-alive",
                ["mode", "requests/s", "ratio of medians"], rows)
