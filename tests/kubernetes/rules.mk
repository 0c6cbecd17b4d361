# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
KUBERNETES := $(BUILD)/kubernetes
.PHONY: test-kubernetes
## Long tests | sudo make test-kubernetes | the manifests against the schema; the container, run with the DaemonSet's rights
test-kubernetes: deps-test
	@tests/kubernetes/deps $(KUBERNETES)
	@$(STATIC_MAKE) $(BUILD)/static/tcpstates-trace
	@KUBERNETES_BUILD=$(KUBERNETES) STATIC_BUILD=$(BUILD)/static tests/e2e/run tests/kubernetes -q $(ARGS)
