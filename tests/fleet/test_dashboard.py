# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The dashboard: its form against Grafana's own types, its names against the exporter's."""
import os
import re
import shutil
import subprocess

from fleet import BUILD, DASHBOARD, RULES
from dashboard import board, expressions
from metrics import NAMES

HERE = os.path.dirname(os.path.abspath(__file__))
WRONG = {"field": ('"fillOpacity": 5', '"fillOpaqueness": 5'), "type": ('"type": "heatmap"', '"type": "heatmaps"'),
         "value": ('"mode": "multi"', '"mode": "many"'), "missing": ('"schemaVersion": ', '"schema": ')}


def test_types(tmp_path):
    """TypeScript has nothing to say of the dashboard, but of one with an error."""
    with open(DASHBOARD) as f:
        right = f.read()
    boards = {"board": right, **{name: right.replace(*error) for name, error in WRONG.items()}}
    (tmp_path / "node_modules").symlink_to(os.path.abspath(os.path.join(BUILD, "node_modules")))
    shutil.copy(os.path.join(HERE, "dashboard.ts"), tmp_path)
    for name, text in boards.items():
        (tmp_path / f"{name}.ts").write_text(f'import type {{ Checked }} from "./dashboard";\nconst board: Checked = {text};\n'
                                             "export default board;\n")
    done = subprocess.run(["node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module",
                           "preserve", "--moduleResolution", "bundler", *(f"{name}.ts" for name in boards)], cwd=tmp_path,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert {line.partition(".ts(")[0] for line in done.stdout.splitlines() if ".ts(" in line} == set(WRONG), done.stdout


def test_panels():
    panels = board()["panels"]
    assert len(panels) == 13
    for key in ("id", "title"):
        assert len({p[key] for p in panels}) == len(panels), f"two panels have the same {key}"
    taken = set()
    for p in panels:
        assert p["description"].endswith(".")
        at = p["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, f"{p['title']} is over another panel"
        taken |= cells
    assert len(taken) == 24 * (1 + max(y for _, y in taken)), "a hole between the panels"


def test_variables():
    variables = {v["name"]: v for v in board()["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "instance", "port"]
    for where, text in {**expressions(), **{n: str(v["query"]) for n, v in variables.items()}}.items():
        used = set(re.findall(r"\$(\w+)", text))
        assert used <= {*variables, "__rate_interval"}, where


def names(file):
    with open(file) as f:
        return set(re.findall(r"[\w:]*tcpstates_[\w:]+", f.read()))


def test_names():
    recorded = {name for name in names(RULES) if ":" in name}
    assert names(RULES) - recorded <= NAMES
    assert recorded <= names(DASHBOARD) <= NAMES | recorded
    assert not {n for n in NAMES - names(DASHBOARD) if not re.search("_(sum|count|info)$", n)}, "what no panel shows"
