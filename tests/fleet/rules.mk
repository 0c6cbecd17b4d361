# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
FLEET := $(BUILD)/fleet
.PHONY: test-fleet
## Long tests | sudo make test-fleet | the metrics with a real Prometheus, its rules and dashboard; records in databases (ARGS='-k name')
test-fleet: deps-test
	@tests/fleet/deps $(FLEET)
	@$(MAKE) --no-print-directory $(BUILD)/tcpstates-trace
	@FLEET_BUILD=$(FLEET) TCPSTATES_TRACE=$(BUILD)/tcpstates-trace tests/e2e/run tests/fleet -q $(ARGS)
