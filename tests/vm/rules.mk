# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# the end-to-end tests under other kernels, in qemu: KERNEL_TESTS= runs all of them, which takes hours
KERNELS ?= 5.10 7.2 6.1 6.12 6.18
KERNEL_DIR ?= $(BUILD)/kernels
KERNEL_TESTS ?= (test_basic and lo) or test_endings and v4 or test_outcomes and v6 or test_hard2 or test_hard3 \
	or test_fastopen or test_older or test_owners and not escaped or test_syn_cookies or test_crossed_fins \
	or test_cgroup or test_states or test_rungs or test_btf or test_ecn
.PHONY: test-kernels
test-kernels: deps-test $(BUILD)/tcpstates-trace $(BUILD)/link
	@tests/vm/deps
	@tests/vm/test $(KERNEL_DIR) $(KERNELS) -- $(if $(KERNEL_TESTS),-k '$(KERNEL_TESTS)')

# does each kernel have what the BPF object reads?  BTF=FILE..., or those of KERNELS
.PHONY: check-btf
check-btf: $(BUILD)/tcpstates.bpf.o
	$(if $(BTF),,tests/vm/get $(KERNEL_DIR) $(KERNELS))
	@tests/vm/check_btf $< $(or $(BTF),$(KERNELS:%=$(KERNEL_DIR)/%/vmlinuz))
