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

.PHONY: all run test check install clean deps deps-test e2e format-check bench soak
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

# What tracing costs (as root; some five minutes): make bench BENCH_CONNECTIONS=60000 BENCH_ROUNDS=5 BENCH_TABLES=cost,syscall,alive,loss
# BENCH_ONLY='json,none -s,tcpstates' BENCH_BYTES=1000 BENCH_RPS=3 BENCH_ALIVE=200000 BENCH_LOSS=600000
$(BUILD)/bench:
	mkdir -p $@
$(BUILD)/bench/%: tests/bench/%.c tests/bench/room.h Makefile | $(BUILD)/bench
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -pthread $< -lbpf -o $@
$(BUILD)/bench/empty.bpf.o: tests/bench/empty.bpf.c Makefile | $(BUILD)/bench
	$(CLANG) -g -O2 -mcpu=v3 -target bpf $(BPF_INCLUDES) -c $< -o $@
BENCH_OPTION = $(if $(BENCH_$1),--$2 '$(BENCH_$1)')
bench: deps-test $(BUILD)/tcpstates-trace $(addprefix $(BUILD)/bench/,churn load syscall empty.bpf.o)
	tests/bench/run --tracer $(BUILD)/tcpstates-trace --build $(BUILD)/bench \
		$(call BENCH_OPTION,CONNECTIONS,connections) $(call BENCH_OPTION,ROUNDS,rounds) \
		$(call BENCH_OPTION,ALIVE,alive) $(call BENCH_OPTION,LOSS,loss) \
		$(call BENCH_OPTION,BYTES,bytes) $(call BENCH_OPTION,RPS,rps) \
		$(call BENCH_OPTION,TABLES,tables) $(call BENCH_OPTION,ONLY,only)

# Told against happened, for a long time (as root): make soak SECONDS=3600 SOAK_SEED=1 SOAK_RPS=3 SOAK_WITH=--no-accept
SECONDS ?= 600
SOAK_OPTION = $(if $(SOAK_$1),--$2='$(SOAK_$1)')
$(BUILD)/soak/load: $(addprefix tests/soak/,load.c ends.c script.c load.h) tests/bench/room.h Makefile
	mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -iquote tests/bench $(ALL_CFLAGS) -pthread $(filter %.c,$^) -o $@
soak: deps-test $(BUILD)/tcpstates-trace $(BUILD)/soak/load
	tests/soak/run --tracer $(BUILD)/tcpstates-trace --build $(BUILD)/soak --seconds $(SECONDS) \
		$(call SOAK_OPTION,SEED,seed) $(call SOAK_OPTION,RPS,rps) $(call SOAK_OPTION,WITH,with)

format-check:
	clang-format --dry-run --Werror bpf/*.[ch] user/*.[ch] tests/*.c tests/unit/*.[ch] tests/bench/*.[ch] tests/soak/*.[ch]

install: $(BUILD)/tcpstates-trace
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/sbin/tcpstates-trace
	install -D -m 644 user/tcpstates-trace.8 $(DESTDIR)$(PREFIX)/share/man/man8/tcpstates-trace.8

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/*.d $(BUILD)/pure/*.d $(BUILD)/unit/*.d)
