# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#   make            builds build/tcpstates-trace            make check      tests that need no root
#   sudo make run   installs what is missing, builds, runs   sudo make test  all tests
VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
PYTHON ?= /usr/bin/python3
BUILD ?= build
ARGS ?=

ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
WARN := -Wall -Wextra -Wshadow -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes
CPPFLAGS += -D_GNU_SOURCE -DTCPSTATES_TRACE_VERSION='"$(VERSION)"' -iquote bpf -iquote user -iquote $(BUILD)
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu11 $(WARN) $(CFLAGS)
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# what needs the kernel or libbpf; everything else is pure and linked into the unit tests
IMPURE := main live tracer tracer_scan tracer_setup kernel sweep namespaces command
SOURCES := $(wildcard user/*.c)
PURE := $(filter-out $(IMPURE:%=user/%.c),$(SOURCES))
OBJECTS := $(SOURCES:user/%.c=$(BUILD)/%.o)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all run test test-kernels check install clean deps deps-test e2e format-check
all: $(BUILD)/tcpstates-trace

$(BUILD) $(BUILD)/unit $(BUILD)/pure:
	mkdir -p $@

# the system's headers for a foreign target: where clang itself looks for its own
BPF_INCLUDES = $(shell $(CLANG) -v -E - </dev/null 2>&1 | sed -n '/<...> search starts here/,/End of search/{s,^ \(/.*\),-idirafter \1,p}')
$(BUILD)/tcpstates.bpf.o: bpf/tcpstates.bpf.c Makefile | $(BUILD)
	$(CLANG) -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Wno-unused-parameter \
		-iquote bpf -iquote vmlinux $(BPF_INCLUDES) -MMD -MP -c $< -o $@

$(BUILD)/tcpstates.skel.h: $(BUILD)/tcpstates.bpf.o
	$(BPFTOOL) gen skeleton $< name tcpstates_bpf > $@.tmp
	mv $@.tmp $@

$(BUILD)/%.o: user/%.c Makefile | $(BUILD)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(BUILD)/tracer.o $(BUILD)/tracer_scan.o $(BUILD)/tracer_setup.o: $(BUILD)/tcpstates.skel.h

$(BUILD)/tcpstates-trace: $(OBJECTS)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -lbpf -lelf -lz -o $@

$(BUILD)/demo: tests/demo.c Makefile | $(BUILD)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $< -o $@

$(BUILD)/pure/%.o: user/%.c Makefile | $(BUILD)/pure
	$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(SANITIZE) -MMD -MP -c $< -o $@
$(BUILD)/unit/%: tests/unit/%.c $(PURE:user/%.c=$(BUILD)/pure/%.o) | $(BUILD)/unit
	$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(SANITIZE) -MMD -MP $^ -lcmocka -o $@
.SECONDARY: $(PURE:user/%.c=$(BUILD)/pure/%.o)
# what the tests of records, chapters and golden files share
$(BUILD)/unit/%.o: tests/unit/%.c Makefile | $(BUILD)/unit
	$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(SANITIZE) -MMD -MP -c $< -o $@
$(filter %/test_golden %/test_malformed %/test_recording,$(UNIT)) $(filter $(BUILD)/unit/test_chapter_%,$(UNIT)): \
	$(addprefix $(BUILD)/unit/,cases.o golden_cases.o golden_wire.o)

# Only root installs anything, and only what is not there.
deps deps-test:
	@tests/$@

run: deps
	@$(MAKE) --no-print-directory $(BUILD)/tcpstates-trace $(BUILD)/demo
	@tests/give-back $(BUILD)
	$(BUILD)/tcpstates-trace $(or $(ARGS),-- $(BUILD)/demo)

check: $(UNIT) $(BUILD)/tcpstates-trace
	@tests/unit/run $(UNIT)

test: deps-test
	@$(MAKE) --no-print-directory $(BUILD)/tcpstates-trace $(BUILD)/demo $(UNIT)
	@tests/give-back $(BUILD)
	@tests/run $(BUILD) $(UNIT)

e2e: $(BUILD)/tcpstates-trace
	@tests/e2e/run

# the end-to-end tests under other kernels, in qemu: KERNEL_TESTS= runs all of them, which takes hours
KERNELS ?= 5.10 7.2 6.1 6.12 6.18
KERNEL_DIR ?= $(BUILD)/kernels
KERNEL_TESTS ?= (test_basic and lo) or test_endings and v4 or test_outcomes and v6 or test_hard2 or test_hard3 \
	or test_fastopen or test_older or test_owners and not escaped or test_syn_cookies or test_crossed_fins \
	or test_cgroup or test_states
test-kernels: deps-test $(BUILD)/tcpstates-trace
	@tests/vm/test $(KERNEL_DIR) $(KERNELS) -- $(if $(KERNEL_TESTS),-k '$(KERNEL_TESTS)')

format-check:
	clang-format --dry-run --Werror bpf/*.[ch] user/*.[ch] tests/*.c tests/unit/*.[ch]

install: $(BUILD)/tcpstates-trace
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/sbin/tcpstates-trace
	install -D -m 644 user/tcpstates-trace.8 $(DESTDIR)$(PREFIX)/share/man/man8/tcpstates-trace.8

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/*.d $(BUILD)/pure/*.d $(BUILD)/unit/*.d)
