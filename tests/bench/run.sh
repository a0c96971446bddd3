#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BPGEN STAGES: bpgen's emitted C beside its peers, then what generating
# and compiling it takes, then widths one by one.  WORK=T4 measures the works
# that begin so and nothing else; BENCH_ROUNDS, BENCH_BY, WIDTHS: see README.md.
# Figures go to bench/ beside BPGEN and to bench.tsv there.  Exit status 1: what
# some network of bpgen's has learnt is wrong.
bpgen=$1 stages=$2
here=$(cd "$(dirname "$1")" && pwd)
bpgen=$here/$(basename "$1")
folder=$here/bench
table=$here/bench.tsv
: "${BENCH_ROUNDS:=9}"
LC_ALL=C
export LC_ALL OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
. "$(dirname "$0")/build.sh"
mkdir -p "$folder/lib"

# have NAME PACKAGE HEADER FLAGS...: can this one be built?  Says so if not
have() {
	name=$1 package=$2 header=$3
	shift 3
	echo "#include <$header>" | $CXX -x c++ -fsyntax-only "$@" - \
		2>/dev/null && return 0
	echo "skipped $name: $package is not installed (make bench-deps)" >&2
	return 1
}

eigen='-isystem /usr/include/eigen3'
# gcc takes half of AVX-512's width unless told otherwise
wide=-mprefer-vector-width=512
echo | $CC -march=native -dM -E - | grep -q __AVX512F__ || wide=
# libraries, built once for all works; peers: name=file of those there are
build_libraries() {
	peers=
	if have openblas libopenblas-dev cblas.h &&
		peer "$folder/lib/openblas.so" gemm.c -lopenblas; then
		peers="$peers openblas=$folder/lib/openblas.so"
	fi
	if have onednn libdnnl-dev oneapi/dnnl/dnnl.hpp &&
		peer "$folder/lib/onednn.so" onednn.cc -ldnnl &&
		peer "$folder/lib/sgemm.so" gemm.c -DDNNL -ldnnl; then
		peers="$peers onednn/primitives=$folder/lib/onednn.so"
		peers="$peers onednn/sgemm=$folder/lib/sgemm.so"
	fi
	if have libxsmm libxsmm-dev libxsmm.h &&
		peer "$folder/lib/xsmm.so" xsmm.c -lxsmm -lxsmmnoblas \
		-lpthread -ldl; then
		peers="$peers libxsmm=$folder/lib/xsmm.so"
	fi
	if have fann libfann-dev fann.h &&
		peer "$folder/lib/fann.so" fann.c -lfann; then
		peers="$peers fann=$folder/lib/fann.so"
	fi
	# shellcheck disable=SC2086
	have eigen libeigen3-dev Eigen/Core $eigen || eigen=
	python=
	for p in python3 /usr/bin/python3; do
		"$p" -c 'import numpy' 2>/dev/null && python=$p
		"$p" -c 'import numpy, torch' 2>/dev/null && break
	done
	[ -n "$python" ] || echo 'skipped numpy, torch: python3-numpy is not' \
		'installed (make bench-deps)' >&2
}

# build NAME SOURCE FLAGS...: adds it to $own, compiles beside others
build() {
	name=$1 so=$folder/$work/$(echo "$1" | tr / -).so
	shift
	own="$own $name=$so"
	peer "$so" "$@" &
}

# contestants WORK...: what is compiled for this work alone, into $own
contestants() {
	own='' at=$folder/$1
	mkdir -p "$at"
	# the reference is not timed
	(strict_flags="$strict_flags -O1"
	bpgen_c "$at/double" 'dtype f64' "$@") &
	job=$!
	bpgen_c "$at/fast" 'math fast' "$@" &&
		bpgen_c "$at/strict" 'math strict' "$@"
	code=$?
	wait $job && [ $code = 0 ] || return 1
	bpgen_so "$at/bpgen-fast.so" "$at/fast" '' &&
		bpgen_so "$at/bpgen-call.so" "$at/fast" -DONE_BATCH &&
		bpgen_so "$at/bpgen-strict.so" "$at/strict" '' &&
		bpgen_so "$at/double.so" "$at/double" -DDOUBLE || return 1
	for one in fast call strict; do
		own="$own bpgen-$one=$at/bpgen-$one.so"
	done
	case $3 in
	lenet)
		# gcc would take sums in registers apart
		# shellcheck disable=SC2086
		build hand lenet.c -DBATCH="$8" $wide -fno-tree-reassoc
		wait
		return 0
		;;
	lstm)
		# shellcheck disable=SC2086
		build hand lstm.c -DBATCH="$8" $wide
		wait
		return 0
		;;
	esac
	widest=$(echo "$3" | tr - '\n' | sort -n | tail -n 1)
	network=$(constants "$@")
	# shellcheck disable=SC2086
	{
		build hand/rows hand.c $network
		build hand/columns hand.c $network -DCOLUMNS
		wait
		[ -n "$wide" ] && build hand/rows-512 hand.c $network $wide &&
			build hand/columns-512 hand.c $network -DCOLUMNS $wide
		wait
		if [ -n "$eigen" ] && [ "$widest" -gt 40 ]; then
			build eigen/dynamic eigen.cc $network $eigen -DROWS=1
		elif [ -n "$eigen" ]; then
			build eigen/fixed eigen.cc $network $eigen -DFIXED
			build eigen/lazy eigen.cc $network $eigen -DFIXED \
				-DLAZY
		fi
		wait
	}
	return 0
}

contest() {
	work=$1
	echo "  $*" >&2
	if ! contestants "$@"; then
		echo "skipped $1: bpgen cannot generate it yet" >&2
		printf '%s\tbpgen-fast\t-\t-\t0\t0\tnot yet\n' "$1" \
			>>"$table.new"
		return 1
	fi
	# shellcheck disable=SC2086
	"$folder/bench" -r "$BENCH_ROUNDS" -d "$folder/$work/data" "$@" \
		"$folder/$work/double.so" $own $peers >>"$table.new"
	[ -n "$python" ] && "$python" "$bench/peers/peers.py" 5 \
		"$folder/$work/data" "$@" >>"$table.new"
	return 0
}

$CC -std=c11 -O2 -o "$folder/bench" "$bench/bench.c" -ldl -lm &&
	$CC -std=gnu11 -O3 -march=native -I"$bench/../../runtime" \
	-o "$folder/peak" "$bench/peak.c" || exit 2
build_libraries
"$folder/peak" | awk -F '\t' '{print "core\t" $1 "\t" $2 "\t" $2}' \
	>"$table.new"
echo 'measuring:' >&2
works "$WORK" >"$folder/list"
[ -s "$folder/list" ] || { echo "no work begins with $WORK" >&2; exit 2; }
while read -r line; do
	# shellcheck disable=SC2086
	contest $line </dev/null
done <"$folder/list"
if [ -z "$WORK" ]; then
	sh "$bench/cost.sh" "$bpgen" "$folder" >>"$table.new"
	sh "$bench/sweep.sh" "$bpgen" "$folder" >>"$table.new"
fi
mv "$table.new" "$table"
[ -n "$WORK" ] || sh "$bench/stages.sh" "$bpgen" "$stages" || exit 2
awk -v by="$BENCH_BY" -f "$bench/report.awk" "$bench/known.txt" \
	"$bench/works.txt" "$table"
code=$?
echo "the same as a table: $table"
exit $code
