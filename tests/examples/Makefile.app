# SPDX-License-Identifier: MIT
# How a program builds its networks: one pattern rule, one include.
BPGEN   = $(shell pkg-config --variable=bpgen bpgen)
NETS    = one two
CFLAGS  = -std=c99 -O2 $(shell pkg-config --cflags bpgen)
app: app.o $(NETS:=.o)
	$(CC) $(LDFLAGS) $^ -o $@
%.c %.h: %.spec
	$(BPGEN) $< -o $*.c -MD -MP -MF $*.bpgen.d
app.o: $(NETS:=.h)
-include $(NETS:=.bpgen.d)
.PRECIOUS: $(NETS:=.c) $(NETS:=.h)
