/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

/* Where things are in a flow graph: times, states, this end's lifeline, the peer's. */
const FLOW = { width: 720, time: 92, state: 206, ours: 218, theirs: 620, top: 48 };
const ROW = 40;		/* between two events at least, and for the median gap of a chapter */
const LONGEST = 8;	/* rows are drawn to scale, a gap that takes more is broken */
const BROKEN = 78;
const SLANT = 14;	/* of an arrow; not a time, since the peer's clock is not seen */

/* The first sequence numbers of both sides, null where they are not known. */
function firstNumbers({ handshake, close }) {
	const before = (fin, bytes) => known(fin) && known(bytes) ? (fin - bytes - 1) >>> 0 : null;
	const { iss = null, irs = null } = handshake || {};
	const numbers = { iss, irs };

	if (!known(numbers.iss) && close)
		numbers.iss = before(close.local_fin_seq, close.bytes_sent);
	if (!known(numbers.irs) && close)
		numbers.irs = before(close.remote_fin_seq, close.bytes_received);
	return numbers;
}

function relative(number, first) {
	return known(first) ? (number - first) >>> 0 : number;
}

function isSent(step) {
	return step.segment.startsWith(">");
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

/* Gathers what is to be drawn from top to bottom. */
class FlowLayout {
	constructor() {
		this.y = FLOW.top;
		this.events = [];	/* { y, step } */
		this.breaks = [];	/* { y, text } */
		this.captions = [];	/* { y, text } */
		this.states = [];	/* { y, state } from there on */
	}

	state(y, state) {
		if (!this.states.length || this.states.at(-1).state !== state)
			this.states.push({ y, state });
	}

	broken(text) {
		this.breaks.push({ y: this.y + 32, text });
		this.y += BROKEN;
	}

	gap(us, usual) {
		if (us > LONGEST * usual)
			this.broken(duration(us));
		else
			this.y += Math.max(ROW, ROW * us / usual);
	}

	chapter(record) {
		const { steps } = record, usual = medianGap(steps);
		const caption = `${record.type}, ${clockTime(record.time)}`;

		this.y += 20;
		this.captions.push({ y: this.y, text: caption });
		this.y += 16;
		if (steps.length)
			this.state(this.y, steps[0].from);
		this.y += 8 + SLANT;
		steps.forEach((step, i) => {
			if (i)
				this.gap(stepGap(steps[i - 1], step), usual);
			this.events.push({ y: this.y, step });
			this.state(this.y, step.to);
		});
		if (record.open) {
			this.y += 10;
			const us = record.state_us, since = known(us) ? ` for ${duration(us)}` : "";

			this.broken(`OPEN in ${record.state}${since}`);
		}
		this.y += SLANT + 6;
	}

	/* The time between two chapters, when both were seen. */
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

/* The lifelines with a gap: two strokes, as on a broken axis. */
function drawBreak({ y, text }) {
	const strokes = [FLOW.ours, FLOW.theirs].flatMap((x) => [
		svg("rect", { class: "gap", x: x - 6, y: y - 4, width: 12, height: 8 }),
		line(x - 8, y - 1, x + 8, y - 7, "slash"),
		line(x - 8, y + 7, x + 8, y + 1, "slash")]);
	const look = { "text-anchor": "middle", class: "muted" };

	return [...strokes, label((FLOW.ours + FLOW.theirs) / 2, y + 4, text, look)];
}

/* An arrow from one lifeline to the other, down by SLANT on its way. */
function drawSegment(y, step, numbers) {
	const sent = isSent(step), text = segmentText(step, numbers);
	const [from, to] = sent ? [FLOW.ours, FLOW.theirs] : [FLOW.theirs, FLOW.ours];
	const y1 = sent ? y : y - SLANT, y2 = y1 + SLANT, back = sent ? -1 : 1;
	const head = `M${to} ${y2}l${10 * back} -5l${-2 * back} 5l${2 * back} 4z`;
	const classes = [step.derived && "derived", text.startsWith("RST") && "reset"];

	return svg("g", { class: classes.filter(Boolean).join(" ") },
		line(from, y1, to, y2, "segment"),
		svg("path", { class: "head", d: head }),
		label((from + to) / 2, (y1 + y2) / 2 - 7, text, { "text-anchor": "middle" }));
}

function drawEvent({ y, step }, numbers) {
	const what = known(step.segment) ? drawSegment(y, step, numbers)
		: svg("circle", { class: "event", cx: FLOW.ours, cy: y, r: 5 });

	return [label(FLOW.time, y + 4, stepTime(step), { "text-anchor": "end" }), what];
}

function drawStates(layout) {
	return layout.states.flatMap(({ y, state }, i) => {
		const next = layout.states[i + 1], end = next ? next.y : layout.y;

		return [line(FLOW.ours, y, FLOW.ours, end, `state ${stateClass(state)}`),
			label(FLOW.state, y + 4, state, { "text-anchor": "end", class: "muted" })];
	});
}

function layOut({ handshake, close }) {
	const layout = new FlowLayout();

	if (handshake)
		layout.chapter(handshake);
	if (handshake && close)
		layout.between(handshake, close);
	if (close)
		layout.chapter(close);
	return layout;
}

function stepWords(step, numbers) {
	const said = [`${stepTime(step)} ms`];

	if (known(step.segment))
		said.push(`${isSent(step) ? "sent" : "received"} ${segmentText(step, numbers)}`);
	said.push(step.from === step.to ? step.to : `${step.from} to ${step.to}`);
	return said.join(", ");
}

/* The flow graph of a connection: an SVG, whose text alternative is its steps. */
function drawFlow(c) {
	const layout = layOut(c), numbers = firstNumbers(c);
	const viewBox = `0 0 ${FLOW.width} ${Math.ceil(layout.y + 12)}`;
	const said = layout.events.map(({ step }) => stepWords(step, numbers)).join("; ");

	return svg("svg", { class: "flow", width: FLOW.width, viewBox, role: "img",
			    "aria-label": `Flow graph of connection ${c.conn}: ${said}` },
		label(14, 20, c.local, { class: "end" }),
		label(14, 36, `${c.who}${known(c.role) ? `, ${c.role}` : ""}`),
		label(FLOW.width - 14, 20, c.remote, { class: "end", "text-anchor": "end" }),
		line(FLOW.theirs, FLOW.top + 8, FLOW.theirs, layout.y, "lifeline"),
		drawStates(layout),
		layout.captions.map(({ y, text }) => label(14, y, text, { class: "muted" })),
		layout.breaks.flatMap(drawBreak),
		layout.events.flatMap((e) => drawEvent(e, numbers)));
}

/* The same as a table, to be copied or read out cell by cell. */
function stepsTable(c) {
	const numbers = firstNumbers(c);
	const row = (type, step) => {
		const { segment, from, to } = step;
		const counted = known(segment) ? segmentText(step, numbers).match(/\w+=.*$/) : null;

		return html("tr", null, [type, stepTime(step), segment || "", from, to,
					 counted ? counted[0] : ""].map((text) => cell(text)));
	};

	return html("table", { class: "steps" },
		headings(["chapter", "ms", "segment", "from", "to", "numbers"]),
		html("tbody", null, [c.handshake, c.close].filter(Boolean).flatMap((record) =>
			record.steps.map((step) => row(record.type, step)))));
}
