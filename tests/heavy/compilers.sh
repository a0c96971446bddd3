#!/bin/sh
# SPDX-License-Identifier: MIT
# The C of every spec that can be generated, under every compiler that is here,
# with warnings as errors, as C99 and as C++11; and what it leaves undefined.
bpgen=$1
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
strict='-Wall -Wextra -Wpedantic -Wconversion -Wdouble-promotion -Wshadow -Werror'
ok() { passed=$((passed + 1)); echo "ok $1"; }
bad() { failed=$((failed + 1)); echo "FAILED $1"; tail -n 10 "$work/log"; }
try() {
	what=$1
	shift
	if "$@" >"$work/log" 2>&1; then ok "$what"; else bad "$what"; fi
}
compilers=
for cc in gcc clang g++ clang++ tcc; do
	if command -v $cc >/dev/null; then compilers="$compilers $cc"
	else skipped=$((skipped + 1)); echo "skipped $cc: it is not installed"; fi
done
# with gcc's idea of what is left undefined; the four may come from any compiler
undefined() {
	gcc -std=c99 -O2 -ffreestanding -c "$1" -o "$work/u.o" -I runtime &&
	! nm -u "$work/u.o" | grep -vwE 'memcpy|memmove|memset|memcmp|U _GLOBAL_OFFSET_TABLE_'
}
for spec in specs/*.spec; do
	name=$(basename "$spec" .spec)
	for how in '--unroll=none' '--unroll=auto --dtype=f64' '--standalone' \
		'--api=forward'; do
		c="$work/$name.c"
		"$bpgen" "$spec" $how --force -o "$c" 2>"$work/log" || {
			grep -q 'cannot be generated yet' "$work/log" && {
				skipped=$((skipped + 1))
				echo "skipped $name: not generated yet"
				break
			}
			bad "$name $how"
			break
		}
		for cc in $compilers; do
			case $cc in
			*++) flags="-x c++ -std=c++11 $strict" ;;
			tcc) flags='-Wall -Werror' ;;
			*) flags="-std=c99 $strict" ;;
			esac
			try "$name $how: $cc" $cc $flags -O1 -I runtime \
				-I "$work" -c "$c" -o "$work/o.o"
		done
		try "$name $how: symbols" undefined "$c"
	done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
