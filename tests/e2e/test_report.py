# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The page that -o html writes, in a browser: what it shows, how it is used, what it does not."""
import json
import re

import pytest

import hidden
from kernel import why_no_bpf
from pages import ROWS, TIMES, column, numbers, row_of, title
from reported import HOSTILE, RECEIVED, SENT, Scene, many
from world import World


@pytest.fixture(scope="module")
def scene(request, tmp_path_factory):
    reason = why_no_bpf()
    if reason:
        pytest.skip(reason)
    for tries in range(hidden.TRIES):
        directory = tmp_path_factory.mktemp("report")
        world = World(directory)
        witness = request.session.witness
        witness.take()
        scene = Scene(world, directory)
        # a recording of what the kernel did not show whole is not what the page is tested with
        if not hidden.ours(witness.take()) or tries == hidden.TRIES - 1:
            break
        world.clean()
    yield scene
    world.clean()


@pytest.fixture
def page(chromium, scene):
    chromium.resize(1400, 1000)
    chromium.media()
    chromium.open(scene.page)
    yield chromium
    assert chromium.console == [], "the console is silent"
    assert chromium.requests == [f"file://{scene.page}"], "nothing else is fetched"


def test_replayed_as_live(scene):
    status, text, stderr = scene.replayed
    assert status == 0, stderr
    assert text == scene.page.read_text()
    data = text.partition('id="data">\n')[2].partition("\n</script>")[0]
    told = [json.loads(line) for line in data.splitlines()]
    in_order = sorted(scene.records[:-1], key=lambda r: (r["conn"], r["type"] == "close"))
    kept = [r for r in told if r["type"] in ("handshake", "close")]
    assert sorted(kept, key=lambda r: (r["conn"], r["type"] == "close")) == in_order
    assert len(kept) == 7 and told[-1] == scene.records[-1]


def test_shown(page, scene):
    shown = numbers(page)
    assert [shown[k] for k in ("Connections", "Handshakes", "Failed")] == ["4", "4", "1"]
    assert [shown[k] for k in ("Closes", "Not graceful", "Open")] == ["2", "1", "1"]
    assert page.texts("#status") == ["1 to 4 of 4 connections"]
    results = dict(zip(column(page, "Local"), column(page, "Result")))
    assert results.pop(f"127.0.0.1:{scene.graceful}") == "graceful"
    assert results.pop(f"127.0.0.1:{scene.reset}") == "reset sent"
    assert results.pop(f"127.0.0.1:{scene.open}") == "open, CLOSE_WAIT"
    assert list(results.values()) == ["refused"]
    row = row_of(page, scene.graceful) - 1
    assert column(page, "Remote")[row] == f"127.0.0.1:{scene.port}"
    assert column(page, "Sent B")[row] == f"{SENT}" and column(page, "Received B")[row] == "2,000"
    assert column(page, "Closed first")[row] == "local"
    counts = page.texts(".counts tr")
    for begin in ("established3", "refused1", "graceful1", "reset sent1"):
        assert [c for c in counts if c.startswith(begin)], counts
    # the percentiles are those of --summary
    table = dict(re.findall(rf"^client +{scene.port} +(connect|close) +(.*)$", scene.summary, re.M))
    row = page.texts(".services tbody tr")[0].replace(f"client, port {scene.port}", "")
    assert row == "".join((table["connect"] + " 0 " + table["close"]).split())
    # latencies of the three that were answered and of the one close that took time
    captions = page.texts("figcaption")
    assert "3 measured" in captions[0] and "1 measured" in captions[1]
    marks = [t[:3] for t in page.texts(".histogram text") if t.startswith("p")]
    assert marks == ["p50", "p90", "p99"] * 2


def test_hostile_name_is_text(page, scene):
    assert set(column(page, "Process")) == {f"{HOSTILE}[{scene.pid}]"}
    page.run("document.querySelectorAll('tr.row button').forEach(b => b.click())")
    assert f"{HOSTILE}[{scene.pid}], client" in page.texts(".flow text")
    assert page.run("document.images.length + document.querySelectorAll('img').length") == 0
    assert page.run("document.scripts.length") == 2
    # nothing that came in could run, should it ever become markup
    page.run("document.body.insertAdjacentHTML('beforeend',"
             "'<img src=x onerror=\"document.title=1\">')")
    page.run("new Promise(done => setTimeout(done))")
    assert "TCP connections" in page.run("document.title")
    assert page.blocked == 1 and "Content Security Policy" in json.dumps(page.console)
    page.console.clear()
    page.requests.pop()


def test_flow_graph(page, scene):
    page.click(f"{ROWS}:nth-child({row_of(page, scene.graceful)}) button")
    texts = page.texts(".flow text")
    segments = [t for t in texts if re.match("(SYN|ACK|FIN).*=", t)]
    fin, peers = 1 + SENT, 1 + RECEIVED
    assert segments == ["SYN seq=0", "SYN,ACK seq=0 ack=1", "ACK seq=1 ack=1",
                        f"FIN seq={fin} ack={peers}", f"ACK ack={fin + 1}",
                        f"FIN seq={peers} ack={fin + 1}", f"ACK seq={fin + 1} ack={peers + 1}"]
    states = [t for t in texts if re.fullmatch("[A-Z_0-9]{5,}", t)]
    assert states == ["CLOSE", "SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"]
    chapters = [r for r in scene.records if r.get("local_port") == scene.graceful]
    times = [("~" if s.get("derived") else "") + f"{s['t_us'] / 1000:.3f}"
             for chapter in chapters for s in chapter["steps"]]
    assert [t for t in texts if re.fullmatch(r"~?\d+\.\d{3}", t)] == times
    # what a screen reader says of it, and of the table
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    said = [(n["role"]["value"], n.get("name", {}).get("value", ""))
            for n in tree if not n["ignored"]]
    conn = chapters[0]["conn"]
    begin = f"Flow graph of connection {conn}: 0.000 ms, sent SYN seq=0, CLOSE to SYN_SENT; "
    assert [role for role, name in said if role == "image" and name.startswith(begin)]
    assert {"heading", "table", "columnheader", "searchbox", "status", "combobox", "button"} \
        <= {role for role, _ in said}


def test_sorted_and_filtered(page, scene):
    page.click(title(page, "Connect ms"))
    connects = column(page, "Connect ms")
    assert connects == sorted(connects, key=float, reverse=True)
    assert page.texts("[aria-sort=descending]") == ["Connect ms"]
    page.click(title(page, "Connect ms"))
    assert column(page, "Connect ms") == connects[::-1]
    assert page.texts("[aria-sort=ascending]") == ["Connect ms"]
    page.click("#find")
    page.type("EconnReFused :9")
    assert column(page, "Remote") == ["127.0.0.1:9"]
    assert page.texts("#status") == ["1 to 1 of 1 connections"]
    page.type(" no-such-thing")
    assert column(page, "Remote") == [] and page.texts("#status") == ["no matching connections"]
    page.run("document.getElementById('find').value = ''")
    page.click(".counts tr.bad:nth-child(2) button")  # the second outcome, beside established
    assert column(page, "Remote") == ["127.0.0.1:9"]
    page.run("document.getElementById('show').value = 'bad';"
             "document.getElementById('show').dispatchEvent(new Event('change'))")
    assert sorted(column(page, "Result")) == ["refused", "reset sent"]
    # by service: the port that refused has measured nothing
    options = page.texts("#service option")
    page.run(f"document.getElementById('service').value = {options.index('client, port 9') - 1};"
             "document.getElementById('service').dispatchEvent(new Event('change'))")
    assert page.texts("figcaption") == ["Connect latency none", "Close latency none"]
    # which selects the rows too
    page.run("document.getElementById('show').value = 'all';"
             "document.getElementById('show').dispatchEvent(new Event('change'))")
    assert column(page, "Remote") == ["127.0.0.1:9"]
    assert page.texts("#of-service") == ["Only client, port 9, as chosen above."]
    # a link to another one shows all again
    conn = next(r["conn"] for r in scene.records
                if (r.get("local_port"), r.get("remote_port")) == (scene.reset, scene.port))
    page.run(f"new Promise(done => {{ addEventListener('hashchange', done); location.hash = '{conn}' }})")
    assert page.texts("#status") == ["1 to 4 of 4 connections"] and page.texts("#not-kept") == [""]
    assert page.run("document.activeElement.textContent") == str(conn)


def test_keyboard(page, scene):
    """From the search to the first row, down one, open it, close it; nothing but keys."""
    page.run("document.getElementById('find').focus()")
    for _ in range(40):
        page.press("Tab", 9)
        if page.run("document.activeElement.matches('tr.row button')"):
            break
    connections = column(page, "#")
    focused = "document.activeElement.textContent"
    assert page.run(focused) == connections[0]
    page.press("ArrowDown", 40)
    assert page.run(focused) == connections[1]
    expanded = "document.activeElement.getAttribute('aria-expanded')"
    assert page.run(expanded) == "false"
    page.press("Enter", 13, "\r")
    assert page.run(expanded) == "true"
    assert page.run("document.querySelectorAll('.flow').length") == 1
    page.press("Enter", 13, "\r")
    assert page.run("document.querySelectorAll('.flow').length") == 0
    page.press("ArrowUp", 38)
    assert page.run(focused) == connections[0]


def test_link_to_a_connection(page, scene):
    conn = next(r["conn"] for r in scene.records if r.get("local_port") == scene.reset)
    page.open(scene.page, f"#{conn}")
    assert page.run("document.activeElement.textContent") == str(conn)
    assert [t for t in page.texts(".flow text") if t.startswith("RST")]


def test_link_to_a_connection_that_is_not_kept(page, scene):
    page.open(scene.page, "#4711")
    assert page.texts("#not-kept") == ["Connection #4711 is not in this report."]
    assert page.texts(".flow") == []


def test_processes_and_peers(page, scene):
    processes, peers = page.run("[...document.querySelectorAll('table.who')].map(t =>"
                                "[...t.rows].map(r => [...r.cells].map(c => c.textContent)))")
    assert processes[0][:6] == ["process", "connections", "failed", "open", "in CLOSE_WAIT", "oldest there"]
    assert processes[1][:5] == [HOSTILE, "4", "2", "1", "1"] and len(processes) == 2
    assert float(processes[1][5]) == float(column(page, "CLOSE_WAIT ms")[row_of(page, scene.open) - 1])
    assert peers[1][:5] == ["127.0.0.1", "4", "2", "1", "1"] and len(peers) == 2
    page.click("table.who tbody button")
    assert page.texts("#status") == ["1 to 4 of 4 connections"]
    assert page.run("document.getElementById('find').value") == f"{HOSTILE}["


def test_causes(chromium, scene, tmp_path):
    """A column, a filter, and a word to search."""
    path = tmp_path / "causes.html"
    text = re.sub(r'"cause":(null|"\w+"),?', "", scene.page.read_text())
    path.write_text(text.replace('"first_closer":"local"', '"cause":"peer_slow","first_closer":"local"')
                    .replace('"outcome":"refused"', '"cause":"refused","outcome":"refused"'))
    chromium.media()
    chromium.open(path)
    causes = dict(zip(column(chromium, "Result"), column(chromium, "Cause")))
    assert (causes["graceful"], causes["refused"], causes["open, CLOSE_WAIT"]) == ("peer slow", "refused", "-")
    chromium.run("document.getElementById('show').value = 'peer_slow';"
                 "document.getElementById('show').dispatchEvent(new Event('change'))")
    assert column(chromium, "Cause") == ["peer slow"]
    assert "peer slow (1)" in chromium.texts("#show option") and chromium.console == []


def test_light_dark_and_print(page, scene, tmp_path):
    page.click(f"{ROWS} button")
    look = "[document.body, document.querySelector('.flow text')].map(e => getComputedStyle(e))" \
           ".map(s => s.backgroundColor + ' ' + s.fill + ' ' + s.color)"
    light = page.run(look)
    page.media(scheme="dark")
    dark = page.run(look)
    assert all(a != b for a, b in zip(light, dark)) and "rgb(255, 255, 255)" in light[0]
    assert page.screenshot(tmp_path / "dark.png").startswith(b"\x89PNG")
    page.media("print", "dark")
    assert page.run(look) == light
    assert page.run("[...document.querySelectorAll('.controls')]"
                    ".every(e => getComputedStyle(e).display == 'none')")
    assert page.run("document.querySelector('.flow').getBoundingClientRect().height") > 100


def test_ten_thousand(chromium, scene, tmp_path):
    path = tmp_path / "many.html"
    many(scene, path)
    chromium.media()
    chromium.open(path)
    assert chromium.texts("#status") == ["1 to 50 of 10,000 connections"]
    assert "10,000 of the 100,000 connections" in chromium.texts("#choice")[0]
    chromium.run("new Promise(done => { addEventListener('hashchange', done); location.hash = '20000' })")
    assert chromium.texts("#not-kept")[0].startswith("Connection #20000 is not in this report, which keeps the slowest")
    assert len(column(chromium, "#")) == 50
    chromium.click(title(chromium, "Connect ms"))
    assert column(chromium, "Connect ms")[:2] == ["10.999", "10.998"]
    chromium.click("#pages button:last-child")
    assert chromium.texts("#status") == ["9,951 to 10,000 of 10,000 connections"]
    assert column(chromium, "Connect ms")[-1] == "1.000"
    chromium.run(f"document.querySelector('{ROWS} button').focus()")
    chromium.press("ArrowUp", 38)  # before the first row of a page is the last of the page before
    assert chromium.texts("#status") == ["9,901 to 9,950 of 10,000 connections"]
    assert chromium.run("document.activeElement.textContent") == column(chromium, "#")[-1]
    chromium.press("ArrowDown", 40)
    assert chromium.run("document.activeElement.textContent") == column(chromium, "#")[0]
    assert chromium.texts("#status") == ["9,951 to 10,000 of 10,000 connections"]
    chromium.click("#find")
    chromium.type("worker7777")
    assert column(chromium, "#") == ["7777"]
    # four times the usual gap is four times as long, and what is beyond all measure is broken
    chromium.click(f"{ROWS} button")
    y = chromium.run(TIMES)[-4:]
    assert [b - a for a, b in zip(y, y[1:])] == [y[1] - y[0], 4 * (y[1] - y[0]), y[1] - y[0]]
    assert [t for t in chromium.texts(".flow text") if t.endswith("ms")][1:] == []
    chromium.run("document.getElementById('find').value = ''")
    chromium.click("#find")
    chromium.type("worker8888")
    chromium.click(f"{ROWS} button")
    assert [t for t in chromium.texts(".flow text") if t.endswith("ms")][1:] == ["~99.300 ms"]
    y = chromium.run(TIMES)[-4:]
    assert y[3] - y[2] < 4 * (y[1] - y[0])
    assert chromium.console == []
