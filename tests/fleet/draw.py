# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The panels of the dashboard, drawn from what a Prometheus answers: as Grafana shows them, more or less."""
import io
import json
import math
import re

import matplotlib
from PIL import Image
from matplotlib import ticker
from matplotlib.colors import PowerNorm

from fleet import DASHBOARD

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

CELL_W, CELL_H, DPI = 0.5, 0.28, 100  # inches of a cell of the grid
COLOURS = 224  # which make a small file
EXEMPLARS_EVERY_S = 5  # Grafana thins them out, too
INK, FAINT, ALERT = "#24292f", "#d0d7de", "#cf222e"
# that those who see no red or no green can tell apart (Okabe and Ito)
PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b5a800", "#7f7f7f"]
UNITS = [(1, "s"), (1e-3, "ms"), (1e-6, "µs")]


def seconds(x, _=None):
    if x <= 0:
        return "0"
    if x == math.inf:
        return "∞"
    if x >= 120:
        return f"{x / 60:g} min" if x < 7200 else f"{x / 3600:g} h"
    scale, unit = next((u for u in UNITS if x >= u[0] * 0.999), UNITS[-1])
    return f"{round(x / scale, 3):g} {unit}"


FORMATS = {"s": seconds, "percentunit": lambda x, _: f"{round(100 * x, 2):g} %", "suffix: /s": lambda x, _: f"{round(x, 3):g}/s",
           "short": lambda x, _: f"{x:g}"}


class Board:
    """Each name has one colour in all panels, and of those in one panel no two have the same."""

    def __init__(self, prometheus, variables, begin, end, step):
        self.prometheus, self.variables = prometheus, variables
        self.begin, self.end, self.step = begin, end, step
        self.colours = {}

    def colour(self, names):
        for name in names:
            taken = {self.colours[n] for n in names if n in self.colours}
            self.colours.setdefault(name, next((c for c in PALETTE if c not in taken), PALETTE[-1]))
        return [self.colours[name] for name in names]

    def expression(self, target):
        expr = target["expr"]
        for variable, value in self.variables.items():
            expr = expr.replace(variable, value)
        return expr

    def ask(self, target):
        """[(name, labels, times, values)]"""
        answer = self.prometheus.api("query_range", query=self.expression(target), start=self.begin, end=self.end, step=self.step)
        found = []
        for series in answer["result"]:
            name = re.sub(r"{{(\w+)}}", lambda m: series["metric"].get(m[1], ""), target["legendFormat"])
            points = [(float(t) - self.begin, float(v)) for t, v in series["values"]]
            found.append((name, series["metric"], [t for t, _ in points], [v for _, v in points]))
        return sorted(found, key=lambda s: s[0])

    def lines(self, axes, panel):
        defaults = panel["fieldConfig"]["defaults"]
        custom = defaults["custom"]
        series = [s for t in panel["targets"] for s in self.ask(t)]
        shown = [s for s in series if any(v == v and v > 0 for v in s[3])] or series
        colours = self.colour([s[0] for s in shown])
        if "stacking" in custom:
            times = sorted({t for s in shown for t in s[2]})
            heights = [[dict(zip(s[2], s[3])).get(t, 0) for t in times] for s in shown]
            axes.stackplot(times, [[0 if math.isnan(v) else v for v in h] for h in heights], labels=[s[0] for s in shown],
                           colors=colours, alpha=0.75, linewidth=0)
        else:
            for (name, _, times, values), colour in zip(shown, colours):
                axes.plot(times, values, label=name, color=colour, linewidth=1.3)
        if custom.get("scaleDistribution", {}).get("type") == "log":
            axes.set_yscale("log", nonpositive="mask")
            low, high = axes.get_ylim()
            axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1,) if high > 20 * low else (1, 2, 5)))
            axes.yaxis.set_minor_locator(ticker.NullLocator())
        else:
            top = max(axes.get_ylim()[1], 0) if any(v > 0 for s in shown for v in s[3]) else 1
            axes.set_ylim(0, 1.05 * top)
            axes.yaxis.set_major_locator(ticker.MaxNLocator(4))
        axes.yaxis.set_major_formatter(ticker.FuncFormatter(FORMATS[defaults["unit"]]))
        for step in defaults.get("thresholds", {}).get("steps", [])[1:]:
            if step["value"] > axes.get_ylim()[1]:
                continue
            axes.axhline(step["value"], color=ALERT, linestyle=(0, (4, 3)), linewidth=0.9)
        axes.legend(loc="upper left", bbox_to_anchor=(-0.01, -0.13), ncol=5, frameon=False, fontsize=7, handlelength=0.9,
                    handletextpad=0.4, columnspacing=1, borderpad=0)

    def heatmap(self, axes, panel):
        target, = panel["targets"]
        series = sorted(self.ask({**target, "legendFormat": "{{le}}"}), key=lambda s: float(s[1]["le"]))
        bounds = [float(s[1]["le"]) for s in series]
        times = sorted({t for s in series for t in s[2]})
        below = [dict(zip(s[2], s[3])) for s in series]
        cells = [[max(0, below[i].get(t, 0) - (below[i - 1].get(t, 0) if i else 0)) or math.nan for t in times]
                 for i in range(len(bounds))]
        edges = [t - self.step / 2 for t in times] + [times[-1] + self.step / 2]
        axes.pcolormesh(edges, range(len(bounds) + 1), cells, cmap="Oranges", norm=PowerNorm(0.5, vmin=0), rasterized=True)
        used = [i for i, row in enumerate(cells) if any(v == v for v in row)]
        low, high = min(used), max(used) + 1
        axes.set_ylim(low, high)
        ticks = list(range(low, high + 1, 2))
        axes.set_yticks(ticks, [seconds(bounds[i - 1]) if i else "0" for i in ticks])
        exemplars = sorted(self.prometheus.exemplars(self.expression(target), self.begin, self.end),
                           key=lambda e: float(e["value"]))
        slowest = {e["timestamp"] // EXEMPLARS_EVERY_S: (e["timestamp"] - self.begin, float(e["value"])) for e in exemplars}
        inside = [(t, sum(b < v for b in bounds) + 0.5) for t, v in slowest.values() if t < self.end - self.begin]
        axes.plot([t for t, _ in inside], [v for _, v in inside], "D", color=PALETTE[0], markersize=2.2, markeredgewidth=0)
        axes.annotate("◆ exemplar: peer, process", (0, -0.13), xycoords="axes fraction", fontsize=7, color=PALETTE[0], va="top")

    def draw(self, file):
        with open(DASHBOARD) as f:
            panels = json.load(f)["panels"]
        rows = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in panels)
        width, height = 24 * CELL_W, rows * CELL_H
        plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 7.5, "text.color": INK, "axes.edgecolor": FAINT,
                             "axes.labelcolor": INK, "xtick.color": "#57606a", "ytick.color": "#57606a"})
        figure = plt.figure(figsize=(width, height), dpi=DPI, facecolor="white")
        for panel in panels:
            at = panel["gridPos"]
            left, right = at["x"] * CELL_W + 0.55, (at["x"] + at["w"]) * CELL_W - 0.2
            top, bottom = at["y"] * CELL_H + 0.34, (at["y"] + at["h"]) * CELL_H - 0.5
            axes = figure.add_axes((left / width, 1 - bottom / height, (right - left) / width, (bottom - top) / height))
            axes.set_title(panel["title"], loc="left", fontsize=9, fontweight="bold", x=-0.01, pad=5)
            axes.grid(True, axis="y", color="#eaeef2", linewidth=0.8)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
            axes.tick_params(length=2, pad=2)
            getattr(self, {"timeseries": "lines", "heatmap": "heatmap"}[panel["type"]])(axes, panel)
            axes.set_xlim(0, self.end - self.begin)
            axes.xaxis.set_major_locator(ticker.MultipleLocator(30))
            axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f"{int(x // 60)}:{int(x % 60):02}"))
        drawn = io.BytesIO()
        figure.savefig(drawn, facecolor="white")
        Image.open(drawn).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
