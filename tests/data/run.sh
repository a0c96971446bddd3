#!/bin/sh
# SPDX-License-Identifier: MIT
# The kinds of data that train, eval and predict read; argument: bpgen
. "$(dirname "$0")/../verdicts.sh"

# refuses NAME RC TEXT COMMAND...: so it ends, and no weights are written
refuses() {
	name=$1 want=$2 text=$3
	shift 3
	expect "$name" "$want" "$@" || return
	says "$name" err "$text"
	ls ./*.safetensors ./*.tmp 2>/dev/null | grep -q . &&
		bad "$name" "something was written"
}
# put NUMBER...: one byte each
put() { printf "$(printf '\\%03o' "$@")"; }

# ------------------------------------------------------------------ pairs
expect 'pairs of a table' 0 "$bpgen" train "$specs/siamese.spec" \
	"$data/iris.csv" --validation 0.25 -o pairs.safetensors &&
	says 'pairs of a table' out '221 pairs to train, 70 to' &&
	expect 'pairs are told apart' 0 "$bpgen" eval "$specs/siamese.spec" \
		"$data/iris.csv" --validation -w pairs.safetensors \
		--require accuracy=0.85 && ok 'pairs are told apart'
cut -d, -f1-4 "$data/iris.csv" >none.csv
expect 'pairs without classes' 65 "$bpgen" predict "$specs/siamese.spec" none.csv \
	--columns 1-4 -w pairs.safetensors &&
	says 'pairs without classes' err 'have no class to be paired by'
rm -f pairs.safetensors none.csv

# -------------------------------------------------------------------- IDX
# the digits of 8x8 pixels once more, as MNIST would keep them: pixels * 15
rows=$(($(wc -l <"$data/digits8x8_test.csv") - 1))
{ put 0 0 8 3 0 0 $((rows / 256)) $((rows % 256)) 0 0 0 8 0 0 0 8
	tail -n +2 "$data/digits8x8_test.csv" | awk -F, '{
		for (i = 1; i <= 64; i++) printf "%03o\n", $i * 15
	}' | sed 's/^/\\/' | tr -d '\n' | xargs -0 printf; } >t-images-idx3-ubyte
{ put 0 0 8 1 0 0 $((rows / 256)) $((rows % 256))
	tail -n +2 "$data/digits8x8_test.csv" | awk -F, '{
		printf "\\%03o", $65
	}' | xargs -0 printf; } >t-labels-idx1-ubyte
cat >conv.spec <<'END'
net small
input 1x8x8
conv 4 3x3 relu pad=same
maxpool 2x2
flatten
dense 10 softmax
loss cross_entropy
optimizer adam rate=0.01
batch 16
epochs 15
END
train="$bpgen train conv.spec"
expect idx 0 $train t-images-idx3-ubyte -q --require accuracy=0.97 &&
	ok "idx learns"
cp small.safetensors plain.safetensors
cat t-images-idx3-ubyte t-labels-idx1-ubyte >both.idx
cat >twins.spec <<'END'
net twins
layer "distance" { inputs = {"a", "b"}, formula = "y[i] = abs(a[i] - b[i])" }
a: input 1x8x8
b: input 1x8x8
    flatten from a
ea: dense 16 tanh
    flatten from b
eb: dense 16 tanh share=ea
    distance from ea eb
    dense 1 sigmoid
loss bce
optimizer adam rate=0.01
batch 16
epochs 60
END
expect "pairs of images" 0 "$bpgen" train twins.spec t-images-idx3-ubyte \
	--validation 0.25 --require accuracy=0.8 &&
	says "pairs of images" out ' to validate' 
expect "pairs of images, predicted" 0 "$bpgen" predict twins.spec \
	t-images-idx3-ubyte &&
	says "pairs of images, predicted" out probability
cp t-images-idx3-ubyte alone.idx
expect "images without classes" 65 "$bpgen" predict twins.spec alone.idx &&
	says "images without classes" err 'have no class to be paired by'
rm -f twins.* alone.idx
expect "one file" 0 $train both.idx -q &&
	if cmp -s small.safetensors plain.safetensors; then ok "one file of both"
	else bad "one file of both"; fi
expect "idx eval" 0 "$bpgen" eval conv.spec both.idx --require accuracy=0.97 &&
	ok "idx eval"
expect "idx predict" 0 "$bpgen" predict conv.spec t-images-idx3-ubyte &&
	says "idx predict" out "target"
# what C gets is a 255th of each byte
tail -n +2 "$data/digits8x8_test.csv" | awk -F, '{
	for (i = 1; i <= 64; i++) printf "%.17g,", $i * 15 / 255
	print $65
}' >scaled.csv
expect "scaled csv" 0 $train scaled.csv -q &&
	if cmp -s small.safetensors plain.safetensors
	then ok "bytes are from 0 to 1"; else bad "bytes are from 0 to 1"; fi
mv plain.safetensors plain
rm -f ./*.safetensors
cp t-labels-idx1-ubyte elsewhere
mv t-labels-idx1-ubyte away
refuses "no labels" 66 "t-labels-idx1-ubyte is missing" \
	$train t-images-idx3-ubyte
says "no labels, help" err '`--labels FILE`'
expect "--labels" 0 $train t-images-idx3-ubyte --labels elsewhere -q &&
	ok "--labels"
expect "predict without labels" 0 "$bpgen" predict conv.spec \
	t-images-idx3-ubyte && ok "predict without labels"
mv away t-labels-idx1-ubyte
rm -f ./*.safetensors
refuses "idx and columns" 64 "are for tables" $train both.idx --columns 1-3
refuses "a label for what" 65 "label" $train t-labels-idx1-ubyte
sed 's/1x8x8/1x4x16/' conv.spec >other.spec
refuses shape 65 \
	"t-images-idx3-ubyte: error: images of 8x8, but the input is 1x4x16" \
	"$bpgen" train other.spec t-images-idx3-ubyte
put 0 0 8 1 0 0 0 3 1 2 3 >few
refuses "labels of others" 65 "3 labels, but t-images-idx3-ubyte has $rows" \
	$train t-images-idx3-ubyte --labels few

# ------------------------------------------------------------------- gzip
rm -f ./*.safetensors
if "$bpgen" --version | grep -q '+gzip' && gzip --version >/dev/null 2>&1; then
	gzip -k t-images-idx3-ubyte
	mkdir packed
	mv t-images-idx3-ubyte.gz packed
	cp t-labels-idx1-ubyte packed
	cp plain packed
	expect "idx.gz" 0 $train packed/t-images-idx3-ubyte.gz -q \
		-o packed/a.safetensors &&
		if cmp -s packed/a.safetensors packed/plain
		then ok "idx.gz, labels not packed"; else bad "idx.gz"; fi
	gzip packed/t-labels-idx1-ubyte
	expect "both gz" 0 $train packed/t-images-idx3-ubyte.gz -q \
		-o packed/b.safetensors &&
		if cmp -s packed/a.safetensors packed/b.safetensors
		then ok "both packed"; else bad "both packed"; fi
	gzip -c "$data/iris.csv" >iris.csv.gz
	expect csv.gz 0 "$bpgen" train "$specs/iris.spec" iris.csv.gz -q \
		-o packed/iris.safetensors && ok "csv.gz"
	head -c 300 packed/t-images-idx3-ubyte.gz >cut-images.gz
	refuses "cut gz" 65 "cut-images.gz: error: this is packed by gzip and cut off" \
		$train cut-images.gz
	printf 'x,y\n"a\n' | gzip >quote.csv.gz
	refuses "packed mistake" 65 "quote.csv.gz:2:1: error: this quoted" \
		$train quote.csv.gz
else
	skip gzip "this build or this machine has none"
fi

# ----------------------------------------------------------------- series
rm -f ./*.safetensors
expect sunspots 0 "$bpgen" train "$specs/sunspots.spec" \
	"$data/sunspots_yearly.csv" --validation 0.2 &&
	says "the end of a series validates" out \
		"228 windows to train, 57 to validate"
expect "sunspots eval" 0 "$bpgen" eval "$specs/sunspots.spec" \
	"$data/sunspots_yearly.csv" --validation --require r2=0.75 &&
	ok "sunspots are forecast"
expect "sunspots predict" 0 "$bpgen" predict "$specs/sunspots.spec" \
	"$data/sunspots_yearly.csv" --csv &&
	if [ "$(tail -n 1 out | cut -d, -f1,3)" = 310, ] &&
		[ "$(sed -n 2p out | cut -d, -f1,3)" = 25,21.0 ]
	then ok "a row beyond the end"; else bad "a row beyond the end"; fi
expect "sunspots, gru" 0 "$bpgen" train "$specs/sunspots_gru.spec" \
	"$data/sunspots_yearly.csv" --validation 0.2 -q &&
	expect "sunspots, gru" 0 "$bpgen" eval "$specs/sunspots_gru.spec" \
		"$data/sunspots_yearly.csv" --validation --require r2=0.88 &&
	ok "a gru forecasts sunspots"
# a smaller one than the spec's, whose figure tests/heavy asks for
expect power 0 "$bpgen" train "$specs/power.spec" "$data/power.csv" \
	-D cell=6 -D depth=1 --epochs 20 --validation 0.2 -q &&
	expect power 0 "$bpgen" eval "$specs/power.spec" "$data/power.csv" \
		-D cell=6 -D depth=1 --validation --require r2=0.85 &&
	ok "an lstm forecasts power"
rm -f ./*.safetensors
sed 's/^columns.*//' "$specs/sunspots.spec" >nameless.spec
awk 'BEGIN { for (i = 0; i < 40; i++) print i ",0,0" }' >three.csv
refuses "which column" 65 "a step of 'sunspots' has 1 feature and 1 target" \
	"$bpgen" train nameless.spec three.csv
head -n 25 "$data/sunspots_yearly.csv" >short.csv
refuses "too short" 65 "24 rows, but a window has 24, and its target" \
	"$bpgen" train "$specs/sunspots.spec" short.csv
# so many years ahead: a longer way is harder
sed 's/^columns/horizon 4\ncolumns/' "$specs/sunspots.spec" >far.spec
expect "horizon 4" 0 "$bpgen" train far.spec "$data/sunspots_yearly.csv" -q \
	--epochs 2 && expect "horizon 4" 0 "$bpgen" predict far.spec \
	"$data/sunspots_yearly.csv" && if [ "$(tail -n 1 out |
		awk '{ print $1 }')" = 313 ]
	then ok "horizon 4"; else bad "horizon 4"; fi
# a dense network reads the last values as well, where horizon says so
cat >lags.spec <<'END'
input 9
dense 1
columns v
horizon 1
loss mse
optimizer adam rate=0.02
batch 8
epochs 60
END
awk 'BEGIN { print "v"; for (i = 0; i < 200; i++) print sin(i / 3) }' >wave.csv
expect lags 0 "$bpgen" train lags.spec wave.csv --validation 0.25 -q &&
	expect lags 0 "$bpgen" eval lags.spec wave.csv --validation \
		--require r2=0.999 && ok "a line goes on a sine"

# -------------------------------------------------------------- sequences
rm -f ./*.safetensors
expect gestures 0 "$bpgen" train "$specs/gestures.spec" \
	"$data/imu_gestures_small.csv" --validation 0.2 -q &&
	expect gestures 0 "$bpgen" eval "$specs/gestures.spec" \
		"$data/imu_gestures_small.csv" --validation \
		--require accuracy=0.96 && ok "gestures are told apart"
rm -f ./*.safetensors

# ------------------------------------------------------------------ texts
cat >letters.spec <<'END'
net letters
input 6
embed 8 vocab=20
flatten
dense 16 tanh
dense 20 softmax
loss cross_entropy
optimizer adam rate=0.01
batch 16
epochs 12
END
awk 'BEGIN { split("one two three four five six seven", w, " ")
	for (i = 0; i < 40; i++) {
		for (k = 1; k <= 7; k++) printf "%s ", w[k]
		print "\303\274ber"
	} }' >count.txt
expect text 0 "$bpgen" train letters.spec count.txt --validation 0.2 -q \
	--require accuracy=0.95 && ok "a text is learnt"
expect "text predict" 0 "$bpgen" predict letters.spec count.txt --csv && {
	says "a character after six" out "7,o,"
	says "the end of a line" out ',\n,'
	says "a character of two bytes" out ",$(printf '\303\274'),"
}
printf 'one two\nX three' >other.txt
expect "a new character" 65 "$bpgen" eval letters.spec other.txt &&
	says "a new character" err "other.txt:2:1: error: 'letters' has no"
rm -f ./*.safetensors
printf 'one \377two' >broken.txt
refuses "no text" 65 "broken.txt:1: error: this is no UTF-8" \
	"$bpgen" train letters.spec broken.txt
printf '1,2,3,4,5,6,0\n1,2,3,4,5,20,1\n' >ids.csv
refuses "beyond the vocabulary" 65 \
	"ids.csv:2:11: error: '20' is no whole number from 0 to 19" \
	"$bpgen" train letters.spec ids.csv
# bytes are then numbers too, and are no pictures
{ put 0 0 8 2 0 0 0 2 0 0 0 6 1 2 3 4 5 6 6 5 4 3 2 19
	put 0 0 8 1 0 0 0 2 7 9; } >ids.idx
expect "numbers in idx" 0 "$bpgen" train letters.spec ids.idx -q &&
	ok "numbers in idx"
rm -f ./*.safetensors
{ put 0 0 8 2 0 0 0 1 0 0 0 6 1 2 3 4 5 20; put 0 0 8 1 0 0 0 1 7; } >ids.idx
refuses "beyond it in idx" 65 "row 1 has the number 20, but the largest is 19" \
	"$bpgen" train letters.spec ids.idx

# ---------------------------------------------- what goes in is to come out
expect autoencoder 0 "$bpgen" train "$specs/autoencoder.spec" \
	"$data/digits8x8_train.csv" &&
	says "autoencoder, header" out "(64 inputs, which are the targets)"
# pixels from 0 to 16; a constant one cannot be explained, hence no r2
expect "autoencoder eval" 0 "$bpgen" eval "$specs/autoencoder.spec" \
	"$data/digits8x8_test.csv" --require rmse=2.2 &&
	ok "digits come out again"
rm -f ./*.safetensors
printf 'input 4\ndense 3\nloss mse target=input\n' >narrow.spec
refuses "as many outputs" 65 \
	"target=input needs as many outputs as inputs, but there are 3 and 4" \
	"$bpgen" train narrow.spec "$data/iris.csv"

# ------------------------------------------- columns, inputs and heads by name
cat >two.spec <<'END'
a: input 2
b: input 1
join: concat a b
up: dense 1 from join
down: dense 1 from join
output up loss=mse
output down loss=mse weight=0.5
columns sum difference
optimizer adam rate=0.05
batch 8
epochs 150
END
awk 'BEGIN { print "difference,q,p,sum,r"; for (i = 0; i < 60; i++) {
	p = i % 7 / 7; q = i % 5 / 5; r = i % 3 / 3
	print p - q "," q "," p "," p + q + r "," r } }' >two.csv
expect "named columns" 0 "$bpgen" train two.spec two.csv -q \
	--columns p,q,r && expect "named columns" 0 "$bpgen" eval two.spec \
	two.csv --columns p,q,r --require r2=0.99 && ok "columns by name"

# -------------------------------------------------------------- the hostile
rm -f ./*.safetensors
refuses "a directory" 66 "is a directory" $train "$work/packed/.."
mkfifo pipe
refuses "a pipe" 66 "is no regular file" $train pipe
if [ "$(id -u)" != 0 ]; then
	cp both.idx locked
	chmod 0 locked
	refuses "no permission" 66 "Permission denied" $train locked
else
	skip "no permission" "root may read everything"
fi
awk 'BEGIN { for (i = 1; i < 1000000; i++) printf "%d,", i; print 0 }' >wide.csv
refuses "a million columns" 65 "1000000 columns, but 'small' takes 64 inputs" \
	$train wide.csv
head -c 3000000 /dev/zero >zeros
refuses "zeros" 65 "zeros: error: " $train zeros

sum_up
