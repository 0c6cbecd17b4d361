# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A recording that cannot be read to its end: what was read is told, the reason too, and the status is 1."""
import json
import os

import pytest

from tracer import ROOT, run_tracer

GOLDEN = os.path.join(ROOT, "tests/golden/http-client.rec")


def test_a_directory(tmp_path):
    status, _, stderr = run_tracer("-o", "json", "-r", tmp_path)
    assert (status, stderr) == (1, f"tcpstates-trace: {tmp_path}: Is a directory\n")


def test_input_output_error():
    """No process has memory at address 0."""
    status, _, stderr = run_tracer("-o", "json", "-r", "/proc/self/mem")
    assert (status, stderr) == (1, "tcpstates-trace: /proc/self/mem: Input/output error\n")


@pytest.mark.parametrize("between", [True, False], ids=["between blocks", "in a block"])
def test_a_pipe_that_does_not_wait(between):
    """A recording of which the rest has not come yet, from a pipe that somebody made O_NONBLOCK."""
    r, w = os.pipe()
    with open(GOLDEN, "rb") as f:
        os.write(w, f.read() if between else f.read()[:-6])
    os.set_blocking(r, False)
    status, stdout, stderr = run_tracer("-o", "json", "-r", "-", stdin=r)
    os.close(r)
    os.close(w)
    assert status == 1
    assert stderr == ("tcpstates-trace: -: Resource temporarily unavailable "
                      "(what precedes it is printed)\n")
    with open(GOLDEN.replace(".rec", ".json")) as f:
        golden = [json.loads(line) for line in f]
    told = [json.loads(line) for line in stdout.splitlines()]
    assert told[:-1] == golden[:-1] and told[-1]["type"] == "summary"
