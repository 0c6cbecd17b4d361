/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

/* The sum of all counts but that of `good`. */
function countBut(good, counts) {
	return Object.entries(counts).reduce((sum, [word, n]) => sum + (word === good ? 0 : n), 0);
}

function showNumbers({ summary, services }) {
	const failed = countBut("established", summary.outcomes);
	const wrong = countBut("graceful", summary.endings);
	const latency = (of) => {
		const h = mergeHistograms(services.map((s) => s[of]));

		return h.count ? `${duration(percentile(h, 50))} / ${duration(percentile(h, 99))}` : "-";
	};
	const lost = [["Events lost", summary.events_lost], ["Table full", summary.table_full],
		      ["Incomplete", summary.incomplete]];
	const numbers = [
		["Connections", count(summary.connections)],
		["Handshakes", count(summary.handshakes)],
		["Failed", count(failed), failed ? "bad" : null],
		["Closes", count(summary.closes)],
		["Not graceful", count(wrong), wrong ? "bad" : null],
		["Open", count(summary.open)],
		...(known(summary.established) ? [["Established", count(summary.established)]] : []),
		["Connect p50 / p99", latency("connect")],
		["Close p50 / p99", latency("close")],
		...moreThanNone(lost).map(([name, n]) => [name, count(n), "warn"]),
	];

	byId("numbers").append(...numbers.map(([name, value, look]) =>
		html("div", null, html("dt", null, name), html("dd", { class: look }, value))));
}

/* A table of outcomes or endings with bars.  Each is a button that shows its connections. */
function countsTable(caption, total, counts, good, choose) {
	const unknown = Object.values(counts).reduce((left, n) => left - n, total);
	const row = ([word, n]) => {
		const percent = 100 * n / total;
		const bar = svg("svg", null, svg("rect", { width: `${percent}%`, height: "100%" }));

		return html("tr", { class: word === good ? null : "bad" },
			html("th", { scope: "row" }, plainButton(words(word), () => choose(word))),
			numberCell(count(n)), numberCell(`${percent.toFixed(n < total ? 1 : 0)} %`),
			cell(bar, { class: "share", "aria-hidden": "true" }));
	};

	const entries = moreThanNone([...Object.entries(counts), ["unknown", unknown]]);

	return html("table", { class: "counts" },
		html("caption", null, `${caption}: ${count(total)}`),
		html("tbody", null, entries.map(row)));
}

const SHOWS = {
	all: ["all", () => true],
	bad: ["failed or not graceful", (c) => c.bad],
	open: ["open", (c) => c.open],
};

/* How many connections have each outcome or ending. */
function countResults(connections) {
	const results = new Map();

	for (const word of connections.flatMap((c) => [...c.results]))
		results.set(word, (results.get(word) || 0) + 1);
	/* it is one of SHOWS */
	results.delete("open");
	return results;
}

/*
 * The controls above the table: one of SHOWS, or an outcome, ending or cause, and a search; and
 * the service that is chosen above.  Returns functions: all() shows all, service() those of one,
 * find() those with a text.
 */
function showFilters(table, { connections, services, summary }) {
	const select = byId("show"), find = byId("find");
	let isOfService = () => true;
	const option = (value, text, n) => html("option", { value }, `${text} (${count(n)})`);
	const apply = () => {
		const word = select.value;
		const which = word in SHOWS ? SHOWS[word][1] : (c) => c.results.has(word);

		table.filter((c) => isOfService(c) && which(c),
			     find.value.toLowerCase().split(/\s+/).filter(Boolean));
	};
	const service = (one) => {
		isOfService = one ? ofService(one, services) : () => true;
		byId("of-service").textContent = one ? `Only ${serviceName(one)}, as chosen above.` : "";
		apply();
	};
	const choose = (word) => {
		select.value = word;
		apply();
		select.focus();
	};

	for (const [value, [text, which]] of Object.entries(SHOWS))
		select.append(option(value, text, connections.filter(which).length));
	for (const [word, n] of countResults(connections))
		select.append(option(word, words(word), n));
	select.addEventListener("change", apply);
	find.addEventListener("input", apply);
	byId("results").append(
		countsTable("Outcomes of handshakes", summary.handshakes, summary.outcomes,
			    "established", choose),
		countsTable("Endings of connections", summary.closes, summary.endings,
			    "graceful", choose));
	return {
		service,
		find: (text) => {
			select.value = "all";
			find.value = text;
			apply();
			find.focus();
		},
		all: () => {
			byId("service").value = "";
			select.value = "all";
			find.value = "";
			byId("service").dispatchEvent(new Event("change"));
		},
	};
}

/* To the connection that the address of the page names. */
function openLinked(table, filters, { report, summary }) {
	const conn = Number(location.hash.slice(1)), missing = byId("not-kept");
	const some = report.kept < summary.connections
		? ", which keeps the slowest, the open and the last failed ones only" : "";

	missing.textContent = "";
	if (!location.hash)
		return;
	if (!table.has(conn))
		missing.textContent =
			`Connection ${visible(location.hash)} is not in this report${some}.`;
	else if (!table.open(conn)) {
		filters.all();
		table.open(conn);
	}
	if (missing.textContent)
		missing.scrollIntoView();
}

function showTime({ first, last, version }) {
	const by = `by tcpstates-trace ${version}`;

	if (!known(first)) {
		byId("when").textContent = by;
		return;
	}
	const [day, lastDay] = [first, last].map((time) => time.slice(0, 10));
	const [from, to] = [first, last].map((time) => time.slice(11, 19));
	const until = day === lastDay ? to : `${lastDay} ${to}`;

	byId("when").textContent = `${day} ${from} to ${until} UTC, ${by}`;
	document.title = `TCP connections, ${day} ${from} UTC`;
}

function showChoice({ report, summary }) {
	if (report.kept < summary.connections)
		byId("choice").textContent = `${count(report.kept)} of the ` +
			`${count(summary.connections)} connections: the ${count(report.slowest)} ` +
			`slowest to open and to close, and the last ${count(report.of_a_kind)} ` +
			"of each kind of failure. The counts above include all connections.";
}

function start() {
	const model = sortRecords(readRecords());

	showTime(model.report);
	showNumbers(model);
	showChoice(model);
	const table = new ConnectionTable(model.connections);
	const filters = showFilters(table, model);

	showLatency(model.services, filters.service);
	showWho(model.connections, filters.find);
	addEventListener("hashchange", () => openLinked(table, filters, model));
	openLinked(table, filters, model);
}

addEventListener("DOMContentLoaded", start);
