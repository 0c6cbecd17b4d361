# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What tracing costs: seven rounds take some ten minutes.  The table nginx needs ab, of apache2-utils.
# BENCH_CONNECTIONS=60000 BENCH_ROUNDS=5 BENCH_TABLES=cost,nginx,syscall,alive,loss
# BENCH_ONLY='json,none -s,tcplife,tcpstates,bpftrace' BENCH_BYTES=1000 BENCH_RPS=3 BENCH_ALIVE=200000 BENCH_LOSS=600000
$(BUILD)/bench/%: tests/bench/%.c tests/bench/room.h Makefile
	$(MAKE_FOLDER)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) -pthread $< $(STATIC_SOURCES) $(LIBRARIES) -o $@
$(BUILD)/bench/%.bpf.o: tests/bench/%.bpf.c Makefile
	$(MAKE_FOLDER)
	$(CLANG) -g -O2 -mcpu=v3 -target bpf $(BPF_INCLUDES) -c $< -o $@
BENCH_OPTION = $(if $(BENCH_$1),--$2 '$(BENCH_$1)')
.PHONY: bench bench-insn
## Long tests | sudo make bench | what tracing costs, compared with tcplife and with next to nothing
bench: deps-test $(BUILD)/tcpstates-trace $(addprefix $(BUILD)/bench/,churn load syscall empty.bpf.o hash.bpf.o)
	tests/bench/run --tracer $(BUILD)/tcpstates-trace --build $(BUILD)/bench \
		$(call BENCH_OPTION,CONNECTIONS,connections) $(call BENCH_OPTION,ROUNDS,rounds) \
		$(call BENCH_OPTION,ALIVE,alive) $(call BENCH_OPTION,LOSS,loss) \
		$(call BENCH_OPTION,BYTES,bytes) $(call BENCH_OPTION,RPS,rps) \
		$(call BENCH_OPTION,TABLES,tables) $(call BENCH_OPTION,ONLY,only)

# Three minutes a kernel, most of them for the starts: BENCH_ONLY='tcplife,json' is quicker.  BENCH_BASE=FILE: an
# earlier output to compare with; by default that of the last run, KERNEL_DIR/KERNEL.insn.
BENCH_KERNELS ?= 6.12
## Long tests | sudo make bench-insn | the same in instructions, in qemu: a change is seen however busy the machine is
bench-insn: deps-test
	@tests/vm/deps
	+@$(STATIC_MAKE) $(addprefix $(BUILD)/static/,tcpstates-trace $(addprefix bench/,churn load empty.bpf.o hash.bpf.o))
	@BENCH_BASE='$(BENCH_BASE)' tests/bench/insn $(KERNEL_DIR) $(BUILD)/static $(BENCH_KERNELS) -- \
		--connections $(or $(BENCH_CONNECTIONS),1500) $(if $(BENCH_ONLY),--only "'$(BENCH_ONLY)'")
