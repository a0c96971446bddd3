#!/bin/sh
# SPDX-License-Identifier: MIT
# What training says of itself: advice where a run learns little, none where it
# is healthy, and which epoch's weights it keeps; argument: bpgen
. "$(dirname "$0")/../verdicts.sh"

train() { "$bpgen" train "$@" --jit=tcc -o s.safetensors; }
# advises NAME TEXT ARGUMENT...
advises() {
	name=$1 text=$2
	shift 2
	expect "$name" 0 train "$@" && says "$name" out "$text"
}
# silent NAME ARGUMENT...: neither help nor note
silent() {
	name=$1
	shift
	expect "$name" 0 train "$@" || return
	if grep -qE '^(help|note):' out; then bad "$name"; else ok "$name"; fi
}

# ---------------------------------------------------------------- healthy runs
silent 'xor' "$specs/xor.spec" "$data/xor.csv"
silent 'iris' "$specs/iris.spec" "$data/iris.csv"
silent 'digits' "$specs/digits8x8.spec" "$data/digits8x8_train.csv" \
	--epochs 10 --validation 0.2
silent 'diabetes' "$specs/diabetes.spec" "$data/diabetes.csv"
silent 'sine' "$specs/sine.spec" "$data/sine.csv"
silent 'sunspots' "$specs/sunspots.spec" "$data/sunspots_yearly.csv"
silent 'one epoch' "$specs/iris.spec" "$data/iris.csv" --epochs 1

# ------------------------------------------------------------ stuck, too slow
advises 'a local minimum' 'stopped: 20000 epochs; loss moved by 2 % in the last 18,' \
	"$specs/xor.spec" "$data/xor.csv" --seed 57 &&
	says 'another seed' out 'help: this run is stuck; try another seed (--seed 58) or 3 hidden units'
advises 'another minimum' '; loss moved by 0 % in the last' \
	"$specs/xor.spec" "$data/xor.csv" --seed 14
slow='at the same pace all the time: the learning rate'
advises 'a rate too small' "$slow 0.0001 may be too small, try \`--rate 0.001\`" \
	"$specs/xor.spec" "$data/xor.csv" --epochs 200 --rate 1e-4
advises 'mini-batches' "$slow 1e-07 may be too small" \
	"$specs/diabetes.spec" "$data/diabetes.csv" --rate 1e-7
advises 'a rate too small to see' "$slow 1e-12 may be too small" \
	"$specs/diabetes.spec" "$data/diabetes.csv" --rate 1e-12

# ------------------------------------------------------------------- too large
advises 'no fall' 'help: the loss did not fall; the learning rate 1 may be too large, try `--rate 0.1`' \
	"$specs/digits8x8.spec" "$data/digits8x8_test.csv" --rate 1 --epochs 5
advises 'a rise' 'help: the loss rose again, from 0.5' \
	"$specs/diabetes.spec" "$data/diabetes.csv" --rate 0.3
cat >relu.spec <<'END'
net relu
input 4
dense 8 relu
dense 3 softmax
classes Iris-setosa Iris-versicolor Iris-virginica
loss cross_entropy
optimizer sgd rate=1
batch 16
epochs 60
seed 1
END
advises 'dead units' 'help: all relu units of dense1 are dead: their derivative is 0 for each of 150 rows, so dense1 no longer learns; train anew with `--rate 0.1`' \
	relu.spec "$data/iris.csv"
silent 'units that live' relu.spec "$data/iris.csv" --rate 0.05
sed 's/relu$/tanh/' relu.spec >tanh.spec
awk -F, -v OFS=, 'NR > 1 { $1 *= 1e4; $2 *= 1e4; $3 *= 1e4 } 1' \
	"$data/iris.csv" >large.csv
advises 'saturated units' 'help: all tanh units of dense1 are dead: ' \
	tanh.spec large.csv &&
	says 'inputs too large' out 'add `normalize zscore` after `input`'

# ------------------------------------------------------------- no number at all
refuses() {
	name=$1 text=$2 more=$3
	shift 3
	rm -f s.safetensors
	expect "$name" 65 train "$@" && says "$name" err "$text" &&
		says "$name, help" err "$more"
	if [ -e s.safetensors ]; then bad "$name writes nothing"; fi
}
refuses 'a rate far too large' 'error: loss is not a number after 1 update (epoch 1)' \
	'try `--rate 1e+29`' relu.spec "$data/iris.csv" --rate 1e30
cat >log.spec <<'END'
activation "logarithm" { y = "log(z)" }
input 1
dense 1 logarithm
loss half_sse
optimizer sgd rate=0.1
batch all
END
printf '%s\n' -1,1 -2,0 1,1 2,0 >sign.csv
refuses 'no number from the start' 'before the first update' \
	'no rate is at fault' log.spec sign.csv
awk -F, -v OFS=, 'NR > 1 { $1 = "1e38"; $2 = "-1e38" } 1' "$data/iris.csv" \
	>huge.csv
refuses 'inputs that overflow' 'before the first update' \
	'inputs reach 1e+38: add `normalize zscore`' relu.spec huge.csv

# ------------------------------------------------- the best epoch, and no later
cat >fit.spec <<'END'
net fit
input 10
normalize zscore
dense 60 tanh
dense 1
targets zscore
loss mse
optimizer adam rate=0.003
batch 16
epochs 300
seed 3
END
head -n 60 "$data/diabetes.csv" >few.csv
# epoch and value of the least val_loss in a history
least() { awk -F, 'NR > 1 && (!n || $5 < v) { n = $1; v = $5 }
	END { printf "%d %.6g\n", n, v }' "$1"; }
rm -f s.history.csv
advises 'overfitting' 'the net is overfitting; `stop patience=5 on=val_loss`' \
	fit.spec few.csv --validation 0.3
set -- $(least s.history.csv)
says 'the best epoch is kept' out "kept the weights of epoch $1 (val_loss $2)"
loss() { sed -n "1s/.*$1 \([0-9.]*\).*/\1/p" out; }
expect 'eval agrees' 0 "$bpgen" eval fit.spec few.csv --validation \
	-w s.safetensors
if awk "BEGIN { exit !($(loss loss) - $2 < 1e-5 && $2 - $(loss loss) < 1e-5) }"
then ok 'these are its weights'; else bad 'these are its weights' "not $2"; fi
expect '--require judges them' 0 train fit.spec few.csv --validation 0.3 \
	--require val_loss="$(awk "BEGIN { print $2 + 1e-4 }")" &&
	ok '--require judges them'
# as long as that epoch, the same bits
cp s.safetensors whole.safetensors
expect 'a run up to there' 0 train fit.spec few.csv --validation 0.3 \
	--epochs "$1" && same 'the same bits' s.safetensors whole.safetensors
if grep -q '^kept' out; then bad 'the last is the best'
else ok 'the last is the best'; fi
# a target that was reached keeps what reached it
echo 'stop loss < 0.01' >>fit.spec
rm -f s.history.csv
advises 'a target' 'stopped: loss < 0.01' fit.spec few.csv --validation 0.3
if grep -q '^kept' out; then bad 'a target keeps its weights'; fi
last=$(tail -n 1 s.history.csv | cut -d, -f5)
expect 'a target keeps its weights' 0 "$bpgen" eval fit.spec few.csv \
	--validation -w s.safetensors
if awk "BEGIN { d = $(loss loss) - $last; exit !(d*d < 1e-9) }"
then ok 'a target keeps its weights'
else bad 'a target keeps its weights' "not $last"; fi
silent 'going on is no new run' "$specs/diabetes.spec" "$data/diabetes.csv" \
	--epochs 20 && silent 'going on' "$specs/diabetes.spec" \
	"$data/diabetes.csv" --resume s.safetensors --rate 1e-9 --epochs 40

# ------------------------------------------------------------------ the history
head='epoch,seconds,rate,loss,val_loss,accuracy,val_accuracy,gradnorm'
if [ "$(head -n 1 s.history.csv)" = "$head" ] && ! awk -F, 'NF != 8 { exit 1 }' \
	s.history.csv; then bad 'eight columns'; else ok 'eight columns'; fi

sum_up
