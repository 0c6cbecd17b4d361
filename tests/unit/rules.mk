# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The unit tests: each test_*.c is a program, linked with an archive of what the tests share and an archive of
# everything in user/ that is pure. Both are built here with sanitizers.
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_SHARED := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
SANITIZE := -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
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
	$(UNIT_CC) $^ $(UNIT_LIBRARIES) -lcmocka -lm -o $@
# a format of the server's, which no other program needs
$(BUILD)/unit/test_protobuf: UNIT_LIBRARIES := -lprotobuf-c
$(BUILD)/unit/test_protobuf: $(BUILD)/pure/metrics/server_protobuf.o $(BUILD)/metrics/page.pb-c.o
$(BUILD)/pure/metrics/server_protobuf.o $(BUILD)/unit/test_protobuf.o: $(BUILD)/metrics/page.pb-c.h
.SECONDARY: $(UNIT:=.o)
# here, since UNIT is not known yet where the target stands
check-unit: $(UNIT)
