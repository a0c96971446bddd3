#!/bin/sh
# SPDX-License-Identifier: MIT
# The main path under valgrind: generate, check, train, evaluate, predict.
bpgen=$1
cd "$(dirname "$0")/../.." || exit 1
if ! command -v valgrind >/dev/null; then
	echo 'skipped valgrind: it is not installed'
	echo '0 passed, 0 failed, 1 skipped'
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
run() {
	valgrind -q --error-exitcode=99 --leak-check=full "$bpgen" "$@" \
		>"$work/out" 2>"$work/err"
	if [ $? = 0 ]; then
		passed=$((passed + 1))
		echo "ok $*"
	else
		failed=$((failed + 1))
		echo "FAILED $*"
		tail -n 20 "$work/err"
	fi
}
run gen specs/xor.spec -o "$work/xor.c" -MD
run gen specs/digits8x8.spec --unroll=none -o "$work/digits.c"
run check specs/xor.spec
run info specs/digits8x8.spec
run train specs/iris.spec specs/data/iris.csv --epochs 2 \
	-w "$work/iris.safetensors"
run eval specs/iris.spec specs/data/iris.csv -w "$work/iris.safetensors"
run predict specs/iris.spec specs/data/iris.csv -w "$work/iris.safetensors"
run expand specs/resnet.spec
run help dense
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
