# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# any bytes into whatever reads bytes
.PHONY: fuzz
FUZZ_SECONDS ?= 60
FUZZ_SANITIZE ?= address,undefined
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

# libFuzzer is part of clang; play.c has the targets' own base/message.c
FUZZ_FLAGS = $(CPPFLAGS) -iquote tests/fuzz -iquote tests/unit -std=gnu11 $(WARN) -Wno-missing-prototypes -O1 -g \
	-fsanitize=$(FUZZ_SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJECTS := $(patsubst %,$(BUILD)/fuzz/%.o,$(filter-out base/message,$(PURE:user/%.c=%)) check check_json play cases)
.SECONDARY: $(FUZZ_OBJECTS) $(FUZZ_TARGETS:%=$(BUILD)/fuzz/fuzz_%.o) $(BUILD)/fuzz/seeds.o
$(BUILD)/fuzz/%.o: user/%.c Makefile
	$(MAKE_FOLDER)
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@
$(BUILD)/fuzz/%.o: tests/fuzz/%.c Makefile
	$(MAKE_FOLDER)
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@
$(BUILD)/fuzz/%.o: tests/unit/%.c Makefile
	$(MAKE_FOLDER)
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@
$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/fuzz_%.o $(FUZZ_OBJECTS)
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer $^ $(FUZZ_LIBRARIES) -o $@
$(BUILD)/fuzz/fuzz_metrics: $(SERVER:user/%.c=$(BUILD)/fuzz/%.o) $(BUILD)/metrics/page.pb-c.o
$(BUILD)/fuzz/fuzz_metrics: FUZZ_LIBRARIES := -lmicrohttpd -lgnutls -lz -lprotobuf-c
$(BUILD)/fuzz/metrics/server_protobuf.o: $(BUILD)/metrics/page.pb-c.h
$(BUILD)/fuzz/seeds_of: $(BUILD)/fuzz/seeds.o $(FUZZ_OBJECTS)
	$(CLANG) $(FUZZ_FLAGS) $^ -o $@

.PHONY: fuzz-deps
fuzz-deps: deps-test
	@tests/fuzz/deps $(CLANG)
## Long tests | make fuzz | random bytes as records, recordings, options and requests (FUZZ_SECONDS=60)
fuzz: fuzz-deps
	@$(MAKE) --no-print-directory $(FUZZ_TARGETS:%=$(BUILD)/fuzz/fuzz_%) $(BUILD)/fuzz/seeds_of
	@tests/fuzz/run $(BUILD)/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)
