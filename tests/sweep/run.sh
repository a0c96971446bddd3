#!/bin/sh
# SPDX-License-Identifier: MIT
# train with several seeds and values; argument: bpgen
. "$(dirname "$0")/../verdicts.sh"

refuses() { # NAME RC TEXT COMMAND...
	name=$1 want=$2 text=$3
	shift 3
	expect "$name" "$want" "$@" && says "$name" err "$text"
	ls -d ./*runs-* >left 2>/dev/null && bad "$name" "$(cat left) is left"
	rm -f left
}
cat >net.spec <<'END'
net net
param hidden = 5
param act = "tanh"
input 4
dense $hidden $act
dense 3 softmax
loss cross_entropy
optimizer adam rate=0.01
classes Iris-setosa Iris-versicolor Iris-virginica
batch 10
epochs 20
END
train() { "$bpgen" train net.spec "$data/iris.csv" --jit=tcc "$@"; }

expect 'a sweep' 0 train --seeds 1..3,9 -D hidden=3,10 --validation 0.2
table=$(grep -c '^ *\(3\|10\) *[1239] *[12][0-9] .*%.* s\(  best\)\?$' out)
[ "$table" = 8 ] && ok 'a row for each run' ||
	bad 'a row for each run' "$table rows"
[ "$(grep -c '  best$' out)" = 1 ] && ok 'one is the best' ||
	bad 'one is the best'
says 'means over the seeds' out 'hidden=10, 4 seeds: val_loss '
least=$(awk '$1 == 3 || $1 == 10 { print $5 }' out | sort -g | head -n 1)
set -- $(grep '  best$' out)
[ "$5" = "$least" ] && ok 'the best has the least loss' ||
	bad 'the best has the least loss' "$5, not $least"
sed 's/ [0-9.]* s\( \|$\)//' out >first
expect 'the best alone' 0 train -q --seed "$2" -D hidden="$1" \
	--validation 0.2 -o one.safetensors
cmp -s one.safetensors net.safetensors && ok 'its weights are kept' ||
	bad 'its weights are kept'
cut -d, -f1,3- one.history.csv >one
cut -d, -f1,3- net.history.csv >two
test -s one && cmp -s one two && ok 'and its history' || bad 'and its history'
ls -d ./*runs-* >/dev/null 2>&1 && bad 'nothing else is left' "$(ls)" ||
	ok 'nothing else is left'
expect 'again' 0 train --seeds 1..3,9 -D hidden=3,10 --validation 0.2
sed 's/ [0-9.]* s\( \|$\)//' out >second
cmp -s first second && ok 'a sweep repeats' || bad 'a sweep repeats'
[ "$(grep -c '^epoch' net.history.csv)" = 1 ] &&
	[ "$(wc -l <net.history.csv)" = 41 ] && ok 'histories are appended' ||
	bad 'histories are appended'
expect 'words' 0 train -D act=tanh,relu -D hidden=4 -o words.safetensors &&
	says 'words' out 'relu      20 '
if "$bpgen" --version | grep -q '+npz'; then
	expect NPZ 0 train --seeds 1..2 -o two.npz
	[ "$(head -c 2 two.npz)" = PK ] && ok 'NPZ' || bad 'NPZ'
else
	echo 'skipped NPZ: this build has none'; skipped=1
fi
expect 'one that fails' 0 train -D hidden=2,2000000000 -o f.safetensors && {
	says 'one that fails has a row' out '2000000000       -     failed'
	says 'one that fails has a message' err 'is too large'
}
expect 'met' 0 train --seeds 1..2 --require accuracy=0.9 && ok 'met'
refuses 'not met' 1 'but at most 1e-09 is required' train --seeds 1..2 \
	--require loss=1e-9
refuses 'no such table' 66 'cannot be read' "$bpgen" train net.spec none.csv \
	--seeds 1..2
refuses 'no such parameter' 64 "has no parameter 'hiden'" train -D hiden=1,2
for seeds in '' 1.. ..3 3..1 1,,2 a 1..x; do
	refuses "--seeds '$seeds'" 64 'is no list of seeds' train --seeds "$seeds"
done
refuses 'too many' 64 'too many' train --seeds 1..20000
refuses 'both' 64 '--seed is for one run' train --seeds 1..2 --seed 3
refuses 'a checkpoint' 64 '--checkpoint is for one run' train --seeds 1..2 \
	--checkpoint c.safetensors
refuses 'resumed' 64 '--resume is for one run' train -D hidden=1,2 \
	--resume one.safetensors
refuses 'standard output' 64 'need a file' train --seeds 1..2 -o -
refuses 'standard input' 64 'can be read once' "$bpgen" train net.spec - \
	--seeds 1..2
cp net.spec other.safetensors
refuses 'a file of others' 73 'is no file of weights' train --seeds 1..2 \
	-o other.safetensors
cp net.spec some.history.csv
refuses 'a history of others' 73 'is no history' train --seeds 1..2 \
	-o some.safetensors
refuses 'a folder that is missing' 73 'cannot create' train --seeds 1..2 \
	-o none/net.safetensors
sed 's/^epochs.*/epochs 100000000/' net.spec >long.spec
cp net.safetensors before
timeout --foreground --preserve-status -s INT 0.3 "$bpgen" train long.spec \
	"$data/iris.csv" --jit=tcc --seeds 1..5 >out 2>err
rc=$?
if [ $rc = 130 ] && ! ls -d ./*runs-* >/dev/null 2>&1 &&
	cmp -s net.safetensors before
then ok 'Ctrl-C ends all'; else bad 'Ctrl-C ends all' "exit status $rc"; fi

sum_up
