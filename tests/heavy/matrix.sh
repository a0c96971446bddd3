#!/bin/sh
# SPDX-License-Identifier: MIT
# matrix.sh [--short] BPGEN [NAME...]: the C of specs and random networks under
# every compiler that is here.  It compiles without a warning as C99 and C++11,
# several networks link, nothing but four functions is undefined, nothing is
# writable, and training gives the same bits everywhere, in every plan, also
# under sanitizers and valgrind.
short=
[ "$1" = --short ] && { short=yes; shift; }
bpgen=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
names=$*                        # of specs; none: all, and random ones
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
random=$(dirname "$bpgen")/tests/property/networks_test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
passed=0 failed=0 skipped=0
strict='-Wall -Wextra -Wpedantic -Wconversion -Wdouble-promotion -Wshadow'
strict="$strict -Werror"

ok() { passed=$((passed + 1)); echo "ok $1"; }
bad() {
	failed=$((failed + 1))
	echo "FAILED $1"
	[ -s "$work/log" ] && head -n 12 "$work/log"
}
skip() { skipped=$((skipped + 1)); echo "skipped $1"; }
try() { # WHAT COMMAND...
	what=$1
	shift
	if "$@" >"$work/log" 2>&1; then ok "$what"; else bad "$what"; return 1; fi
}

# ------------------------------------------------------------- what is here
have=
for cc in gcc clang g++ clang++ tcc; do
	[ -n "$short" ] && case $cc in *++) continue ;; esac
	if command -v "$cc" >/dev/null 2>&1; then have="$have $cc"
	else skip "$cc: it is not installed"; fi
done
here_is() { case " $have " in *" $1 "*) return 0 ;; esac; return 1; }

# a compiler with the flags that its language needs
compile() {
	cc=$1
	shift
	case $cc in
	*++) "$cc" -x c++ -std=c++11 "$@" ;;
	tcc) "$cc" "$@" ;;
	*) "$cc" -std=c99 "$@" ;;
	esac
}

levels() { # of one compiler
	case $short$1 in
	*tcc) echo -O0 ;;
	yesgcc) printf '%s\n' -O2 '-O3 -march=native' ;;
	gcc|clang) printf '%s\n' -O0 -O2 '-O3 -march=native' ;;
	*) echo -O2 ;;
	esac
}

# ------------------------------------------------------------- the networks
# small ones, so that straight line is compiled as well
list() {
	for n in $names; do
		cp "$root/specs/$n.spec" "$work/specs/" || exit 1
	done
	[ -n "$names" ] && return
	# gcc 12 miscompiles what follows a stride if the runtime lets it
	cat >"$work/specs/strided.spec" <<-'END'
	input 2x8x16
	r: conv 4 3x3 relu pad=same
	conv 4 3x3 relu stride=2 pad=same
	flatten
	dense 3 softmax
	loss cross_entropy
	optimizer sgd rate=0.05
	batch 4
	END
	for spec in "$root"/specs/*.spec; do
		case $short/$(basename "$spec" .spec) in
		/*|yes/xor|yes/iris) cp "$spec" "$work/specs/" ;;
		esac
	done
	seeds='2 9 12 42'
	[ -n "$short" ] && seeds=12
	if [ ! -x "$random" ]; then
		skip "random networks: $random is not built"
		return
	fi
	for n in $seeds; do
		"$random" --spec "$n" >"$work/specs/random$n.spec"
	done
}

generate() { # FOLDER OPTIONS...: net.c and net.h
	to=$1
	shift
	mkdir -p "$work/$to"
	"$bpgen" "$spec" --prefix=net -o "$work/$to/net.c" "$@" \
		>"$work/log" 2>&1
}

# ------------------------------------------------------------ what it checks
# (only gcc warns about more when it optimises)
clean() { # FOLDER: no warning under any compiler
	for cc in $have; do
		case $cc in
		gcc) flags="$strict -O1" ;;
		tcc) flags='-Wall -Werror' ;;
		*) flags="$strict -fsyntax-only" ;;
		esac
		try "$name $1: $cc without warnings" compile "$cc" $flags \
			-I"$root/runtime" -I"$work/$1" -c "$work/$1/net.c" \
			-o "$work/o.o"
	done
}

header() { # the header twice, alone, in C and C++
	printf '#include "net.h"\n#include "net.h"\nint main(void) { return %s; }\n' \
		'(int)(NET_BYTES - sizeof(net_net))' >"$work/header.c"
	for cc in $have; do
		flags=$strict
		[ "$cc" = tcc ] && flags='-Wall -Werror'
		try "$name: its header in $cc" compile "$cc" $flags \
			-I"$root/runtime" -I"$work/loops" "$work/header.c" \
			-o "$work/header"
	done
}

# the four may come from any compiler; B D C (and b d) are writable data
symbols() { # FOLDER
	for cc in $have; do
		case $cc in tcc|*++) continue ;; esac
		compile "$cc" -O2 -fno-pic -fno-pie -I"$root/runtime" \
			-I"$work/$1" -c "$work/$1/net.c" -o "$work/o.o" \
			>"$work/log" 2>&1
		nm "$work/o.o" | grep -E ' [UBDCbdc] ' |
			grep -vE ' U (memcpy|memmove|memset|memcmp)$' \
			>"$work/log"
		if [ -s "$work/log" ]; then bad "$name $1: symbols by $cc"
		else ok "$name $1: symbols by $cc"; fi
	done
}

hashes() { # WHAT FOLDER CC FLAGS...: prints the same as the first one
	what="$name $1" to=$2
	shift 2
	if ! compile "$@" -I"$root/runtime" -I"$work/$to" -o "$work/program" \
		"$work/$to/net.c" "$here/matrix.c" >"$work/log" 2>&1; then
		bad "$what: does not compile"
	elif ! "$work/program" >"$work/out" 2>"$work/log"; then
		bad "$what: does not run"
	elif [ ! -f "$work/first" ]; then
		mv "$work/out" "$work/first"
		first=$what
		ok "$what: $(grep -c . "$work/first") hashes"
	elif cmp -s "$work/out" "$work/first"; then
		ok "$what: the same bits"
	else
		diff "$work/first" "$work/out" >"$work/log"
		bad "$what: not the bits of $first"
	fi
}

compilers() { # FOLDER
	for cc in $have; do
		levels "$cc" >"$work/levels"
		while read -r flags; do
			hashes "$1 $cc $flags" "$1" "$cc" $flags
		done <"$work/levels"
	done
}

# another plan: TinyCC always, gcc where straight line is not too long for it
plan() { # FOLDER
	here_is tcc && hashes "$1 tcc" "$1" tcc
	[ "$(wc -l <"$work/$1/net.c")" -lt 3000 ] && here_is gcc &&
		hashes "$1 gcc -O2" "$1" gcc -O2
}

# random plans by vectors of each width; one of them where it is long
vectors() {
	here_is gcc || return
	seeds='6 7 8'
	[ "$(wc -l <"$work/loops/net.c")" -gt 5000 ] && seeds=6
	for seed in $seeds; do
		if ! generate random "$@" --plan=random:$seed; then
			bad "$name: --plan=random:$seed $*"
			continue
		fi
		for lanes in 4 8 16; do
			hashes "random:$seed $* $lanes lanes" random gcc -O2 \
				-march=native -DBP_MAX_LANES=$lanes
		done
		here_is clang && hashes "random:$seed $* clang" random clang \
			-O2 -march=native
	done
}

instruments() {
	here_is gcc || return
	hashes 'loops under gcc -fsanitize' loops gcc -O1 -g \
		-fsanitize=address,undefined,float-cast-overflow \
		-fno-sanitize-recover=all
	if ! command -v valgrind >/dev/null 2>&1; then
		skip "$name: valgrind: it is not installed"
		return
	fi
	compile gcc -O1 -g -I"$root/runtime" -I"$work/loops" -o "$work/program" \
		"$work/loops/net.c" "$here/matrix.c" >"$work/log" 2>&1
	try "$name: valgrind" valgrind -q --error-exitcode=99 --leak-check=full \
		"$work/program" 3
}

one() {
	name=$(basename "$spec" .spec)
	rm -f "$work/first"
	rm -rf "$work/loops" "$work/line" "$work/auto" "$work/random" \
		"$work/double" "$work/forward"
	if ! generate loops --unroll=none; then
		if grep -q 'cannot be generated yet' "$work/log"; then
			skip "$name: cannot be generated yet"
		else bad "$name: bpgen"; fi
		return
	fi
	clean loops
	header
	symbols loops
	compilers loops
	if generate auto --standalone; then plan auto
	else bad "$name: --standalone"; fi
	if generate random --plan=random:5; then plan random
	else bad "$name: --plan=random:5"; fi
	if generate line --unroll=full; then plan line
	elif grep -q 'straight line code of more than' "$work/log"; then
		echo "note: $name is too large for straight line"
	else bad "$name: --unroll=full"; fi
	[ -n "$short" ] && return
	instruments
	vectors
	if generate double --unroll=none --dtype=f64; then
		rm -f "$work/first"
		hashes 'f64 gcc -O1' double gcc -O1
		vectors --dtype=f64
	else bad "$name: --dtype=f64"; fi
	case $name in random*) other_forms ;; esac
}

# compilers.sh does this for the specs
other_forms() {
	[ -f "$work/auto/net.c" ] && clean auto
	[ -f "$work/line/net.c" ] && clean line && symbols line
	if generate double --dtype=f64; then clean double; symbols double
	else bad "$name: --dtype=f64"; fi
	if generate forward --api=forward; then clean forward; symbols forward
	else bad "$name: --api=forward"; fi
}

# all networks of the specs folder in one program, as C and as C++
together() {
	mkdir "$work/all"
	files= n=0
	: >"$work/all/main.c"
	for spec in "$work"/specs/*.spec; do
		how=
		n=$((n + 1))
		[ $((n % 2)) = 0 ] && how=--standalone
		"$bpgen" "$spec" --prefix="n$n" $how --unroll=none \
			-o "$work/all/n$n.c" >/dev/null 2>&1 || continue
		files="$files $work/all/n$n.c"
		echo "#include \"n$n.h\"" >>"$work/all/main.c"
	done
	echo 'int main(void) {' >>"$work/all/main.c"
	for file in $files; do
		n=$(basename "$file" .c)
		echo "{ static ${n}_net v; ${n}_init(&v, 1); }" \
			>>"$work/all/main.c"
	done
	echo 'return 0; }' >>"$work/all/main.c"
	for cc in $have; do
		try "all networks in one program: $cc" compile "$cc" \
			-I"$root/runtime" -I"$work/all" -o "$work/program" \
			$files "$work/all/main.c" &&
			try "all networks in one program run: $cc" \
				"$work/program"
	done
}

# the comparison sees another order of one sum
noticed() {
	rm -rf "$work/loops" "$work/first"
	spec=$work/long.spec
	name=noticed
	printf 'input 100\ndense 3\nloss mse\noptimizer sgd rate=0.01\nlanes 1\n' >"$spec"
	generate loops --unroll=none || { bad 'noticed: bpgen'; return; }
	hashes 'loops gcc -O1' loops gcc -O1
	sed -i 's/for (int h = 8; h; h \/= 2)/for (int h = 1; h < 16; h++)/' \
		"$work/loops/net.c"
	compile gcc -O1 -I"$root/runtime" -I"$work/loops" -o "$work/program" \
		"$work/loops/net.c" "$here/matrix.c" >"$work/log" 2>&1
	"$work/program" >"$work/out"
	: >"$work/log"
	if cmp -s "$work/out" "$work/first"; then
		bad 'noticed: lanes joined from left to right: the same bits'
	else
		ok 'noticed: lanes joined from left to right'
	fi
}

mkdir "$work/specs"
list
for spec in "$work"/specs/*.spec; do
	one
done
together
here_is gcc && noticed
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
