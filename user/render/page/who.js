/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

/* Rows of a table of processes or peers; the others share one. */
const WHO_ROWS = 15;

/* A group of connections with what its row shows. */
class Group {
	/* search: the text that finds its connections; null: none does */
	constructor(name, search) {
		Object.assign(this, { name, search, n: 0, failed: 0, open: 0, leaked: 0, oldest: null });
		this.spans = { connectUs: [], acceptUs: [], closeUs: [] };
	}

	add(c) {
		this.n++;
		this.failed += c.bad;
		this.open += c.open;
		if (c.open && c.last.state === "CLOSE_WAIT") {
			this.leaked++;
			this.oldest = Math.max(this.oldest, c.waitUs);
		}
		for (const [key, list] of Object.entries(this.spans))
			if (known(c[key]))
				list.push(c[key]);
	}

	/* By nearest rank. */
	p99(key) {
		const sorted = this.spans[key].sort((a, b) => a - b);

		return sorted.length ? sorted[Math.ceil(sorted.length * 0.99) - 1] : null;
	}
}

/* Those in trouble first, then the busiest. */
function compareGroups(a, b) {
	return b.failed + b.open - a.failed - a.open || b.n - a.n || (a.name < b.name ? -1 : 1);
}

function groupBy(connections, nameOf, searchOf) {
	const groups = new Map();

	for (const c of connections) {
		const name = nameOf(c);

		if (!groups.has(name))
			groups.set(name, new Group(name, searchOf(c)));
		groups.get(name).add(c);
	}
	return [...groups.values()].sort(compareGroups);
}

function whoRow(group, find) {
	const name = group.search === null ? group.name
		: plainButton(group.name, () => find(group.search));
	const bad = (n, text) => cell(text, { class: n ? "number bad" : "number" });
	const p99 = (key) => numberCell(msOrLonger(group.p99(key)));

	return html("tr", null, html("th", { scope: "row", class: "foreign" }, name),
		numberCell(count(group.n)), bad(group.failed, count(group.failed)),
		numberCell(count(group.open)), bad(group.leaked, count(group.leaked)),
		bad(group.leaked, msOrLonger(group.oldest)),
		p99("connectUs"), p99("acceptUs"), p99("closeUs"));
}

/* `others` is what the last row is called. */
function whoTable(caption, others, groups, connections, find) {
	const titles = [caption, "connections", "failed", "open", "in CLOSE_WAIT", "oldest there",
			"connect p99", "accept p99", "close p99"];
	const shown = groups.slice(0, WHO_ROWS), rest = new Group(others, null);
	const names = new Set(shown.map((group) => group.name));

	for (const { c, name } of connections)
		if (!names.has(name))
			rest.add(c);
	return html("div", { class: "wide" }, html("table", { class: "who" },
		headings(titles, (i) => i > 0),
		html("tbody", null, [...shown, ...(rest.n ? [rest] : [])]
			.map((group) => whoRow(group, find)))));
}

/* The section of processes and peers.  find(): shows the connections with a text. */
function showWho(connections, find) {
	const process = (c) => known(c.last.comm) ? visible(c.last.comm) : "-";
	const table = (caption, others, nameOf, searchOf) => whoTable(caption, others,
		groupBy(connections, nameOf, searchOf),
		connections.map((c) => ({ c, name: nameOf(c) })), find);

	byId("who").append(
		html("p", null, `Of the ${count(connections.length)} connections below; times in ms. ` +
			"Click a name to see its connections."),
		table("process", "other processes", process,
		      (c) => known(c.last.comm) ? `${process(c)}[` : null),
		table("peer", "other peers", (c) => c.last.remote,
		      ({ last }) => last.family === 6 ? `[${last.remote}` : `${last.remote}:`));
}
