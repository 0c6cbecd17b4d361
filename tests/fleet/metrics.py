# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The names that the exporter promises: rules and dashboards of others rely on them."""

HISTOGRAMS = {"tcpstates_handshake_duration_seconds", "tcpstates_accept_wait_seconds", "tcpstates_close_duration_seconds",
              "tcpstates_close_wait_seconds"}
COUNTERS = {"tcpstates_handshakes_total", "tcpstates_closes_total", "tcpstates_handshake_failures_total",
            "tcpstates_abnormal_closes_total", "tcpstates_syn_retransmits_total", "tcpstates_synack_retransmits_total",
            "tcpstates_listener_dropped_total", "tcpstates_events_lost_total", "tcpstates_table_full_total",
            "tcpstates_rows_full_total"}
GAUGES = {"tcpstates_connections", "tcpstates_oldest_seconds", "tcpstates_listener_queue", "tcpstates_listener_queue_limit",
          "tcpstates_feature_info", "tcpstates_build_info"}
NAMES = {h + s for h in HISTOGRAMS for s in ("_bucket", "_sum", "_count")} | COUNTERS | GAUGES
