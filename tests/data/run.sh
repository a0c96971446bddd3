#!/bin/sh
# SPDX-License-Identifier: MIT
# The kinds of data that train, eval and predict read; argument: bpgen
bpgen=$(realpath "${1:-build/bpgen}")
here=$(cd "$(dirname "$0")/../.." && pwd)
specs=$here/specs
data=$here/specs/data
more=${BPGEN_DATA:-$here/../shared/data}
work=$(mktemp -d) || exit 1
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1
passed=0 failed=0 skipped=0

ok() { echo "ok $1"; passed=$((passed + 1)); }
bad() {
	echo "FAILED $1"
	[ -n "$2" ] && echo "  $2"
	sed 's/^/  | /' out err 2>/dev/null | cut -c 1-200 | tail -20
	failed=$((failed + 1))
}
skip() { echo "skipped $1: $2"; skipped=$((skipped + 1)); }

# expect NAME RC COMMAND...: runs it, output in out and err
expect() {
	name=$1 want=$2
	shift 2
	"$@" >out 2>err
	rc=$?
	[ "$rc" = "$want" ] && return 0
	bad "$name" "exit status $rc, not $want"
	return 1
}
# says NAME FILE TEXT: one line of the file holds it
says() {
	if grep -qF -- "$3" "$2"; then ok "$1"; else bad "$1" "no '$3'"; fi
}
# refuses NAME RC TEXT COMMAND...: so it ends, and no weights are written
refuses() {
	name=$1 want=$2 text=$3
	shift 3
	expect "$name" "$want" "$@" || return
	says "$name" err "$text"
	ls ./*.weights ./*.tmp 2>/dev/null | grep -q . &&
		bad "$name" "something was written"
}
# put NUMBER...: one byte each
put() { printf "$(printf '\\%03o' "$@")"; }

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
cp small.weights plain.weights
cat t-images-idx3-ubyte t-labels-idx1-ubyte >both.idx
expect "one file" 0 $train both.idx -q &&
	if cmp -s small.weights plain.weights; then ok "one file of both"
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
	if cmp -s small.weights plain.weights
	then ok "bytes are from 0 to 1"; else bad "bytes are from 0 to 1"; fi
mv plain.weights plain
rm -f ./*.weights
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
rm -f ./*.weights
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
if "$bpgen" --version | grep -q gzip && gzip --version >/dev/null 2>&1; then
	gzip -k t-images-idx3-ubyte
	mkdir packed
	mv t-images-idx3-ubyte.gz packed
	cp t-labels-idx1-ubyte packed
	cp plain packed
	expect "idx.gz" 0 $train packed/t-images-idx3-ubyte.gz -q \
		-o packed/a.weights &&
		if cmp -s packed/a.weights packed/plain
		then ok "idx.gz, labels not packed"; else bad "idx.gz"; fi
	gzip packed/t-labels-idx1-ubyte
	expect "both gz" 0 $train packed/t-images-idx3-ubyte.gz -q \
		-o packed/b.weights &&
		if cmp -s packed/a.weights packed/b.weights
		then ok "both packed"; else bad "both packed"; fi
	gzip -c "$data/iris.csv" >iris.csv.gz
	expect csv.gz 0 "$bpgen" train "$specs/iris.spec" iris.csv.gz -q \
		-o packed/iris.weights && ok "csv.gz"
	head -c 300 packed/t-images-idx3-ubyte.gz >cut-images.gz
	refuses "cut gz" 65 "cut-images.gz: error: this is packed by gzip and cut off" \
		$train cut-images.gz
	printf 'x,y\n"a\n' | gzip >quote.csv.gz
	refuses "packed mistake" 65 "quote.csv.gz:2:1: error: this quoted" \
		$train quote.csv.gz
else
	skip gzip "this build or this machine has none"
fi

# -------------------------------------------------------------- the hostile
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

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
