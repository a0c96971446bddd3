#!/bin/sh
# SPDX-License-Identifier: MIT
# bpgen explain: every form of every page; argument: bpgen
. "$(dirname "$0")/../verdicts.sh"
networks=$(dirname "$bpgen")/tests/property/networks_test
random=${RANDOM_NETWORKS:-12}

# ------------------------------------------------------------- derivations
expect xor 0 "$bpgen" explain "$specs/xor.spec" && {
	says "xor forward" out 'z_j^(1) = Σ_k w_jk^(1) x_k + b_j^(1)'
	says "xor activation" out 'a_j^(1) = sigmoid(z_j^(1))'
	says "xor definition" out 'sigmoid(z) = 1/(1 + e^(−z))'
	says "xor derivative" out 'sigmoid′(z) = sigmoid(z) (1 − sigmoid(z))'
	says "xor loss" out 'C = (Σ_i (a_i^(2) − t_i)²)/2'
	says "xor delta" out "δ_j^(1) = sigmoid′(z_j^(1)) Σ_k δ_k^(2) w_kj^(2)"
	says "xor gradient" out '∂C/∂w_jk^(1) = δ_j^(1) x_k'
	says "xor update" out 'w ← w − η ∂C/∂w'
	says "xor rate" out 'η = 0.5'
	says "xor written out" out \
		'z_0^(1) = w_00^(1) x_0 + w_01^(1) x_1 + b_0^(1)'
}
expect iris 0 "$bpgen" explain "$specs/iris.spec" && {
	says "a product of matrices" out 'z^(2) = W^(2) a^(1) + b^(2)'
	says "delta by a matrix" out "δ^(2) = tanh′(z^(2)) ⊙ (W^(3)ᵀ δ^(3))"
	says "gradient of a matrix" out '∂C/∂W^(3) = δ^(3) a^(2)ᵀ'
	says "adam" out 'm ← 0.9 m + 0.1 g'
}
printf 'input 3 steps=4\nlstm 2 last\ndense 1\nloss mse\n%s\nbatch 4\n' \
	'optimizer sgd rate=0.1 momentum=0.9' >lstm.spec
expect lstm 0 "$bpgen" explain lstm.spec && {
	says "steps" out 'Step by step, t = 0, ..., 3:'
	says "steps back" out 'Step by step, t = 3, ..., 0:'
	says "state" out 'z_t^(1) = U^(1) h_(t−1)^(1) + v_t^(1)'
	says "a matrix of steps" out '∂C/∂W^(1) = δ^(1)ᵀ X'
	says momentum out 'v ← 0.9 v − η (∂C/∂w)/N'
}
printf 'input 4 steps=6\nattention heads=2\nloss mse\n' >attention.spec
expect attention 0 "$bpgen" explain attention.spec && {
	says "rows are steps" out 'Key^(1) = X Wk^(1)ᵀ'
	says "and back" out '∂C/∂Wk^(1) = (∂C/∂Key^(1))ᵀ X'
}
printf 'input 4\ndense 3\nbatchnorm relu\ndense 2\nloss mse\nbatch 8\n' \
	>norm.spec
expect batchnorm 0 "$bpgen" explain norm.spec &&
	says "samples that are coupled" out 'z_nj^(2)' &&
	says "samples in use" out '## Forward pass outside of training' &&
	says "running statistics" out 'gain_j^(2)/√(var_j^(2) + 10^-5)'
printf 'input 2\ndense 1\n' >forward.spec
expect "no loss" 0 "$bpgen" explain forward.spec &&
	if grep -q Backward out; then bad "no loss"; else ok "no loss"; fi

# --------------------------------------------------------- every net and form
i=0
for spec in "$specs"/*.spec; do
	cp "$spec" . && echo "$(basename "$spec")"
done >list
if [ -x "$networks" ]; then
	while [ $i -lt "$random" ]; do
		i=$((i + 1))
		"$networks" --spec $((i * 7)) >random$i.spec &&
			echo random$i.spec >>list
	done
else
	skip "random networks" "$networks is not built"
fi
# every layer, activation, loss and optimizer, with the first input and arguments
# that it takes
loss='loss mse'
try() { # NAME LINES: whether it is a network
	printf '%b\n%s\n' "$2" "$loss" >"word_$1.spec"
	"$bpgen" explain "word_$1.spec" >/dev/null 2>&1
}
for word in $(cd "$root/templates/layers" && ls | sed 's/\.lua$//'); do
	for input in 'input 4' 'input 3x6x6' 'input 4 steps=6' 'input 6x6' \
		'input 4\nb: dense 4\na: dense 4'; do
		for args in '' ' 2' ' 2x2' ' 2 2x2' ' 4 vocab=5' ' 2 part=1' \
			' 0.5' ' 0 2' ' heads=2' ' tanh' ' zscore' ' 3x36' \
			' avg' ' a b' ' 2 from a b'; do
			try "$word" "$input\n$word$args" && break 2
		done
	done && echo "word_$word.spec" >>list && continue
	try "$word" "input 4 steps=6\na: rnn 4\nb: rnn 4\n$word heads=2 from a b" &&
		echo "word_$word.spec" >>list || echo "$word" >>untried
done
for word in $(cd "$root/templates/activations" && ls | sed 's/\.lua$//'); do
	for args in '' ' surrogate=sigmoid' ; do
		try "$word" "input 3\ndense 4 $word$args" && break
	done && echo "word_$word.spec" >>list || echo "$word" >>untried
done
for word in $(cd "$root/templates/optimizers" && ls | sed 's/\.lua$//'); do
	try "$word" "input 3\ndense 2\noptimizer $word\nbatch all" &&
		echo "word_$word.spec" >>list || echo "$word" >>untried
done
for word in $(cd "$root/templates/losses" && ls | sed 's/\.lua$//'); do
	loss="loss $word"
	for act in '' sigmoid softmax tanh; do
		try "$word" "input 3\ndense 2 $act" && break
	done && echo "word_$word.spec" >>list || echo "$word" >>untried
done
if [ -s untried ]; then bad "every word" "$(tr '\n' ' ' <untried)"
else ok "every word"; fi
wrong=0
while read -r spec; do
	for ending in txt md tex html; do
		"$bpgen" explain "$spec" -o "${spec%.spec}.$ending" -q 2>err ||
			{ wrong=1; echo "  $spec: $ending"; cat err; }
		test -s "${spec%.spec}.$ending" || wrong=1
	done
done <list
if [ $wrong = 0 ]; then ok "every form"; else bad "every form"; fi
if python3 "$root/tests/explain/pages.py" ./*.html >out 2>&1
then ok "every page is XML with MathML"
else bad "every page is XML with MathML"; fi
if python3 "$root/tests/explain/names.py" ./*.txt >out 2>&1
then ok "every value has a name of its own"
else bad "every value has a name of its own"; fi
sed 's/^    a_j^(1) = .*/&\n    a_i^(1) = 0/' xor.txt >twice
if python3 "$root/tests/explain/names.py" twice >out 2>&1
then bad "a name that is taken"; else ok "a name that is taken"; fi
if command -v pdflatex >/dev/null; then
	wrong=0
	for page in xor iris lenet chars resnet sunspots_gru random1 random2 \
		random3 random4; do
		[ -f $page.tex ] || continue
		timeout 120 pdflatex -interaction=nonstopmode -halt-on-error \
			$page.tex >$page.said 2>&1 ||
			{ wrong=1; grep -A 3 '^!' $page.said; }
	done
	if [ $wrong = 0 ]; then ok "LaTeX compiles"; else bad "LaTeX compiles"; fi
else
	skip "LaTeX compiles" "there is no pdflatex"
fi

# ----------------------------------------------------------------- numbers
# computed once more from what was printed; a digit that is wrong is found
walked() { # NAME KIND OPTIONS...
	name=$1 kind=$2
	shift 2
	expect "$name" 0 "$bpgen" explain "$specs/$kind.spec" "$@" || return
	cp out said
	if python3 "$root/tests/explain/walk.py" $kind said >out 2>err
	then ok "$name"; else bad "$name"; return; fi
	sed "$(grep -n 'δ' said | tail -n 1 | cut -d: -f1)s/\\([0-9]\\)\\([0-9]\\)/\\2\\1/g" \
		said >wrong
	if ! cmp -s said wrong &&
		python3 "$root/tests/explain/walk.py" $kind wrong >out 2>err
	then bad "$name, a wrong digit"; else ok "$name, a wrong digit"; fi
}
walked "xor by hand" xor --numbers '0.5,-1.25;1'
walked "xor in f64" xor --numbers '0,1,1' --dtype=f64 --seed 7
walked "xor in loops" xor --numbers '1 0; 0' --unroll=none
walked "iris by hand" iris --numbers '5.1,3.5,1.4,0.2;Iris-versicolor' \
	--data "$data/iris.csv"
walked "iris, one-hot" iris --numbers '6,2.9,4.5,1.5;0,0,1' --dtype=f64 \
	--data "$data/iris.csv"
walked "a row of the data" iris --numbers row:51 --data "$data/iris.csv"
expect "the same row" 0 "$bpgen" explain "$specs/iris.spec" --data \
	"$data/iris.csv" --numbers "$(sed -n '52s/,\([^,]*\)$/;\1/p' \
	"$data/iris.csv")" && same "the same row" out said
expect weights 0 "$bpgen" train "$specs/xor.spec" "$data/xor.csv" -q -w \
	xor.safetensors --epochs 50 &&
	walked "trained weights" xor --numbers '1,1;0' -w xor.safetensors
# the walk itself refuses numbers that are not those of the emitted C
wrong=0 walks=0
while read -r spec; do
	set -- $("$bpgen" info "$spec" --json -q 2>/dev/null | sed -n \
		's/.*"inputs": \([0-9]*\),.*"targets": \([0-9]*\),.*/\1 \2/p')
	[ "${1:-9999}" -gt 2000 ] && continue
	numbers="$(yes 1 | head -n "$1" | tr '\n' ' ');"
	grep -q 'target=input' "$spec" ||
		numbers="$numbers$(yes 0 | head -n "$2" | tr '\n' ' ')"
	for ending in html txt; do
		"$bpgen" explain "$spec" -q -o "walk$walks.$ending" \
			--numbers="$numbers" 2>err && continue
		wrong=1
		echo "  $spec: $(head -n 1 err)"
	done
	walks=$((walks + 1))
done <list
python3 "$root/tests/explain/pages.py" walk*.html || wrong=1
if [ $wrong = 0 ] && [ $walks -gt 80 ]
then ok "every net with numbers"
else bad "every net with numbers" "$walks"; fi
if python3 "$root/tests/explain/lines.py" walk*.txt >out 2>&1
then ok "every line of numbers: $(cat out)"; else bad "every line of numbers"; fi
sed 's/(1 − 0/(1.01 − 0/' said >wrong.txt
if python3 "$root/tests/explain/lines.py" wrong.txt >out 2>&1
then bad "a line that is wrong"; else ok "a line that is wrong"; fi

refuses() { # TEXT SPEC NUMBERS
	expect "refuses $3" 64 "$bpgen" explain "$2" --numbers "$3" &&
		says "refuses $3" err "$1"
}
refuses "takes 2 inputs and 1 target, not 0 values" xor.spec ''
refuses "takes 2 inputs and 1 target, not 2 values" xor.spec '1,2'
refuses "1 before the \`;\` and 2 behind it" xor.spec '1;2,3'
refuses "more than one" xor.spec '1;2;3'
refuses "'a' is not a number" xor.spec '1,a;1'
refuses "'nan' is not a number" xor.spec '1,nan;1'
refuses "'1e999' is not a number" xor.spec '1,1e999;1'
refuses "'Iris' is no class of 'iris'" iris.spec '1,2,3,4;Iris'
refuses "'3' is no class of 'iris'" iris.spec '1,2,3,4;3'
printf 'input 2\ndense 1 tanh\n' >forward.spec
expect "a row without a loss" 0 "$bpgen" explain forward.spec -q --data \
	"$data/xor.csv" --columns x1,x2 --numbers row:3 &&
	says "a row without a loss" out "·1 + (-0.562625)·0"
refuses "there is no data" iris.spec row:1
for row in 0 151 1.5 one ''; do
	expect "no row $row" 64 "$bpgen" explain "$specs/iris.spec" --data \
		"$data/iris.csv" --numbers "row:$row" &&
		says "no row $row" err "are numbers from 1 to 150"
done
refuses "no whole number from 0 to 26" chars.spec \
	'1,2,3,4,5,6,7,8,9,10,11,27;1 2 3 4 5 6 7 8 9 10 11 12'

# ------------------------------------------------------------------- files
says "the form follows the file" xor.tex '\begin{align*}'
expect "the form is said" 0 "$bpgen" explain xor.spec --format=md &&
	says "the form is said" out '```math'
cp xor.html before.html
expect "over its own" 0 "$bpgen" explain xor.spec -o xor.html &&
	same "over its own" xor.html before.html
echo precious >mine.html
expect "over another's" 73 "$bpgen" explain xor.spec -o mine.html &&
	says "over another's" mine.html precious
expect "no such form" 64 "$bpgen" explain xor.spec --format=pdf &&
	says "no such form" err latex
expect "a folder" 73 "$bpgen" explain xor.spec -o . && ok "a folder"
sum_up
