/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

/* What an opened row lists: pairs of name and value, without those that are unknown or zero. */

function times(pairs) {
	return pairs.filter(([, us]) => known(us)).map(([name, us]) => [name, duration(us)]);
}

function moreThanNone(pairs) {
	return pairs.filter(([, n]) => n > 0);
}

function trueOf(pairs) {
	return pairs.filter(([, value]) => value).map(([name]) => name);
}

function handshakeFacts(h) {
	const options = [["MSS", h.mss], ["send scale", h.snd_wscale],
			 ["receive scale", h.rcv_wscale]]
		.filter(([, value]) => known(value)).map(([name, value]) => `${name} ${value}`);
	const agreed = trueOf([["SACK", h.sack], ["timestamps", h.timestamps], ["ECN", h.ecn]]);
	const kinds = trueOf([["simultaneous open", h.simultaneous_open],
			      ["TCP Fast Open", h.fastopen], ["SYN cookie", h.syncookie],
			      ["MPTCP", h.mptcp]]);

	return [
		...times([["Handshake", h.handshake_us], ["Round trip", h.rtt_us],
			  ["In the accept queue", h.accept_us]]),
		...moreThanNone([["SYN retransmits", h.syn_retransmits],
				 ["SYN,ACK retransmits", h.synack_retransmits]]),
		["Kind", kinds.join(", ")],
		["Negotiated", [...options, ...agreed].join(", ")],
	];
}

/* A FIN that leaves sooner after close() has waited for no data. */
const FIN_QUEUED_SHOWN_US = 100;

function moved(bytes, segments) {
	return known(bytes) ? `${count(bytes)} B, ${count(segments)} segments` : "";
}

function closeFacts(c) {
	const byAnother = known(c.closer_pid) && c.closer_pid !== c.pid;
	const queued = c.fin_queued_us >= FIN_QUEUED_SHOWN_US ? c.fin_queued_us : null;

	return [
		["Closed first by", words(c.first_closer)],
		["Closed by", byAnother ? person(c.closer_comm, c.closer_pid) : ""],
		["Closed by the end of its process", c.closer_exit],
		["Reason of the RST", words(c.reset_reason)],
		...moreThanNone([["Bytes not read", c.unread_bytes]]),
		...times([["Our CLOSE_WAIT", c.app_close_us],
			  ["Our FIN waited behind data", queued],
			  ["Our FIN acknowledged in", c.fin_rtt_us],
			  ["Peer's FIN after", c.peer_fin_us], ["Close", c.close_us],
			  ["In the accept queue", c.accept_us], ["Lived", c.lifetime_us]]),
		["Sent", moved(c.bytes_sent, c.segs_out)],
		["Received", moved(c.bytes_received, c.segs_in)],
		...moreThanNone([["Retransmits", c.retransmits],
				 ["FIN retransmits", c.fin_retransmits]]),
	];
}

/* Of what is open. */
function heldByAnother(c) {
	return known(c.holder_pid) && c.holder_pid !== c.pid
		? person(c.holder_comm, c.holder_pid) : "";
}

function facts(c) {
	const { first, last } = c;
	const pairs = [
		["Result", c.resultText], ["Cause", c.why], ["Error", last.errno],
		["Owner", c.who], ["uid", last.uid],
		["Held by", heldByAnother(last)],
		["cgroup", known(last.cgroup) ? visible(last.cgroup) : ""],
		...(c.handshake ? handshakeFacts(c.handshake) : []),
		...(c.close ? closeFacts(c.close) : []),
		...(c.conversation ? conversationFacts(c.conversation) : []),
		["Completeness", `${last.completeness} (${last.completeness_text})`],
		["Incomplete", words(first.missing || last.missing || "")],
		["Cookie", last.cookie], ["netns", last.netns],
	];

	return pairs.filter(([, value]) => known(value) && value !== "" && value !== "-")
		.map(([name, value]) => [name, String(value)]);
}

/* What a row of the table opens: the flow graph, the facts and the steps. */
function drawDetail(c) {
	const list = html("dl", { class: "facts" }, facts(c).flatMap(([name, value]) =>
		[html("dt", null, name), html("dd", null, value)]));
	const steps = html("details", null,
		html("summary", null, "Steps as a table"), stepsTable(c));
	const link = html("a", { href: `#${c.conn}` }, "Link to this connection");

	return html("div", { class: "both" }, c.conversation ? drawConversation(c.conversation) : drawFlow(c),
		html("div", null, list, steps, html("p", { class: "controls" }, link)));
}
