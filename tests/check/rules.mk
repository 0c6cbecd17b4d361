# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# make check: the unit tests, and what reads the sources without running them. No root.
CLANG_FORMAT ?= clang-format
CLANG_TIDY ?= clang-tidy
CHECKS := check-format check-analyzer check-tidy check-shell check-python check-man check-includes check-headers check-tests
.PHONY: check check-unit check-static $(CHECKS)

## Check | make check | all of these, side by side; as root it installs what they need
check:
	@tests/deps-check
	@status=0; $(MAKE) --no-print-directory -k -Otarget $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) \
		$(CHECKS) $(UNIT) $(BUILD)/tcpstates-trace || status=1; \
	tests/unit/run $(UNIT) && exit $$status

## Check | make check-unit | the unit tests, with ASan and UBSan
check-unit: $(BUILD)/tcpstates-trace
	@tests/unit/run $(UNIT)

## Check | make check-static | all but the unit tests
check-static: $(CHECKS)

## Check | make check-format | clang-format
check-format:
	@tests/check/format $(CLANG_FORMAT)

MADE := $(addprefix $(BUILD)/,tcpstates.skel.h tcpstates.bpf.inc tcpstates_preempt.bpf.inc page.inc)

# Both analyse a file again when it, or a header of it, has changed; the headers made in build/ are not ours.
ANALYSED := $(wildcard $(addprefix user/,*.c */*.c */*/*.c))
ANALYSED_FLAGS = $(subst -iquote $(BUILD),-isystem $(BUILD),$(CPPFLAGS)) -std=gnu11 $(WARN)

## Check | make check-analyzer | gcc -fanalyzer
check-analyzer: $(ANALYSED:user/%.c=$(BUILD)/analyzer/%.o)
	@echo '$@: $(words $^) files, nothing found'
# gcc 12 and 16 lose sight of what is kept in an array that grows; gcc 16 does not know how many
# programs tracer_backups() returns
$(addprefix $(BUILD)/analyzer/,base/cgroups.o base/cgroups_walk.o kernel/open_list.o render/summary_by.o): ANALYZER_FLAGS := \
	-Wno-analyzer-malloc-leak
$(BUILD)/analyzer/kernel/tracer_attach.o: ANALYZER_FLAGS := -Wno-analyzer-out-of-bounds
$(BUILD)/analyzer/%.o: user/%.c tests/check/rules.mk | $(MADE)
	$(MAKE_FOLDER)
	@gcc $(ANALYSED_FLAGS) -O2 -Werror -fanalyzer $(ANALYZER_FLAGS) -MMD -MP -c $< -o $@

## Check | make check-tidy | clang-tidy, with the checks of .clang-tidy
check-tidy: $(ANALYSED:user/%.c=$(BUILD)/tidy/%)
	@echo '$@: $(words $^) files, nothing found'
# the skeleton's own error path, made by bpftool
$(BUILD)/tidy/kernel/tracer_open: TIDY_FLAGS := --checks=-clang-analyzer-unix.Malloc
$(BUILD)/tidy/%: user/%.c $(BUILD)/%.o .clang-tidy tests/check/rules.mk | $(MADE)
	$(MAKE_FOLDER)
	@$(CLANG_TIDY) --quiet $(TIDY_FLAGS) --warnings-as-errors='*' $< -- $(ANALYSED_FLAGS) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@
.SECONDARY: $(ANALYSED:user/%.c=$(BUILD)/%.o)

## Check | make check-shell | shellcheck
check-shell: $(BUILD)/tcpstates-trace.bash
	@tests/check/shell $<

## Check | make check-python | flake8, and that no test takes anything from another test
check-python:
	@tests/check/python

## Check | make check-man | mandoc -T lint
check-man:
	@mandoc -T lint -W warning $(wildcard user/man/*.8)
	@echo '$@: nothing found'

## Check | make check-includes | the rule of the folders, no circles
check-includes:
	@tests/check/includes

# with the one flag left out that has quotes
ALONE = $(CC) $(filter-out -DTCPSTATES_TRACE_VERSION%,$(ANALYSED_FLAGS))

## Check | make check-headers | each header compiles alone
check-headers: $(MADE)
	@tests/check/compile '$@ (bpf/)' '$(COMPILE_BPF) -Wno-unused-function' $(wildcard bpf/*.bpf.h)
	@tests/check/compile $@ '$(ALONE)' $(wildcard bpf/shared/*.h user/*.h user/*/*.h)

## Check | make check-tests | the programs of the other tests compile
check-tests: $(BUILD)/page.inc
	@tests/check/compile $@ '$(ALONE) $(addprefix -iquote tests/,bench fuzz unit) -Wno-missing-prototypes' \
		$(filter-out %.bpf.c tests/unit/%,$(wildcard tests/*.c tests/*/*.c))

# for clangd, which looks into build/ by itself
.PHONY: compile_commands.json
## Build | make compile_commands.json | build/compile_commands.json, for editors
compile_commands.json: $(MADE)
	@$(MAKE) --no-print-directory -Bn all $(UNIT) | tests/check/compile_commands >$(BUILD)/$@
