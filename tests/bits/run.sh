#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BPGEN: compiles each program with every compiler at every level and
# compares what it prints, hashes of results, with what TinyCC's says; and the
# runtime by itself: no warnings, no undefined symbols, each part alone.
# Networks: every SPEC of this folder, as straight line and as loops; and random
# ones (SEED=n).
bpgen=$1
here=$(cd "$(dirname "$0")" && pwd)
runtime=$here/../../runtime
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0 skipped=0
export LC_ALL=C

verdict() { # ok|FAILED|skipped WHAT
	echo "$1 $2"
	case $1 in
	ok) passed=$((passed + 1)) ;;
	FAILED) failed=$((failed + 1)) ;;
	*) skipped=$((skipped + 1)) ;;
	esac
}

# one compiler with its flags a line; a few of them unless BPGEN_HEAVY is set
compilers() {
	if [ -z "$BPGEN_HEAVY" ]; then
		cat <<-'END'
		tcc
		gcc -std=c99 -O0
		gcc -O3 -march=native
		clang -O2
		g++ -std=c++11 -O2
		END
		return
	fi
	cat <<-'END'
	tcc
	tcc -DBP_SOFT_SQRT
	gcc -std=c99 -O0
	gcc -O2
	gcc -O3 -march=native
	gcc -O2 -march=native -ffp-contract=fast -flto
	gcc -O2 -DBP_SOFT_SQRT
	clang -std=c99 -O0
	clang -O2
	clang -O3 -march=native
	g++ -std=c++11 -O2
	g++ -std=c++17 -O3 -march=native
	clang++ -std=c++11 -O3 -march=native
	END
}

# same NAME SOURCE [FLAGS...]: SOURCE prints the same under all of them
same() {
	rm -f "$dir/first"
	as_before "$@"
}

# as_before NAME SOURCE [FLAGS...]: and the same as the program before it
as_before() {
	name=$1 source=$2
	shift 2
	compilers >"$dir/compilers"
	while read -r cc flags; do
		what="$name: $cc $flags"
		if ! command -v "$cc" >/dev/null 2>&1; then
			verdict skipped "$what: not installed"
			continue
		fi
		case $cc in *++) flags="-x c++ $flags" ;; esac
		if ! $cc $flags "$@" -I"$runtime" -o "$dir/program" "$source" \
			>"$dir/log" 2>&1; then
			head -n 5 "$dir/log"
			verdict FAILED "$what: does not compile"
		elif ! "$dir/program" >"$dir/out" 2>&1; then
			verdict FAILED "$what: does not run"
		elif [ ! -f "$dir/first" ]; then
			mv "$dir/out" "$dir/first"
			verdict ok "$what: $(wc -l <"$dir/first" | tr -d ' ') hashes"
		elif cmp -s "$dir/out" "$dir/first"; then
			verdict ok "$what"
		else
			diff "$dir/first" "$dir/out" | grep '^>' | head -n 5
			verdict FAILED "$what: other bits"
		fi
	done <"$dir/compilers"
}

# refused FLAGS...: arithmetic that cannot keep the promise does not compile
refused() {
	if ! command -v "$1" >/dev/null 2>&1; then
		verdict skipped "refused: $*: not installed"
	elif "$@" -I"$runtime" -c -o "$dir/program.o" "$here/runtime.c" \
		>"$dir/log" 2>&1; then
		verdict FAILED "refused: $*: compiles"
	elif grep -q 'this C needs' "$dir/log"; then
		verdict ok "refused: $*"
	else
		head -n 5 "$dir/log"
		verdict FAILED "refused: $*: for another reason"
	fi
}

# noticed: the comparison itself sees fused multiply-adds
noticed() {
	what='noticed: fused multiply-adds'
	mkdir "$dir/stripped"
	sed "s/^#pragma.*//" "$runtime/bp.h" >"$dir/stripped/bp.h"
	if ! echo 'int main(void) { return !__FMA__; }' |
		gcc -march=native -x c -o "$dir/program" - 2>/dev/null; then
		verdict skipped "$what: none on this machine"
		return
	fi
	gcc -O2 -march=native -ffp-contract=fast -I"$dir/stripped" -o "$dir/program" \
		"$here/runtime.c" && "$dir/program" >"$dir/out"
	if cmp -s "$dir/out" "$dir/first"; then
		verdict FAILED "$what: the same bits"
	else
		verdict ok "$what"
	fi
}

# clean COMPILER...: the runtime without a warning, as the file itself
clean() {
	cc=$1 what="no warnings: $*"
	if ! command -v "$cc" >/dev/null 2>&1; then
		verdict skipped "$what: not installed"
		return
	fi
	case $cc in *++) set -- "$@" -x c++ ;; *) set -- "$@" -x c ;; esac
	cp "$runtime/bp.h" "$dir/bp.c"
	if "$@" -Wall -Wextra -Wpedantic -Wconversion -Wdouble-promotion \
		-Wshadow -Wunused -Werror -c -o "$dir/bp.o" "$dir/bp.c" \
		>"$dir/log" 2>&1; then
		verdict ok "$what"
	else
		head -n 5 "$dir/log"
		verdict FAILED "$what"
	fi
}

# parts: each compiles with the parts that it says it needs and no other, under
# TinyCC without a libc too, and leaves no symbol undefined
parts() {
	for part in $(sed -n 's/^\/\* part \([a-z0-9_]*\):.*/\1/p' "$runtime/bp.h"); do
		awk -v want="$part" '
		NR == FNR {
			if ($1 == "/*" && $2 == "part") {
				name = substr($3, 1, length($3) - 1)
				order[++n] = name
				for (i = 5; i < NF; i++)
					needs[name] = needs[name] " " $i
			}
			next
		}
		FNR == 1 {
			take[want] = 1
			for (k = n; k > 0; k--)
				if (order[k] in take) {
					m = split(needs[order[k]], list, " ")
					for (i = 1; i <= m; i++)
						take[list[i]] = 1
				}
		}
		$1 == "/*" && $2 == "part" {
			inside = substr($3, 1, length($3) - 1) in take
		}
		inside { print }
		$1 == "/*" && $2 == "end" { inside = 0 }
		' "$runtime/bp.h" "$runtime/bp.h" >"$dir/part.c"
		# a second copy, as when two networks share a translation unit
		cat "$dir/part.c" "$dir/part.c" >"$dir/twice.c"
		what="part $part alone"
		if ! gcc -std=c99 -Wall -Wextra -Werror -fkeep-static-functions \
			-c -o "$dir/part.o" "$dir/twice.c" >"$dir/log" 2>&1; then
			head -n 5 "$dir/log"
			verdict FAILED "$what"
		elif [ -n "$(nm -u "$dir/part.o")" ]; then
			nm -u "$dir/part.o"
			verdict FAILED "$what: undefined symbols"
		elif nm "$dir/part.o" | grep -q ' [BbDdCc] '; then
			verdict FAILED "$what: writable data"
		elif command -v tcc >/dev/null 2>&1 && ! tcc -nostdlib \
			-nostdinc -Wall -Werror -DBP_NO_LIBC -c -o "$dir/part.o" \
			"$dir/twice.c" >"$dir/log" 2>&1; then
			head -n 5 "$dir/log"
			verdict FAILED "$what: tcc without a libc"
		else
			verdict ok "$what"
		fi
	done
}

# networks: 1,000 steps of training, in both plans
networks() {
	if [ ! -x "$bpgen" ]; then
		verdict skipped "networks: no bpgen"
		return
	fi
	for spec in "$here"/*.spec; do
		rm -f "$dir/first"
		for plan in full none; do
			net=$(basename "$spec" .spec)
			file=$dir/${net}_$plan.c
			if "$bpgen" "$spec" --standalone --prefix=net \
				--unroll=$plan >"$file" 2>"$dir/log"; then
				as_before "$net $plan" "$here/net.c" \
					-DNET_C="\"$file\""
			else
				head -n 5 "$dir/log"
				verdict FAILED "$net $plan: is not generated"
			fi
		done
	done
}

# agree NAME: $dir/net.spec in our own plan, as plain numbers and as the widest
# vectors: the same bits; and without a warning where math is fast
agree() {
	echo 'math fast' | cat "$dir/net.spec" - >"$dir/fast.spec"
	level=-O1
	[ -n "$BPGEN_HEAVY" ] && level=-O3
	if ! "$bpgen" "$dir/net.spec" --standalone --prefix=net -q \
		>"$dir/net.c" 2>"$dir/log" ||
		! "$bpgen" "$dir/fast.spec" --standalone --prefix=net -q \
		>"$dir/fast.c" 2>"$dir/log" ||
		! tcc -DSTEPS=60 -DNET_C="\"$dir/net.c\"" -o "$dir/a" \
		"$here/net.c" >"$dir/log" 2>&1 ||
		! vectors gcc -std=c99 $level -Wall -Wextra -Werror ||
		! gcc -std=c99 -fsyntax-only -march=native -Wall -Wextra \
		-Werror "$dir/fast.c" >"$dir/log" 2>&1; then
		head -n 5 "$dir/log"
		verdict FAILED "$1: does not compile"
		return
	fi
	"$dir/a" >"$dir/first" 2>&1
	as_numbers "$1"
	[ -n "$BPGEN_HEAVY" ] && command -v clang >/dev/null || return
	if vectors clang -O2; then as_numbers "$1, clang"
	else verdict FAILED "$1, clang: does not compile"; fi
}

vectors() { # COMPILER FLAGS...
	"$@" -march=native -DSTEPS=60 -DNET_C="\"$dir/net.c\"" -o "$dir/b" \
		"$here/net.c" >"$dir/log" 2>&1
}

as_numbers() {
	if "$dir/b" >"$dir/out" 2>&1 && cmp -s "$dir/first" "$dir/out"; then
		verdict ok "$1"
	else
		verdict FAILED "$1: other bits"
	fi
}

# drawn: random networks
drawn() {
	spec=$(dirname "$bpgen")/tests/property/networks_test
	if [ ! -x "$spec" ] || ! command -v tcc >/dev/null; then
		verdict skipped 'drawn: no networks_test, or no tcc'
		return
	fi
	: "${SEED:=1}"
	k=0 count=10
	[ -n "$BPGEN_HEAVY" ] && count=50
	while [ $k -lt $count ]; do
		k=$((k + 1))
		"$spec" --spec $((SEED*100 + k)) | grep -v '^math ' >"$dir/net.spec"
		agree "drawn $((SEED*100 + k))"
	done
}

# vocabulary: the networks that are compared with PyTorch, which have every word
# (normalize has no figures without data; it is in own.spec)
vocabulary() {
	if ! command -v tcc >/dev/null; then
		verdict skipped 'vocabulary: no tcc'
		return
	fi
	reference=$here/../torch/reference
	for word in $(cd "$here/../../templates" && ls layers activations \
		losses optimizers | sed -n 's/\.lua$//p'); do
		grep -qE "^\|.*\<$word\>" "$reference"/*.txt ||
			grep -qw "$word" "$here"/*.spec ||
			verdict FAILED "vocabulary: no network has $word"
	done
	for net in "$reference"/*.txt; do
		sed -n 's/^|//p' "$net" | grep -v '^math ' >"$dir/net.spec"
		agree "$(basename "$net" .txt)"
	done
}

parts
clean gcc -std=c99
clean gcc -O2 -march=native
clean gcc -O2 -DBP_SOFT_SQRT
clean gcc -DBP_TYPES_ONLY
clean clang -std=c99
clean clang -O2
clean g++ -std=c++11
clean g++ -std=c++17 -O2
clean clang++ -std=c++11
same runtime "$here/runtime.c"
noticed
refused gcc -O2 -ffast-math
refused clang -O2 -ffast-math
refused gcc -Ofast
refused gcc -ffinite-math-only
refused gcc -O2 -funsafe-math-optimizations
refused gcc -freciprocal-math
networks
drawn
[ -n "$BPGEN_HEAVY" ] && vocabulary
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
