/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

function definitions(className, pairs) {
	return html("dl", { class: className }, pairs.flatMap(([name, value]) =>
		[html("dt", null, name), html("dd", null, value)]));
}

function handshakeFacts(h) {
	const times = [["Handshake", h.handshake_us], ["Round trip", h.rtt_us], ["In the accept queue", h.accept_us]];
	const counts = [["SYN retransmits", h.syn_retransmits], ["SYN,ACK retransmits", h.synack_retransmits]];
	const ways = [["simultaneous open", h.simultaneous_open], ["TCP Fast Open", h.fastopen], ["SYN cookie", h.syncookie],
		      ["MPTCP", h.mptcp]];
	const options = [["MSS ", h.mss], ["send scale ", h.snd_wscale], ["receive scale ", h.rcv_wscale]]
		.filter(([, value]) => known(value)).map(([name, value]) => name + value)
		.concat([["SACK", h.sack], ["timestamps", h.timestamps], ["ECN", h.ecn]]
			.filter(([, value]) => value).map(([name]) => name));

	return [...times.filter(([, us]) => known(us)).map(([name, us]) => [name, duration(us)]),
		...counts.filter(([, n]) => n > 0),
		["By", ways.filter(([, value]) => value).map(([name]) => name).join(", ")],
		["Negotiated", options.join(", ")]];
}

function closeFacts(c) {
	const times = [["Our CLOSE_WAIT", c.app_close_us], ["Our FIN behind data", c.fin_queued_us >= 100 ? c.fin_queued_us : null],
		       ["Our FIN acknowledged in", c.fin_rtt_us], ["Peer's FIN after", c.peer_fin_us], ["Close", c.close_us],
		       ["In the accept queue", c.accept_us], ["Lived", c.lifetime_us]];
	const moved = (bytes, segments) => known(bytes) ? `${count(bytes)} B, ${count(segments)} segments` : "";

	return [["Closed first by", words(c.first_closer)],
		["Closed by", known(c.closer_pid) && c.closer_pid !== c.pid ? person(c.closer_comm, c.closer_pid) : ""],
		...times.filter(([, us]) => known(us)).map(([name, us]) => [name, duration(us)]),
		["Sent", moved(c.bytes_sent, c.segs_out)], ["Received", moved(c.bytes_received, c.segs_in)],
		...[["Retransmits", c.retransmits], ["FIN retransmits", c.fin_retransmits]].filter(([, n]) => n > 0)];
}

function facts(c) {
	const { last } = c;

	return [["Result", c.resultText], ["Owner", c.who],
		["uid", last.uid], ["cgroup", known(last.cgroup) ? visible(last.cgroup) : ""],
		...(c.handshake ? handshakeFacts(c.handshake) : []), ...(c.close ? closeFacts(c.close) : []),
		["Completeness", `${last.completeness} (${last.completeness_text})`],
		["Not seen", words(c.first.missing || last.missing || "")],
		["Cookie, netns", `${known(last.cookie) ? last.cookie : "-"}, ${known(last.netns) ? last.netns : "-"}`]]
		.filter(([, value]) => known(value) && value !== "").map(([name, value]) => [name, String(value)]);
}

/* What a row opens. */
function drawDetail(c) {
	return html("div", { class: "both" }, drawFlow(c),
		html("div", null, definitions("facts", facts(c)),
		     html("details", null, html("summary", null, "Steps as a table"), stepsTable(c)),
		     html("p", { class: "controls" }, html("a", { href: `#${c.conn}` }, "Link to this connection"))));
}

function showNumbers({ summary, services }) {
	const failed = Object.entries(summary.outcomes).reduce((n, [word, k]) => n + (word === "established" ? 0 : k), 0);
	const wrong = Object.entries(summary.endings).reduce((n, [word, k]) => n + (word === "graceful" ? 0 : k), 0);
	const latency = (of) => {
		const h = mergeHistograms(services.map((s) => s[of]));

		return h.count ? `${ms(percentile(h, 50))} / ${ms(percentile(h, 99))} ms` : "-";
	};
	const lost = [["Events lost", summary.events_lost], ["Found no room", summary.table_full],
		      ["Incomplete", summary.incomplete]].filter(([, n]) => n > 0);
	const numbers = [["Connections", count(summary.connections)],
			 ["Handshakes", count(summary.handshakes)], ["Failed", count(failed), failed > 0 && "bad"],
			 ["Closes", count(summary.closes)], ["Not graceful", count(wrong), wrong > 0 && "bad"],
			 ["Open", count(summary.open)],
			 ["Connect p50 / p99", latency("connect")], ["Close p50 / p99", latency("close")],
			 ...lost.map(([name, n]) => [name, count(n), "warn"])];

	byId("numbers").append(...numbers.map(([name, value, className]) =>
		html("div", null, html("dt", null, name), html("dd", { class: className || null }, value))));
}

/* How often each word, as a bar; a word is a button that shows these connections. */
function countsTable(caption, total, counts, good, choose) {
	const unknown = Object.values(counts).reduce((left, n) => left - n, total);
	const entries = [...Object.entries(counts), ["unknown", unknown]].filter(([, n]) => n > 0);

	return html("table", { class: "counts" }, html("caption", null, `${caption}: ${count(total)}`),
		html("tbody", null, entries.map(([word, n]) => html("tr", { class: word === good ? null : "bad" },
			html("th", { scope: "row" },
			     html("button", { class: "plain", type: "button", click: () => choose(word) }, words(word))),
			html("td", { class: "number" }, count(n)),
			html("td", { class: "number" }, `${(100 * n / total).toFixed(n < total ? 1 : 0)} %`),
			html("td", { class: "share", "aria-hidden": "true" },
			     svg("svg", null, svg("rect", { width: `${100 * n / total}%`, height: "100%" })))))));
}

const SHOWS = {
	all: ["all", () => true],
	bad: ["failed or not graceful", (c) => c.bad],
	open: ["open", (c) => c.open],
};

/* Which connections to show: a word of an outcome or an ending, or one of SHOWS. */
function showFilters(table, { connections, summary }) {
	const select = byId("show"), find = byId("find");
	const results = new Map();
	const apply = () => {
		const [, chosen] = SHOWS[select.value] || [null, (c) => c.results.has(select.value)];

		table.filter(chosen, find.value.toLowerCase().split(/\s+/).filter(Boolean));
	};
	const choose = (word) => {
		select.value = word;
		apply();
		select.focus();
	};

	for (const word of connections.flatMap((c) => [...c.results]))
		results.set(word, (results.get(word) || 0) + 1);
	results.delete("open"); /* stands in SHOWS */
	select.append(...Object.entries(SHOWS).map(([value, [text, which]]) =>
			html("option", { value }, `${text} (${count(connections.filter(which).length)})`)),
		...[...results].map(([word, n]) => html("option", { value: word }, `${words(word)} (${count(n)})`)));
	select.addEventListener("change", apply);
	find.addEventListener("input", apply);
	byId("results").append(countsTable("Outcomes of handshakes", summary.handshakes, summary.outcomes, "established", choose),
		countsTable("Endings of connections", summary.closes, summary.endings, "graceful", choose));
}

function showTime({ first, last, version }) {
	const text = known(first) ? `${first.slice(0, 10)} ${first.slice(11, 19)} to ` +
		`${first.slice(0, 10) === last.slice(0, 10) ? "" : last.slice(0, 10) + " "}${last.slice(11, 19)} UTC, ` : "";

	byId("when").textContent = `${text}by tcpstates-trace ${version}`;
	if (text)
		document.title = `TCP connections, ${first.slice(0, 10)} ${first.slice(11, 19)} UTC`;
}

function showChoice({ report, summary }) {
	byId("choice").textContent = report.kept < summary.connections
		? `${count(report.kept)} of the ${count(summary.connections)} connections: the ${count(report.slowest)} slowest ` +
		  `to open and to close, and the last ${report.of_a_kind} of each kind of failure. The counts above are of all.`
		: "";
}

function start() {
	const model = sortRecords(readRecords());
	const openLinked = () => /^#\d+$/.test(location.hash) && table.open(Number(location.hash.slice(1)));

	showTime(model.report);
	showNumbers(model);
	showLatency(model.services);
	showChoice(model);
	const table = new ConnectionTable(model.connections);

	showFilters(table, model);
	addEventListener("hashchange", openLinked);
	openLinked();
}

addEventListener("DOMContentLoaded", start);
