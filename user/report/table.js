/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

const PAGE_ROWS = 50;

const COLUMNS = [
	{ title: "#", value: (c) => c.conn },
	{ title: "Time", value: (c) => c.time, text: (c) => clockTime(c.time) },
	{ title: "Process", value: (c) => c.who, foreign: true },
	{ title: "Role", value: (c) => c.role },
	{ title: "Local", value: (c) => c.local },
	{ title: "Remote", value: (c) => c.remote },
	{ title: "Result", value: (c) => c.resultText },
	{ title: "Closed first", value: (c) => c.closer },
	{ title: "Connect ms", value: (c) => c.connectUs, text: (c) => ms(c.connectUs), number: true },
	{ title: "Close ms", value: (c) => c.closeUs, text: (c) => ms(c.closeUs), number: true },
	{ title: "CLOSE_WAIT ms", value: (c) => c.waitUs, text: (c) => ms(c.waitUs), number: true },
	{ title: "Lived ms", value: (c) => c.lifetimeUs, text: (c) => ms(c.lifetimeUs), number: true },
	{ title: "Sent B", value: (c) => c.sent, text: (c) => count(c.sent), number: true },
	{ title: "Received B", value: (c) => c.received, text: (c) => count(c.received), number: true },
];

/* What is not known comes last, in both directions. */
function compareBy({ value }, direction) {
	return (a, b) => {
		const x = value(a), y = value(b);

		if (!known(x) || !known(y))
			return known(y) - known(x) || a.conn - b.conn;
		return (x < y ? -direction : x > y ? direction : 0) || a.conn - b.conn;
	};
}

class ConnectionTable {
	constructor(connections) {
		this.all = connections;
		this.show = () => true;
		this.terms = [];
		this.column = COLUMNS[1];
		this.direction = 1;
		this.page = 0;
		this.expanded = new Set();
		this.body = html("tbody", { click: (e) => this.clicked(e), keydown: (e) => this.pressed(e) });
		byId("connections").append(html("caption", null, "A row opens its flow graph; a column's title sorts."),
			html("thead", null, html("tr", null, COLUMNS.map((c) => this.heading(c)))), this.body);
		byId("pages").append(...this.pageButtons());
		this.update();
	}

	heading(column) {
		column.head = html("th", { scope: "col", class: column.number ? "number" : null },
			html("button", { class: "plain", type: "button", click: () => this.sortBy(column) }, column.title));
		return column.head;
	}

	pageButtons() {
		this.buttons = [["First", () => 0], ["Previous", () => this.page - 1], ["Next", () => this.page + 1],
				["Last", () => this.pages() - 1]].map(([text, page]) =>
			html("button", { type: "button", click: () => this.turnTo(page()) }, text));
		return this.buttons;
	}

	/* A number's greatest come first at first. */
	sortBy(column, direction = column.number ? -1 : 1) {
		this.direction = this.column === column ? -this.direction : direction;
		this.column = column;
		this.update();
	}

	filter(show, terms) {
		this.show = show;
		this.terms = terms;
		this.update();
	}

	update() {
		this.chosen = this.all.filter((c) => this.show(c) && this.terms.every((t) => c.haystack.includes(t)));
		this.chosen.sort(compareBy(this.column, this.direction));
		for (const { head } of COLUMNS)
			head.removeAttribute("aria-sort");
		this.column.head.setAttribute("aria-sort", this.direction > 0 ? "ascending" : "descending");
		this.turnTo(0);
	}

	pages() {
		return Math.max(1, Math.ceil(this.chosen.length / PAGE_ROWS));
	}

	turnTo(page) {
		const from = page * PAGE_ROWS, rows = this.chosen.slice(from, from + PAGE_ROWS);
		const [first, previous, next, last] = this.buttons;

		this.page = page;
		this.body.replaceChildren(...rows.flatMap((c) => this.row(c)));
		first.disabled = previous.disabled = page === 0;
		next.disabled = last.disabled = page === this.pages() - 1;
		byId("status").textContent = rows.length
			? `${count(from + 1)} to ${count(from + rows.length)} of ${count(this.chosen.length)} connections`
			: "no such connections";
	}

	row(c) {
		const open = this.expanded.has(c.conn);
		const cells = COLUMNS.map((column, i) => {
			const text = column.text ? column.text(c) : known(column.value(c)) ? String(column.value(c)) : "-";
			const classes = column.number ? "number" : column.foreign ? "foreign" : column.title === "Result" &&
				c.bad ? "bad" : null;

			return html("td", { class: classes }, i ? text
				: html("button", { class: "plain", type: "button", "aria-expanded": String(open),
						   "aria-label": `Connection ${c.conn}, flow graph` }, text));
		});
		const row = html("tr", { class: "row", "data-conn": c.conn }, cells);

		return open ? [row, this.detail(c)] : [row];
	}

	detail(c) {
		return html("tr", null, html("td", { class: "detail", colspan: COLUMNS.length }, drawDetail(c)));
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

		/* a click that ends a selection of text opens nothing */
		if (row && (event.target.closest("button") || getSelection().isCollapsed))
			this.toggle(row);
	}

	/* The arrow keys go from row to row, and on to the next page. */
	pressed(event) {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		const row = event.target.closest("tr.row");

		if (!step || !row)
			return;
		event.preventDefault();
		const rows = [...this.body.querySelectorAll("tr.row")], at = rows.indexOf(row) + step;

		if (rows[at]) {
			this.focusRow(rows[at]);
		} else if (this.page + step >= 0 && this.page + step < this.pages()) {
			this.turnTo(this.page + step);
			this.focusRow(this.body.querySelectorAll("tr.row")[step > 0 ? 0 : PAGE_ROWS - 1]);
		}
	}

	focusRow(row) {
		row.querySelector("button").focus();
	}

	/* Opens one connection, as a link to it does; false when it is not among those shown. */
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
