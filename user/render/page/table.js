/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

const PAGE_ROWS = 50;

function asIs(value) {
	return known(value) ? String(value) : "-";
}

/* A column sorts by `key` of a connection, and shows what `text` makes of it, or of `show`. */
const COLUMNS = [
	{ title: "#", key: "conn", text: asIs },
	{ title: "Time UTC", key: "time", show: "began", text: asIs },
	{ title: "Process", key: "who", text: asIs, look: () => "foreign" },
	{ title: "Role", key: "role", text: asIs },
	{ title: "Local", key: "local", text: asIs },
	{ title: "Remote", key: "remote", text: asIs },
	{ title: "Result", key: "resultText", text: asIs, look: (c) => c.bad ? "bad" : null },
	{ title: "Cause", key: "why", text: asIs, look: (c) => known(c.why) ? "bad" : null },
	{ title: "Closed first", key: "closer", text: asIs },
	{ title: "Connect ms", key: "connectUs", text: msOrLonger, number: true },
	{ title: "SYN retransmits", key: "retransmits", text: count, number: true },
	{ title: "Accept ms", key: "acceptUs", text: msOrLonger, number: true },
	{ title: "Close ms", key: "closeUs", text: msOrLonger, number: true },
	{ title: "CLOSE_WAIT ms", key: "waitUs", text: msOrLonger, number: true },
	{ title: "Lived ms", key: "lifetimeUs", text: msOrLonger, number: true },
	{ title: "Sent B", key: "sent", text: count, number: true },
	{ title: "Received B", key: "received", text: count, number: true },
];

/* Unknown values come last, in both directions. */
function compareBy({ key }, direction) {
	return (a, b) => {
		const x = a[key], y = b[key];

		if (!known(x) || !known(y))
			return known(y) - known(x) || a.conn - b.conn;
		return (x < y ? -direction : x > y ? direction : 0) || a.conn - b.conn;
	};
}

/* Without the columns in which nothing is known. */
function columnsOf(connections) {
	return COLUMNS.filter(({ key }) => connections.some((c) => known(c[key])));
}

class ConnectionTable {
	constructor(connections) {
		this.all = connections;
		this.columns = connections.length ? columnsOf(connections) : COLUMNS;
		this.show = () => true;
		this.terms = [];
		this.column = this.columns.find(({ key }) => key === "time") || this.columns[0];
		this.direction = 1;
		this.page = 0;
		this.expanded = new Set();
		this.body = html("tbody", { click: (e) => this.clicked(e),
					    keydown: (e) => this.pressed(e) });
		const caption = "Click a row for its flow graph, a column title to sort.";

		byId("connections").append(html("caption", null, caption),
			html("thead", null, html("tr", null, this.columns.map((c) => this.heading(c)))),
			this.body);
		byId("pages").append(...this.pageButtons());
		NARROW.addEventListener("change", () => this.turnTo(this.page));
		this.update();
	}

	heading(column) {
		column.head = html("th", { scope: "col", class: column.number ? "number" : null },
			plainButton(column.title, () => this.sortBy(column)));
		return column.head;
	}

	pageButtons() {
		const pages = [["First", () => 0], ["Previous", () => this.page - 1],
			       ["Next", () => this.page + 1], ["Last", () => this.pages() - 1]];

		this.buttons = pages.map(([text, page]) =>
			html("button", { type: "button", click: () => this.turnTo(page()) }, text));
		return this.buttons;
	}

	/* The first click on a column of numbers sorts the largest to the top. */
	sortBy(column) {
		const first = column.number ? -1 : 1;

		this.direction = this.column === column ? -this.direction : first;
		this.column = column;
		this.update();
	}

	filter(show, terms) {
		this.show = show;
		this.terms = terms;
		this.update();
	}

	update() {
		const order = this.direction > 0 ? "ascending" : "descending";
		const found = (c) => this.terms.every((term) => c.haystack.includes(term));

		this.chosen = this.all.filter((c) => this.show(c) && found(c));
		this.chosen.sort(compareBy(this.column, this.direction));
		for (const { head } of this.columns)
			head.removeAttribute("aria-sort");
		this.column.head.setAttribute("aria-sort", order);
		this.turnTo(0);
	}

	pages() {
		return Math.max(1, Math.ceil(this.chosen.length / PAGE_ROWS));
	}

	turnTo(page) {
		const from = page * PAGE_ROWS, rows = this.chosen.slice(from, from + PAGE_ROWS);
		const to = count(from + rows.length), all = count(this.chosen.length);
		const shown = `${count(from + 1)} to ${to} of ${all}`;
		const [first, previous, next, last] = this.buttons;

		this.page = page;
		this.body.replaceChildren(...rows.flatMap((c) => this.row(c)));
		first.disabled = previous.disabled = page === 0;
		next.disabled = last.disabled = page === this.pages() - 1;
		byId("status").textContent = rows.length ? `${shown} connections`
							 : "no matching connections";
	}

	row(c) {
		const open = this.expanded.has(c.conn);
		const [number, ...rest] = this.columns.map((column) => ({
			title: column.title,
			text: column.text(c[column.show || column.key]),
			look: column.number ? "number" : column.look ? column.look(c) : null,
		}));
		const opener = plainButton(number.text, null,
			{ "aria-expanded": String(open),
			  "aria-label": `Connection ${c.conn}, flow graph` });
		const row = html("tr", { class: "row", "data-conn": c.conn }, cell(opener),
			rest.map(({ title, text, look }) => cell(text,
				{ class: text === "-" ? `${look || ""} none` : look,
				  "data-title": title })));

		return open ? [row, this.detail(c)] : [row];
	}

	detail(c) {
		const attributes = { class: "detail", colspan: this.columns.length };

		return html("tr", null, cell(drawDetail(c), attributes));
	}

	toggle(row) {
		const conn = Number(row.dataset.conn), open = !this.expanded.has(conn);

		row.querySelector("button").setAttribute("aria-expanded", String(open));
		if (open) {
			this.expanded.add(conn);
			row.after(this.detail(this.all.find((c) => c.conn === conn)));
		} else {
			this.expanded.delete(conn);
			row.nextSibling.remove();
		}
	}

	clicked(event) {
		const row = event.target.closest("tr.row");

		/* a click at the end of selecting text opens nothing */
		if (row && (event.target.closest("button") || getSelection().isCollapsed))
			this.toggle(row);
	}

	/* The arrow keys move from row to row, and on to the next or previous page. */
	pressed(event) {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		const row = event.target.closest("tr.row"), page = this.page + step;
		const rows = () => [...this.body.querySelectorAll("tr.row")];

		if (!step || !row)
			return;
		event.preventDefault();
		const next = rows()[rows().indexOf(row) + step];

		if (next) {
			this.focusRow(next);
		} else if (page >= 0 && page < this.pages()) {
			this.turnTo(page);
			this.focusRow(rows().at(step > 0 ? 0 : -1));
		}
	}

	focusRow(row) {
		row.querySelector("button").focus();
	}

	has(conn) {
		return this.all.some((c) => c.conn === conn);
	}

	/* Opens the connection that a link points to.  False: it is not among those shown. */
	open(conn) {
		const at = this.chosen.findIndex((c) => c.conn === conn);

		if (at < 0)
			return false;
		this.expanded.add(conn);
		this.turnTo(Math.floor(at / PAGE_ROWS));
		const row = this.body.querySelector(`tr[data-conn="${conn}"]`);

		row.scrollIntoView();
		this.focusRow(row);
		return true;
	}
}
