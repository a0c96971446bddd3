#!/bin/sh
# SPDX-License-Identifier: MIT
# self_test.sh BPGEN: the benchmark's judge.  What bpgen's C and C by hand have
# learnt after the same steps agrees with bpgen's C in double; a network that
# steps 5 % further, or has another activation, is noticed.
bpgen=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
OPTIMIZE=-O0
. "$(dirname "$0")/build.sh"
passed=0 failed=0

ok() {
	passed=$((passed + 1))
}
bad() {
	failed=$((failed + 1))
	echo "FAILED $1"
	cat "$folder/out" 2>/dev/null
}
# expect WHAT CODE COMMAND...
expect() {
	what=$1 want=$2
	shift 2
	"$@" >"$folder/out" 2>&1
	code=$?
	if [ "$code" = "$want" ]; then
		ok
	else
		bad "$what: exit status $code, not $want"
	fi
}
# says PATTERN: the last output has a line of it
says() {
	if grep -q "$1" "$folder/out"; then
		ok
	else
		bad "no line of: $1"
	fi
}
# net NAME MORE_LINES WORK...
net() {
	bpgen_c "$folder/$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" "${10}" &&
		bpgen_so "$folder/$1.so" "$folder/$1" "${11}" || bad "build $1"
}

$CC -std=c11 -O1 -o "$folder/bench" "$bench/bench.c" -ldl -lm || exit 1
set -- S Si 5-7-3 tanh softmax sgd 0.1 8
net double 'dtype f64' "$@" -DDOUBLE
net strict 'math strict' "$@"
net fast 'math fast' "$@"
net further 'math strict' S Si 5-7-3 tanh softmax sgd 0.105 8
net other 'math strict' S Si 5-7-3 sigmoid softmax sgd 0.1 8
net still 'dtype f64' S Si 5-7-3 tanh softmax sgd 1e-9 8 -DDOUBLE
# shellcheck disable=SC2046
peer "$folder/rows.so" hand.c $(constants "$@")
# shellcheck disable=SC2046
peer "$folder/columns.so" hand.c $(constants "$@") -DCOLUMNS
expect 'right contestants' 0 "$folder/bench" -r 1 "$@" "$folder/double.so" \
	"bpgen-strict=$folder/strict.so" "bpgen-fast=$folder/fast.so" \
	"rows=$folder/rows.so" "columns=$folder/columns.so"
if [ "$(grep -c 'agrees$' "$folder/out")" = 8 ]; then
	ok
else
	bad 'not all of them agree'
fi
# 56 products forward, as many for the gradient, 21 of them back to the layer
# below, 66 weights once in 8 samples
says "^S	rows	.*	282	"
says "^Si	rows	.*	112	"
sed 's/rows/bpgen-fast/' "$folder/out" >"$folder/good.tsv"
expect 'a step too far' 1 "$folder/bench" -r 1 "$@" "$folder/double.so" \
	"further=$folder/further.so"
says "^S	further	.*WRONG$"
says "^Si	further	.*agrees$"
expect 'another activation' 1 "$folder/bench" -r 1 "$@" "$folder/double.so" \
	"other=$folder/other.so"
says "^Si	other	.*WRONG$"
sed 's/other/bpgen-fast/' "$folder/out" >"$folder/wrong.tsv"
expect 'a proof of nothing' 2 "$folder/bench" -r 1 S Si 5-7-3 tanh softmax \
	sgd 1e-9 8 "$folder/still.so" "rows=$folder/rows.so"

printf 'core\tpeak GFLOP/s\t100\t100\n' >"$folder/table.tsv"
cp "$folder/table.tsv" "$folder/bad.tsv"
cat "$folder/good.tsv" >>"$folder/table.tsv"
cat "$folder/wrong.tsv" >>"$folder/bad.tsv"
report() {
	awk -f "$bench/report.awk" "$bench/known.txt" "$bench/works.txt" "$1"
}
expect 'report' 0 report "$folder/table.tsv"
expect 'report of a wrong network' 1 report "$folder/bad.tsv"
says 'are WRONG$'
expect 'compare' 0 sh "$bench/compare.sh" "$folder/table.tsv" \
	"$folder/table.tsv"
awk -F '\t' -v OFS='\t' '$2 ~ /^bpgen/ {$4 *= 2} 1' "$folder/table.tsv" \
	>"$folder/slow.tsv"
expect 'compare with twice as slow' 1 sh "$bench/compare.sh" \
	"$folder/table.tsv" "$folder/slow.tsv"
says 'SLOWER$'
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
