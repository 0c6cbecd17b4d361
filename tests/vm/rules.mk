# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Other kernels, in qemu, with the static program. KERNEL_TESTS= (nothing) runs all end-to-end tests: hours.
KERNELS ?= 5.10 7.2 6.1 6.12 6.18
KERNEL_DIR ?= $(BUILD)/kernels
KERNEL_TESTS ?= (test_basic and lo) or test_endings and v4 or test_outcomes and v6 or test_used_again or test_minisockets \
	or test_mptcp or test_io_uring \
	or test_fastopen or test_older or test_owners and not escaped or test_syn_cookies or test_crossed_fins \
	or test_cgroup or test_states or test_hooks or test_btf or test_ecn
.PHONY: test-kernels smoke-kernels
STATIC_MAKE = $(MAKE) --no-print-directory STATIC=1 BUILD=$(BUILD)/static
## Other kernels | sudo make test-kernels | end-to-end tests, many minutes a kernel (KERNELS= KERNEL_TESTS=)
test-kernels: deps-test
	@tests/vm/deps
	@$(STATIC_MAKE) $(addprefix $(BUILD)/static/,tcpstates-trace link)
	@TCPSTATES_TRACE=$(BUILD)/static/tcpstates-trace \
		tests/vm/test $(KERNEL_DIR) $(KERNELS) -- $(if $(KERNEL_TESTS),-k '$(KERNEL_TESTS)')

## Other kernels | sudo make smoke-kernels | loads, and reports one client and one server: seconds a kernel
smoke-kernels: deps-test
	@tests/vm/deps
	@$(STATIC_MAKE) $(addprefix $(BUILD)/static/,tcpstates-trace pair first)
	@tests/vm/smoke $(KERNEL_DIR) $(BUILD)/static $(KERNELS)

# the programs of a machine that has no others
$(BUILD)/pair $(BUILD)/first: $(BUILD)/%: tests/vm/%.c Makefile
	$(MAKE_FOLDER)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) $< -o $@

# built here for arm64, run on arm64 kernels
ARM64_KERNELS ?= 6.1 6.12 7.2
ARM64 := $(BUILD)/arm64
ARM64_MAKE = $(MAKE) --no-print-directory CROSS=aarch64-linux-gnu- STATIC=1 SYSROOT=$(ARM64)/sysroot BUILD=$(ARM64)/static
.PHONY: smoke-arm64
## Other kernels | sudo make smoke-arm64 | the same on arm64
smoke-arm64: deps-test
	@tests/vm/deps arm64
	@tests/vm/sysroot $(ARM64)/sysroot arm64
	@$(ARM64_MAKE) $(addprefix $(ARM64)/static/,tcpstates-trace pair first)
	@VM_ARCH=arm64 tests/vm/smoke $(ARM64)/kernels $(ARM64)/static $(ARM64_KERNELS)

.PHONY: kernel-table
## Other kernels | make kernel-table | README's table of kernels, from the results of these tests
kernel-table:
	@tests/vm/table README.md $(KERNEL_DIR) $(ARM64)/kernels

.PHONY: check-btf
## Other kernels | make check-btf | does each kernel have what the BPF programs read? (BTF=FILE or KERNELS=)
check-btf: $(BUILD)/tcpstates.bpf.o
	$(if $(BTF),,tests/vm/get $(KERNEL_DIR) $(KERNELS))
	@tests/vm/check_btf $< $(or $(BTF),$(KERNELS:%=$(KERNEL_DIR)/%/vmlinuz))
