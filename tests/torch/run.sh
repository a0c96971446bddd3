#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BPGEN: networks compiled with random plans against the stored numbers
# of PyTorch (unit/torch_test does the same for straight line and loops); the
# stored numbers, and what is scaled, against PyTorch, where it is installed.
here=$(cd "$(dirname "$0")" && pwd)
compare=$(dirname "$1")/tests/unit/torch_test
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0 skipped=0

# runs a program and adds its last line to the sum
add() {
	"$@" >"$folder/log" 2>&1
	status=$?
	grep -v '^[0-9]* passed, ' "$folder/log" | grep -v '^ok '
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' \
		"$folder/log" | tail -n 1)
	set -- ${line:-0 passed, 1 failed, 0 skipped}
	passed=$((passed + $1)) failed=$((failed + $3))
	[ "$status" != 0 ] && [ "$3" = 0 ] && failed=$((failed + 1))
}

# a checker that is given something broken must say so
must_fail() {
	what=$1
	shift
	if "$@" >/dev/null 2>&1; then
		echo "FAILED $what was not noticed"
		failed=$((failed + 1))
	else
		echo "ok $what is noticed"
		passed=$((passed + 1))
	fi
}

# the stored numbers of one network; the first of the rows $1 grows by $2
broken() {
	rm -rf "$folder/broken"
	mkdir "$folder/broken"
	awk -v row="$1" -v more="$2" '
		$1 == row && !done++ { $2 = sprintf("%.17g", $2 + more) }
		{ print }
	' "$here/reference/tanh.txt" >"$folder/broken/tanh.txt"
}

if [ -x "$compare" ]; then
	for seed in 1 2; do
		add "$compare" "$here/reference" "$seed"
	done
	for row in y loss g mean train after; do
		broken "$row" 1e-9
		must_fail "a wrong number in $row" "$compare" "$folder/broken"
	done
	mkdir "$folder/empty"
	must_fail 'an empty folder' "$compare" "$folder/empty"
else
	echo "skipped comparison: $compare is not built"
	skipped=$((skipped + 1))
fi

for python in python3 /usr/bin/python3 none; do
	"$python" -c 'import torch' >/dev/null 2>&1 && break
done
if [ "$python" = none ]; then
	echo 'skipped stored numbers: PyTorch (python3-torch) is not installed'
	skipped=$((skipped + 1))
else
	add "$python" -B "$here/reference.py" --check
	cp -r "$here/reference" "$folder/stored"
	broken after 1e-9
	cp "$folder/broken/tanh.txt" "$folder/stored/tanh.txt"
	must_fail 'a stored number that rots' \
		"$python" -B "$here/reference.py" --check "$folder/stored"
	if "$1" --version | grep -q '^features:.*+npz'; then
		add "$python" -B "$here/scaled.py" "$1"
	else
		echo 'skipped normalize and targets: this build has no NPZ'
		skipped=$((skipped + 1))
	fi
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
