# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The page of what tests/golden has: SYNs without an answer, both ends, leaks, all sizes of a screen."""
import os

import pytest

from pages import ROWS, TIMES, column, numbers, title
from tracer import ROOT, run_tracer


def test_unanswered(chromium, tmp_path):
    """A connect() that nobody answers: each SYN ends in a cross, and the gaps double."""
    page = tmp_path / "timed-out.html"
    recording = os.path.join(ROOT, "tests", "golden", "timed-out.rec")
    status, _, stderr = run_tracer("-r", recording, "-o", "html", "--output-file", page)
    assert status == 0, stderr
    chromium.open(page)
    chromium.click(f"{ROWS} button")
    syns = [t for t in chromium.texts(".flow text") if t.startswith("SYN") and "=" in t]
    assert syns == ["SYN seq=0", *(f"SYN ({n}) seq=0" for n in range(2, 8))]
    assert chromium.run("document.querySelectorAll('.flow .cross').length") == len(syns)
    assert chromium.run("document.querySelectorAll('.flow .head, .flow .gap').length") == 0
    y = chromium.run(TIMES)
    gaps = [b - a for a, b in zip(y, y[1:])]
    assert [round(gap / gaps[3]) for gap in gaps] == [1, 1, 1, 1, 2, 4, 8]
    assert column(chromium, "Remote") == ["[2001:db8::2]:443"] and chromium.console == []


def test_both_ends(chromium, tmp_path):
    """Two lifelines with the states of both: what was lost ends on the way, what crosses crosses."""
    page = tmp_path / "both-ends.html"
    recording = os.path.join(ROOT, "tests", "golden", "both-ends.rec")
    status, _, stderr = run_tracer("-r", recording, "-o", "html", "--output-file", page)
    assert status == 0, stderr
    chromium.open(page)
    pictures = {}
    for conn in ("1", "2", "3", "5", "7"):
        chromium.click(f"{ROWS}:nth-child({chromium.texts(f'{ROWS} td:first-child').index(conn) + 1}) button")
        pictures[conn] = chromium.texts(".flow text"), chromium.run("document.querySelectorAll('.flow .cross').length")
        arrows = chromium.run("document.querySelectorAll('.flow .head').length")
        assert arrows == {"1": 7, "2": 7, "3": 7, "5": 2, "7": 3}[conn]
        chromium.click(f"{ROWS}:nth-child({chromium.texts(f'{ROWS} td:first-child').index(conn) + 1}) button")
    texts, crosses = pictures["1"]
    assert crosses == 2 and "accept()" in texts and {"SYN_SENT", "SYN_RECV", "CLOSE_WAIT", "TIME_WAIT"} <= set(texts)
    assert pictures["2"] == pictures["1"]
    assert "CLOSING" in pictures["3"][0] and pictures["5"][1] == 0
    assert "server" not in pictures["7"][0]  # of which there is one end only
    assert chromium.console == []


def replayed_page(directory, recording, *args):
    page = directory / f"{recording}.html"
    status, _, stderr = run_tracer("-r", os.path.join(ROOT, "tests", "golden", f"{recording}.rec"), "-o", "html",
                                   "--output-file", page, *args)
    assert status == 0, stderr
    return page


def test_leaks_come_first(chromium, tmp_path):
    """By their age in CLOSE_WAIT, those from before the trace before all others."""
    chromium.resize(1280, 900)
    chromium.media()
    chromium.open(replayed_page(tmp_path, "older"))
    chromium.click(title(chromium, "CLOSE_WAIT ms"))
    assert column(chromium, "CLOSE_WAIT ms") == ["older", "older", "2 min 41 s", "-"]
    assert column(chromium, "Result") == 3 * ["open, CLOSE_WAIT"] + ["graceful"]
    assert column(chromium, "Time UTC")[:2] == 2 * ["earlier"]
    assert column(chromium, "SYN retransmits")[2:] == ["0", "1"]
    assert column(chromium, "Accept ms")[2:] == ["0.030", "-"]
    assert numbers(chromium)["Established"] == "7"
    assert chromium.console == []


@pytest.mark.parametrize("recording", ["older", "resets", "attempts", "timed-out", "two-links", "widest"])
def test_on_a_phone(chromium, tmp_path, recording):
    """390 pixels: nothing is wider, and the flow graph is not scaled down."""
    chromium.resize(390, 844)
    chromium.media()
    chromium.open(replayed_page(tmp_path, recording))
    chromium.run("document.querySelectorAll('tr.row button').forEach(b => b.click())")
    assert chromium.run("document.documentElement.scrollWidth") <= 390
    inside = "[...document.querySelectorAll('.wide')].map(e => e.scrollWidth - e.clientWidth)"
    assert not any(chromium.run(inside))
    scales = chromium.run("[...document.querySelectorAll('.flow')].map(f =>"
                          "f.getBoundingClientRect().width / f.viewBox.baseVal.width)")
    assert scales and min(scales) >= 0.95
    # texts of a graph do not overlap
    overlap = """[...document.querySelectorAll('.flow')].flatMap(f => {
        const boxes = [...f.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
        return boxes.flatMap(([a, x], i) => boxes.slice(i + 1).filter(([b, y]) => a && b &&
            x.left < y.right - 1 && y.left < x.right - 1 && x.top < y.bottom - 4 && y.top < x.bottom - 4)
            .map(([b]) => [a, b]));
    })"""
    assert chromium.run(overlap) == []
    assert chromium.console == []
    chromium.resize(1400, 1000)
