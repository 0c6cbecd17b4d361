# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# `make help` lists the targets: it prints the lines "## group | target | text".

# the only place that has the version
VERSION := $(shell sed -n '1s/.*(\(.*\)).*/\1/p' user/packaging/debian/changelog)
PREFIX ?= /usr/local
DESTDIR ?=
CROSS ?=
STATIC ?=
SYSROOT ?=
NCURSES ?= 1
CC ?= cc
ifneq ($(CROSS),)
CC := $(CROSS)gcc
endif
HOSTCC ?= cc
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
PROTOC_C ?= protoc-c
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
PYTHON ?= /usr/bin/python3
ARGS ?=

TARGET := $(or $(notdir $(CROSS:%-=%)),$(shell $(CC) -dumpmachine 2>/dev/null),$(shell uname -m))
ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(firstword $(subst -, ,$(TARGET)))))
BUILD ?= build$(if $(CROSS),/$(ARCH))$(if $(STATIC),/static)
WARN := -Wall -Wextra -Wshadow -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes
# A newer compiler has warnings that this tree has not seen; they stop a developer, not a user.
WERROR ?= $(filter-out false 0,$(CI))
WARN += $(if $(WERROR),-Werror)
CPPFLAGS += -D_GNU_SOURCE -DTCPSTATES_TRACE_VERSION='"$(VERSION)"' -iquote bpf -iquote user -iquote $(BUILD)
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu11 $(WARN) $(CFLAGS)
LIBRARIES := -lbpf -lelf -lz -lcap-ng -lmicrohttpd -lgnutls -lseccomp -lprotobuf-c -lm $(if $(NCURSES),-lncursesw -ltinfo)
ifneq ($(SYSROOT),)
CPPFLAGS += -isystem $(SYSROOT)/usr/include
LDFLAGS += -L$(SYSROOT)/usr/lib/$(TARGET)
endif
ifneq ($(STATIC),)
# libelf's own needs differ from one distribution to the next
LIBRARIES := $(shell $(if $(SYSROOT),PKG_CONFIG_LIBDIR=$(SYSROOT)/usr/lib/$(TARGET)/pkgconfig) \
	pkg-config --static --libs-only-l libbpf libelf zlib libcap-ng) -lmicrohttpd -lseccomp -lprotobuf-c -lm $(if $(NCURSES),-lncursesw -ltinfo)
ALL_CFLAGS += -fPIE
LDFLAGS += -static-pie -Wl,--wrap=getpwuid -Wl,--wrap=initgroups
STATIC_SOURCES := $(wildcard user/kernel/static/*.c)
endif

# everything but kernel/, the server of metrics/, main.c, live*.c and screen*.c is pure, and linked into the unit tests
SERVER := $(wildcard user/metrics/server*.c)
PURE := $(filter-out $(SERVER),$(wildcard $(addsuffix /*.c,$(addprefix user/,base chapter conversation render render/top recording cli metrics)))) \
	$(wildcard user/reporter*.c)
# -o top; make NCURSES= builds without
SCREEN := $(if $(NCURSES),$(filter-out %_none.c,$(wildcard user/screen*.c)),user/screen_none.c user/screen_show.c)
KERNEL := $(wildcard user/kernel/*.c)
OBJECTS := $(patsubst user/%.c,$(BUILD)/%.o,$(PURE) $(KERNEL) $(SERVER) user/main.c $(wildcard user/live*.c) $(SCREEN)) \
	$(BUILD)/metrics/page.pb-c.o

.PHONY: all help run test test-long install clean deps deps-test e2e
## Build | make | the program, build/tcpstates-trace (WERROR=1: warnings are errors, as with CI=true)
all: $(BUILD)/tcpstates-trace

# makes the folder of the target
MAKE_FOLDER = @mkdir -p $(@D)

# Names missing packages before a compiler complains of a missing header; once for each build folder.
$(BUILD)/needs: tests/deps tests/deps-lib
	$(MAKE_FOLDER)
	@CC='$(CC)' CPPFLAGS='$(filter-out -DTCPSTATES%,$(CPPFLAGS))' CROSS='$(CROSS)' STATIC='$(STATIC)' NCURSES='$(NCURSES)' CLANG='$(CLANG)' \
		LLVM_STRIP='$(LLVM_STRIP)' BPFTOOL='$(BPFTOOL)' PROTOC_C='$(PROTOC_C)' tests/deps name
	@touch $@

# -target bpf lacks the system's headers: they are where clang looks for those of the target machine
BPF_INCLUDES = $(addprefix -idirafter ,$(SYSROOT:%=%/usr/include) $(shell $(CLANG) $(CROSS:%=--target=$(TARGET)) -v -E - </dev/null 2>&1 \
	| sed -n '/<...> search starts here/,/End of search/{s,^ \(/.*\),\1,p}'))
# Two objects from one source: see preempt_off() in bpf/cpu.bpf.h. The linker drops what libbpf does not need.
# A third of an object is the source line of each instruction, which only the verifier's log shows. Without them
# struct btf_ext_header has 0 for line_info_len; BPF_LINES=1 keeps them.
LLVM_OBJCOPY ?= $(subst strip,objcopy,$(LLVM_STRIP))
DROP_LINES = $(LLVM_OBJCOPY) --dump-section .BTF.ext=$@.ext $@ && \
	printf '\0\0\0\0' | dd of=$@.ext bs=1 seek=20 conv=notrunc status=none && \
	$(LLVM_OBJCOPY) --update-section .BTF.ext=$@.ext $@ && rm -f $@.ext
$(BUILD)/tcpstates_preempt.bpf.o: BPF_FLAGS := -DPREEMPT_KFUNCS
COMPILE_BPF = $(CLANG) -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Wno-unused-parameter \
	$(if $(WERROR),-Werror) -iquote bpf -iquote vmlinux $(BPF_INCLUDES)
$(BUILD)/tcpstates.bpf.o $(BUILD)/tcpstates_preempt.bpf.o: bpf/tcpstates.bpf.c Makefile | $(BUILD)/needs
	$(MAKE_FOLDER)
	$(COMPILE_BPF) $(BPF_FLAGS) -MMD -MP -c $< -o $@
	$(LLVM_STRIP) -g $@
	$(if $(BPF_LINES),,$(DROP_LINES))
	$(BPFTOOL) gen object $@.linked $@
	$(LLVM_OBJCOPY) --wildcard --strip-symbol='LBB*' $@.linked $@
	rm -f $@.linked

# The skeleton without the object: that is compressed, see user/kernel/bpf_objects.h.
$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf | sed '/^static inline const void \*.*__elf_bytes(size_t \*sz)$$/,/^}/c\
	static inline const void *$*_bpf__elf_bytes(size_t *sz) { *sz = 0; return NULL; }' >$@.tmp
	mv $@.tmp $@
$(BUILD)/%.bpf.inc: $(BUILD)/%.bpf.o
	gzip -9nc $< | od -An -v -tx1 | sed 's/ \(..\)/0x\1,/g' >$@.tmp
	mv $@.tmp $@
$(OBJECTS): | $(BUILD)/tcpstates.skel.h
$(BUILD)/kernel/bpf_objects.o: $(BUILD)/tcpstates.bpf.inc $(BUILD)/tcpstates_preempt.bpf.inc

# the messages of the metrics' protobuf format
$(BUILD)/metrics/%.pb-c.c $(BUILD)/metrics/%.pb-c.h: user/metrics/%.proto | $(BUILD)/needs
	$(MAKE_FOLDER)
	$(PROTOC_C) --proto_path=user/metrics --c_out=$(BUILD)/metrics $<
$(BUILD)/metrics/page.pb-c.o: $(BUILD)/metrics/page.pb-c.c
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -w -c $< -o $@
$(BUILD)/metrics/server_protobuf.o: $(BUILD)/metrics/page.pb-c.h

# the page of -o html, its style and its scripts, as bytes
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

# the completion for bash, made from the table of options on the machine that builds
$(BUILD)/tcpstates-trace.bash: user/cli/completion/bash.c $(PURE) $(BUILD)/page.inc Makefile
	$(HOSTCC) $(CPPFLAGS) -U_FORTIFY_SOURCE -std=gnu11 $(WARN) $(filter %.c,$^) -o $(BUILD)/completion
	$(BUILD)/completion > $@.tmp
	mv $@.tmp $@

# As root these install what is missing; for anybody else they name it.
deps deps-test:
	@tests/$@

## Run and install | sudo make run | installs what the build needs, builds, traces a demonstration (or ARGS='-p 1234')
run: deps
	@$(MAKE) --no-print-directory $(BUILD)/tcpstates-trace $(BUILD)/demo
	@tests/give-back $(BUILD)
	$(BUILD)/tcpstates-trace $(or $(ARGS),-- $(BUILD)/demo)

## Test | sudo make test | installs what the tests need, builds, runs the unit tests and the end-to-end tests
test: deps-test
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/tcpstates-trace $(BUILD)/demo $(BUILD)/link $(UNIT)
	@tests/give-back $(BUILD)
	@tests/run $(BUILD) $(UNIT)

## Test | sudo make test-long | the end-to-end tests that take long; make test has a short form of each
test-long: deps-test
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/tcpstates-trace $(BUILD)/link
	@tests/give-back $(BUILD)
	@TCPSTATES_TRACE=$(BUILD)/tcpstates-trace tests/e2e/run --long $(ARGS)

## Test | sudo make e2e | the end-to-end tests, or some of them: ARGS='-k name'
e2e: $(BUILD)/tcpstates-trace $(BUILD)/link
	@TCPSTATES_TRACE=$(BUILD)/tcpstates-trace tests/e2e/run $(ARGS)

## Run and install | sudo make install | the program, its manual page, the completion (DESTDIR= PREFIX=/usr/local)
install: $(BUILD)/tcpstates-trace $(BUILD)/tcpstates-trace.bash
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/sbin/tcpstates-trace
	install -D -m 644 user/man/tcpstates-trace.8 $(DESTDIR)$(PREFIX)/share/man/man8/tcpstates-trace.8
	install -D -m 644 $(BUILD)/tcpstates-trace.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/tcpstates-trace

include $(wildcard tests/*/rules.mk)

## Build | make STATIC=1 | build/static/tcpstates-trace, which needs no shared library
## Build | make NCURSES= | without ncurses, and so without -o top
## Build | make clean | removes build/
clean:
	rm -rf $(BUILD)

help:
	@awk -F ' [|] ' '/^## .* [|] / { group = substr($$1, 4); if (!(group in text)) order[++n] = group; \
		text[group] = text[group] sprintf("  %-26s %s\n", $$2, $$3) } \
		END { for (i = 1; i <= n; i++) printf "\n%s:\n%s", order[i], text[order[i]] }' \
		Makefile tests/*/rules.mk

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
