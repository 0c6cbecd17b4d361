/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

const PERCENTS = [50, 90, 99];

/* Several histograms as one; buckets are [middle in us, how many]. */
function mergeHistograms(histograms) {
	const total = { count: 0, min_us: Infinity, max_us: 0, buckets: [] };
	const counts = new Map();

	for (const h of histograms) {
		if (!h.count)
			continue;
		total.count += h.count;
		total.min_us = Math.min(total.min_us, h.min_us);
		total.max_us = Math.max(total.max_us, h.max_us);
		for (const [us, n] of h.buckets)
			counts.set(us, (counts.get(us) || 0) + n);
	}
	total.buckets = [...counts].sort((a, b) => a[0] - b[0]);
	return total;
}

/* Nearest rank, to the bucket's precision: what --summary prints. */
function percentile(h, percent) {
	const rank = Math.max(1, Math.ceil(h.count * percent / 100));
	let seen = 0;

	for (const [us, n] of h.buckets) {
		seen += n;
		if (seen >= rank)
			return Math.min(Math.max(us, h.min_us), h.max_us);
	}
	return h.max_us;
}

/* Bars of equal width on a logarithmic axis: { from, to: decades, bars: how many in each }. */
function logBars(h) {
	let from = Math.floor(Math.log10(h.min_us) * 2) / 2, to = Math.log10(h.max_us);

	to = Math.max(from + 1, Math.ceil(to * 2 + 1e-9) / 2);
	const bars = new Array(Math.round((to - from) * (to - from > 3 ? 10 : 20))).fill(0);
	const perDecade = bars.length / (to - from);

	for (const [us, n] of h.buckets) {
		const value = Math.min(Math.max(us, h.min_us), h.max_us);
		const at = Math.floor((Math.log10(value) - from) * perDecade);

		bars[Math.min(Math.max(at, 0), bars.length - 1)] += n;
	}
	return { from, to, bars };
}

const PLOT = { width: 720, height: 230, left: 52, right: 12, top: 48, bottom: 26 };

function drawTicks(axis, x, bottom) {
	const wide = axis.to - axis.from;
	const steps = wide > 2 ? [1] : wide > 1 ? [1, 3] : [1, 2, 5];
	const ticks = [];

	for (let decade = Math.floor(axis.from); decade <= axis.to; decade++) {
		for (const step of steps) {
			const us = step * 10 ** decade, at = Math.log10(us);

			if (at < axis.from - 1e-9 || at > axis.to + 1e-9)
				continue;
			ticks.push(line(x(at), PLOT.top, x(at), bottom + 4, "grid"),
				   label(x(at), bottom + 18, span(us), { "text-anchor": "middle", class: "tick" }));
		}
	}
	return ticks;
}

/* p50, p90 and p99, each label on a row of its own and on the side where there is room. */
function drawMarks(h, x, bottom) {
	return PERCENTS.flatMap((percent, row) => {
		const us = percentile(h, percent), at = x(Math.log10(us)), y = 12 + 14 * row;
		const left = at > PLOT.width / 2;

		return [line(at, y - 9, at, bottom, "mark"),
			label(left ? at - 5 : at + 5, y, `p${percent} ${ms(us)} ms`,
			      { "text-anchor": left ? "end" : "start" })];
	});
}

function drawBars(axis, x, y, bottom) {
	const width = (x(axis.to) - x(axis.from)) / axis.bars.length;

	return axis.bars.map((n, i) => {
		const low = axis.from + (axis.to - axis.from) * i / axis.bars.length;
		const high = axis.from + (axis.to - axis.from) * (i + 1) / axis.bars.length;

		if (!n)
			return [];
		return svg("rect", { class: "bar", x: x(axis.from) + i * width, width: Math.max(width - 1, 1),
				     y: y(n), height: bottom - y(n) },
			   svg("title", null, `${span(10 ** low)} to ${span(10 ** high)}: ${count(n)}`));
	}).flat();
}

function percentilesText(h) {
	return PERCENTS.map((p) => `p${p} ${ms(percentile(h, p))} ms`).join(", ") + `, max ${ms(h.max_us)} ms`;
}

/* A figure of these latencies; `what` says of what. */
function drawHistogram(what, h) {
	const caption = html("figcaption", null, what + " ",
			     html("span", null, h.count ? `${count(h.count)} measured, the longest ${ms(h.max_us)} ms` : "none"));

	if (!h.count)
		return html("figure", null, caption);
	const axis = logBars(h), bottom = PLOT.height - PLOT.bottom, most = Math.max(...axis.bars);
	const x = (at) => PLOT.left + (PLOT.width - PLOT.left - PLOT.right) * (at - axis.from) / (axis.to - axis.from);
	/* the lowest bar is to be seen beside the highest */
	const y = (n) => Math.min(bottom - (bottom - PLOT.top) * n / most, bottom - 1);

	return html("figure", null, caption, svg("svg",
		{ class: "histogram", viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img",
		  "aria-label": `Histogram, logarithmic axis: ${what}, ${percentilesText(h)}` },
		drawTicks(axis, x, bottom), drawBars(axis, x, y, bottom),
		line(PLOT.left, bottom, PLOT.width - PLOT.right, bottom, "axis"),
		label(PLOT.left - 6, PLOT.top + 4, count(most), { "text-anchor": "end", class: "tick" }),
		label(PLOT.left - 6, bottom, "0", { "text-anchor": "end", class: "tick" }),
		drawMarks(h, x, bottom)));
}

function serviceName(s) {
	if (s.other)
		return "other services";
	if (!known(s.role))
		return "role not known";
	return `${s.role}, port ${known(s.port) ? s.port : "not known"}`;
}

function serviceRow(s, choose) {
	const cells = (h) => [count(h.count), ...PERCENTS.map((p) => h.count ? ms(percentile(h, p)) : "-"),
			      h.count ? ms(h.max_us) : "-"];

	return html("tr", null,
		html("th", { scope: "row" }, html("button", { class: "plain", type: "button", click: choose }, serviceName(s))),
		[...cells(s.connect), count(s.failed), ...cells(s.close)].map((text) =>
			html("td", { class: "number" }, text)));
}

function servicesTable(services, choose) {
	const figures = [...PERCENTS.map((p) => `p${p}`), "max"];

	return html("div", { class: "wide" }, html("table", { class: "services" },
		html("caption", null, "Latencies in ms, busiest service first"),
		html("thead", null, html("tr", null, ["service", "connects", ...figures, "failed", "closes", ...figures]
			.map((text, i) => html("th", { scope: "col", class: i ? "number" : null }, text)))),
		html("tbody", null, services.map((s, i) => serviceRow(s, () => choose(i))))));
}

/* The section: histograms of one service or of all, and the table of services. */
function showLatency(services) {
	const select = byId("service"), details = byId("services");
	const draw = () => {
		const chosen = select.value === "" ? services : [services[Number(select.value)]];

		byId("histograms").replaceChildren(
			drawHistogram("Connect latency", mergeHistograms(chosen.map((s) => s.connect))),
			drawHistogram("Close latency", mergeHistograms(chosen.map((s) => s.close))));
	};
	const choose = (i) => {
		select.value = String(i);
		draw();
		select.focus();
	};

	select.append(html("option", { value: "" }, "all services"),
		...services.map((s, i) => html("option", { value: i }, serviceName(s))));
	select.addEventListener("change", draw);
	details.addEventListener("toggle", () => details.append(servicesTable(services, choose)), { once: true });
	details.open = services.length > 1 && services.length <= 12;
	details.hidden = services.length < 2;
	draw();
}
