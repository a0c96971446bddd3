# SPDX-License-Identifier: MIT
# Sourced by the scripts of this folder: how contestants are built.  Needs
# $bpgen; $bench is this folder.  Bodies in ( ) keep their variables.
bench=$(cd "$(dirname "$0")" && pwd)
: "${CC:=gcc}" "${CXX:=g++}"
strict_flags="${OPTIMIZE:--O3} -march=native -fPIC -fvisibility=hidden -DNDEBUG"
fast_flags="$strict_flags -ffast-math"

# works of works.txt whose name, or whose inference's, begins with $1
works() {
	grep -v '^#' "$bench/works.txt" | awk -v w="$1" \
		'index($1, w) == 1 || index($2, w) == 1'
}

# spec FILE MORE_LINES NAME INFERENCE LAYERS HIDDEN OUTPUT RULE RATE BATCH
spec() (
	file=$1 more=$2
	shift 4
	{
		echo 'net net'
		if [ "$1" = lenet ]; then
			printf '%s\n' 'input 1x28x28' 'conv 6 5x5 relu' \
				'maxpool 2x2' 'conv 16 5x5 relu' \
				'maxpool 2x2' flatten 'dense 120 relu' \
				'dense 84 relu' 'dense 10 softmax'
		elif [ "$1" = lstm ]; then
			printf '%s\n' 'input 1 steps=32' 'lstm 16 last' \
				'dense 1 linear'
		else
			echo "$1" | awk -F- -v h="$2" -v o="$3" '{
				print "input", $1
				for (i = 2; i <= NF; i++)
					print "dense", $i, i < NF ? h : o
			}'
		fi
		[ "$3" = softmax ] && echo 'loss cross_entropy'
		[ "$3" = softmax ] || echo 'loss half_sse'
		printf '%s\n' "optimizer $4 rate=$5" "batch $6" "$more"
	} >"$file"
)

# newer FILE OTHERS...: it is there, and none of the others is newer
newer() (
	[ -f "$1" ] || return 1
	file=$1
	shift
	[ -z "$(find "$@" -newer "$file" 2>/dev/null)" ]
)

# bpgen_c FOLDER MORE_LINES WORK...: net.spec, net.c, net.h and net.o; compiles
# only what has changed
bpgen_c() (
	into=$1 more=$2
	shift 2
	mkdir -p "$into/new"
	spec "$into/new/net.spec" "$more" "$@"
	"$bpgen" gen "$into/new/net.spec" -o "$into/new/net.c" --force -q ||
		return 1
	if cmp -s "$into/new/net.c" "$into/net.c" &&
		cmp -s "$into/new/net.h" "$into/net.h" &&
		newer "$into/net.o" "$bench/../../runtime/bp.h" \
		"$bench/build.sh"; then
		return 0
	fi
	mv "$into"/new/* "$into"
	# shellcheck disable=SC2086
	$CC -std=c99 $strict_flags -I"$bench/../../runtime" -c \
		-o "$into/net.o" "$into/net.c"
)

# bpgen_so FILE.so FOLDER FLAGS: links what bpgen_c has made
bpgen_so() {
	newer "$1" "$2/net.o" "$bench/peers/bpgen.c" "$bench/peer.h" &&
		return 0
	# shellcheck disable=SC2086
	$CC -std=c11 $strict_flags $3 -shared -I"$2" \
		-I"$bench/../../runtime" -o "$1" "$bench/peers/bpgen.c" \
		"$2/net.o" -lm
}

# constants NAME INFERENCE LAYERS HIDDEN OUTPUT RULE RATE BATCH: what a peer
# that is compiled for one network must know
constants() {
	echo "-DSHAPE=$(echo "$3" | tr - ,)" \
		"-DLAYERS=$(echo "$3" | awk -F- '{print NF - 1}')" \
		"-DHIDDEN=$(echo "$4" | tr '[:lower:]' '[:upper:]')" \
		"-DOUTPUT=$(echo "$5" | tr '[:lower:]' '[:upper:]')" \
		"-DADAM=$([ "$6" = adam ] && echo 1 || echo 0) -DBATCH=$8"
}

# peer FILE.so SOURCE FLAGS...: a contestant with loops of its own
peer() (
	so=$1 source=$2
	shift 2
	newer "$so" "$bench/peers/$source" "$bench/peer.h" "$bench/steps.h" \
		"$bench/dense.h" "$bench/build.sh" && return 0
	case $source in
	*.cc) compiler="$CXX -std=c++14 -Wno-ignored-attributes" ;;
	*) compiler="$CC -std=gnu11" ;;
	esac
	# shellcheck disable=SC2086
	$compiler $fast_flags -shared -o "$so" "$bench/peers/$source" \
		"$@" -lm
)
