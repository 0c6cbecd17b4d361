-- SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
-- The records of `tcpstates-trace -o json` in ClickHouse: one table, a column for each field, see tcpstates-trace(8).
--
--     clickhouse-client --queries-file schema.sql
--     tcpstates-trace -o json | ./load
--
-- NULL is what JSON has as null: not known, or not of this type of record.  Times ending in _us are microseconds with a
-- fraction.  A summary's `by`, `rows` and `without_row` have no column: the queries count by themselves.
CREATE DATABASE IF NOT EXISTS tcpstates;

CREATE TABLE IF NOT EXISTS tcpstates.records
(
	host LowCardinality(String), -- who sent it; no field of the tracer
	loaded DateTime64(3, 'UTC') DEFAULT now64(3),
	-- when it began; when it was loaded, if it began before the trace
	seen DateTime64(6, 'UTC') DEFAULT ifNull(time, loaded) CODEC(Delta, ZSTD),

	type LowCardinality(String), -- handshake, close, listener, counted, summary
	conn UInt64, -- of one trace: a tracer that starts again counts from 1
	time Nullable(DateTime64(6, 'UTC')) CODEC(Delta, ZSTD),
	cookie Nullable(String), -- hexadecimal; until the host starts again no other connection has it
	netns Nullable(UInt32),
	ifname LowCardinality(Nullable(String)),
	family UInt8,
	local IPv6, -- IPv4 as ::ffff:10.0.0.1
	local_port Nullable(UInt16),
	remote IPv6,
	remote_port Nullable(UInt16),
	role LowCardinality(Nullable(String)),
	pid Nullable(UInt32),
	comm LowCardinality(Nullable(String)),
	uid Nullable(UInt32),
	cgroup LowCardinality(Nullable(String)),
	unit LowCardinality(Nullable(String)),
	container_id LowCardinality(Nullable(String)),
	pod_uid LowCardinality(Nullable(String)),
	complete Bool,
	missing LowCardinality(Nullable(String)),
	steps Array(Tuple(t_us Nullable(Float64), from LowCardinality(String), to LowCardinality(String),
		segment LowCardinality(Nullable(String)), seq Nullable(UInt32), ack Nullable(UInt32),
		sent Nullable(Bool), derived Nullable(Bool))), -- sent and derived: NULL is the usual, true and false
	completeness UInt8,
	completeness_text LowCardinality(String),
	accepted Nullable(UInt64), -- of a chapter 1 or 0; of a listener a count
	cause LowCardinality(Nullable(String)),

	outcome LowCardinality(Nullable(String)),
	errno LowCardinality(Nullable(String)),
	handshake_us Nullable(Float64),
	rtt_us Nullable(Float64),
	syn_retransmits Nullable(UInt32),
	synack_retransmits Nullable(UInt32),
	accept_us Nullable(Float64),
	drop_reason LowCardinality(Nullable(String)),
	simultaneous_open Nullable(Bool),
	fastopen Nullable(Bool),
	syncookie Nullable(Bool),
	mptcp Nullable(Bool),
	iss Nullable(UInt32),
	irs Nullable(UInt32),
	mss Nullable(UInt32),
	snd_wscale Nullable(UInt8),
	rcv_wscale Nullable(UInt8),
	sack Nullable(Bool),
	timestamps Nullable(Bool),
	ecn Nullable(Bool),

	first_closer LowCardinality(Nullable(String)),
	ending LowCardinality(Nullable(String)),
	closer_pid Nullable(UInt32),
	closer_comm LowCardinality(Nullable(String)),
	close_us Nullable(Float64),
	fin_rtt_us Nullable(Float64),
	peer_fin_us Nullable(Float64),
	app_close_us Nullable(Float64),
	fin_queued_us Nullable(Float64),
	time_wait Nullable(Bool),
	lifetime_us Nullable(Float64),
	bytes_sent Nullable(UInt64),
	bytes_received Nullable(UInt64),
	segs_out Nullable(UInt64),
	segs_in Nullable(UInt64),
	retransmits Nullable(UInt32),
	fin_retransmits Nullable(UInt32),
	srtt_us Nullable(Float64),
	min_rtt_us Nullable(Float64),
	local_fin_seq Nullable(UInt32),
	remote_fin_seq Nullable(UInt32),
	reset_reason LowCardinality(Nullable(String)),
	unread_bytes Nullable(UInt64),
	closer_exit LowCardinality(Nullable(String)),
	idle_us Nullable(Float64),
	silent_us Nullable(Float64),
	unacked_bytes Nullable(UInt64),
	unacked_us Nullable(Float64),
	zero_window Nullable(Bool),

	open Nullable(UInt64), -- of a chapter 1 or 0; of a summary a count
	state LowCardinality(Nullable(String)),
	state_us Nullable(Float64),
	holder_pid Nullable(UInt32),
	holder_comm LowCardinality(Nullable(String)),

	-- listener
	queue Nullable(UInt32),
	queue_max Nullable(UInt32),
	backlog Nullable(UInt32),
	half_open Nullable(UInt32),
	dropped Nullable(UInt64),

	-- counted
	ports Nullable(UInt32),
	count Nullable(UInt64),

	-- summary
	interval Tuple(from Nullable(DateTime64(6, 'UTC')), to Nullable(DateTime64(6, 'UTC'))),
	connections Nullable(UInt64),
	handshakes Nullable(UInt64),
	counted Nullable(UInt64),
	closes Nullable(UInt64),
	established Nullable(UInt64),
	events_lost Nullable(UInt64),
	table_full Nullable(UInt64),
	incomplete Nullable(UInt64),
	outcomes Map(LowCardinality(String), UInt64),
	endings Map(LowCardinality(String), UInt64),

	-- worked out: the port of the service, 0 if no role is known; the other end; whose the connection is
	port UInt16 MATERIALIZED
		ifNull(multiIf(role = 'client', remote_port, role = 'server' OR type = 'listener', local_port, 0), 0),
	peer String ALIAS replaceOne(toString(remote), '::ffff:', ''),
	peer_net String ALIAS if(family = 4,
		replaceOne(toString(tupleElement(IPv6CIDRToRange(remote, 120), 1)), '::ffff:', '') || '/24',
		toString(tupleElement(IPv6CIDRToRange(remote, 64), 1)) || '/64'),
	workload Nullable(String) ALIAS coalesce(container_id, unit, cgroup),

	INDEX times seen TYPE minmax
)
ENGINE = MergeTree
PARTITION BY toDate(loaded) -- not by time: what is open for a month is not old
ORDER BY (type, port, host, seen)
TTL toDateTime(loaded) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;
