# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#   make            builds build/tcpstates-trace            make check      tests that need no root
#   sudo make run   installs what is missing, builds, runs   sudo make test  all tests
#   make STATIC=1   build/static/tcpstates-trace, which needs no shared library
#   make CROSS=aarch64-linux-gnu- SYSROOT=DIR   for another machine, with the libraries of DIR, in build/arm64
#   make fuzz FUZZ_SECONDS=60   any bytes as records, recordings and options, each for its share of the time
VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CROSS ?=
STATIC ?=
SYSROOT ?=
CC ?= cc
ifneq ($(CROSS),)
CC := $(CROSS)gcc
endif
HOSTCC ?= cc
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
PYTHON ?= /usr/bin/python3
ARGS ?=

TARGET := $(or $(notdir $(CROSS:%-=%)),$(shell $(CC) -dumpmachine 2>/dev/null),$(shell uname -m))
ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(firstword $(subst -, ,$(TARGET)))))
BUILD ?= build$(if $(CROSS),/$(ARCH))$(if $(STATIC),/static)
WARN := -Wall -Wextra -Wshadow -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes
CPPFLAGS += -D_GNU_SOURCE -DTCPSTATES_TRACE_VERSION='"$(VERSION)"' -iquote bpf -iquote user -iquote $(BUILD)
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu11 $(WARN) $(CFLAGS)
LIBRARIES := -lbpf -lelf -lz -lcap-ng
ifneq ($(SYSROOT),)
CPPFLAGS += -isystem $(SYSROOT)/usr/include
LDFLAGS += -L$(SYSROOT)/usr/lib/$(TARGET)
endif
ifneq ($(STATIC),)
# libelf's own needs differ from one distribution to the next
LIBRARIES := $(shell $(if $(SYSROOT),PKG_CONFIG_LIBDIR=$(SYSROOT)/usr/lib/$(TARGET)/pkgconfig) \
	pkg-config --static --libs-only-l libbpf libelf zlib libcap-ng)
ALL_CFLAGS += -fPIE
LDFLAGS += -static-pie -Wl,--wrap=getpwuid -Wl,--wrap=initgroups
STATIC_SOURCES := $(wildcard user/static/*.c)
endif
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# what needs the kernel or libbpf; everything else is pure and linked into the unit tests
IMPURE := main live tracer tracer_open tracer_scan tracer_setup tracer_tally tracer_rungs tracer_attach kernel sweep namespaces older command privileges
SOURCES := $(wildcard user/*.c)
PURE := $(filter-out $(IMPURE:%=user/%.c),$(SOURCES))
OBJECTS := $(SOURCES:user/%.c=$(BUILD)/%.o)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all run test test-long check install clean deps deps-test e2e format-check
all: $(BUILD)/tcpstates-trace

$(BUILD) $(BUILD)/unit $(BUILD)/pure $(BUILD)/fuzz $(BUILD)/bench:
	mkdir -p $@

# the system's headers for a foreign target: where clang itself looks for those of the machine it is for
BPF_INCLUDES = $(addprefix -idirafter ,$(SYSROOT:%=%/usr/include) $(shell $(CLANG) $(CROSS:%=--target=$(TARGET)) -v -E - </dev/null 2>&1 \
	| sed -n '/<...> search starts here/,/End of search/{s,^ \(/.*\),\1,p}'))
# twice, see hold() in bpf/post.bpf.h; linked, which leaves out what libbpf does not need
$(BUILD)/tcpstates_held.bpf.o: BPF_FLAGS := -DHELD
$(BUILD)/tcpstates.bpf.o $(BUILD)/tcpstates_held.bpf.o: bpf/tcpstates.bpf.c Makefile | $(BUILD)
	$(CLANG) -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Wno-unused-parameter \
		-iquote bpf -iquote vmlinux $(BPF_INCLUDES) $(BPF_FLAGS) -MMD -MP -c $< -o $@
	$(LLVM_STRIP) -g $@
	$(BPFTOOL) gen object $@.linked $@
	mv $@.linked $@

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp
	mv $@.tmp $@

$(BUILD)/%.o: user/%.c Makefile | $(BUILD)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(BUILD)/tracer.o $(BUILD)/tracer_open.o $(BUILD)/tracer_scan.o $(BUILD)/tracer_setup.o $(BUILD)/tracer_tally.o $(BUILD)/tracer_rungs.o $(BUILD)/tracer_attach.o: $(BUILD)/tcpstates.skel.h
$(BUILD)/tracer_open.o: $(BUILD)/tcpstates_held.skel.h

# the page of -o html, its style and its scripts as bytes
$(BUILD)/page.inc: user/report/embed $(wildcard user/report/*.html user/report/*.css user/report/*.js) | $(BUILD)
	$< >$@.tmp
	mv $@.tmp $@
$(addsuffix render_html.o,$(BUILD)/ $(BUILD)/pure/ $(BUILD)/fuzz/): $(BUILD)/page.inc

$(BUILD)/tcpstates-trace: $(OBJECTS) $(STATIC_SOURCES)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBRARIES) -o $@

$(BUILD)/demo: tests/demo.c Makefile | $(BUILD)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $< -o $@

# the end-to-end tests' wire with delay and loss
$(BUILD)/link: tests/e2e/link.c tests/e2e/link_rules.h Makefile | $(BUILD)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $< -o $@

$(BUILD)/pure/%.o: user/%.c Makefile | $(BUILD)/pure
	$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(SANITIZE) -MMD -MP -c $< -o $@
$(BUILD)/unit/%: tests/unit/%.c $(PURE:user/%.c=$(BUILD)/pure/%.o) | $(BUILD)/unit
	$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(SANITIZE) -MMD -MP $^ -lcmocka -o $@
.SECONDARY: $(PURE:user/%.c=$(BUILD)/pure/%.o)
# what the tests of records, chapters and golden files share
$(BUILD)/unit/%.o: tests/unit/%.c Makefile | $(BUILD)/unit
	$(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(SANITIZE) -MMD -MP -c $< -o $@
$(filter %/test_golden %/test_hostile %/test_malformed %/test_recording %/test_conversations,$(UNIT)) $(filter $(BUILD)/unit/test_chapter_%,$(UNIT)): \
	$(addprefix $(BUILD)/unit/,cases.o cases_text.o golden_cases.o golden_wire.o packets.o stage.o)
$(filter $(BUILD)/unit/test_options%,$(UNIT)): $(BUILD)/unit/options_run.o
$(filter $(BUILD)/unit/test_recording%,$(UNIT)): $(BUILD)/unit/recorded.o

# the shell's completion, from the table of options, whatever machine the program is for
$(BUILD)/tcpstates-trace.bash: user/completion/bash.c $(PURE) $(BUILD)/page.inc Makefile | $(BUILD)
	$(HOSTCC) $(CPPFLAGS) -U_FORTIFY_SOURCE -std=gnu11 $(WARN) $(filter %.c,$^) -o $(BUILD)/completion
	$(BUILD)/completion > $@.tmp
	mv $@.tmp $@

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
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/tcpstates-trace $(BUILD)/demo $(BUILD)/link $(UNIT)
	@tests/give-back $(BUILD)
	@tests/run $(BUILD) $(UNIT)

# those that are marked `long`; a short form of each is in `make test`
test-long: deps-test
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/tcpstates-trace $(BUILD)/link
	@tests/give-back $(BUILD)
	@TCPSTATES_TRACE=$(BUILD)/tcpstates-trace tests/e2e/run --long $(ARGS)

# ARGS='-k NAME' chooses
e2e: $(BUILD)/tcpstates-trace $(BUILD)/link
	@TCPSTATES_TRACE=$(BUILD)/tcpstates-trace tests/e2e/run $(ARGS)

format-check:
	clang-format --dry-run --Werror bpf/*.[ch] user/*.[ch] user/*/*.c tests/*.c tests/unit/*.[ch] tests/e2e/*.[ch] \
		tests/fuzz/*.[ch] tests/vm/*.c tests/bench/*.[ch] tests/soak/*.[ch]

install: $(BUILD)/tcpstates-trace $(BUILD)/tcpstates-trace.bash
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/sbin/tcpstates-trace
	install -D -m 644 user/tcpstates-trace.8 $(DESTDIR)$(PREFIX)/share/man/man8/tcpstates-trace.8
	install -D -m 644 $(BUILD)/tcpstates-trace.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tcpstates-trace

# what takes longer, or needs more: make fuzz, bench, soak, deb, test-package, test-kernels
include $(wildcard tests/*/rules.mk)

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/*.d $(BUILD)/pure/*.d $(BUILD)/unit/*.d $(BUILD)/fuzz/*.d)
