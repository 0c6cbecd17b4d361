# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What a page that -o html has written shows in a browser, and where."""

ROWS = "#connections tbody tr.row"
TIMES = "[...document.querySelectorAll('.flow text')]" \
        ".filter(t => /^~?[0-9.]+$/.test(t.textContent))" \
        ".map(t => t.y.baseVal[0].value)"  # how far down each step is


def column(page, title):
    """The cells of a column, as shown."""
    titles = page.texts("#connections thead th")
    cells = page.texts(f"{ROWS} td:nth-child({titles.index(title) + 1})")
    return cells


def title(page, name):
    """The selector of a column's title."""
    return f"#connections thead th:nth-child({page.texts('#connections thead th').index(name) + 1}) button"


def numbers(page):
    names, values = page.texts("#numbers dt"), page.texts("#numbers dd")
    return dict(zip(names, values))


def row_of(page, port):
    """Where the row of this local port is, counted from 1."""
    return column(page, "Local").index(f"127.0.0.1:{port}") + 1
