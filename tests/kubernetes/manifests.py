# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The manifests, and where things are."""
import os
import subprocess
import sys

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "user/packaging/kubernetes")
BUILD = os.path.join(ROOT, os.environ.get("KUBERNETES_BUILD", "build/kubernetes"))
STATIC = os.path.join(ROOT, os.environ.get("STATIC_BUILD", "build/static"))
CONTAINERFILE = os.path.join(HERE, "Containerfile")
NAMES = ("daemonset", "podmonitor")
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))


def text(name):
    with open(os.path.join(HERE, f"{name}.yaml")) as f:
        return f.read()


def manifest(name):
    return yaml.safe_load(text(name))


def output(*argv, **kw):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kw)
    assert done.returncode == 0, f"{argv}: {done.returncode}\n{done.stdout}"
    return done.stdout
