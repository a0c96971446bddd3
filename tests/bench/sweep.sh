#!/bin/sh
# SPDX-License-Identifier: MIT
# sweep.sh BPGEN FOLDER: networks w-w-10 over widths w, batch 32 and inference
# of one sample, in search of widths that are slower than a whole number of
# vectors above them.  WIDTHS: a list, or `all` for 1 to 512.  Prints lines as
# bench does; the work is sweep:WIDTH or sweep:WIDTHi.
bpgen=$1 folder=$2
. "$(dirname "$0")/build.sh"
: "${WIDTHS:=1 3 5 6 7 8 12 15 16 17 23 24 31 32 33 40 48 49 63 64 65 96 100 \
	127 128 129 200 208 255 256 257 272 400 511 512}"
[ "$WIDTHS" = all ] && WIDTHS=$(seq 512)
into=$folder/sweep
mkdir -p "$into"
$CC -std=c11 -O2 -o "$folder/bench" "$bench/bench.c" -ldl -lm || exit 2

# compile WIDTH: beside others
compile() {
	set -- "$1" "sweep:$1" "sweep:${1}i" "$1-$1-10" relu softmax sgd 0.01 32
	w=$1
	shift
	bpgen_c "$into/$w" 'math fast' "$@" </dev/null &&
		bpgen_so "$into/$w.so" "$into/$w" ''
}
for w in $WIDTHS; do
	echo "$w"
	echo $(((w + 15) / 16 * 16))
done | sort -nu >"$into/list"
job=
while read -r w; do
	[ -n "$job" ] && { compile "$w"; wait "$job"; job=; continue; }
	compile "$w" &
	job=$!
done <"$into/list"
wait
while read -r w; do
	"$folder/bench" -r 7 "sweep:$w" "sweep:${w}i" "$w-$w-10" relu softmax \
		sgd 0.01 32 - "bpgen-fast=$into/$w.so" </dev/null
done <"$into/list"
