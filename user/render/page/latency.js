/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

const PERCENTS = [50, 90, 99];

/* Several histograms as one, of at least a nanosecond; buckets are [middle in us, count]. */
function mergeHistograms(histograms) {
	const total = { count: 0, min_us: Infinity, max_us: 0.001, buckets: [] };
	const counts = new Map();

	for (const h of histograms) {
		if (!h.count)
			continue;
		total.count += h.count;
		total.min_us = Math.min(total.min_us, Math.max(h.min_us, 0.001));
		total.max_us = Math.max(total.max_us, h.max_us);
		for (const [us, n] of h.buckets)
			counts.set(us, (counts.get(us) || 0) + n);
	}
	total.buckets = [...counts].sort((a, b) => a[0] - b[0]);
	return total;
}

/* The percentile by nearest rank, with the bucket's precision: the one that --summary prints. */
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

/* Bars of equal width on a logarithmic axis: { from, to: log10 of us, bars: counts }. */
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

const WIDE_PLOT = { width: 720, height: 230, left: 52, right: 694, top: 48, bottom: 204 };
const NARROW_PLOT = { ...WIDE_PLOT, width: 360, left: 46, right: 340 };
let PLOT = WIDE_PLOT;

function drawTicks(axis, x) {
	const wide = axis.to - axis.from;
	const room = PLOT === WIDE_PLOT ? 1 : 2;
	const steps = wide * room > 2 ? [1] : wide * room > 1 ? [1, 3] : [1, 2, 5];
	const look = { "text-anchor": "middle", class: "tick" };
	const ticks = [];

	for (let decade = Math.floor(axis.from); decade <= axis.to; decade++) {
		for (const step of steps) {
			const us = step * 10 ** decade, at = Math.log10(us);

			if (at < axis.from - 1e-9 || at > axis.to + 1e-9)
				continue;
			ticks.push(line(x(at), PLOT.top, x(at), PLOT.bottom + 4, "grid"),
				   label(x(at), PLOT.bottom + 18, span(us), look));
		}
	}
	return ticks;
}

/* Lines at p50, p90 and p99, each label in its own row and on the side that has room. */
function drawMarks(h, x) {
	return PERCENTS.flatMap((percent, row) => {
		const us = percentile(h, percent), at = x(Math.log10(us)), y = 12 + 14 * row;
		const left = at > PLOT.width / 2;

		return [line(at, y - 9, at, PLOT.bottom, "mark"),
			label(left ? at - 5 : at + 5, y, `p${percent} ${duration(us)}`,
			      { "text-anchor": left ? "end" : "start" })];
	});
}

function drawBars(axis, x, y) {
	const step = (axis.to - axis.from) / axis.bars.length;

	return axis.bars.flatMap((n, i) => {
		const low = axis.from + i * step, high = low + step, top = y(n);
		const shape = { x: x(low), width: Math.max(x(high) - x(low) - 1, 1),
				y: top, height: PLOT.bottom - top };
		const title = `${span(10 ** low)} to ${span(10 ** high)}: ${count(n)}`;

		return n ? svg("rect", { class: "bar", ...shape }, svg("title", null, title)) : [];
	});
}

function percentilesText(h) {
	const texts = PERCENTS.map((p) => `p${p} ${duration(percentile(h, p))}`);

	return [...texts, `max ${duration(h.max_us)}`].join(", ");
}

function drawPlot(what, h) {
	PLOT = NARROW.matches ? NARROW_PLOT : WIDE_PLOT;
	const axis = logBars(h), most = Math.max(...axis.bars);
	const perDecade = (PLOT.right - PLOT.left) / (axis.to - axis.from);
	const x = (at) => PLOT.left + perDecade * (at - axis.from);
	/* a bar is at least a pixel high */
	const y = (n) => PLOT.bottom - Math.max((PLOT.bottom - PLOT.top) * n / most, 1);
	const look = { "text-anchor": "end", class: "tick" };

	const viewBox = `0 0 ${PLOT.width} ${PLOT.height}`;
	const text = `Histogram, logarithmic axis: ${what}, ${percentilesText(h)}`;

	return svg("svg", { class: "histogram", viewBox, role: "img", "aria-label": text },
		drawTicks(axis, x), drawBars(axis, x, y),
		line(PLOT.left, PLOT.bottom, PLOT.right, PLOT.bottom, "axis"),
		label(PLOT.left - 6, PLOT.top + 4, count(most), look),
		label(PLOT.left - 6, PLOT.bottom, "0", look),
		drawMarks(h, x));
}

/* A figure of one kind of latency; `what` is its title. */
function drawHistogram(what, h) {
	const measured = `${count(h.count)} measured, the longest ${duration(h.max_us)}`;
	const caption = html("figcaption", null, `${what} `,
		html("span", null, h.count ? measured : "none"));

	return html("figure", null, caption, h.count ? drawPlot(what, h) : []);
}

function serviceName(s) {
	if (s.other)
		return "other services";
	if (!known(s.role))
		return "role not known";
	return `${s.role}, port ${known(s.port) ? s.port : "not known"}`;
}

function latencyTexts(h) {
	const figures = [...PERCENTS.map((p) => percentile(h, p)), h.max_us];

	return [count(h.count), ...figures.map((us) => h.count ? msOrLonger(us) : "-")];
}

function servicesTable(services, choose) {
	const figures = [...PERCENTS.map((p) => `p${p}`), "max"];
	const titles = ["service", "connects", ...figures, "failed", "closes", ...figures];
	const row = (s, i) => {
		const name = plainButton(serviceName(s), () => choose(i));

		return html("tr", null, html("th", { scope: "row" }, name),
			latencyTexts(s.connect).map(numberCell), numberCell(count(s.failed)),
			latencyTexts(s.close).map(numberCell));
	};

	return html("div", { class: "wide" }, html("table", { class: "services" },
		html("caption", null, "Latencies in ms, busiest service first"),
		headings(titles, (i) => i > 0),
		html("tbody", null, services.map(row))));
}

/* Which connections are of this service: of "other services" those of none that has its own name. */
function ofService(service, services) {
	const named = new Set(services.filter((s) => !s.other).map(serviceRecordKey));

	if (service.other)
		return (c) => !named.has(c.service);
	return (c) => c.service === serviceRecordKey(service);
}

/*
 * The section Latency: histograms of one service or of all, and the table of services.  chosen():
 * called with the service, null for all.
 */
function showLatency(services, chosen) {
	const select = byId("service"), details = byId("services");
	const draw = () => {
		const one = select.value === "" ? null : services[Number(select.value)];
		const some = one ? [one] : services;
		const merged = (of) => mergeHistograms(some.map((s) => s[of]));

		chosen(one);
		byId("histograms").replaceChildren(
			drawHistogram("Connect latency", merged("connect")),
			drawHistogram("Close latency", merged("close")));
	};
	const choose = (i) => {
		select.value = String(i);
		draw();
		select.focus();
	};

	select.append(html("option", { value: "" }, "all services"),
		...services.map((s, i) => html("option", { value: i }, serviceName(s))));
	select.addEventListener("change", draw);
	details.addEventListener("toggle",
		() => details.append(servicesTable(services, choose)), { once: true });
	details.open = services.length > 1 && services.length <= 12;
	details.hidden = services.length < 2;
	NARROW.addEventListener("change", draw);
	draw();
}
