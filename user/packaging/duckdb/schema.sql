-- SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
-- The JSON lines of `tcpstates-trace -o json` in DuckDB: one table, a column for each field, see tcpstates-trace(8).
--
--     for host in web1 web2; do ssh $host tcpstates-trace -o json -u 60 >$host.json & done; wait
--     cat schema.sql queries.sql | duckdb
--
-- It reads the files *.json, or those of `SET VARIABLE files = ...`.  The name of a file is that of its host, unless the
-- lines have a field `host`.  NULL is what JSON has as null: not known, or not of this type of record.  Times ending in
-- _us are microseconds with a fraction.  A summary's `by`, `rows` and `without_row` have no column: the queries count by
-- themselves.
SET TimeZone = 'UTC';

-- the groups of a part of an IPv6 address
CREATE OR REPLACE MACRO ip_groups(part) AS [g FOR g IN string_split(coalesce(part, ''), ':') IF g != ''];
CREATE OR REPLACE MACRO ip_zeros(head, tail) AS ['0' FOR i IN range(8 - len(head) - len(tail))];
CREATE OR REPLACE MACRO ip_net64(head, tail) AS
	regexp_replace(array_to_string((head || ip_zeros(head, tail) || tail)[:4], ':'), '(^0)?(:0)*$', '') || '::/64';
-- the network of an address, /24 or /64
CREATE OR REPLACE MACRO ip_net(address) AS CASE
	WHEN contains(address, ':') THEN ip_net64(ip_groups(split_part(address, '::', 1)), ip_groups(split_part(address, '::', 2)))
	ELSE regexp_replace(address, '[0-9]+$', '0/24') END;

CREATE OR REPLACE TABLE records AS
SELECT * EXCLUDE (filename) REPLACE (coalesce(host, regexp_extract(filename, '([^/]*?)(\.[^/.]*)?$', 1)) AS host),
	-- worked out: the port of the service, NULL if no role is known; the other end; whose the connection is
	CASE WHEN role = 'client' THEN remote_port WHEN role = 'server' OR type = 'listener' THEN local_port END AS port,
	remote AS peer,
	ip_net(remote) AS peer_net,
	coalesce(container_id, unit, cgroup) AS workload
FROM read_json(coalesce(getvariable('files'), '*.json'), format = 'newline_delimited', filename = true, columns = {
	host: 'VARCHAR', -- no field of the tracer

	type: 'VARCHAR',
	conn: 'UBIGINT',
	time: 'TIMESTAMPTZ',
	cookie: 'VARCHAR',
	netns: 'UINTEGER',
	ifname: 'VARCHAR',
	family: 'UTINYINT',
	local: 'VARCHAR',
	local_port: 'USMALLINT',
	remote: 'VARCHAR',
	remote_port: 'USMALLINT',
	role: 'VARCHAR',
	pid: 'UINTEGER',
	comm: 'VARCHAR',
	uid: 'UINTEGER',
	cgroup: 'VARCHAR',
	unit: 'VARCHAR',
	container_id: 'VARCHAR',
	pod_uid: 'VARCHAR',
	complete: 'BOOLEAN',
	missing: 'VARCHAR',
	steps: 'STRUCT(t_us DOUBLE, "from" VARCHAR, "to" VARCHAR, segment VARCHAR, seq UINTEGER, ack UINTEGER,
		sent BOOLEAN, derived BOOLEAN)[]',
	completeness: 'UTINYINT',
	completeness_text: 'VARCHAR',
	accepted: 'UBIGINT',
	cause: 'VARCHAR',

	outcome: 'VARCHAR',
	errno: 'VARCHAR',
	handshake_us: 'DOUBLE',
	rtt_us: 'DOUBLE',
	syn_retransmits: 'UINTEGER',
	synack_retransmits: 'UINTEGER',
	accept_us: 'DOUBLE',
	drop_reason: 'VARCHAR',
	simultaneous_open: 'BOOLEAN',
	fastopen: 'BOOLEAN',
	syncookie: 'BOOLEAN',
	mptcp: 'BOOLEAN',
	iss: 'UINTEGER',
	irs: 'UINTEGER',
	mss: 'UINTEGER',
	snd_wscale: 'UTINYINT',
	rcv_wscale: 'UTINYINT',
	sack: 'BOOLEAN',
	timestamps: 'BOOLEAN',
	ecn: 'BOOLEAN',

	first_closer: 'VARCHAR',
	ending: 'VARCHAR',
	closer_pid: 'UINTEGER',
	closer_comm: 'VARCHAR',
	close_us: 'DOUBLE',
	fin_rtt_us: 'DOUBLE',
	peer_fin_us: 'DOUBLE',
	app_close_us: 'DOUBLE',
	fin_queued_us: 'DOUBLE',
	time_wait: 'BOOLEAN',
	lifetime_us: 'DOUBLE',
	bytes_sent: 'UBIGINT',
	bytes_received: 'UBIGINT',
	segs_out: 'UBIGINT',
	segs_in: 'UBIGINT',
	retransmits: 'UINTEGER',
	fin_retransmits: 'UINTEGER',
	srtt_us: 'DOUBLE',
	min_rtt_us: 'DOUBLE',
	local_fin_seq: 'UINTEGER',
	remote_fin_seq: 'UINTEGER',
	reset_reason: 'VARCHAR',
	unread_bytes: 'UBIGINT',
	closer_exit: 'VARCHAR',
	idle_us: 'DOUBLE',
	silent_us: 'DOUBLE',
	unacked_bytes: 'UBIGINT',
	unacked_us: 'DOUBLE',
	zero_window: 'BOOLEAN',

	open: 'UBIGINT',
	state: 'VARCHAR',
	state_us: 'DOUBLE',
	holder_pid: 'UINTEGER',
	holder_comm: 'VARCHAR',

	-- listener
	queue: 'UINTEGER',
	queue_max: 'UINTEGER',
	backlog: 'UINTEGER',
	half_open: 'UINTEGER',
	dropped: 'UBIGINT',

	-- counted
	ports: 'UINTEGER',
	count: 'UBIGINT',

	-- summary
	interval: 'STRUCT("from" TIMESTAMPTZ, "to" TIMESTAMPTZ)',
	connections: 'UBIGINT',
	handshakes: 'UBIGINT',
	counted: 'UBIGINT',
	closes: 'UBIGINT',
	established: 'UBIGINT',
	events_lost: 'UBIGINT',
	table_full: 'UBIGINT',
	incomplete: 'UBIGINT',
	outcomes: 'MAP(VARCHAR, UBIGINT)',
	endings: 'MAP(VARCHAR, UBIGINT)'
});
