/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

/*
 * The columns of a flow graph, in pixels: times, states, lifelines of this end and the peer.  On a
 * narrow screen a state is `down` below the time of its step, and the peer's address below ours.
 */
const WIDE_FLOW = { width: 720, edge: 14, time: 92, state: 206, down: 0, ours: 218, theirs: 620,
		    peer: 20, top: 48 };
const NARROW_FLOW = { width: 340, edge: 6, time: 90, state: 90, down: 15, ours: 102, theirs: 328,
		      peer: 54, top: 62 };
const NARROW = matchMedia("(max-width: 760px)");
let FLOW = WIDE_FLOW;
/* The least distance of two events, and that of the median gap of a chapter. */
const ROW = 40;
/* A gap of more than so many rows is not drawn to scale but broken, and takes BROKEN. */
const LONGEST = 8;
const BROKEN = 78;
/* How far an arrow goes down; it shows no time, since the peer's clock is not seen. */
const SLANT = 14;
/* The part of the way that an arrow without an answer is drawn. */
const SHORT = 0.8;

/* The initial sequence numbers of both sides, null where they are not known. */
function firstNumbers({ handshake }) {
	const { iss = null, irs = null } = handshake || {};

	return { iss, irs };
}

function relative(number, first) {
	return known(first) ? (number - first) >>> 0 : number;
}

/* It did not leave this host. */
function isUnsent(step) {
	return step.sent === false;
}

function isSent(step) {
	return step.segment.startsWith(">") || isUnsent(step);
}

/* "SYN,ACK seq=0 ack=1" */
function segmentText(step, { iss, irs }) {
	const [own, other] = isSent(step) ? [iss, irs] : [irs, iss];
	let text = step.segment.slice(2);

	if (known(step.seq))
		text += ` seq=${relative(step.seq, own)}`;
	if (known(step.ack))
		text += ` ack=${relative(step.ack, other)}`;
	return text;
}

/* Does a SYN or FIN (`what`) that nothing follows have no answer, the way this chapter ended? */
function endedUnanswered(record, what) {
	if (record.type === "close")
		return record.ending === "timed_out";
	return what === "SYN" && known(record.outcome) &&
		!["established", "dropped"].includes(record.outcome);
}

/* Is one of the step's numbers known, but not the one from which it would count? */
function isAbsolute(step, { iss, irs }) {
	if (!known(step.segment))
		return false;
	const [own, other] = isSent(step) ? [iss, irs] : [irs, iss];

	return (known(step.seq) && !known(own)) || (known(step.ack) && !known(other));
}

/* Did this SYN or FIN of ours get no answer, so that it was sent again or the kernel gave up? */
function isUnanswered(record, i) {
	const [step, ...later] = record.steps.slice(i).filter((s) => known(s.segment));
	const what = isSent(step) ? step.segment.match(/SYN|FIN/) : null;
	const isAgain = (s) => isSent(s) && s.segment.includes(what[0]) && s.segment.endsWith(")");

	if (!what)
		return false;
	if (isUnsent(step))
		return true;
	if (later.some(isAgain))
		return true;
	return endedUnanswered(record, what[0]) && later.every(isSent);
}

function stepTime(step) {
	return known(step.t_us) ? (step.derived ? "~" : "") + ms(step.t_us) : "-";
}

function stepGap(before, step) {
	return known(before.t_us) && known(step.t_us) ? Math.max(step.t_us - before.t_us, 0) : 0;
}

function medianGap(steps) {
	const gaps = steps.slice(1).map((step, i) => stepGap(steps[i], step))
		.filter((us) => us > 0);

	gaps.sort((a, b) => a - b);
	return gaps.length ? gaps[Math.floor((gaps.length - 1) / 2)] : 1;
}

function stateClass(state) {
	if (state === "ESTABLISHED")
		return "established";
	if (state === "CLOSE" || state === "LISTEN")
		return "closed";
	return state.includes("SYN") ? "opening" : "closing";
}

/* SYN-RECEIVED of RFC 9293 is two states in the kernel: the request's and the socket's. */
function sameState(a, b) {
	const received = ["NEW_SYN_RECV", "SYN_RECV"];

	return a === b || (received.includes(a) && received.includes(b));
}

/* Places everything that is drawn, from top to bottom. */
class FlowLayout {
	constructor(numbers) {
		this.numbers = numbers;
		this.y = FLOW.top;
		/* { y, step, unanswered } */
		this.events = [];
		/* { y, text } */
		this.breaks = [];
		this.captions = [];
		/* { y, state }: the state from there on */
		this.states = [];
	}

	state(y, state) {
		if (!this.states.length || this.states.at(-1).state !== state)
			this.states.push({ y, state });
	}

	broken(text) {
		this.breaks.push({ y: this.y + 32, text });
		this.y += BROKEN;
	}

	gap(us, usual, mark) {
		if (us > LONGEST * usual)
			this.broken(mark + duration(us));
		else
			this.y += Math.max(ROW, ROW * us / usual);
	}

	/* To the next step; a state in between that nobody saw begin breaks the lifelines. */
	until(before, step, usual) {
		if (!sameState(before.to, step.from)) {
			this.broken("");
			this.state(this.y, step.from);
		}
		this.gap(stepGap(before, step), usual, before.derived || step.derived ? "~" : "");
	}

	chapter(record) {
		const { steps } = record, usual = medianGap(steps);
		const absolute = known(record.missing) &&
			steps.some((step) => isAbsolute(step, this.numbers));
		const caption = `${record.type}, ${began(record)}` +
			(absolute ? ", absolute numbers" : "");

		this.y += 20;
		this.captions.push({ y: this.y, text: caption });
		this.y += 16;
		if (steps.length)
			this.state(this.y, steps[0].from);
		this.y += 8 + SLANT;
		steps.forEach((step, i) => {
			if (i)
				this.until(steps[i - 1], step, usual);
			const unanswered = known(step.segment) && isUnanswered(record, i);

			this.events.push({ y: this.y, step, unanswered });
			this.state(this.y, step.to);
		});
		if (record.open) {
			this.y += 10;
			const us = record.state_us, since = known(us) ? ` for ${duration(us)}` : "";

			this.broken(`OPEN in ${record.state}${since}`);
		}
		this.y += SLANT + 6;
	}

	/* Between two chapters: a break, with the time that it stands for if that is known. */
	between(handshake, close) {
		const last = handshake.steps.findLast((s) => known(s.t_us));
		let text = "";

		if (known(handshake.time) && known(close.time) && last) {
			const us = instant(close.time) - instant(handshake.time) - last.t_us;

			text = duration(Math.max(us, 0));
		}
		this.broken(text);
	}
}

/* A gap in the lifelines: two strokes on each, as on a broken axis. */
function drawBreak({ y, text }) {
	const strokes = [FLOW.ours, FLOW.theirs].flatMap((x) => [
		svg("rect", { class: "gap", x: x - 6, y: y - 4, width: 12, height: 8 }),
		line(x - 8, y - 1, x + 8, y - 7, "slash"),
		line(x - 8, y + 7, x + 8, y + 1, "slash")]);
	const look = { "text-anchor": "middle", class: "muted" };

	return [...strokes, label((FLOW.ours + FLOW.theirs) / 2, y + 4, text, look)];
}

function drawHead(x, y, back) {
	return svg("path", { class: "head",
			     d: `M${x} ${y}l${10 * back} -5l${-2 * back} 5l${2 * back} 4z` });
}

/* An arrow from one lifeline to the other; one without an answer ends in a cross on the way. */
function drawSegment({ y, step, unanswered }, numbers) {
	const sent = isSent(step), text = segmentText(step, numbers);
	const [from, to] = sent ? [FLOW.ours, FLOW.theirs] : [FLOW.theirs, FLOW.ours];
	const y1 = sent ? y : y - SLANT, y2 = y1 + SLANT;
	const classes = [step.derived && "derived", text.startsWith("RST") && "reset"];
	const short = isUnsent(step) ? 0.05 : SHORT;
	const x3 = from + (to - from) * short, y3 = y1 + SLANT * short;
	const arrow = unanswered
		? [line(from, y1, x3, y3, "segment"),
		   svg("path", { class: "cross", d: `M${x3 - 5} ${y3 - 5}l10 10m0 -10l-10 10` })]
		: [line(from, y1, to, y2, "segment"), drawHead(to, y2, sent ? -1 : 1)];

	return svg("g", { class: classes.filter(Boolean).join(" ") }, arrow,
		label((from + to) / 2, (y1 + y2) / 2 - 7, text, { "text-anchor": "middle" }));
}

function drawEvent(event, numbers) {
	const { y, step } = event;
	const what = known(step.segment) ? drawSegment(event, numbers)
		: svg("circle", { class: "event", cx: FLOW.ours, cy: y, r: 5 });

	return [label(FLOW.time, y + 4, stepTime(step), { "text-anchor": "end" }), what];
}

function drawStates(layout) {
	return layout.states.flatMap(({ y, state }, i) => {
		const next = layout.states[i + 1], end = next ? next.y : layout.y;

		const down = layout.events.some((event) => event.y === y) ? FLOW.down : 0;

		return [line(FLOW.ours, y, FLOW.ours, end, `state ${stateClass(state)}`),
			label(FLOW.state, y + 4 + down, state,
			      { "text-anchor": "end", class: "muted" })];
	});
}

function layOut(c) {
	const { handshake, close } = c, layout = new FlowLayout(firstNumbers(c));

	if (handshake)
		layout.chapter(handshake);
	if (handshake && close)
		layout.between(handshake, close);
	if (close)
		layout.chapter(close);
	return layout;
}

function stepWords({ step, unanswered }, numbers) {
	const phrases = [`${stepTime(step)} ms`];

	if (known(step.segment))
		phrases.push(`${isUnsent(step) ? "not sent" : isSent(step) ? "sent" : "received"} ${segmentText(step, numbers)}`);
	if (unanswered && !isUnsent(step))
		phrases.push("not answered");
	phrases.push(step.from === step.to ? step.to : `${step.from} to ${step.to}`);
	return phrases.join(", ");
}

/* The flow graph of a connection, an SVG.  Its text alternative lists the steps. */
function drawFlow(c) {
	FLOW = NARROW.matches ? NARROW_FLOW : WIDE_FLOW;
	const layout = layOut(c), numbers = firstNumbers(c);
	const viewBox = `0 0 ${FLOW.width} ${Math.ceil(layout.y + 12)}`;
	const steps = layout.events.map((e) => stepWords(e, numbers)).join("; ");

	return svg("svg", { class: "flow", width: FLOW.width, viewBox, role: "img",
			    "aria-label": `Flow graph of connection ${c.conn}: ${steps}` },
		label(FLOW.edge, 20, c.local, { class: "end" }),
		label(FLOW.edge, 36, `${c.who}${known(c.role) ? `, ${c.role}` : ""}`),
		label(FLOW.width - FLOW.edge, FLOW.peer, c.remote,
		      { class: "end", "text-anchor": "end" }),
		line(FLOW.theirs, FLOW.top + 8, FLOW.theirs, layout.y, "lifeline"),
		drawStates(layout),
		layout.captions.map(({ y, text }) => label(FLOW.edge, y, text, { class: "muted" })),
		layout.breaks.flatMap(drawBreak),
		layout.events.flatMap((e) => drawEvent(e, numbers)));
}

/* The steps as a table, which can be copied, and read aloud cell by cell. */
function stepsTable(c) {
	const numbers = firstNumbers(c);
	const row = (step) => {
		const { segment, from, to } = step;
		const counted = known(segment) ? segmentText(step, numbers).match(/\w+=.*$/) : null;

		return html("tr", null, [stepTime(step), segment || "", from, to,
					 counted ? counted[0] : ""].map((text) => cell(text)));
	};
	const chapter = ({ type, steps }) => html("tbody", null, html("tr", null,
		html("th", { scope: "rowgroup", colspan: 5 }, type)), steps.map(row));

	return html("table", { class: "steps" },
		headings(["ms", "segment", "from", "to", "numbers"]),
		[c.handshake, c.close].filter(Boolean).map(chapter));
}
