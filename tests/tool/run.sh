#!/bin/sh
# SPDX-License-Identifier: MIT
# train, eval, predict and check as people use them; argument: bpgen
. "$(dirname "$0")/../verdicts.sh"

# ------------------------------------------------------------- learning
expect xor 0 "$bpgen" train "$specs/xor.spec" "$data/xor.csv" &&
	says "xor learns" out "stopped: loss < 0.001"
expect "xor predict" 0 "$bpgen" predict "$specs/xor.spec" "$data/xor.csv" &&
	if awk 'NR > 1 { d = $3 - $4; if (d < -.2 || d > .2) bad = 1 }
		END { exit bad || NR != 5 }' out
	then ok "xor outputs"; else bad "xor outputs"; fi
expect iris 0 "$bpgen" train "$specs/iris.spec" "$data/iris.csv" \
	--validation 0.2 --require accuracy=0.95 && ok "iris learns"
expect "iris eval" 0 "$bpgen" eval "$specs/iris.spec" "$data/iris.csv" \
	--validation --require accuracy=0.95 && says "iris held-out" out "30 rows"
if [ -f "$specs/digits8x8.spec" ]; then
	expect digits8x8 0 "$bpgen" train "$specs/digits8x8.spec" \
		"$data/digits8x8_train.csv" &&
	expect digits8x8 0 "$bpgen" eval "$specs/digits8x8.spec" \
		"$data/digits8x8_test.csv" --require accuracy=0.95 &&
		ok "digits8x8 learns"
fi
# sums in another order are right, if not to the bit
printf 'input 256\ndense 30 tanh\ndense 10\nloss mse\nmath fast\n' >fast.spec
expect "check of math fast" 0 "$bpgen" check fast.spec &&
	says "check of math fast" out "interpreter to rounding"
expect siamese 0 "$bpgen" train "$specs/siamese.spec" \
	"$data/iris_pairs.csv" --validation 0.25 -q &&
	expect siamese 0 "$bpgen" eval "$specs/siamese.spec" \
		"$data/iris_pairs.csv" --validation --require accuracy=0.95 &&
		ok "siamese learns"
# far below the 2.8 that the frequencies of letters give
expect chars 0 "$bpgen" train "$specs/chars.spec" "$data/rhyme.csv" \
	-D width=12 --epochs 8 -q && expect chars 0 "$bpgen" eval \
	"$specs/chars.spec" "$data/rhyme.csv" -D width=12 \
	--require loss=1.7 --require accuracy=0.5 &&
	ok "a transformer learns" &&
	says "classes of steps" out "224 rows of 12 classes, 1," &&
	expect "predict steps" 0 "$bpgen" predict "$specs/chars.spec" \
		"$data/rhyme.csv" -D width=12 --csv &&
	says "predict steps" out "class11,class12,target1,target2,"
# one yes or no a step: is this number larger than the one before?
cat >rises.spec <<'EOF'
input 1 steps=5
gru 8
dense 1 sigmoid
loss bce
optimizer adam rate=0.02
batch 16
epochs 40
EOF
awk 'BEGIN { for (i = 0; i < 300; i++) { t = ""; last = 0
	for (k = 0; k < 5; k++) { v = (i * 7 + k * k * 31 + i * k * 5) % 20 / 20
		printf "%s,", v; t = t (k ? "," : "") (v > last); last = v }
	print t } }' >rises.csv
expect "a class each step" 0 "$bpgen" train rises.spec rises.csv --validation 0.2 \
	-q --require val_accuracy=0.9 && expect "a class each step" 0 "$bpgen" \
	predict rises.spec rises.csv --csv &&
	if awk -F, 'NR > 1 { for (k = 1; k <= 5; k++) right += $(NF-10+k) == $(NF-5+k) }
		END { exit right < 0.9 * 5 * 300 }' out
	then ok "a class each step"; else bad "a class each step"; fi
# one of three for every pixel: dark, grey, bright
cat >pixels.spec <<'EOF'
input 1x2x3
conv 4 1x1 tanh
conv 3 1x1 softmax
loss cross_entropy
optimizer adam rate=0.05
batch 8
epochs 60
EOF
awk 'BEGIN { for (i = 0; i < 200; i++) { t = ""
	for (k = 0; k < 6; k++) { v = (i * 7 + k * 13 + i * k) % 10
		printf "%s,", v / 10; t = t (k ? "," : "") (v > 6 ? 2 : v > 2) }
	print t } }' >pixels.csv
expect "a class each pixel" 0 "$bpgen" train pixels.spec pixels.csv -q &&
	expect "a class each pixel" 0 "$bpgen" eval pixels.spec pixels.csv \
		--require accuracy=0.99 &&
	says "a class each pixel" out "200 rows of 6 classes"
sed '2s/^[0-9]*/27/' "$data/rhyme.csv" >ids.csv
expect ids 65 "$bpgen" train "$specs/chars.spec" ids.csv &&
	says "an id that is none" err \
		"ids.csv:2:1: error: '27' is no whole number from 0 to 26"
sed 's/^net.*/net reg/' "$specs/diabetes.spec" >reg.spec
expect diabetes 0 "$bpgen" train reg.spec "$data/diabetes.csv" \
	--validation 0.2 && expect diabetes 0 "$bpgen" eval reg.spec \
	"$data/diabetes.csv" --validation --require r2=0.5 &&
	ok "diabetes beats the mean"
expect sine 0 "$bpgen" train "$specs/sine.spec" "$data/sine.csv" -q &&
	expect sine 0 "$bpgen" eval "$specs/sine.spec" "$data/sine.csv" \
		--require r2=0.99 && ok "sine is followed"
if [ -f "$more/semeion_train.csv" ]; then
	expect semeion 0 "$bpgen" train "$specs/digits.spec" \
		"$more/semeion_train.csv" --validation 0.1 &&
	expect semeion 0 "$bpgen" eval "$specs/digits.spec" \
		"$more/semeion_test.csv" --require accuracy=0.92 &&
		ok "semeion learns"
else
	skip semeion "set BPGEN_DATA to a folder with semeion_train.csv"
fi

# --------------------------------------------------- the same bits, again
cp reg.safetensors first.safetensors
expect again 0 "$bpgen" train reg.spec "$data/diabetes.csv" --validation 0.2 -q &&
	if cmp -s reg.safetensors first.safetensors; then ok "training repeats"
	else bad "training repeats"; fi
expect half 0 "$bpgen" train reg.spec "$data/diabetes.csv" --validation 0.2 \
	--epochs 20 -o half.safetensors -q &&
expect rest 0 "$bpgen" train reg.spec "$data/diabetes.csv" --validation 0.2 \
	--resume half.safetensors -o whole.safetensors -q &&
	if cmp -s whole.safetensors first.safetensors; then ok "training goes on"
	else bad "training goes on"; fi

# ------------------------------------------- statistics over the mini-batch
cat >norm.spec <<'EOF'
input 4
dense 8
batchnorm relu
dense 3 softmax
loss cross_entropy
optimizer adam rate=0.01
batch 16
epochs 20
EOF
expect batchnorm 0 "$bpgen" train norm.spec "$data/iris.csv" -o norm.w \
	--require accuracy=0.9 && ok "batchnorm learns"
expect "batchnorm, threads" 0 "$bpgen" train norm.spec "$data/iris.csv" -q \
	--threads 2 -o norm2.w && says "batchnorm, one thread" err \
	"need all its samples" && same "batchnorm, threads" norm.w norm2.w
expect "batchnorm, half" 0 "$bpgen" train norm.spec "$data/iris.csv" -q \
	--epochs 9 -o half.w &&
expect "batchnorm, rest" 0 "$bpgen" train norm.spec "$data/iris.csv" -q \
	--resume half.w -o norm2.w && same "batchnorm goes on" norm.w norm2.w
# the C with the same weights and statistics is right as often
expect "batchnorm eval" 0 "$bpgen" eval norm.spec "$data/iris.csv" -w norm.w
right=$(sed -n 's/.* rows, \([0-9]*\) right.*/\1/p' out)
expect "batchnorm in C" 0 "$bpgen" gen norm.spec -w norm.w --standalone -o norm.c
{
	echo '#include <stdio.h>'
	echo '#include "norm.h"'
	echo 'static norm_net n;'
	echo 'static const float rows[][5] = {'
	awk 'NR > 1 { print "{" $0 "}," }' "$data/iris.csv"
	cat <<'EOF'
};
int main(void)
{
	unsigned i, right = 0;
	float y[3];
	norm_init(&n, 1);
	norm_set_params(&n, norm_trained);
	norm_set_stats(&n, norm_trained_stats);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		norm_forward(&n, rows[i], y);
		right += norm_class(y) == (int)rows[i][4];
	}
	printf("%u\n", right);
	return 0;
}
EOF
} >main.c
expect "batchnorm in C" 0 "${CC:-cc}" -O1 main.c norm.c -o main &&
	expect "batchnorm in C" 0 ./main &&
	says "batchnorm in C" out "${right:-no number}"

# frozen, it is the same function in training: its statistics stay as they began
sed 's/^batchnorm/batchnorm frozen/' norm.spec >still.spec
expect "frozen batchnorm" 0 "$bpgen" train still.spec "$data/iris.csv" -q \
	-o still.w && expect "frozen batchnorm" 0 "$bpgen" gen still.spec \
	-w still.w --standalone && sed -n '/_trained_stats.*{/,/}/p' out |
	tr -d ' \t\n' >stats && says "frozen batchnorm" stats \
	"{$(printf '0.0f,%.0s' 1 2 3 4 5 6 7 8)$(printf '1.0f,%.0s' 1 2 3 4 5 6 7)1.0f}"

# ------------------------------------- whoever compiles, and when: one result
# alike NAME FILE.safetensors FILE.safetensors: and their histories but for the seconds
alike() {
	cut -d, -f1,3- "${2%.safetensors}.history.csv" >one.history
	cut -d, -f1,3- "${3%.safetensors}.history.csv" >two.history
	if test -s "$2" && cmp -s "$2" "$3" && test -s one.history &&
		cmp -s one.history two.history
	then ok "$1"; else bad "$1" "$2 and $3 differ"; fi
}
cat >slices.spec <<'EOF'
net slices
input 64
normalize zscore
dense 48 relu
dropout 0.3
dense 32 tanh
dense 10 softmax
classes 0 1 2 3 4 5 6 7 8 9
loss cross_entropy
optimizer adam rate=0.003
schedule step every=2 factor=0.5
clip norm=2
l2 1e-4
batch 64
epochs 4
seed 5
EOF
head -n 400 "$data/digits8x8_train.csv" >digits.csv
if cc --version >/dev/null 2>&1; then
	for at in never 0 1 7 1000; do
		BPGEN_CHANGE=$at
		export BPGEN_CHANGE
		expect "change after $at" 0 "$bpgen" train "$specs/xor.spec" \
			"$data/xor.csv" --epochs 600 -q -o x$at.safetensors &&
			alike "change after $at" x$at.safetensors xnever.safetensors
	done
	BPGEN_CHANGE=7
	expect "the change happens" 0 "$bpgen" train "$specs/xor.spec" \
		"$data/xor.csv" --epochs 5 -v -o x.safetensors &&
		says "the change happens" err "changed over to the system's"
	BPGEN_CC=false
	export BPGEN_CC
	expect "the change fails" 0 "$bpgen" train "$specs/xor.spec" \
		"$data/xor.csv" --epochs 600 -v -o x.safetensors &&
		says "the change fails" err "TinyCC goes on" &&
		if cmp -s x.safetensors xnever.safetensors
		then ok "the change fails, no harm"
		else bad "the change fails, no harm"; fi
	unset BPGEN_CC BPGEN_CHANGE
	expect "by cc" 0 "$bpgen" train "$specs/xor.spec" "$data/xor.csv" \
		--epochs 600 --jit=cc -q -o by_cc.safetensors &&
		alike "by cc" by_cc.safetensors xnever.safetensors
	# quickly compiled where the bits are the same: strict, unasked
	printf '%s\n' '#!/bin/sh' 'echo "$@" >>cc.log' 'exec cc "$@"' >logged
	chmod +x logged
	{ cat "$specs/xor.spec"; echo 'math fast'; } >fast.spec
	for how in "$specs/xor.spec auto -O1" "$specs/xor.spec cc -O3" \
		"fast.spec cc -O3"; do
		set -- $how
		rm -f cc.log
		expect "compiled with $3" 0 env BPGEN_CC="$PWD/logged" \
			BPGEN_CHANGE=1 "$bpgen" train "$1" "$data/xor.csv" \
			--epochs 9 --jit=$2 -q -o x.safetensors &&
			says "compiled with $3" cc.log "$3 -march"
	done
	for how in tcc cc; do
		"$bpgen" predict "$specs/xor.spec" "$data/xor.csv" --csv \
			-w x.safetensors --jit=$how >predict.$how 2>&1
		"$bpgen" check "$specs/xor.spec" --jit=$how >check.$how 2>&1
	done
	if grep -q "^0.0,1.0,0" predict.cc && cmp -s predict.tcc predict.cc
	then ok "predict by cc"; else bad "predict by cc"; fi
	if grep -q "derivatives are right" check.cc && cmp -s check.tcc check.cc
	then ok "check by cc"; else bad "check by cc"; fi
	# a busy machine may take long to compile
	for seconds in 2 40; do
		sed "s/^epochs.*/epochs 1000000000/
			s/^stop.*/stop seconds > $seconds/" \
			"$specs/xor.spec" >long.spec
		expect "a long run changes by itself" 0 "$bpgen" train \
			long.spec "$data/xor.csv" -v -o long.safetensors \
			--progress=none || break
		grep -q "changed over" err && break
	done
	says "a long run changes by itself" err "changed over"
	expect "a short run does not" 0 "$bpgen" train "$specs/xor.spec" \
		"$data/xor.csv" --epochs 100 -v -o x.safetensors &&
		if [ -s err ]; then bad "a short run does not"
		else ok "a short run does not"; fi
else
	skip "the system's compiler" "there is no cc"
fi

# ------------------------------------------- threads: one result, any number
threads() { # NAME SPEC: with 1, 2, 3, 8 threads; the last is in t8.safetensors
	rm -f t?.history.csv
	for n in 1 2 3 8; do
		expect "$1, $n threads" 0 "$bpgen" train "$2" digits.csv -q \
			--threads $n -o t$n.safetensors &&
			alike "$1, $n threads" t$n.safetensors t1.safetensors
	done
}
# near NAME FILE FILE: the losses differ by rounding alone
near() {
	if paste -d, "$2" "$3" | awk -F, 'NR > 1 { n++
		d = $4 - $12; m = $4 + $12
		if (d > 1e-4*m || d < -1e-4*m) wrong = 1 }
		END { exit wrong || n < 2 }'
	then ok "$1"; else bad "$1" "$(paste -d, "$2" "$3")"; fi
}
threads "a last small batch" slices.spec
expect "no slices" 0 "$bpgen" train slices.spec digits.csv -q -o plain.safetensors &&
	near "slices see the same masks" plain.history.csv t8.history.csv
{ sed 's/^batch.*/batch all/' slices.spec; echo "dtype f64"; } >all.spec
threads "batch all, f64" all.spec
sed 's/^epochs.*/epochs 20/; /^dropout/d; /^schedule/d' slices.spec >stops.spec
printf '%s\n' "stop gradnorm < 0.1" "stop patience=2 on=val_loss" >>stops.spec
threads conditions stops.spec
expect "threads stop" 0 "$bpgen" train stops.spec digits.csv --threads 2 \
	-o t.safetensors && says "threads stop" out "(stops.spec:"
expect "one a processor" 0 "$bpgen" train slices.spec digits.csv -q -j 0 \
	-o u0.safetensors && "$bpgen" train slices.spec digits.csv -q -j 1 \
	-o u1.safetensors && alike "one a processor" u0.safetensors u1.safetensors
if cc --version >/dev/null 2>&1; then
	BPGEN_CHANGE=9
	export BPGEN_CHANGE
	expect "threads change over" 0 "$bpgen" train slices.spec digits.csv -q \
		--threads 2 -o u2.safetensors &&
		alike "threads change over" u2.safetensors u1.safetensors
	unset BPGEN_CHANGE
fi
sed 's/^optimizer.*/optimizer sgd rate=1e30/; s/^clip.*//' slices.spec >wild2.spec
expect "threads diverge" 65 "$bpgen" train wild2.spec digits.csv --threads 2 \
	-o wild2.safetensors && says "threads diverge" err "wild2.spec: error: loss is"

# -------------------------------------------------------------- checking
for spec in xor iris; do
	expect "check $spec" 0 "$bpgen" check "$specs/$spec.spec" &&
		says "check $spec" out "the derivatives are right"
done
for factor in 0.5:0.500 2:2.000 -1:-1.000; do
	cat >wrong.spec <<EOF
activation "odd" { y = "tanh(z)", dy = "${factor%:*} * (1 - y*y)" }
input 3
dense 4 odd
dense 2
loss mse
EOF
	expect "wrong dy $factor" 1 "$bpgen" check wrong.spec &&
		says "wrong dy $factor" out "ratio ${factor#*:}"
done
cat >wrong.spec <<'EOF'
activation "odd" { y = "tanh(z)", dy = "1 - y*y + 0.001*z" }
input 3
dense 4 odd
dense 2
loss mse
EOF
expect "slightly wrong dy" 1 "$bpgen" check wrong.spec &&
	says "slightly wrong dy" out WRONG
for act in relu leaky elu selu gelu softplus softsign swish hard_sigmoid \
	gaussian sin sigmoid; do
	printf 'input 5\ndense 6 %s\ndense 4 %s\nloss mae\n' $act $act >a.spec
	expect "check $act" 0 "$bpgen" check a.spec && ok "check $act"
done

printf 'net vast\ninput 3\nembed 8 vocab=250000000\nflatten\n%s\n' \
	"dense 1
loss mse" >vast.spec
expect "too large for the machine" 65 timeout 20 "$bpgen" check vast.spec &&
	says "too large for the machine" err "bpgen: error: 'vast' needs"

# -------------------------------------------------------------- bad data
cp "$specs/iris.spec" .
bad_data() { # NAME TEXT, the table on stdin
	cat >t.csv
	expect "$1" 65 "$bpgen" train iris.spec t.csv && says "$1" err "$2"
	[ -e iris.safetensors ] && bad "$1" "weights were written"
	rm -f iris.safetensors
}
rm -f iris.safetensors
bad_data columns "t.csv:1: error: 6 columns, but 'iris' takes 4 inputs and 1 class (or 3 one-hot targets)" <<'EOF'
Id,SepalLength,SepalWidth,PetalLength,PetalWidth,Species
1,5,3,1,0.2,Iris-setosa
EOF
printf 'Id,a,b,c,d,Species\n1,5,3,1,0.2,Iris-setosa\n' >t.csv
expect columns 65 "$bpgen" train iris.spec t.csv &&
	says "columns, help" err 'leave columns out with `--columns 2-5 --target 6`'
bad_data class "t.csv:2:13: error: unknown class 'versicolor'" <<'EOF'
5,3,1,0.2,Iris-setosa
7,3.2,4.7,1,versicolor
EOF
printf '5,3,1,0.2,Iris-setosa\n7,3.2,4.7,1,versicolor\n' >t.csv
expect "class, place" 65 "$bpgen" train iris.spec t.csv && {
	says "class, place" err "iris.spec:10:21: note: the classes are listed here"
	if grep -q generated err; then bad "data errors have no count"
	else ok "data errors have no count"; fi
}
bad_data nan "t.csv:3:3: error: 'nan' is not a finite number" <<'EOF'
a,b,c,d,e
5,3,1,0.2,Iris-setosa
7,nan,4.7,1,Iris-setosa
EOF
bad_data empty "t.csv: error: the file is empty" <<'EOF'
EOF
bad_data word "t.csv:2:5: error: 'x' is not a number" <<'EOF'
5,3,1,0.2,Iris-setosa
5,3,x,0.2,Iris-setosa
EOF
expect missing 66 "$bpgen" train iris.spec none.csv && ok "missing file"
expect directory 66 "$bpgen" train iris.spec . && ok "directory as data"
expect "no data" 64 "$bpgen" train iris.spec && ok "no data"

# ----------------------------------------------- what ends a run is named
for stop in "loss < 0.1" "loss <= 0.1" "val_loss < 0.5" "accuracy > 0.9" \
	"val_accuracy >= 0.9" "gradnorm < 0.2" "seconds > 0.0001"; do
	grep -v "^stop" "$specs/iris.spec" >s.spec
	echo "stop $stop" >>s.spec
	expect "stop $stop" 0 "$bpgen" train s.spec "$data/iris.csv" \
		-o s.safetensors && says "stop $stop" out "stopped: $stop (s.spec:"
done
grep -v "^stop" "$specs/iris.spec" >s.spec
echo "stop patience=1 on=val_accuracy" >>s.spec
expect "stop patience" 0 "$bpgen" train s.spec "$data/iris.csv" -o s.safetensors &&
	says "stop patience" out "stopped: no better val_accuracy for 1 epoch"

# --------------------------------------------------------------- progress
for how in auto bar plain none json; do
	expect "progress $how" 0 "$bpgen" train "$specs/xor.spec" \
		"$data/xor.csv" --epochs 3 --progress=$how -o s.safetensors &&
	case $how in
	json) if [ "$(grep -c '^{"epoch": [123], .*}$' out)" = 3 ] &&
		[ "$(wc -l <out)" = 3 ]
		then ok "progress json"; else bad "progress json"; fi ;;
	*) says "progress $how" out "stopped: 3 epochs" ;;
	esac
done

expect "a bar" 0 "$bpgen" train "$specs/digits8x8.spec" \
	"$data/digits8x8_train.csv" --epochs 40 --progress=bar --jit=tcc \
	-o s.safetensors && tr '\r' '\n' <out >lines &&
	if grep -q '^.*  [0-9][0-9]* .* rows/s  loss .*%  .* left' lines &&
		grep -q '^.*    40  .* s   ' lines
	then ok "a bar"; else bad "a bar"; fi
expect "no bar" 0 "$bpgen" train "$specs/digits8x8.spec" \
	"$data/digits8x8_train.csv" --epochs 2 --jit=tcc -o s.safetensors &&
	if grep -q 'rows/s' out; then bad "no bar"; else ok "no bar"; fi

# ------------------------------------------------------------ divergence
cat >wild.spec <<'EOF'
net wild
input 4
dense 8
dense 3
loss mse
optimizer sgd rate=1000
EOF
awk -F, 'NR > 1 { print $1 "," $2 "," $3 "," $4 "," 1 "," 2 "," 3 }' \
	"$data/iris.csv" >wild.csv
expect divergence 65 "$bpgen" train wild.spec wild.csv && {
	says "divergence" err "wild.spec: error: loss is "
	says "divergence, help" err 'try `--rate 100`'
	[ -e wild.safetensors ] && bad "divergence wrote weights"
}

# --------------------------------------------------------------- weights
expect shapes 65 "$bpgen" eval "$specs/digits.spec" "$data/iris.csv" \
	-w reg.safetensors && says "foreign weights" err "weights do not fit"
head -c 200 reg.safetensors >cut.safetensors
expect cut 65 "$bpgen" eval reg.spec "$data/diabetes.csv" -w cut.safetensors &&
	says "cut weights" err "the file is cut off"
expect none 66 "$bpgen" eval reg.spec "$data/diabetes.csv" -w none.safetensors &&
	ok "missing weights"

# ---------------------------------------------------------------- ctrl-c
sed 's/^epochs.*/epochs 1000000000/; s/^stop.*//' "$specs/xor.spec" >long.spec
timeout --foreground --preserve-status -s INT 1 "$bpgen" train long.spec "$data/xor.csv" \
	-o long.safetensors --seed 6 >out 2>err
rc=$?
if [ $rc = 130 ] && [ -s long.safetensors ] && grep -q "^stopped: interrupted" out
then ok "ctrl-c saves"; else bad "ctrl-c saves" "exit status $rc"; fi

sum_up
