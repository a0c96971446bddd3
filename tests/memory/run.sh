#!/bin/sh
# SPDX-License-Identifier: MIT
# The map of memory is that of the C: offsets as a compiler has them, places as
# the plan has them; argument: bpgen
. "$(dirname "$0")/../verdicts.sh"
chart=$root/tests/memory/chart.py

# offsets NAME SPEC [OPTION...]: each line of a field, asserted in C
offsets() {
	name=$1 spec=$2
	shift 2
	expect "$name" 0 "$bpgen" info "$spec" --memory "$@" || return
	cp out map
	expect "$name" 0 "$bpgen" "$spec" "$@" --prefix=net --standalone || return
	{
		cat out
		echo '#include <stddef.h>'
		awk '/^forward:/ { exit }
			/^NAME_net: / { gsub(",", ""); print "_Static_assert(" \
				"sizeof(net_net) == " $2 ", \"all\");" }
			$1 ~ /^[0-9]/ && $3 ~ /^[a-z]/ && $3 != "unused," &&
			$3 != "seed" { gsub(",", ""); print "_Static_assert(" \
				"offsetof(net_net, " $3 ") == " $1 \
				" && sizeof((net_net *)0)->" $3 " == " $2 \
				", \"" $3 "\");" }' map
	} >all.c
	sed -i 's/sizeof((net_net \*)0)->/sizeof ((net_net *)0)->/' all.c
	[ "$(grep -c 'offsetof' all.c)" -gt 2 ] || bad "$name: fields"
	if ${CC:-cc} -std=c11 -fsyntax-only all.c >out 2>err; then ok "$name"
	else bad "$name"; fi
}
# places NAME SPEC KERNEL
places() {
	expect "$1" 0 "$bpgen" info "$2" "--memory=$3" --dtype=f32 && cp out map &&
		expect "$1" 0 "$bpgen" "$2" --dump=plan --dtype=f32 || return
	if python3 "$chart" map out "$3" 2>err; then ok "$1"; else bad "$1"; fi
}

for net in xor digits lenet sunspots resnet; do
	offsets "fields of $net" "$specs/$net.spec"
done
offsets 'fields in double' "$specs/lenet.spec" --dtype=f64
sed 's/ 16 \+sigmoid/ 17 sigmoid/; s/^input 2$/input 3/' "$specs/xor.spec" >x.spec
"$bpgen" x.spec --prefix=net --standalone >other.c
{ cat other.c; grep -h '_Static_assert' all.c; } >wrong.c
if ${CC:-cc} -std=c11 -fsyntax-only wrong.c >out 2>err
then bad 'a false offset is seen'; else ok 'a false offset is seen'; fi
if command -v python3 >/dev/null; then
	places 'LeNet, forward' "$specs/lenet.spec" forward
	places 'LeNet, gradient' "$specs/lenet.spec" gradient
	places 'resnet, forward' "$specs/resnet.spec" forward
	places 'a recurrent net' "$specs/sunspots.spec" forward
	"$bpgen" info "$specs/lenet.spec" --memory | sed 's/c3  c3/c3  s9/' >wrong
	"$bpgen" "$specs/lenet.spec" --dump=plan >out
	if python3 "$chart" wrong out forward 2>err
	then bad 'a false chart is seen'; else ok 'a false chart is seen'; fi
else skip 'charts' 'no python3 here'; fi
expect 'a straight line' 0 "$bpgen" info "$specs/xor.spec" --memory &&
	says 'a straight line' out 'forward: no workspace'
expect 'LeNet' 0 "$bpgen" info "$specs/lenet.spec" --memory &&
	says 'the peak' out 'bytes while s2 is computed' &&
	if awk 'length > 79 { exit 1 }' out; then ok 'not too wide'
	else bad 'not too wide'; fi
# what lives at one time bounds the workspace; gaps may cost an eighth of it
for spec in "$specs"/*.spec; do
	"$bpgen" info "$spec" --memory=train -q 2>/dev/null
done | awk '/ bytes of work;/ { gsub(",", ""); size = $2 }
	/^peak: / { gsub(",", ""); n++; if (size > 1.15 * $2) { print; bad = 1 } }
	END { exit bad || n < 10 }' >out
if [ $? = 0 ]; then ok 'few gaps'; else bad 'few gaps'; fi
expect 'a function that is not there' 64 "$bpgen" info "$specs/xor.spec" \
	--memory=forwards &&
	says 'a function that is not there' err 'similar name exists: forward'
printf '%s\n' 'input 2' 'dense 2 tanh' 'loss mse' 'api gradient' >g.spec
expect 'no forward' 0 "$bpgen" info g.spec --memory &&
	says 'no forward' out 'loss: no workspace'
sum_up
