/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
"use strict";

/* The records in this page, as -o json prints them: one object per line. */
function readRecords() {
	const lines = document.getElementById("data").textContent.trim();

	return JSON.parse("[" + lines.replaceAll("\n", ",") + "]");
}

/* Text a process chose: invisible characters and those that control the display, as numbers. */
function visible(text) {
	return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu,
		(c) => "\\u{" + c.codePointAt(0).toString(16) + "}");
}

function known(value) {
	return value !== null && value !== undefined;
}

function count(value) {
	return known(value) ? value.toLocaleString("en") : "-";
}

function ms(us) {
	return known(us) ? (us / 1000).toFixed(3) : "-";
}

const UNITS = [["s", 1], ["min", 60], ["h", 3600], ["d", 86400]];

/* From ten seconds on as "12.34 s", "3 min 44 s", "2 h 5 min". */
function longSpan(us) {
	const s = us / 1e6;

	if (s < 59.995)
		return `${s.toFixed(2)} s`;
	const at = UNITS.findLastIndex(([, size]) => Math.round(s) >= size);
	const [[low, size], [high, times]] = [UNITS[at - 1], UNITS[at]];
	const n = Math.round(s / size), each = times / size;

	return `${Math.floor(n / each)} ${high} ${n % each} ${low}`;
}

function duration(us) {
	return known(us) && us >= 1e7 ? longSpan(us) : `${ms(us)} ms`;
}

/* In a column of milliseconds: a long one has its units, one that is older than the trace a word. */
function msOrLonger(us) {
	if (us === Infinity)
		return "older";
	return known(us) && us >= 1e7 ? longSpan(us) : ms(us);
}

/* In the unit that gives a short number. */
function span(us) {
	if (us < 1000)
		return `${Number(us.toPrecision(4))} \u00b5s`;
	if (us < 1e6)
		return `${Number((us / 1000).toPrecision(4))} ms`;
	return `${Number((us / 1e6).toPrecision(4))} s`;
}

function words(word) {
	return known(word) ? word.replaceAll("_", " ") : "-";
}

/* "2026-03-01T12:00:00.123456789Z" as microseconds; a double has a quarter of one here. */
function instant(time) {
	return Date.parse(time.slice(0, 19) + "Z") * 1000 + Number("0." + time.slice(20, 29)) * 1e6;
}

function clockTime(time) {
	return known(time) ? time.slice(11, 26) : "-";
}

/* When a record began; without a time it is mostly older than the trace. */
function began(record) {
	return !known(record.time) && record.missing === "before_trace" ? "earlier"
		: clockTime(record.time);
}

function endpoint(address, ifname, port, family) {
	const zoned = known(ifname) ? `${address}%${visible(ifname)}` : address;
	const host = family === 6 ? `[${zoned}]` : zoned;

	return `${host}:${known(port) ? port : "-"}`;
}

/* The interface is part of a link-local address; else it is printed beside the local one alone. */
function remoteZone(record) {
	return /^(fe[89ab]|169\.254\.)/.test(record.remote) ? record.ifname : null;
}

function person(comm, pid) {
	const name = known(comm) ? visible(comm) : "-";

	return known(pid) ? `${name}[${pid}]` : name;
}

function servicePort(record) {
	if (record.role === "client")
		return record.remote_port;
	return record.role === "server" ? record.local_port : null;
}

/* Connections of one service share it; see serviceRecordKey(). */
function serviceKey(record) {
	const port = servicePort(record);

	return `${record.role || "-"} ${known(port) ? port : "-"}`;
}

/* The same of a record of the type "service". */
function serviceRecordKey(service) {
	return `${service.role || "-"} ${known(service.port) ? service.port : "-"}`;
}

/* How long the application has been in CLOSE_WAIT, or was: Infinity if it is so since before the trace. */
function closeWaitUs(close) {
	if (!close || !close.open || close.state !== "CLOSE_WAIT")
		return close ? close.app_close_us : null;
	return known(close.state_us) ? close.state_us : Infinity;
}

/* The causes of both chapters, as JSON words. */
function causes(handshake, close) {
	return [handshake, close].map((r) => r && r.cause).filter((cause) => cause);
}

/* The SYNs of a client, or the SYN,ACKs of a server, that were sent again. */
function synRetransmits(handshake) {
	if (!handshake)
		return null;
	return handshake.role === "server" ? handshake.synack_retransmits
		: handshake.syn_retransmits;
}

function acceptUs(handshake, close) {
	if (handshake && known(handshake.accept_us))
		return handshake.accept_us;
	return close ? close.accept_us : null;
}

/* How a connection ended, or "open": as a JSON word and as text, and whether that is bad. */
function verdict(handshake, close) {
	const last = close || handshake;

	if (last.open)
		return { word: "open", text: `open, ${last.state}`, bad: false };
	if (close)
		return { word: close.ending || "unknown", text: words(close.ending),
			 bad: close.ending !== "graceful" };
	return { word: handshake.outcome || "unknown", text: words(handshake.outcome),
		 bad: handshake.outcome !== "established" };
}

/* One connection from its records, with the values that the table shows and sorts by. */
function connection(handshake, close) {
	const last = close || handshake, first = handshake || close;
	const { word, text, bad } = verdict(handshake, close);
	const outcome = handshake && !handshake.open ? handshake.outcome || "unknown" : null;
	const why = causes(handshake, close);
	const c = {
		conn: last.conn, handshake, close, first, last, bad,
		results: new Set([outcome || word, word, ...why]),
		open: Boolean(last.open),
		service: serviceKey(last),
		time: first.time,
		began: began(first),
		who: person(last.comm, last.pid),
		role: last.role,
		local: endpoint(last.local, last.ifname, last.local_port, last.family),
		remote: endpoint(last.remote, remoteZone(last), last.remote_port, last.family),
		resultText: text,
		why: why.length ? why.map(words).join(", ") : null,
		closer: close ? close.first_closer : null,
		connectUs: handshake ? handshake.handshake_us : null,
		retransmits: synRetransmits(handshake),
		acceptUs: acceptUs(handshake, close),
		closeUs: close ? close.close_us : null,
		waitUs: closeWaitUs(close),
		lifetimeUs: close ? close.lifetime_us : null,
		sent: close ? close.bytes_sent : null,
		received: close ? close.bytes_received : null,
	};

	c.haystack = [`#${c.conn}`, c.who, c.role, c.local, c.remote, text, c.why || "", last.errno || "",
		      known(last.cgroup) ? visible(last.cgroup) : ""].join(" ").toLowerCase();
	return c;
}

/* The records by type: { report, summary, services, connections }. */
function sortRecords(records) {
	const model = { report: {}, summary: {}, services: [], connections: [] };
	const chapters = new Map(), conversations = new Map();

	for (const record of records) {
		switch (record.type) {
		case "report":
		case "summary":
			model[record.type] = record;
			break;
		case "service":
			model.services.push(record);
			break;
		case "conversation":
			conversations.set(record.client_conn, record);
			conversations.set(record.server_conn, record);
			break;
		default:
			if (!chapters.has(record.conn))
				chapters.set(record.conn, {});
			chapters.get(record.conn)[record.type] = record;
		}
	}
	for (const { handshake = null, close = null } of chapters.values())
		model.connections.push(connection(handshake, close));
	for (const c of model.connections)
		c.conversation = conversations.get(c.conn) || null;
	return model;
}
