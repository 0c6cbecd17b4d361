# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What tracing costs; some five minutes.
# BENCH_CONNECTIONS=60000 BENCH_ROUNDS=5 BENCH_TABLES=cost,syscall,alive,loss BENCH_ONLY='json,none -s,tcpstates'
# BENCH_BYTES=1000 BENCH_RPS=3 BENCH_ALIVE=200000 BENCH_LOSS=600000
$(BUILD)/bench/%: tests/bench/%.c tests/bench/room.h Makefile
	$(MAKE_FOLDER)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -pthread $< -lbpf -o $@
$(BUILD)/bench/empty.bpf.o: tests/bench/empty.bpf.c Makefile
	$(MAKE_FOLDER)
	$(CLANG) -g -O2 -mcpu=v3 -target bpf $(BPF_INCLUDES) -c $< -o $@
BENCH_OPTION = $(if $(BENCH_$1),--$2 '$(BENCH_$1)')
.PHONY: bench
## Long tests | sudo make bench | what tracing costs, compared with other tools
bench: deps-test $(BUILD)/tcpstates-trace $(addprefix $(BUILD)/bench/,churn load syscall empty.bpf.o)
	tests/bench/run --tracer $(BUILD)/tcpstates-trace --build $(BUILD)/bench \
		$(call BENCH_OPTION,CONNECTIONS,connections) $(call BENCH_OPTION,ROUNDS,rounds) \
		$(call BENCH_OPTION,ALIVE,alive) $(call BENCH_OPTION,LOSS,loss) \
		$(call BENCH_OPTION,BYTES,bytes) $(call BENCH_OPTION,RPS,rps) \
		$(call BENCH_OPTION,TABLES,tables) $(call BENCH_OPTION,ONLY,only)
