#!/bin/sh
# SPDX-License-Identifier: MIT
# cost.sh BPGEN FOLDER: what the C costs before it runs: milliseconds to
# generate it, lines a second, bytes of code, seconds of each compiler.  Prints
# lines as bench does: cost:NETWORK, name, figure, figure.
bpgen=$1 folder=$2
. "$(dirname "$0")/build.sh"
into=$folder/cost
mkdir -p "$into"

# seconds of the quickest of $1 runs
seconds() {
	runs=$1
	shift
	while [ "$runs" -gt 0 ]; do
		runs=$((runs - 1)) from=$(date +%s%N)
		"$@" >/dev/null 2>&1 || return 1
		echo $(($(date +%s%N) - from))
	done | sort -n | awk 'NR == 1 {printf "%.4f", $1 / 1e9}'
}
put() {
	printf 'cost:%s\t%s\t%s\t%s\n' "$name" "$1" "$2" "$2"
}

cost() {
	name=$1 net=$into/$1
	mkdir -p "$net"
	spec "$net/net.spec" 'math fast' "$@"
	generate=$(seconds 5 "$bpgen" gen "$net/net.spec" -o "$net/net.c" \
		--force) || { echo "skipped $name" >&2; return; }
	lines=$(wc -l <"$net/net.c")
	put parameters "$(awk '$2 ~ /_PARAMS$/ {print $3}' "$net/net.h")"
	put 'generate ms' "$(echo "$generate" | awk '{print $1 * 1000}')"
	put lines "$lines"
	put 'lines/s' "$(echo "$lines $generate" |
		awk '{printf "%.0f", $1 / $2}')"
	for compiler in "$CC -O3 -march=native" 'clang -O3 -march=native' tcc
	do
		program=${compiler%% *}
		command -v "$program" >/dev/null || {
			echo "skipped $program: not installed" >&2
			continue
		}
		# shellcheck disable=SC2086
		put "$program s" "$(seconds 1 $compiler \
			-I"$bench/../../runtime" -c -o "$net/$program.o" \
			"$net/net.c")"
	done
	put 'text bytes' "$(size -A "$net/$CC.o" |
		awk '$1 ~ /^\.(text|rodata)/ {n += $2} END {print n}')"
}

for work in T1 T2b1 T2b32 T3b1 T3b32 T4b1 T4b64 T5sgd T5adam T6; do
	# shellcheck disable=SC2046
	cost $(grep "^$work " "$bench/works.txt")
done
cost big - 784-2048-2048-10 relu softmax sgd 0.05 64
