#!/bin/sh
# SPDX-License-Identifier: MIT
# determinism.sh BPGEN: what is written is a function of spec and options: not
# of the run, the folder, the locale, the time zone, addresses or environment.
bpgen=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
random=$(dirname "$bpgen")/tests/property/networks_test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
unset LC_ALL LANG LC_NUMERIC LC_CTYPE LC_COLLATE TZ COLUMNS NO_COLOR

ok() { passed=$((passed + 1)); echo "ok $1"; }
bad() { failed=$((failed + 1)); echo "FAILED $1"; }
skip() { skipped=$((skipped + 1)); echo "skipped $1"; }

# everything that bpgen says about ./NAME.spec, files and streams, in FOLDER
say() { # FOLDER COMMAND-PREFIX...
	out=$1
	shift
	mkdir -p "$out"
	"$@" "$bpgen" "$name.spec" --unroll=none >"$out/loops.c" 2>"$out/loops.err"
	"$@" "$bpgen" "$name.spec" >"$out/auto.c" 2>"$out/auto.err"
	"$@" "$bpgen" "$name.spec" --standalone --dtype=f64 \
		>"$out/double.c" 2>"$out/double.err"
	"$@" "$bpgen" "$name.spec" --plan=random:3 \
		>"$out/random.c" 2>"$out/random.err"
	"$@" "$bpgen" "$name.spec" --unroll=none -o "$out/net.c" -MD \
		-MF "$out/net.d" -MT net.c --force >"$out/gen.out" 2>"$out/gen.err"
	"$@" "$bpgen" expand "$name.spec" >"$out/expand" 2>"$out/expand.err"
	"$@" "$bpgen" info "$name.spec" >"$out/info" 2>"$out/info.err"
	"$@" "$bpgen" "$name.spec" --dump=order >"$out/dump" 2>"$out/dump.err"
}

# each variation in a folder of its own: SAME WHAT COMMAND-PREFIX...
same() {
	what=$1
	shift
	rm -rf "$work/now"
	say "$work/now" "$@"
	if diff -r "$work/reference" "$work/now" >"$work/log" 2>&1; then
		ok "$name: $what"
	else
		bad "$name: $what"
		head -n 5 "$work/log"
	fi
}

variations() {
	rm -rf "$work/reference"
	cd "$work/specs" || exit 1
	say "$work/reference" env LC_ALL=C
	if [ ! -s "$work/reference/loops.c" ] &&
		! grep -q 'yet' "$work/reference/loops.err"; then
		bad "$name: nothing was written"
		return
	fi
	same 'a second run' env LC_ALL=C
	same 'another time zone' env LC_ALL=C TZ=Asia/Kolkata
	same 'another environment' env -i HOME=/nonexistent COLUMNS=20 \
		USER=somebody LUA_INIT='error()' LUA_PATH=/tmp FILLER="$filler"
	for l in $locales; do
		same "locale $l" env LC_ALL="$l"
	done
	command -v setarch >/dev/null 2>&1 && setarch -R true 2>/dev/null &&
		same 'fixed addresses' setarch -R env LC_ALL=C
	mkdir -p "$work/another folder/deeper"
	cp -R "$work/specs/." "$work/another folder/deeper"
	cd "$work/another folder/deeper" || exit 1
	same 'another folder' env LC_ALL=C
}

filler=$(printf '%05000d' 0)
locales=
for l in C.UTF-8 de_DE.UTF-8 tr_TR.UTF-8; do
	plain=$(echo "$l" | tr -d '-' | tr 'A-Z' 'a-z')
	if locale -a 2>/dev/null | tr -d '-' | tr 'A-Z' 'a-z' |
		grep -qx "$plain"; then
		locales="$locales $l"
	else
		skip "locale $l: it is not installed"
	fi
done
mkdir "$work/specs"
cp "$root"/specs/*.spec "$work/specs/"
if [ -x "$random" ]; then
	for n in 3 14 15 92; do
		"$random" --spec "$n" >"$work/specs/random$n.spec"
	done
else
	skip "random networks: $random is not built"
fi
for spec in "$work"/specs/*.spec; do
	name=$(basename "$spec" .spec)
	variations
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
