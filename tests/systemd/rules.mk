# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The service under systemd, which runs in qemu only.
SYSTEMD_KERNEL ?= 6.12
.PHONY: test-systemd
## Long tests | sudo make test-systemd | the packages' service under systemd in qemu: scraped, restarted, hung
test-systemd: deps-test
	@tests/vm/deps
	@tests/systemd/deps
	@$(MAKE) --no-print-directory deb
	@tests/vm/get $(KERNEL_DIR) $(SYSTEMD_KERNEL)
	@tests/systemd/root $(BUILD)/systemd $(addprefix $(BUILD)/deb/tcpstates-trace,_*.deb -exporter_*.deb)
	@SYSTEMD_KERNEL=$(KERNEL_DIR)/$(SYSTEMD_KERNEL) SYSTEMD_IMAGE=$(BUILD)/systemd/image \
		tests/e2e/run tests/systemd -q $(ARGS)
