# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The image, run by runc with exactly the rights that the DaemonSet asks for."""
import json
import os
import re
import subprocess

import pytest

from bundle import configure, unpack
from manifests import STATIC, manifest, output

import checks
import pump
from lent import kept, status_of
from cgroups import CONTAINER, POD, mount

PORT = 9967
CAPABILITIES = 1 << 39 | 1 << 38  # CAP_BPF, CAP_PERFMON


class Container:
    """Runs from the constructor until stop(); what -o json prints is in `records`."""

    def __init__(self, bundle, ns):
        self.ns, self.name, self.records = ns, ns.name, []
        self.process = subprocess.Popen(["runc", "run", "--bundle", bundle, self.name], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.stdout = pump.Lines(self.process.stdout.fileno(), lambda line: self.records.append(json.loads(line)))
        self.stderr = pump.Lines(self.process.stderr.fileno())
        pump.wait_until(lambda: self.process.poll() is not None or self.ask("/healthz"),
                        lambda: f"a healthy container: {self.stderr.text()}")
        assert self.process.poll() is None, self.stderr.text()
        self.pid = json.loads(output("runc", "state", self.name))["pid"]

    def ask(self, path):
        """The answer, empty if there is none."""
        done = subprocess.run(self.ns.argv("curl", "-sS", "--fail", f"http://127.0.0.1:{PORT}{path}"),
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return done.stdout if done.returncode == 0 else ""

    def stop(self):
        """As kubelet stops it: SIGTERM.  The status."""
        output("runc", "kill", self.name, "TERM")
        pump.wait_until(lambda: self.process.poll() is not None and self.stdout.eof, "the end of the container")
        return self.process.returncode

    def close(self):
        subprocess.run(["runc", "delete", "--force", self.name], stderr=subprocess.DEVNULL, check=False)
        self.process.wait()
        for lines, pipe in ((self.stdout, self.process.stdout), (self.stderr, self.process.stderr)):
            lines.close()
            pipe.close()


@pytest.fixture
def container(world, tmp_path):
    """What it traces is limited to the namespace that is its host's network."""
    pod = manifest("daemonset")["spec"]["template"]["spec"]
    ns = world.netns()
    bundle = unpack(tmp_path)
    configure(bundle, pod, ns.path, {"status.hostIP": "127.0.0.1"}, ["-v", "-o", "json", "--netns", str(ns.inode)])
    container = Container(bundle, ns)
    yield container
    container.close()


def test_rights(container):
    """Those of the DaemonSet and no others; and when it is ready, none that it can use."""
    status = status_of(container.pid)
    assert status["CapBnd"] == CAPABILITIES
    assert status["CapEff"] == status["CapPrm"] == kept() and status["CapInh"] == status["CapAmb"] == 0
    assert status["NoNewPrivs"] == 1 and status["Uid"] == [0] * 4
    with open(f"/proc/{container.pid}/status") as f:
        assert "Seccomp:\t2\n" in f.readlines()
    with open(f"/proc/{container.pid}/mountinfo") as f:
        mounts = {fields[4]: fields[5].split(",") for fields in map(str.split, f)}
    assert all("ro" in mounts[path] for path in ("/", "/sys", "/sys/fs/cgroup"))
    assert os.readlink(f"/proc/{container.pid}/ns/pid") == os.readlink("/proc/self/ns/pid")


def test_features(container):
    """All that a process outside has with the same capabilities: neither seccomp nor the mounts take anything."""
    sets = "-all,+bpf,+perfmon"
    outside = output("setpriv", "--inh-caps", sets, "--bounding-set", sets, f"{STATIC}/tcpstates-trace", "--features")
    pump.wait_until(lambda: any("Tracing" in line for line in container.stderr.lines), "all features named")
    inside = {line.partition(": ")[2] for line in container.stderr.lines}
    assert len(outside.splitlines()) > 15
    assert [line for line in outside.splitlines() if line not in inside] == []


@pytest.fixture
def pod(world):
    """An agent in the cgroup of a container, whose names the kernel has once it is gone, too."""
    slice_name = f"tst{os.getpid()}-kubepods-pod{POD.replace('-', '_')}.slice"
    path = os.path.join(mount(), slice_name, f"cri-containerd-{CONTAINER}.scope")
    os.makedirs(path)
    agents = []

    def start(ns):
        agents.append(world.agent(ns))
        with open(f"{path}/cgroup.procs", "w") as f:
            f.write(str(agents[0].pid))
        return agents[0]
    yield start
    for agent in agents:
        agent.kill()
    os.rmdir(path)
    os.rmdir(os.path.dirname(path))


def of_port(records, port):
    """{(type, role): [chapter, ...]} of the connections to this port"""
    found = {(kind, role): [] for kind in ("handshake", "close") for role in ("client", "server")}
    for record in records:
        field = {"client": "remote_port", "server": "local_port"}.get(record.get("role"))
        if field and record[field] == port:
            found[record["type"], record["role"]].append(record)
    return found


def test_traces(world, container, pod):
    """Processes, cgroups and containers are the node's."""
    ns = container.ns
    server, client = world.agent(ns), pod(ns)
    port = server.listen("127.0.0.1")
    client.connect("127.0.0.1", port)
    server.accept()
    client.close()
    assert server.recv_any() == b""
    server.close()
    client.connect("127.0.0.1", 9)
    pump.wait_until(lambda: all(of_port(container.records, port).values()), lambda: f"four chapters: {container.records}")
    for (_, role), (chapter,) in of_port(container.records, port).items():
        checks.check_owner(chapter, client if role == "client" else server)
        assert chapter["complete"] and chapter["cgroup"] is not None
        named = (CONTAINER, POD) if role == "client" else (None, None)
        assert (chapter["container_id"], chapter["pod_uid"]) == named
    pump.wait_until(lambda: [r for r in container.records if r.get("outcome") == "refused"], "the refused one")
    page = container.ask("/metrics")
    failed = re.findall(r'^tcpstates_handshake_failures_total{role="client",(.*),outcome="refused"} (\d+)$', page, re.M)
    assert failed == [(f'port="other",workload="{CONTAINER}"', "1")], page
    assert container.stop() == 0
    summary = container.records[-1]
    assert summary["type"] == "summary" and summary["events_lost"] == summary["table_full"] == 0
