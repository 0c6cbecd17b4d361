/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */

function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes || {})) {
		if (typeof value === "function")
			node.addEventListener(name, value);
		else if (known(value) && value !== false)
			node.setAttribute(name, value === true ? "" : value);
	}
	/* strings become text, never markup */
	node.append(...children.flat());
	return node;
}

function html(name, attributes, ...children) {
	return fill(document.createElement(name), attributes, children);
}

function svg(name, attributes, ...children) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", name);

	return fill(node, attributes, children);
}

function byId(id) {
	return document.getElementById(id);
}

/* A button that looks like the text around it. */
function plainButton(text, click, attributes) {
	return html("button", { class: "plain", type: "button", click, ...attributes }, text);
}

function cell(text, attributes) {
	return html("td", attributes, text);
}

function numberCell(text) {
	return cell(text, { class: "number" });
}

/* A table's head; `isNumber` says which columns, counted from 0, are numbers. */
function headings(texts, isNumber = () => false) {
	return html("thead", null, html("tr", null, texts.map((text, i) =>
		html("th", { scope: "col", class: isNumber(i) ? "number" : null }, text))));
}

function line(x1, y1, x2, y2, className) {
	return svg("line", { x1, y1, x2, y2, class: className });
}

function label(x, y, text, attributes) {
	return svg("text", { x, y, ...attributes }, text);
}
