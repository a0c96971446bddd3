#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: tests/bad/run.sh BPGEN
# Every NAME.spec must give exactly the messages of NAME.expect on stderr.
# NAME.args: more options; NAME.rc: the exit status, where it is not 65 (any
# error) or 0 (warnings alone).  After an error nothing is on stdout.
bpgen=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")" || exit 1
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
passed=0
failed=0
for spec in *.spec; do
	name=${spec%.spec}
	args=
	[ -f "$name.args" ] && args=$(cat "$name.args")
	# shellcheck disable=SC2086
	"$bpgen" gen $args "$spec" > "$out/stdout" 2> "$out/stderr" < /dev/null
	rc=$?
	want=0
	grep -q 'error:' "$name.expect" && want=65
	[ -f "$name.rc" ] && want=$(cat "$name.rc")
	if [ $rc != "$want" ]; then
		echo "FAILED $name: exit status $rc, not $want"
		failed=$((failed + 1))
	elif ! cmp -s "$out/stderr" "$name.expect"; then
		echo "FAILED $name"
		diff "$name.expect" "$out/stderr"
		failed=$((failed + 1))
	elif [ "$want" != 0 ] && [ -s "$out/stdout" ]; then
		echo "FAILED $name: something was written"
		failed=$((failed + 1))
	else
		echo "ok $name"
		passed=$((passed + 1))
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
