#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BPGEN: COUNT random networks (200, or 1000 with BPGEN_HEAVY=yes) from
# SEED (1) on, in two halves at the same time, and a few under the compilers
# that are here.
here=$(cd "$(dirname "$0")" && pwd)
bpgen=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
program=$(dirname "$bpgen")/tests/property/networks_test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
usual=200
[ "$BPGEN_HEAVY" = yes ] && usual=1000
count=${COUNT:-$usual} seed=${SEED:-1}
half=$((count / 2))
passed=0 failed=0 skipped=0

# shows what a program said and adds up its last line
add() { # LOG STATUS
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$1" |
		tail -n 1)
	[ -z "$line" ] && line='0 passed, 1 failed, 0 skipped'
	grep -v -E '^[0-9]+ passed, ' "$1"
	set -- "$2" $line
	passed=$((passed + $2)) failed=$((failed + $4)) skipped=$((skipped + $6))
	[ "$1" != 0 ] && [ "$4" = 0 ] && failed=$((failed + 1))
}

SEED=$seed COUNT=$half "$program" >"$work/1" 2>&1 &
first=$!
SEED=$((seed + half)) COUNT=$((count - half)) "$program" --no-broken \
	>"$work/2" 2>&1
second=$?
wait $first
add "$work/1" $?
add "$work/2" $second
sh "$here/../heavy/matrix.sh" --short "$bpgen" >"$work/3" 2>&1
add "$work/3" $?
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
