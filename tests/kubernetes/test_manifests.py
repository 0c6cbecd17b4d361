# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The DaemonSet and the PodMonitor against Kubernetes' schema: its values by the schema itself, and its fields, of
which the schema allows any, by the types made from it."""
import json
import os
import re
import shutil
import subprocess

import yaml

from manifests import BUILD, NAMES, ROOT, manifest, text

TYPES = {"DaemonSet": "kubernetes-models/apps/v1/DaemonSet",
         "PodMonitor": "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor"}
# an error each: what is there, and what stands there instead
FIELDS = {"daemonset": [("readOnlyRootFilesystem:", "readonlyRootFilesystem:"), ("mountPath:", "path:"),
                        ("      hostPID:", "      hostPid:")],
          "podmonitor": [("targetLabel:", "target:"), ("podMetricsEndpoints:", "endpoints:")]}
VALUES = {"daemonset": [("hostPID: true", "hostPID: yes please"), ("drop: [ALL]", "drop: ALL"),
                        ("containerPort: 9967", 'containerPort: "9967"'), ("cpu: 500m", "cpu: half")],
          "podmonitor": [("sourceLabels: [", "sourceLabels: [[1], "), ("port: metrics", "port: 9967")]}


def variants(errors):
    """{name: object}: the manifests, and what each error makes of them"""
    found = {}
    for name in NAMES:
        found[name] = manifest(name)
        for i, (right, wrong) in enumerate(errors[name]):
            assert text(name).count(right) >= 1, right
            found[f"{name}-{i}"] = yaml.safe_load(text(name).replace(right, wrong, 1))
    return found


def node_modules(directory):
    (directory / "node_modules").symlink_to(os.path.abspath(os.path.join(BUILD, "node_modules")))
    (directory / "package.json").write_text('{ "type": "module" }')


def refused(said):
    return {line.partition(".")[0] for line in said.splitlines() if re.match(r"(daemonset|podmonitor)[-0-9]*\.", line)}


def test_values(tmp_path):
    node_modules(tmp_path)
    shutil.copy(os.path.join(os.path.dirname(__file__), "validate.mjs"), tmp_path)
    files = variants(VALUES)
    for name, value in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    done = subprocess.run(["node", "validate.mjs", *(f"{name}.json" for name in files)], cwd=tmp_path,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    assert refused(done.stdout) == set(files) - set(NAMES), done.stdout


def test_fields(tmp_path):
    node_modules(tmp_path)
    files = variants(FIELDS)
    for name, value in files.items():
        kind = value["kind"]
        (tmp_path / f"{name}.ts").write_text(f'import type {{ I{kind} }} from "{TYPES[kind]}";\n'
                                             f"export const checked: I{kind} = {json.dumps(value)};\n")
    done = subprocess.run(["node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022",
                           "--module", "nodenext", *(f"{name}.ts" for name in files)], cwd=tmp_path,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert refused(done.stdout) == set(files) - set(NAMES), done.stdout


def test_they_agree():
    """With each other, and with the program."""
    daemonset, monitor = (manifest(name) for name in NAMES)
    pod = daemonset["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    (port,) = container["ports"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert monitor["spec"]["selector"] == daemonset["spec"]["selector"] == {"matchLabels": pod["metadata"]["labels"]}
    assert endpoint["port"] == port["name"] == container["livenessProbe"]["httpGet"]["port"]
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(port["containerPort"])
    assert f"--metrics=$(HOST_IP):{port['containerPort']}" in container["args"]
    with open(os.path.join(ROOT, "user/packaging/debian/changelog")) as f:
        assert container["image"].rpartition(":")[2] == re.search(r"\((.*)\)", f.readline())[1]
