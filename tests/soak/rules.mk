# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What is reported against what happened, for as long as you like.
# SECONDS=3600 SOAK_SEED=1 SOAK_RPS=3 SOAK_WITH=--no-accept
SECONDS ?= 600
SOAK_OPTION = $(if $(SOAK_$1),--$2='$(SOAK_$1)')
$(BUILD)/soak/load: $(addprefix tests/soak/,load.c peers.c script.c load.h) tests/bench/room.h Makefile
	mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -iquote tests/bench $(ALL_CFLAGS) -pthread $(filter %.c,$^) -o $@
.PHONY: soak
## Long tests | sudo make soak | random connections and kills: compares reports with what happened (SECONDS=600)
soak: deps-test $(BUILD)/tcpstates-trace $(BUILD)/soak/load
	tests/soak/run --tracer $(BUILD)/tcpstates-trace --build $(BUILD)/soak --seconds $(SECONDS) \
		$(call SOAK_OPTION,SEED,seed) $(call SOAK_OPTION,RPS,rps) $(call SOAK_OPTION,WITH,with)
