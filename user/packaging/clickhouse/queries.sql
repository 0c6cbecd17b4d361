-- SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
-- Ten questions about a fleet, of the last day, for the table of schema.sql.
--
--     clickhouse-client -d tcpstates --queries-file queries.sql --param_host=web1 --param_cookie=3ea2aa

-- slowest_peers: which networks take long to connect to?
SELECT peer_net, port, count() AS connects,
	round(quantile(0.5)(handshake_us) / 1000, 3) AS p50_ms,
	round(quantile(0.99)(handshake_us) / 1000, 3) AS p99_ms,
	round(max(handshake_us) / 1000, 3) AS max_ms
FROM records
WHERE type = 'handshake' AND role = 'client' AND outcome = 'established' AND seen > now() - INTERVAL 1 DAY
GROUP BY peer_net, port
ORDER BY p99_ms DESC, peer_net, port
LIMIT 20;

-- failures: what fails, why, when, and on how many hosts?  Attempts that the tracer only counted are in it.
SELECT toStartOfHour(seen) AS hour, role, outcome, cause, sum(ifNull(count, 1)) AS failures, uniqExact(host) AS hosts
FROM records
WHERE type IN ('handshake', 'counted') AND outcome != 'established' AND seen > now() - INTERVAL 1 DAY
GROUP BY hour, role, outcome, cause
ORDER BY hour, failures DESC, role, outcome, cause;

-- leaks: which workloads leave connections in CLOSE_WAIT?  A report of what is open (SIGUSR1) repeats those that still
-- are: the last one counts, and none that has closed since.  oldest_s is NULL if all were so before their trace.
SELECT host, workload, holder_comm, count() AS leaked, round(max(state_us) / 1e6, 3) AS oldest_s
FROM (
	SELECT host, workload, holder_comm, state, state_us
	FROM records
	WHERE type = 'close' AND loaded > now() - INTERVAL 1 DAY
	ORDER BY state IS NULL DESC, state_us DESC
	LIMIT 1 BY host, netns, local, local_port, remote, remote_port, time
)
WHERE state = 'CLOSE_WAIT'
GROUP BY host, workload, holder_comm
ORDER BY leaked DESC, host, workload, holder_comm
LIMIT 20;

-- first_closer: which end of a service's connections closes first?  It is the one that has TIME_WAIT.
SELECT port, role, count() AS total,
	countIf(first_closer = 'local') AS local_first,
	countIf(first_closer = 'remote') AS remote_first,
	countIf(first_closer = 'both') AS crossed,
	countIf(first_closer = 'none') AS no_fin
FROM records
WHERE type = 'close' AND state IS NULL AND port != 0 AND seen > now() - INTERVAL 1 DAY
GROUP BY port, role
ORDER BY total DESC, port, role
LIMIT 20;

-- accept_wait: which servers do not accept in time, and what did their listeners drop?
SELECT host, port, max(comm) AS server, count(accept_us) AS accepts,
	round(quantile(0.5)(accept_us) / 1000, 3) AS p50_ms,
	round(quantile(0.99)(accept_us) / 1000, 3) AS p99_ms,
	max(queue_max) AS longest_queue, max(backlog) AS queue_limit, sum(dropped) AS drops
FROM records
WHERE (role = 'server' OR type = 'listener') AND state IS NULL AND seen > now() - INTERVAL 1 DAY
GROUP BY host, port
HAVING accepts > 0 OR drops > 0
ORDER BY drops DESC NULLS LAST, p99_ms DESC NULLS LAST
LIMIT 20;

-- retransmits: to and from which networks do SYNs and SYN,ACKs get lost?
SELECT role, peer_net, count() AS total,
	sum(ifNull(syn_retransmits, 0) + ifNull(synack_retransmits, 0)) AS sent_again,
	countIf(syn_retransmits > 0 OR synack_retransmits > 0) AS affected,
	round(100 * affected / total, 1) AS percent
FROM records
WHERE type = 'handshake' AND state IS NULL AND seen > now() - INTERVAL 1 DAY
GROUP BY role, peer_net
HAVING affected > 0
ORDER BY affected DESC, role, peer_net
LIMIT 20;

-- resets: which services are reset, by whom and why?
SELECT port, role, ending, reset_reason, cause, closer_comm, count() AS resets, uniqExact(host) AS hosts
FROM records
WHERE type = 'close' AND ending IN ('reset_sent', 'reset_received') AND seen > now() - INTERVAL 1 DAY
GROUP BY port, role, ending, reset_reason, cause, closer_comm
ORDER BY resets DESC, port, role
LIMIT 20;

-- ports: where do local ports run out, or are held by TIME_WAIT?  Closing first costs a port for a minute.
SELECT host, peer, port, countIf(cause = 'no_ports') AS without_port, countIf(time_wait) AS time_waits,
	round(time_waits / (dateDiff('second', min(seen), max(seen)) + 1), 3) AS time_waits_a_second
FROM records
WHERE role = 'client' AND seen > now() - INTERVAL 1 DAY
GROUP BY host, peer, port
HAVING without_port > 0 OR time_waits > 0
ORDER BY without_port DESC, time_waits DESC, host, peer, port
LIMIT 20;

-- workloads: how many connections does each unit, container or pod have, and how fast are they?
SELECT workload, pod_uid, role, countIf(type = 'handshake') AS total,
	countIf(outcome != 'established') AS failed,
	round(quantile(0.5)(handshake_us) / 1000, 3) AS connect_p50_ms,
	round(quantile(0.99)(handshake_us) / 1000, 3) AS connect_p99_ms,
	round(quantile(0.99)(close_us) / 1000, 3) AS close_p99_ms,
	sum(bytes_sent) AS sent, sum(bytes_received) AS received
FROM records
WHERE type IN ('handshake', 'close') AND state IS NULL AND seen > now() - INTERVAL 1 DAY
GROUP BY workload, pod_uid, role
ORDER BY total DESC, workload, role
LIMIT 20;

-- story: what happened to one connection, segment by segment?
SELECT addMicroseconds(time, toInt64(step.t_us)) AS at,
	type, step.segment AS segment, step.from AS from_state, step.to AS to_state,
	coalesce(outcome, ending, state) AS result, cause
FROM records
ARRAY JOIN steps AS step, arrayEnumerate(steps) AS n
WHERE host = {host:String} AND cookie = {cookie:String}
ORDER BY type DESC, n;
