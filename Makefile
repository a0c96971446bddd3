# SPDX-License-Identifier: MIT
# bpgen: `make` builds build/bpgen, `make check` tests it, `make demo` shows it.

prefix     = /usr/local
bindir     = $(prefix)/bin
includedir = $(prefix)/include
libdir     = $(prefix)/lib
datadir    = $(prefix)/share
man1dir    = $(datadir)/man/man1

CC         = gcc
PKG_CONFIG = pkg-config
INSTALL    = install
CFLAGS     = -O2 -g
WARNINGS   = -Wall -Wextra -Wpedantic -Wshadow
PACKAGES   = build-essential pkg-config liblua5.4-dev libtcc-dev libcsv-dev \
             libcmocka-dev zlib1g-dev libjansson-dev libminizip-dev \
             libpng-dev
# where programs and tables of the build go
B          = build

ifeq ($(DEBUG),1)
B          = build/debug
# gcc sees null format strings where the sanitizer has put its own tests
CFLAGS     = -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer \
             -Wno-format-truncation
SANITIZE   = -fsanitize=address,undefined
WERROR     = -Werror
else
CPPFLAGS_B = -DNDEBUG
endif

# a make of its own, which sees the packages that `deps` has just installed
BUILD      = $(MAKE) --no-print-directory -s \
             -j$(shell nproc 2>/dev/null || echo 1)

VERSION := $(shell sed -n 's/^.define BPGEN_VERSION "\(.*\)"/\1/p' gen/bpgen.h)
LUA_CFLAGS := $(shell $(PKG_CONFIG) --cflags lua5.4 2>/dev/null)
LUA_LIBS   := $(shell $(PKG_CONFIG) --libs lua5.4 2>/dev/null)
LUA_VERSION := $(shell $(PKG_CONFIG) --modversion lua5.4 2>/dev/null)
# without zlib, data that gzip has packed is refused
ZLIB_LIBS  := $(shell $(PKG_CONFIG) --libs zlib 2>/dev/null)
ZLIB       := $(if $(ZLIB_LIBS),-DHAVE_ZLIB \
                $(shell $(PKG_CONFIG) --cflags zlib 2>/dev/null))
# without jansson no weights are read, without both no NPZ either
JSON_LIBS  := $(shell $(PKG_CONFIG) --libs jansson 2>/dev/null)
JSON       := $(if $(JSON_LIBS),-DHAVE_JANSSON \
                $(shell $(PKG_CONFIG) --cflags jansson 2>/dev/null))
ZIP_LIBS   := $(if $(JSON_LIBS),\
                $(shell $(PKG_CONFIG) --libs minizip 2>/dev/null))
ZIP        := $(if $(ZIP_LIBS),-DHAVE_MINIZIP \
                $(shell $(PKG_CONFIG) --cflags minizip 2>/dev/null))
# without libpng, images of weights are PPM or PGM
PNG_LIBS   := $(shell $(PKG_CONFIG) --libs libpng 2>/dev/null)
PNG        := $(if $(PNG_LIBS),-DHAVE_PNG \
                $(shell $(PKG_CONFIG) --cflags libpng 2>/dev/null))
# libtcc of 2024 and later relocates with one argument
PROBE      := '\#include <libtcc.h>\nint main(void){return tcc_relocate(0);}\n'
ONE_ARG    := $(shell printf $(PROBE) | $(CC) -x c -fsyntax-only - \
                2>/dev/null && echo -DHAVE_TCC_RELOCATE_ONE_ARG)

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(CPPFLAGS_B) $(WARNINGS) $(WERROR) \
             $(LUA_CFLAGS) -DBPGEN_LUA='"$(LUA_VERSION)"' $(ONE_ARG) $(ZLIB) \
             $(JSON) $(ZIP) $(PNG) $(CPPFLAGS) $(CFLAGS)
LIBS       = $(LUA_LIBS) -lcsv $(ZIP_LIBS) $(ZLIB_LIBS) $(JSON_LIBS) $(PNG_LIBS) -ltcc -ldl -lpthread -lm

SOURCES   := $(filter-out gen/embed.c,$(wildcard gen/*.c gen/*/*.c))
OBJECTS   := $(SOURCES:%.c=$(B)/%.o) $(B)/embedded.o
LIBRARY    = $(filter-out $(B)/gen/main.o,$(OBJECTS))
# starters of `bpgen init`
STARTERS  := $(addprefix specs/,xor.spec sine.spec iris.spec digits8x8.spec \
             sunspots.spec) $(addprefix specs/data/,xor.csv sine.csv iris.csv \
             digits8x8_train.csv digits8x8_test.csv sunspots_yearly.csv)
TEMPLATES := $(sort $(wildcard templates/*/*)) runtime/bp.h $(STARTERS)
# what draws the curves of `train --report` so that they can be zoomed: its npm
# package, unpacked, in build/uplot (`make deps`) or UPLOT=DIR; without it the
# page has curves that stand still
UPLOT      = build/uplot
UPLOT_JS   = $(wildcard $(UPLOT)/dist/uPlot.iife.min.js)
UPLOT_IN   = $(if $(UPLOT_JS),report/uplot.js=$(UPLOT_JS) \
               report/uplot.css=$(UPLOT)/dist/uPlot.min.css \
               report/uplot.licence=$(UPLOT)/LICENSE)
UNIT      := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,\
               $(wildcard tests/unit/*_test.c))

all: $(B)/bpgen

$(B)/bpgen: $(OBJECTS)
	$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $(OBJECTS) $(LIBS)

$(B)/%.o: %.c $(B)/flags | $(B)/packages
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/embedded.o: $(B)/embedded.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# a file that was removed must be missed too, hence the list
$(B)/embedded.c: $(B)/embed $(B)/templates $(TEMPLATES) $(UPLOT_JS)
	$(B)/embed $(TEMPLATES) $(UPLOT_IN) > $@.tmp
	@mv $@.tmp $@

$(B)/embed: gen/embed.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -O1 $(WARNINGS) -o $@ $<

# files that change when their text does: other flags, other lists
$(B)/flags: always
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(ALL_CFLAGS)' > $@
$(B)/templates: always
	@mkdir -p $(@D)
	@echo '$(TEMPLATES) $(UPLOT_IN)' | cmp -s - $@ || \
		echo '$(TEMPLATES) $(UPLOT_IN)' > $@

# says which package is missing before the compiler complains
$(B)/packages:
	@mkdir -p $(@D)
	@./.ci/packages || { echo 'or: make deps'; exit 1; }
	@touch $@

$(B)/tests/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Igen -MMD -MP -MF $@.d -o $@ $< $(LIBRARY) \
		$(LDFLAGS) $(LIBS) -lcmocka

# random networks, checked
PROPERTY  := $(B)/tests/property/networks_test
$(PROPERTY): $(wildcard tests/property/*.[ch]) $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $(filter %.c,$^) $(LIBRARY) $(LDFLAGS) $(LIBS)

unit: $(UNIT) $(PROPERTY)

# these may start on a machine where the packages are not there yet
check: deps
	@$(BUILD) all unit
	@sh tests/run.sh $(B)/bpgen $(B)/tests/unit

check-all: deps
	@$(BUILD) all unit
	@sh tests/run.sh --heavy $(B)/bpgen $(B)/tests/unit

demo: deps
	@$(BUILD) all
	@sh tests/demo.sh $(B)/bpgen $(B)/demo

STAGES    := $(B)/tests/bench/stages
$(STAGES): tests/bench/stages.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $< $(LIBRARY) $(LDFLAGS) $(LIBS)

# WORK=T4, BENCH_ROUNDS, WIDTHS: see tests/bench/README.md
bench: all $(STAGES)
	@sh tests/bench/run.sh $(B)/bpgen $(STAGES)

# what bpgen is compared with; whatever is missing is left out, aloud
PEERS      = g++ clang tcc libfann-dev libeigen3-dev libdnnl-dev \
             libopenblas-dev libxsmm-dev python3-torch python3-numpy
bench-deps: deps
	@sh tests/bench/deps.sh $(PEERS)

# specs, or with FUZZ=weights or FUZZ=data such files, made at random, for as
# long as SECONDS says (clang)
SECONDS    = 300
FUZZ       = spec
FUZZER     = $(B)/tests/fuzz/$(FUZZ)_fuzz
FUZZ_SEEDS = $(if $(filter spec,$(FUZZ)),'$(CURDIR)/specs' \
             '$(CURDIR)/tests/bad')
FUZZ_FLAGS = -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
             -fno-sanitize-recover=all
$(FUZZER): tests/fuzz/$(FUZZ)_fuzz.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $< $(LIBRARY) $(LDFLAGS) \
		$(LIBS)

fuzz:
	@$(BUILD) B=$(B)/fuzz CC=clang CFLAGS='$(FUZZ_FLAGS)' \
		$(B)/fuzz/tests/fuzz/$(FUZZ)_fuzz
	mkdir -p $(B)/fuzz/corpus/$(FUZZ)
	cd $(B)/fuzz && ASAN_OPTIONS=detect_leaks=1 tests/fuzz/$(FUZZ)_fuzz \
		-max_total_time=$(SECONDS) -timeout=20 -rss_limit_mb=4096 \
		-close_fd_mask=1 corpus/$(FUZZ) $(FUZZ_SEEDS)

deps:
	@./.ci/packages --install $(PACKAGES)
	@./.ci/uplot build/uplot

# shell and place of what completes the command line there
COMPLETIONS = bash:bash-completion/completions/bpgen \
              zsh:zsh/site-functions/_bpgen \
              fish:fish/vendor_completions.d/bpgen.fish

COMMANDS   := $(shell sed -n 's/^.X.\([a-z][a-z]*\), .*/\1/p' gen/tool/options.h)

install: all bpgen.pc.in
	$(INSTALL) -d '$(DESTDIR)$(bindir)' '$(DESTDIR)$(includedir)' \
		'$(DESTDIR)$(libdir)/pkgconfig'
	$(INSTALL) -m 755 $(B)/bpgen '$(DESTDIR)$(bindir)/bpgen'
	$(INSTALL) -m 644 runtime/bp.h '$(DESTDIR)$(includedir)/bp.h'
	sed -e 's|@prefix@|$(prefix)|' -e 's|@bindir@|$(bindir)|' \
		-e 's|@includedir@|$(includedir)|' \
		-e 's|@version@|$(VERSION)|' bpgen.pc.in \
		> '$(DESTDIR)$(libdir)/pkgconfig/bpgen.pc'
	chmod 644 '$(DESTDIR)$(libdir)/pkgconfig/bpgen.pc'
	@set -e; for file in $(COMPLETIONS); do \
		to='$(DESTDIR)$(datadir)'/$${file#*:}; \
		$(INSTALL) -d "$${to%/*}"; \
		$(B)/bpgen completion $${file%%:*} > "$$to"; \
		chmod 644 "$$to"; \
	done

	@if command -v scdoc >/dev/null; then \
		$(INSTALL) -d '$(DESTDIR)$(man1dir)'; \
		for command in '' $(COMMANDS); do \
			to='$(DESTDIR)$(man1dir)'/bpgen$${command:+-$$command}.1; \
			$(B)/bpgen help --man $$command | scdoc > "$$to"; \
			chmod 644 "$$to"; \
		done; \
	else \
		echo 'without scdoc: no man pages'; \
	fi

uninstall:
	@for command in '' $(COMMANDS); do \
		rm -f '$(DESTDIR)$(man1dir)'/bpgen$${command:+-$$command}.1; \
	done
	rm -f '$(DESTDIR)$(bindir)/bpgen' '$(DESTDIR)$(includedir)/bp.h' \
		'$(DESTDIR)$(libdir)/pkgconfig/bpgen.pc'
	@for file in $(COMPLETIONS); do \
		rm -f '$(DESTDIR)$(datadir)'/$${file#*:}; \
	done

format:
	clang-format -i gen/*.[ch] gen/*/*.[ch]

clean:
	rm -rf build

-include $(OBJECTS:.o=.d) $(UNIT:=.d)

.PHONY: all unit check check-all demo bench bench-deps fuzz \
	deps install uninstall format clean always
.DELETE_ON_ERROR:
