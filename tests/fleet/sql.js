// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// sql.js clickhouse|duckdb MODULES <STATEMENTS: runs a JSON array of statements in an empty database and prints a JSON
// array: of each { data: rows as objects }, {} or { error }.  ClickHouse's data comes into the working directory.
"use strict";
const path = require("path");
const { readFileSync } = require("fs");

// DuckDB's lists, structs, maps and times as JSON has them; 64-bit numbers with all digits, marked
function plain(value) {
	if (typeof value == "bigint") return `@${value}@`;
	if (value === null || typeof value != "object") return value;
	if (Array.isArray(value)) return value.map(plain);
	if (value.items) return value.items.map(plain);
	if (Array.isArray(value.entries)) return Object.fromEntries(value.entries.map((e) => [e.key, plain(e.value)]));
	if (value.entries) return plain(value.entries);
	if (value.micros !== undefined) return String(value);
	return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, plain(v)]));
}

const engines = {
	async clickhouse(modules) {
		const { Session } = require(path.join(modules, "chdb"));
		const session = new Session("data");
		return (sql) => session.query(sql, "JSON") || "{}";
	},
	async duckdb(modules) {
		const { DuckDBInstance } = require(path.join(modules, "@duckdb/node-api"));
		const db = await (await DuckDBInstance.create(":memory:")).connect();
		return async (sql) => {
			const data = (await db.runAndReadAll(sql)).getRowObjects().map(plain);
			return JSON.stringify({ data }).replace(/"@(-?\d+)@"/g, "$1");
		};
	},
};

async function main([, , engine, modules]) {
	const run = await engines[engine](modules);
	const results = [];
	for (const sql of JSON.parse(readFileSync(0, "utf8"))) {
		try {
			results.push(await run(sql));
		} catch (e) {
			results.push(JSON.stringify({ error: String(e.message) }));
		}
	}
	console.log(`[${results}]`);
}

main(process.argv);
