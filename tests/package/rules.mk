# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# make deb: the Debian package, in build/deb; make test-package (as root): it, its completion, the static program
.PHONY: deb test-package
deb:
	@tests/package/deps
	@tests/package/deb $(BUILD)/deb

test-package: deps-test
	@tests/package/deps test
	@$(MAKE) --no-print-directory deb
	@$(STATIC_MAKE) $(addprefix $(BUILD)/static/,tcpstates-trace pair)
	@tests/e2e/run tests/package -q
