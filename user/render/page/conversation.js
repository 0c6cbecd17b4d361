/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

/*
 * Both ends of a connection: the client's lifeline and states on the left, the server's on the right.  An arrow leaves
 * at the time of one end and arrives at that of the other; each time has a height of its own, later ones further down.
 */
const WIDE_PAIR = { width: 720, edge: 14, time: 92, state: 190, down: 0, client: 202, server: 518 };
const NARROW_PAIR = { width: 340, edge: 6, time: 88, state: 88, down: 15, client: 97, server: 243 };
const PAIR_TOP = 62;
const PAIR_ROW = 30;
/* From here on a gap between two times without a segment on its way breaks the lifelines, in us. */
const PAIR_GAP = 1000;
const PAIR_BREAK = 46;

function pairTimes(conversation) {
	const times = new Set();

	for (const { sent_us: sent, received_us: received } of conversation.segments)
		[sent, received].filter(known).forEach((us) => times.add(us));
	if (known(conversation.accepted_us))
		times.add(conversation.accepted_us);
	return [...times].sort((a, b) => a - b);
}

/* Is a segment on its way between these times? */
function inFlight(conversation, from, to) {
	return conversation.segments.some(({ sent_us: sent, received_us: received }) =>
		known(sent) && known(received) && sent <= from && received >= to);
}

/* { at: how far down a time is, breaks: [{ y, text }], bottom } */
function placeTimes(conversation) {
	const times = pairTimes(conversation), at = new Map(), breaks = [];
	let y = PAIR_TOP + 10;

	times.forEach((us, i) => {
		if (i && us - times[i - 1] >= PAIR_GAP && !inFlight(conversation, times[i - 1], us)) {
			breaks.push({ y: y + PAIR_BREAK / 2 + 2, text: duration(us - times[i - 1]) });
			y += PAIR_BREAK;
		} else if (i) {
			y += PAIR_ROW;
		}
		at.set(us, y);
	});
	return { at, breaks, bottom: y + PAIR_ROW };
}

/* Where a segment begins and ends: of one that was lost on its way, or whose other time is not known, in between. */
function segmentEnds(segment, at, pair) {
	const toServer = segment.from === "client";
	const [x1, x2] = toServer ? [pair.client, pair.server] : [pair.server, pair.client];
	const y1 = known(segment.sent_us) ? at.get(segment.sent_us) : null;
	const y2 = known(segment.received_us) ? at.get(segment.received_us) : null;

	return { toServer, x1, x2, y1: y1 ?? y2 - PAIR_ROW / 2, y2: y2 ?? y1 + PAIR_ROW / 2 };
}

function drawPairSegment(segment, at, pair) {
	const { toServer, x1, x2, y1, y2 } = segmentEnds(segment, at, pair);
	const stops = ["lost", "unsent"].includes(segment.fate), part = stops ? SHORT : 1;
	const x3 = x1 + (x2 - x1) * part, y3 = y1 + (y2 - y1) * part;
	const end = stops || segment.fate === "dropped"
		? svg("path", { class: "cross", d: `M${x3 - 5} ${y3 - 5}l10 10m0 -10l-10 10` })
		: drawHead(x2, y2, toServer ? -1 : 1);
	const look = { class: segment.segment.startsWith("RST") ? "reset" : null };

	return svg("g", look, line(x1, y1, x3, y3, "segment"), end,
		label((x1 + x2) / 2, (y1 + y2) / 2 - 6, segment.segment, { "text-anchor": "middle" }));
}

/* What stands beside a lifeline: a time once, and the state from there on. */
function drawPairSide(conversation, places, pair, side) {
	const left = side === "client", x = pair[side], nodes = [], states = [];
	const mirror = (from) => left ? from : pair.width - from;
	const anchor = { "text-anchor": left ? "end" : "start" };
	const seen = new Set();

	for (const segment of conversation.segments) {
		const us = segment.from === side ? segment.sent_us : segment.received_us;

		if (!known(us))
			continue;
		const y = places.at.get(us), state = segment[`${side}_state`];

		if (!seen.has(us))
			nodes.push(label(mirror(pair.time), y + 4, ms(us), anchor));
		seen.add(us);
		if (known(state) && (!states.length || states.at(-1).state !== state))
			states.push({ y, state });
	}
	states.forEach(({ y, state }, i) => {
		const end = i + 1 < states.length ? states[i + 1].y : places.bottom;

		nodes.push(line(x, y, x, end, `state ${stateClass(state)}`),
			label(mirror(pair.state), y + 4 + pair.down, state, { ...anchor, class: "muted" }));
	});
	return nodes;
}

function drawPairAccept(conversation, places, pair) {
	if (!known(conversation.accepted_us))
		return [];
	const y = places.at.get(conversation.accepted_us);

	return [svg("circle", { class: "event", cx: pair.server, cy: y, r: 5 }),
		label(pair.server - 12, y + 4, "accept()", { "text-anchor": "end" }),
		label(pair.width - pair.time, y + 4, ms(conversation.accepted_us))];
}

function drawPairBreak({ y, text }, pair) {
	const strokes = [pair.client, pair.server].flatMap((x) => [
		svg("rect", { class: "gap", x: x - 6, y: y - 4, width: 12, height: 8 }),
		line(x - 8, y - 1, x + 8, y - 7, "slash"), line(x - 8, y + 7, x + 8, y + 1, "slash")]);

	return [...strokes, label((pair.client + pair.server) / 2, y + 4, text,
				  { "text-anchor": "middle", class: "muted" })];
}

function segmentWords(s) {
	const when = [[s.sent_us, "sent"], [s.received_us, "received"]].filter(([us]) => known(us))
		.map(([us, word]) => `${word} at ${ms(us)} ms`);

	return [`${s.segment} from the ${s.from}`, ...when, ...(s.fate === "lost" ? ["lost"] : [])].join(", ");
}

/* The picture of both ends, an SVG.  Its text alternative lists the segments. */
function drawConversation(conversation) {
	const pair = NARROW.matches ? NARROW_PAIR : WIDE_PAIR, places = placeTimes(conversation);
	const { client, client_port: cport, server, server_port: sport, client_host: chost, server_host: shost } =
		conversation;
	const family = client.includes(":") ? 6 : 4;
	const viewBox = `0 0 ${pair.width} ${Math.ceil(places.bottom + 12)}`;
	const ends = `connections ${conversation.client_conn} and ${conversation.server_conn}`;
	const end = { class: "end" }, right = { "text-anchor": "end" };
	const where = (role, host) => chost !== shost && known(host) ? `${role}, ${visible(host)}` : role;

	return svg("svg", { class: "flow", width: pair.width, viewBox, role: "img",
			    "aria-label": `Both ends, ${ends}: ${conversation.segments.map(segmentWords).join("; ")}` },
		label(pair.edge, 20, endpoint(client, null, cport, family), end),
		label(pair.edge, 36, where("client", chost)),
		label(pair.width - pair.edge, 20, endpoint(server, null, sport, family), { ...end, ...right }),
		label(pair.width - pair.edge, 36, where("server", shost), right),
		line(pair.client, PAIR_TOP - 8, pair.client, places.bottom, "lifeline"),
		line(pair.server, PAIR_TOP - 8, pair.server, places.bottom, "lifeline"),
		drawPairSide(conversation, places, pair, "client"),
		drawPairSide(conversation, places, pair, "server"),
		drawPairAccept(conversation, places, pair),
		places.breaks.flatMap((gap) => drawPairBreak(gap, pair)),
		conversation.segments.filter((s) => known(s.sent_us) || known(s.received_us))
			.map((s) => drawPairSegment(s, places.at, pair)));
}

/* Whose time it was, as facts. */
function conversationFacts(conversation) {
	const names = { retransmission_us: "waiting to send again", network_there_us: "network there",
			network_back_us: "network back", accept_queue_us: "accept queue",
			client_us: "client's application", server_us: "server's application" };
	const split = (total, parts) => known(total) ? [duration(total), ...Object.entries(parts || {})
		.filter(([, us]) => us >= 10).map(([name, us]) => `${names[name]} ${duration(us)}`)].join(", ") : "";
	const lost = ["client", "server"].flatMap((side) => Object.entries(conversation[`${side}_lost`])
		.filter(([, n]) => n).map(([kind, n]) => `${n} ${kind.toUpperCase()} of the ${side}`));

	return [["Opened in", split(conversation.open_us, conversation.open_parts)],
		["Closed in", split(conversation.close_us, conversation.close_parts)],
		["Lost", lost.join(", ")]];
}
