#!/bin/sh
# SPDX-License-Identifier: MIT
# Training that is stopped, or killed at any moment, goes on to the same bits;
# argument: bpgen.  BPGEN_HEAVY=yes kills it 200 times.
. "$(dirname "$0")/../verdicts.sh"

refuses() {
	name=$1 want=$2 text=$3
	shift 3
	expect "$name" "$want" "$@" || return
	if grep -qF -- "$text" err; then ok "$name"
	else bad "$name" "no '$text'"; fi
}
# alike NAME FILE FILE: weights to the bit, histories but for the seconds
alike() {
	cut -d, -f1,3- "${2%.safetensors}.history.csv" >one.history
	cut -d, -f1,3- "${3%.safetensors}.history.csv" >two.history
	if ! test -s "$2" || ! cmp -s "$2" "$3"
	then bad "$1" "$2 and $3 differ"
	elif ! test -s one.history || ! cmp -s one.history two.history
	then bad "$1" "$(diff one.history two.history | head -n 6)"
	else ok "$1"; fi
}
note() { head -c 3000 "$2" | grep -ao "\"$1\":\"[^\"]*\"" | cut -d\" -f4; }

# moments, random masks, a schedule, the best weights of an earlier epoch
cat >net.spec <<'END'
net net
input 4
normalize zscore
dense 16 tanh
dropout 0.3
dense 3 softmax
loss cross_entropy
optimizer adam rate=0.01
schedule step every=20 factor=0.7
clip norm=2
l2 1e-4
classes Iris-setosa Iris-versicolor Iris-virginica
stop patience=60 on=val_loss
batch 8
epochs 150
seed 4
END
train() { "$bpgen" train net.spec "$data/iris.csv" --jit=tcc "$@"; }

expect 'a run in one go' 0 train -q -o whole.safetensors
expect 'with checkpoints' 0 train -q -o saved.safetensors \
	--checkpoint c.safetensors --every 7
alike 'checkpoints change nothing' saved.safetensors whole.safetensors
last=$(note epochs c.safetensors)
if [ "$last" = "$(tail -n 1 saved.history.csv | cut -d, -f1)" ]
then ok 'one at the end'; else bad 'one at the end' "of epoch $last"; fi
rm saved.safetensors
expect 'a run that was over' 0 train -q -o saved.safetensors \
	--resume c.safetensors
alike 'a run that was over' saved.safetensors whole.safetensors
"$bpgen" eval net.spec "$data/iris.csv" -w c.safetensors >out 2>err
if grep -q '150 rows' out; then ok 'a checkpoint is a file of weights'
else bad 'a checkpoint is a file of weights'; fi
if "$bpgen" --version | grep -q '+npz'; then
	expect 'a checkpoint in NPZ' 0 train -q -o n.safetensors --epochs 30 \
		--checkpoint c.npz --every 1000
	expect 'a checkpoint in NPZ' 0 train -q -o n.safetensors \
		--resume c.npz
	alike 'a checkpoint in NPZ' n.safetensors whole.safetensors
else
	echo 'skipped NPZ: this build has none'; skipped=1
fi
# what runs along beside the weights
sed 's/^dropout.*/batchnorm/' net.spec >norm.spec
norm() { "$bpgen" train norm.spec "$data/iris.csv" --jit=tcc -q "$@"; }
expect 'running statistics' 0 norm -o a.safetensors
expect 'running statistics' 0 norm -o b.safetensors --epochs 9 \
	--checkpoint d.safetensors
expect 'running statistics' 0 norm -o b.safetensors --resume d.safetensors
alike 'running statistics go on' b.safetensors a.safetensors
# the best epoch by validation loss, without a stop that asks for it
sed '/^stop/d' net.spec >best.spec
best() { "$bpgen" train best.spec "$data/iris.csv" --jit=tcc --validation 0.2 "$@"; }
expect 'the best epoch' 0 best -o a.safetensors
says 'the best epoch is an earlier one' out 'kept the weights of epoch '
kept=$(grep '^kept' out)
expect 'the best epoch' 0 best -q -o b.safetensors --epochs 140 \
	--checkpoint d.safetensors
expect 'the best epoch' 0 best -o b.safetensors --resume d.safetensors
alike 'the best epoch goes on' b.safetensors a.safetensors
if [ "$(grep '^kept' out)" = "$kept" ]; then ok 'and says so'
else bad 'and says so' "not '$kept'"; fi
# best by another quantity is nothing to compare with
sed 's/val_loss/val_accuracy/' net.spec >other.spec
expect 'another quantity' 0 "$bpgen" train other.spec "$data/iris.csv" \
	--jit=tcc -o c.safetensors --epochs 143 --resume d.safetensors
if grep '^kept' out | grep -q 'epoch 14[123] (val_accuracy' ||
	! grep -q '^kept' out
then ok 'another quantity'; else bad 'another quantity'; fi
for threads in 1 3; do
	expect "$threads threads" 0 train -q -j $threads -o t$threads.safetensors
	expect "$threads threads" 0 train -q -j $threads -o u.safetensors \
		--epochs 40 --checkpoint d.safetensors
	rm -f v.history.csv && mv u.history.csv v.history.csv
	expect "$threads threads" 0 train -q -j $threads -o v.safetensors \
		--resume d.safetensors
	alike "$threads threads go on" v.safetensors t$threads.safetensors
done

# --------------------------------------------------------------- Ctrl-C
rm -f ./*.history.csv
sed '/^stop/d; s/^epochs.*/epochs 3000/' net.spec >long.spec
long() { "$bpgen" train long.spec "$data/iris.csv" --jit=tcc -q "$@"; }
expect 'a long run' 0 long -o whole.safetensors
timeout --foreground --preserve-status -s INT 0.15 "$bpgen" train long.spec \
	"$data/iris.csv" --jit=tcc -q -o part.safetensors \
	--checkpoint c.safetensors --every 1000000 >out 2>err
rc=$?
if [ $rc = 130 ] && [ "$(note epochs c.safetensors)" -gt 0 ]
then ok 'Ctrl-C leaves a checkpoint'
else bad 'Ctrl-C leaves a checkpoint' "exit status $rc"; fi
expect 'Ctrl-C, resumed' 0 long -o part.safetensors --resume c.safetensors
alike 'Ctrl-C loses nothing' part.safetensors whole.safetensors

# ----------------------------------------------------------- killed anywhere
# Every epoch is told before its checkpoint is begun: no more than the one
# interval lies between what was told and what was kept.
times=10 every=3 lost=0 unreadable=0 resumed=0 over=0
[ "$BPGEN_HEAVY" ] && times=200
rm -f part.* c.safetensors
kill=0
while [ $kill -lt $times ]; do
	kill=$((kill + 1))
	# from the first file to somewhere in the run
	after=$(awk "BEGIN { srand($kill); print 0.01 + 0.15*rand() }")
	from=
	[ -e c.safetensors ] && from='--resume c.safetensors'
	# the shell would say `Killed`
	{ timeout --foreground -s KILL "$after" "$bpgen" train long.spec \
		"$data/iris.csv" --jit=tcc --progress=json $from \
		-o part.safetensors --checkpoint c.safetensors \
		--every $every; } >out 2>err
	rc=$?
	told=$(tail -n 2 out | sed -n 's/^{"epoch": \([0-9]*\), .*}$/\1/p' |
		tail -n 1)
	if [ $rc = 0 ]; then over=$((over + 1)); rm -f part.* c.safetensors
	elif [ $rc != 137 ]; then bad 'killed' "exit status $rc"; break
	elif [ -e c.safetensors ]; then
		kept=$(note epochs c.safetensors)
		[ "${told:-0}" -gt $((${kept:-0} + every)) ] && lost=$((lost + 1))
		[ "$from" ] && resumed=$((resumed + 1))
	elif [ "$told" ]; then lost=$((lost + 1)); fi
	if [ -e c.safetensors ]; then
		"$bpgen" eval net.spec "$data/iris.csv" -w c.safetensors \
			--jit=tcc >out 2>err || unreadable=$((unreadable + 1))
	fi
done
[ $lost = 0 ] && ok "killed $kill times, no epoch lost before the last interval" ||
	bad 'no more than an interval is lost' "$lost times it was more"
[ $unreadable = 0 ] && ok 'every checkpoint can be read' ||
	bad 'every checkpoint can be read' "$unreadable could not"
[ $resumed -ge $((times / 3)) ] && ok "resumed $resumed times" ||
	bad 'too few were resumed' "$resumed of $times"
from=
[ -e c.safetensors ] && from='--resume c.safetensors'
expect 'killed, to the end' 0 long $from -o part.safetensors
alike 'killed again and again: the same bits' part.safetensors whole.safetensors

# ------------------------------------------------------------------ refusals
expect 'another table' 0 train -q --epochs 3 --checkpoint c.safetensors \
	-o part.safetensors
head -n 100 "$data/iris.csv" >short.csv
refuses 'another table' 65 'this run learns from 120 rows and validates with 30' \
	"$bpgen" train net.spec short.csv --resume c.safetensors -o x.safetensors
for every in 0 -1 1.5 ten 5m '' s; do
	refuses "--every '$every'" 64 'neither a number of epochs' train \
		--checkpoint c.safetensors --every "$every" -o x.safetensors
done
refuses '--every alone' 64 'name their file' train --every 5 -o x.safetensors
refuses 'one file for both' 64 'needs a file of its own' train \
	--checkpoint x.safetensors -o x.safetensors
refuses 'a checkpoint on standard output' 64 'cannot be replaced' train \
	--checkpoint - -o x.safetensors
refuses 'a folder that is missing' 73 'cannot write none/c' train \
	--checkpoint none/c.safetensors -o x.safetensors
refuses 'a table as checkpoint' 73 'exists and is no file of weights' train \
	--checkpoint short.csv -o x.safetensors
if [ -e x.safetensors ]; then bad 'a refusal writes nothing'
else ok 'a refusal writes nothing'; fi
# the disk is full once training runs: the file before stays, rc tells
cp c.safetensors before
refuses 'a disk that is full' 73 'cannot write c.safetensors' sh -c "
	mkdir c.safetensors.tmp
	'$bpgen' train net.spec '$data/iris.csv' --checkpoint c.safetensors -q \
		-o x.safetensors"
if cmp -s c.safetensors before; then ok 'the checkpoint before stays'
else bad 'the checkpoint before stays'; fi

# its folder goes away while training runs
mkdir gone
long -o part.safetensors --checkpoint gone/c.safetensors --every 20 >out 2>err &
tries=0
while [ ! -e gone/c.safetensors ] && [ $tries -lt 100 ]; do
	tries=$((tries + 1))
	sleep 0.02
done
mv gone elsewhere
wait $!
rc=$?
if [ $rc = 73 ] && [ "$(grep -c 'cannot write gone/c' err)" = 1 ]
then ok 'a disk that goes away'
else bad 'a disk that goes away' "exit status $rc"; fi
if cmp -s part.safetensors whole.safetensors
then ok 'training goes on without'; else bad 'training goes on without'; fi

sum_up
