# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
.PHONY: deb test-package
## Build | make deb | the Debian package, in build/deb
deb:
	@tests/package/deps
	@tests/package/deb $(BUILD)/deb

## Long tests | sudo make test-package | the Debian package, its completion, the static program
test-package: deps-test
	@tests/package/deps test
	@$(MAKE) --no-print-directory deb
	@$(STATIC_MAKE) $(addprefix $(BUILD)/static/,tcpstates-trace pair)
	@tests/e2e/run tests/package -q
