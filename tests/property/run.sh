#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BPGEN: random networks (COUNT of them from SEED on), and a few under
# the compilers that are here.
here=$(cd "$(dirname "$0")" && pwd)
bpgen=$1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0

# shows what a program says and adds its last line
add() {
	"$@" >"$log" 2>&1
	rc=$?
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" |
		tail -n 1)
	[ -z "$line" ] && line='0 passed, 1 failed, 0 skipped'
	grep -v -E '^[0-9]+ passed, ' "$log"
	set -- $line
	passed=$((passed + $1)) failed=$((failed + $3)) skipped=$((skipped + $5))
	[ "$rc" != 0 ] && [ "$3" = 0 ] && failed=$((failed + 1))
}
add "$(dirname "$bpgen")/tests/property/networks_test"
add sh "$here/../heavy/matrix.sh" --short "$bpgen"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
