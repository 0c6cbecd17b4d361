# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# `make help` lists the targets.
# the changelog has the version, and nothing else does
VERSION := $(shell sed -n '1s/.*(\(.*\)).*/\1/p' user/packaging/debian/changelog)
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
STATIC_SOURCES := $(wildcard user/kernel/static/*.c)
endif
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# everything but kernel/, main.c and live.c is pure, and linked into the unit tests
PURE := $(wildcard $(addsuffix /*.c,$(addprefix user/,base chapter render recording cli))) user/reporter.c
KERNEL := $(wildcard user/kernel/*.c)
OBJECTS := $(patsubst user/%.c,$(BUILD)/%.o,$(PURE) $(KERNEL) user/main.c user/live.c)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_SHARED := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))

.PHONY: all run test check install clean deps deps-test e2e format-check
all: $(BUILD)/tcpstates-trace

# its own folder for what a rule makes
MAKE_FOLDER = @mkdir -p $(@D)

# the system's headers for a foreign target: where clang itself looks for those of the machine it is for
BPF_INCLUDES = $(addprefix -idirafter ,$(SYSROOT:%=%/usr/include) $(shell $(CLANG) $(CROSS:%=--target=$(TARGET)) -v -E - </dev/null 2>&1 \
	| sed -n '/<...> search starts here/,/End of search/{s,^ \(/.*\),\1,p}'))
# twice, see preempt_off() in bpf/post.bpf.h; linked, which leaves out what libbpf does not need
$(BUILD)/tcpstates_preempt.bpf.o: BPF_FLAGS := -DPREEMPT_KFUNCS
COMPILE_BPF = $(CLANG) -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Wno-unused-parameter \
	-iquote bpf -iquote vmlinux $(BPF_INCLUDES)
$(BUILD)/tcpstates.bpf.o $(BUILD)/tcpstates_preempt.bpf.o: bpf/tcpstates.bpf.c Makefile
	$(MAKE_FOLDER)
	$(COMPILE_BPF) $(BPF_FLAGS) -MMD -MP -c $< -o $@
	$(LLVM_STRIP) -g $@
	$(BPFTOOL) gen object $@.linked $@
	mv $@.linked $@

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp
	mv $@.tmp $@
$(OBJECTS): | $(BUILD)/tcpstates.skel.h $(BUILD)/tcpstates_preempt.skel.h

# the page of -o html, its style and its scripts as bytes
$(BUILD)/page.inc: user/render/page/embed $(wildcard $(addprefix user/render/page/*.,html css js))
	$(MAKE_FOLDER)
	$< >$@.tmp
	mv $@.tmp $@
$(foreach kind,/ /pure/ /fuzz/,$(BUILD)$(kind)render/render_html.o): $(BUILD)/page.inc

$(BUILD)/%.o: user/%.c Makefile
	$(MAKE_FOLDER)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tcpstates-trace: $(OBJECTS) $(STATIC_SOURCES)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBRARIES) -o $@

$(BUILD)/demo: tests/demo.c Makefile
	$(MAKE_FOLDER)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $< -o $@

# the end-to-end tests' wire with delay and loss
$(BUILD)/link: tests/e2e/link.c tests/e2e/link_rules.h Makefile
	$(MAKE_FOLDER)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $< -o $@

# the unit tests' own build of what is pure, with sanitizers, and what the tests share: an archive each
UNIT_CC = $(CC) $(CPPFLAGS) -std=gnu11 $(WARN) $(SANITIZE)
$(BUILD)/pure/%.o: user/%.c Makefile
	$(MAKE_FOLDER)
	$(UNIT_CC) -MMD -MP -c $< -o $@
$(BUILD)/unit/%.o: tests/unit/%.c Makefile
	$(MAKE_FOLDER)
	$(UNIT_CC) -MMD -MP -c $< -o $@
$(BUILD)/pure.a: $(PURE:user/%.c=$(BUILD)/pure/%.o)
$(BUILD)/unit/shared.a: $(UNIT_SHARED:tests/unit/%.c=$(BUILD)/unit/%.o)
$(BUILD)/pure.a $(BUILD)/unit/shared.a:
	rm -f $@
	$(AR) rcs $@ $^
$(BUILD)/unit/%: $(BUILD)/unit/%.o $(BUILD)/unit/shared.a $(BUILD)/pure.a
	$(UNIT_CC) $^ -lcmocka -o $@
.SECONDARY: $(UNIT:=.o)

# the shell's completion, from the table of options, whatever machine the program is for
$(BUILD)/tcpstates-trace.bash: user/cli/completion/bash.c $(PURE) $(BUILD)/page.inc Makefile
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
	@$(MAKE) --no-print-directory $(BUILD)/tcpstates-trace $(BUILD)/demo $(BUILD)/link $(UNIT)
	@tests/give-back $(BUILD)
	@tests/run $(BUILD) $(UNIT)

e2e: $(BUILD)/tcpstates-trace $(BUILD)/link
	@tests/e2e/run

format-check:
	clang-format --dry-run --Werror $(shell git ls-files 'bpf/*.[ch]' 'user/*.[ch]' 'tests/*.[ch]')

install: $(BUILD)/tcpstates-trace $(BUILD)/tcpstates-trace.bash
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/sbin/tcpstates-trace
	install -D -m 644 user/man/tcpstates-trace.8 $(DESTDIR)$(PREFIX)/share/man/man8/tcpstates-trace.8
	install -D -m 644 $(BUILD)/tcpstates-trace.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tcpstates-trace

# what takes longer, or needs more: make fuzz, bench, soak, deb, test-package, test-kernels
include $(wildcard tests/*/rules.mk)

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
