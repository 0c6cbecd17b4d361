-- SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
-- Ten questions about the hosts whose records schema.sql has read.

-- slowest_peers: which networks take long to connect to?
SELECT peer_net, port, count(*) AS connects,
	round(quantile_cont(handshake_us, 0.5) / 1000, 3) AS p50_ms,
	round(quantile_cont(handshake_us, 0.99) / 1000, 3) AS p99_ms,
	round(max(handshake_us) / 1000, 3) AS max_ms
FROM records
WHERE type = 'handshake' AND role = 'client' AND outcome = 'established'
GROUP BY peer_net, port
ORDER BY p99_ms DESC, peer_net, port
LIMIT 20;

-- failures: what fails, why, when, and on how many hosts?  Attempts that the tracer only counted are in it.
SELECT date_trunc('hour', time) AS hour, role, outcome, cause, sum(coalesce("count", 1)) AS failures,
	count(DISTINCT host) AS hosts
FROM records
WHERE type IN ('handshake', 'counted') AND outcome != 'established'
GROUP BY ALL
ORDER BY hour, failures DESC, role, outcome, cause;

-- leaks: which workloads leave connections in CLOSE_WAIT?  A report of what is open (SIGUSR1) repeats those that still
-- are: the last one counts, and none that has closed since.  oldest_s is NULL if all were so before their trace.
SELECT host, workload, holder_comm, count(*) AS leaked, round(max(state_us) / 1e6, 3) AS oldest_s
FROM (
	FROM records
	WHERE type = 'close'
	QUALIFY row_number() OVER (PARTITION BY host, netns, local, local_port, remote, remote_port, time
		ORDER BY state IS NULL DESC, state_us DESC NULLS LAST) = 1
)
WHERE state = 'CLOSE_WAIT'
GROUP BY host, workload, holder_comm
ORDER BY leaked DESC, host, workload, holder_comm
LIMIT 20;

-- first_closer: which end of a service's connections closes first?  It is the one that has TIME_WAIT.
SELECT port, role, count(*) AS total,
	count(*) FILTER (WHERE first_closer = 'local') AS local_first,
	count(*) FILTER (WHERE first_closer = 'remote') AS remote_first,
	count(*) FILTER (WHERE first_closer = 'both') AS crossed,
	count(*) FILTER (WHERE first_closer = 'none') AS no_fin
FROM records
WHERE type = 'close' AND state IS NULL AND port IS NOT NULL
GROUP BY port, role
ORDER BY total DESC, port, role
LIMIT 20;

-- accept_wait: which servers do not accept in time, and what did their listeners drop?
SELECT host, port, max(comm) AS server, count(accept_us) AS accepts,
	round(quantile_cont(accept_us, 0.5) / 1000, 3) AS p50_ms,
	round(quantile_cont(accept_us, 0.99) / 1000, 3) AS p99_ms,
	max(queue_max) AS longest_queue, max(backlog) AS queue_limit, sum(dropped) AS drops
FROM records
WHERE (role = 'server' OR type = 'listener') AND state IS NULL
GROUP BY host, port
HAVING accepts > 0 OR drops > 0
ORDER BY drops DESC NULLS LAST, p99_ms DESC NULLS LAST
LIMIT 20;

-- retransmits: to and from which networks do SYNs and SYN,ACKs get lost?
SELECT role, peer_net, count(*) AS total,
	sum(coalesce(syn_retransmits, 0) + coalesce(synack_retransmits, 0)) AS sent_again,
	count(*) FILTER (WHERE syn_retransmits > 0 OR synack_retransmits > 0) AS affected,
	round(100 * affected / total, 1) AS percent
FROM records
WHERE type = 'handshake' AND state IS NULL
GROUP BY role, peer_net
HAVING affected > 0
ORDER BY affected DESC, role, peer_net
LIMIT 20;

-- resets: which services are reset, by whom and why?
SELECT port, role, ending, reset_reason, cause, closer_comm, count(*) AS resets, count(DISTINCT host) AS hosts
FROM records
WHERE type = 'close' AND ending IN ('reset_sent', 'reset_received')
GROUP BY ALL
ORDER BY resets DESC, port, role
LIMIT 20;

-- ports: where do local ports run out, or are held by TIME_WAIT?  Closing first costs a port for a minute.
SELECT host, peer, port, count(*) FILTER (WHERE cause = 'no_ports') AS without_port,
	count(*) FILTER (WHERE time_wait) AS time_waits,
	round(time_waits / (date_diff('second', min(time), max(time)) + 1), 3) AS time_waits_a_second
FROM records
WHERE role = 'client'
GROUP BY host, peer, port
HAVING without_port > 0 OR time_waits > 0
ORDER BY without_port DESC, time_waits DESC, host, peer, port
LIMIT 20;

-- workloads: how many connections does each unit, container or pod have, and how fast are they?
SELECT workload, pod_uid, role, count(*) FILTER (WHERE type = 'handshake') AS total,
	count(*) FILTER (WHERE outcome != 'established') AS failed,
	round(quantile_cont(handshake_us, 0.5) / 1000, 3) AS connect_p50_ms,
	round(quantile_cont(handshake_us, 0.99) / 1000, 3) AS connect_p99_ms,
	round(quantile_cont(close_us, 0.99) / 1000, 3) AS close_p99_ms,
	sum(bytes_sent) AS sent, sum(bytes_received) AS received
FROM records
WHERE type IN ('handshake', 'close') AND state IS NULL
GROUP BY workload, pod_uid, role
ORDER BY total DESC, workload, role
LIMIT 20;

-- story: what happened to one connection, segment by segment?  That of
--     SET VARIABLE host = 'web1'; SET VARIABLE cookie = '3ea2aa'
SELECT time + to_microseconds(CAST(trunc(step.t_us) AS BIGINT)) AS at,
	type, step.segment AS segment, step."from" AS from_state, step."to" AS to_state,
	coalesce(outcome, ending, state) AS result, cause
FROM (
	SELECT *, unnest(steps) AS step, generate_subscripts(steps, 1) AS n
	FROM records
	WHERE host = getvariable('host') AND cookie = getvariable('cookie')
)
ORDER BY type DESC, n;
