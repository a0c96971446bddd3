#!/bin/sh
# SPDX-License-Identifier: MIT
# vectors.sh: the vectors of the runtime in every width that this machine and
# its compilers have, strict and fast: loads and stores at the edges of what may
# be touched, the bits of the scalar functions, errors over all floats; what is
# compiled for machines that are not here.
here=$(cd "$(dirname "$0")" && pwd)
runtime=$here/../../runtime
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
passed=0 failed=0 skipped=0
strict='-Wall -Wextra -Wpedantic -Wconversion -Wdouble-promotion -Wshadow'
strict="$strict -Werror"

ok() { passed=$((passed + 1)); echo "ok $1"; }
bad() { failed=$((failed + 1)); echo "FAILED $1"; head -n 8 "$work/log"; }
skip() { skipped=$((skipped + 1)); echo "skipped $1"; }
try() { # WHAT COMMAND...
	what=$1
	shift
	if "$@" >"$work/log" 2>&1; then ok "$what"; else bad "$what"; fi
}
must_fail() { # WHAT COMMAND...: a check that must see something
	what=$1
	shift
	if "$@" >"$work/log" 2>&1; then bad "noticed: $what"
	else ok "noticed: $what"; fi
}
is_here() {
	command -v "$1" >/dev/null 2>&1 && return
	skip "$1: it is not installed"
	return 1
}

# what the processor has, as the compiler sees it
gcc -march=native -dM -E -x c /dev/null >"$work/machine" 2>/dev/null ||
	clang -march=native -dM -E -x c /dev/null >"$work/machine"
has() { grep -q "__$1__" "$work/machine"; }
widths() {
	echo '-O2'
	echo '-O1 -DBP_MAX_LANES=1'
	echo '-O2 -DBP_MAX_LANES=2'
	if has AVX; then echo '-O2 -mavx'; else skip 'AVX' >&2; fi
	if has AVX2; then echo '-O3 -mavx2 -mfma'; else skip 'AVX2' >&2; fi
	echo '-O3 -march=native'
	echo '-O2 -march=native -DBP_MAX_LANES=8'
	echo '-O2 -march=native -DBP_MAX_LANES=4'
}

# a compiler with the flags that its language needs
compile() { # COMPILER FLAGS...
	cc=$1
	shift
	case $cc in
	*++) "$cc" -x c++ -std=c++11 "$@" -lm ;;
	*) "$cc" "$@" -lm ;;
	esac
}
build() {
	compile "$@" -I"${bp:-$runtime}" -o "$work/program" "$here/vectors.c"
}

# every function is compiled, though nothing uses it
cat >"$work/all.c" <<'END'
#include "bp.h"
#if BP_LANES_VF > 1 && BP_LANES_V > 1
#define BOTH(f) \
	bp_vf use_##f##_vf(bp_vf x); \
	bp_vf use_##f##_vf(bp_vf x) { return bp_##f##_vf(x); } \
	bp_v use_##f##_v(bp_v x); \
	bp_v use_##f##_v(bp_v x) { return bp_##f##_v(x); }
BOTH(exp) BOTH(log) BOTH(log1p) BOTH(tanh) BOTH(cosh) BOTH(erf) BOTH(sqrt)
BOTH(abs) BOTH(sign) BOTH(floor) BOTH(sin) BOTH(cos) BOTH(logistic)
#endif
END

clean() { # COMPILER FLAGS...
	cc=$1
	shift
	case $cc in
	*++) set -- -x c++ -std=c++11 "$@" ;;
	*) set -- -std=c99 "$@" ;;
	esac
	try "no warnings: $cc $*" "$cc" $strict "$@" -I"$runtime" -c \
		"$work/all.c" -o "$work/o.o"
}

one() { # COMPILER FLAGS...
	what="$*"
	if ! build "$@" >"$work/log" 2>&1; then
		bad "$what: does not compile"
		return
	fi
	try "$what: operations" "$work/program" operations
	try "$what: the bits of numbers" "$work/program" same 5501
	compile "$@" -DBP_FAST -I"$runtime" -o "$work/program" \
		"$here/vectors.c" 2>"$work/log"
	try "$what, fast: operations" "$work/program" operations
	try "$what, fast: errors" "$work/program" ulp 5501 4
}

widths >"$work/widths" 2>"$work/none"
cat "$work/none"
skipped=$((skipped + $(grep -c . "$work/none")))
for cc in gcc clang g++ clang++; do
	is_here $cc || continue
	while read -r flags; do
		clean $cc $flags
		clean $cc $flags -DBP_FAST
		case $cc in *++) continue ;; esac
		one $cc $flags
	done <"$work/widths"
done
if is_here tcc; then
	try 'tcc: compiles' build tcc
	try 'tcc: operations' "$work/program" operations
	try 'tcc: the bits of numbers' "$work/program" same 50021
	try 'tcc, fast: compiles' build tcc -DBP_FAST
	try 'tcc, fast: errors' "$work/program" ulp 50021 4
fi

# ------------------------------------------------------------ all arguments
try 'all floats: compiles' build gcc -O3 -march=native
try 'all floats: exp, log, tanh have the bits of numbers' "$work/program" same 0
try 'errors of strict functions' "$work/program" ulp 307 2
try 'all floats, fast: compiles' build gcc -O3 -march=native -DBP_FAST
try 'all floats, fast: errors' "$work/program" ulp 0 4
cat "$work/log"

# -------------------------------------------------------------- instruments
for flags in '-O1' '-O1 -march=native'; do
	try "sanitizers $flags" build gcc $flags -g \
		-fsanitize=address,undefined -fno-sanitize-recover=all
	try "sanitizers $flags: operations" "$work/program" operations
	try "sanitizers $flags: functions" "$work/program" same 1000003
done

# -ffast-math does no harm to fast code (linked without it: it would make the
# processor drop subnormals)
for cc in gcc clang; do
	is_here $cc || continue
	for flags in '-O2' '-O3 -march=native'; do
		flags="$flags -DBP_FAST -ffast-math"
		try "$cc $flags" $cc $flags -I"$runtime" -c \
			"$here/vectors.c" -o "$work/o.o"
		$cc -o "$work/program" "$work/o.o" -lm
		try "$cc $flags: errors" "$work/program" ulp 5501 4
	done
done

# fused multiply-adds are in fast code alone
if has FMA; then
	fused() { "$@" -O2 -march=native -S -I"$runtime" -o - "$work/all.c" |
		grep -qE 'vfn?m(add|sub)'; }
	for cc in gcc clang; do
		is_here $cc || continue
		must_fail "$cc: nothing is fused in strict code" fused $cc
		try "$cc: fused in fast code" fused $cc -DBP_FAST
	done
else
	skip 'fused multiply-adds: the processor has none'
fi

# -------------------------------------------------------- other machines
if is_here clang; then
	for target in 'aarch64-linux-gnu' 'armv7-linux-gnueabihf -mfpu=neon' \
		'wasm32 -msimd128' 'powerpc64le-linux-gnu -mvsx -Wno-deprecated-altivec-src-compat' \
		'i386-linux-gnu -msse2 -mfpmath=sse' 'riscv64-linux-gnu'; do
		for mode in '' -DBP_FAST; do
			try "compiles for $target $mode" clang -std=c99 -O2 \
				$strict --target=$target $mode -DBP_NO_LIBC \
				-ffreestanding -I"$runtime" -c "$work/all.c" \
				-o "$work/o.o"
		done
	done
fi
if command -v aarch64-linux-gnu-gcc >/dev/null 2>&1 &&
	command -v qemu-aarch64 >/dev/null 2>&1; then
	try 'aarch64: compiles' build aarch64-linux-gnu-gcc -O2 -static
	try 'aarch64: operations' qemu-aarch64 "$work/program" operations
	try 'aarch64: the bits of numbers' qemu-aarch64 "$work/program" \
		same 100003
	try 'aarch64, fast: compiles' build aarch64-linux-gnu-gcc -O2 -static \
		-DBP_FAST
	try 'aarch64, fast: errors' qemu-aarch64 "$work/program" ulp 100003 4
else
	skip 'aarch64: aarch64-linux-gnu-gcc or qemu-aarch64 is not installed'
fi

# ----------------------------------------------------- the checks see errors
broken() { # WHAT SED COMMAND...: a runtime with an error
	what=$1 bp=$work/broken
	mkdir -p "$bp"
	sed "$2" "$runtime/bp.h" >"$bp/bp.h"
	shift 2
	if cmp -s "$runtime/bp.h" "$bp/bp.h"; then
		: >"$work/log"
		bad "noticed: $what: nothing to break"
	elif ! build gcc -O2 ${flags:-} >"$work/log" 2>&1; then
		bad "noticed: $what: does not compile"
	else
		must_fail "$what" "$work/program" "$@"
	fi
	bp=
}
flags=
within='lane < (I)rest - zero'
broken 'a lane too many' "s/$within/lane <= (I)rest - zero/" operations
broken 'another order of 16' \
	's/at(i) + at(i + 8)) + (at(i + 4)/at(i) + at(i + 4)) + (at(i + 8)/' \
	operations
broken 'what lies beyond' 's/if (rest < n) {/if (rest < 0) {/' operations
broken 'one lane for all' \
	's/(p)\[((i) < rest ? (i) : 0)\*stride\]/(p)[0*(i)*stride]/' operations
broken 'NaN that lost' \
	's/(V##i)(m == m) \& ~(V##i)(x <= m)/(V##i)(x > m)/' operations
other='BP_INLINE bp_vf bp_floor_vf(bp_vf x) { return x - 0.25f; }'
broken 'another function' "s/^BP_FLOORF(_vf, .*/$other/" same 5501
flags=-DBP_FAST
broken 'a worse polynomial' 's/r\*0.333342311f/r*0.3334f/' ulp 5501 4
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
