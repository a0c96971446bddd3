#!/bin/sh
# SPDX-License-Identifier: MIT
# Pictures: what stands in them, who can read them; argument: bpgen
. "$(dirname "$0")/../verdicts.sh"
look=$root/tests/draw

# here NAME PROGRAM: else the tests that follow are skipped, aloud
here() {
	command -v "$2" >/dev/null && return 0
	skip "$1" "no $2 here"
	return 1
}
# holds NAME FILE COUNT...: the picture has so many of each
holds() {
	name=$1
	shift
	if python3 "$look/picture.py" "$@" >out 2>err; then ok "$name"
	else bad "$name"; fi
}
net() { printf '%s\n' "$@" >net.spec; }

# ------------------------------------------------------------- lectures
if here 'what stands in a picture' python3; then
	expect 'draw xor' 0 "$bpgen" draw "$specs/xor.spec" -o xor.svg &&
		holds 'a unit, a line, a label of each' xor.svg units=5 lines=6 \
		weights=6 biases=3 names=9 dots=0 says='w10(1)' says='b0(2)' \
		says='dense 2 sigmoid' says='x1'
	net 'input 4' 'dense 10 tanh' 'dense 3 softmax' 'loss cross_entropy'
	expect 'draw 4-10-3' 0 "$bpgen" draw net.spec -o net.svg &&
		holds 'of ten units six, and one label' net.svg units=13 \
		lines=42 weights=2 biases=9 dots=3 says='a9(1)' says='a8(1)'
	net 'input 7' 'dense 7' 'loss mse'
	expect 'draw 7-7' 0 "$bpgen" draw net.spec -o net.svg &&
		holds 'seven are not too many' net.svg units=14 lines=49 dots=0
	net 'input 3' 'dense 3 tanh bias=off' 'dropout 0.2' 'dense 12' \
		'dense 2' 'loss mse'
	expect 'draw dropout' 0 "$bpgen" draw net.spec -o net.svg &&
		holds 'layers without weights are words' net.svg units=14 \
		lines=39 weights=11 biases=8 says='dropout 0.2'
	net 'input 256' 'dense 65536' 'loss mse'
	expect 'draw a large layer' 0 "$bpgen" draw net.spec -o net.svg &&
		holds 'large numbers' net.svg units=12 says='a65535(1)'
	# the judge has eyes
	sed 's/rotate([-0-9.]*)/rotate(90)/; s/translate([0-9.]* /translate(99 /
		' xor.svg >broken.svg
	if python3 "$look/picture.py" broken.svg units=5 >out 2>err ||
		python3 "$look/picture.py" xor.svg units=6 >out 2>err
	then bad 'what is wrong is seen'; else ok 'what is wrong is seen'; fi
fi
# ------------------------------------------------------------ the workspace
if here 'the workspace' python3; then
	for what in forward gradient train; do
		expect "workspace, $what" 0 "$bpgen" draw "$specs/lenet.spec" \
			--memory=$what -o memory.svg && cp memory.svg keep.svg &&
			expect "workspace, $what" 0 "$bpgen" info \
			"$specs/lenet.spec" --memory=$what &&
			if python3 "$look/lifetimes.py" keep.svg out 2>err
			then ok "workspace, $what"; else bad "workspace, $what"; fi
	done
	sed 's/class="forward" x="\([0-9]*\)/class="forward" x="9\1/' keep.svg \
		>wrong.svg
	if python3 "$look/lifetimes.py" wrong.svg out 2>err
	then bad 'a box elsewhere is seen'; else ok 'a box elsewhere is seen'; fi
fi
expect 'no workspace' 65 "$bpgen" draw "$specs/xor.spec" --memory &&
	says 'no workspace' err 'xor_forward has no workspace'
expect 'two pictures' 64 "$bpgen" draw "$specs/xor.spec" --memory --units &&
	says 'two pictures' err '--units and --memory are two pictures'
expect 'no such function' 64 "$bpgen" draw "$specs/lenet.spec" --memory=trian &&
	says 'no such function' err 'write one of forward'
"$bpgen" draw "$specs/xor.spec" -o one.svg
"$bpgen" draw "$specs/xor.spec" >two.svg
same 'standard output is the same SVG' one.svg two.svg
if here 'TikZ' pdflatex; then
	for spec in xor digits iris; do
		expect "TikZ of $spec" 0 "$bpgen" draw "$specs/$spec.spec" \
			-o "$spec.tex" && expect "TikZ of $spec" 0 \
			pdflatex -interaction=nonstopmode "$spec.tex" &&
			if [ -s "$spec.pdf" ] && ! grep -q '^!' out
			then ok "TikZ of $spec"; else bad "TikZ of $spec"; fi
	done
fi
expect 'TikZ' 0 "$bpgen" draw "$specs/xor.spec" --format=tex &&
	says 'TikZ has the labels' out '$w_{10}^{(1)}$'
if here 'PNG and PDF by librsvg' rsvg-convert; then
	expect 'a PNG' 0 "$bpgen" draw "$specs/xor.spec" -o xor.png &&
		says 'a PNG' xor.png PNG
	expect 'a PDF' 0 "$bpgen" draw "$specs/xor.spec" -o xor.pdf &&
		says 'a PDF' xor.pdf %PDF
fi

# ---------------------------------------------------------------- boxes
expect 'boxes' 0 "$bpgen" draw "$specs/resnet.spec" &&
	says 'shapes on the edges' out '[label=" 16x32x32 ", weight=1, style=dashed]' &&
	says 'joins are circles' out 'label="add relu", shape=circle'
printf '%s\n' 'net q' 'a: input 2x4x4' 'b: input 32' 'flatten from a' \
	'dense 2 from b' 'dense 3 from a' 'output dense5 dense4' >heads.spec
for spec in "$specs"/*.spec; do
	name=$(basename "$spec")
	expect "draw $name" 0 "$bpgen" draw "$spec" || continue
	expect "boxes of $name" 0 "$bpgen" draw "$spec" -o boxes.dot --force ||
		continue
	command -v dot >/dev/null || continue
	expect "dot reads $name" 0 dot -Tsvg boxes.dot &&
		if grep -q '<svg' out && [ ! -s err ]; then ok "draw $name"
		else bad "draw $name"; fi
done
if here 'boxes as SVG, PNG, PDF' dot; then
	for form in svg png pdf; do
		expect "boxes as $form" 0 "$bpgen" draw "$specs/lenet.spec" \
			-o "lenet.$form" && expect "boxes again as $form" 0 \
			"$bpgen" draw "$specs/lenet.spec" -o "lenet.$form" &&
			if [ -s "lenet.$form" ]; then ok "boxes as $form"
			else bad "boxes as $form"; fi
	done
fi

# ------------------------------------------------------------- messages
fails() { # NAME RC TEXT COMMAND...
	name=$1 rc=$2 text=$3
	shift 3
	expect "$name" "$rc" "$@" && says "$name" err "$text"
}
fails 'an ending nobody knows' 64 '-o x.gif: the name must end in one of svg' \
	"$bpgen" draw "$specs/xor.spec" -o x.gif
fails 'no ending' 64 'or --format say which' "$bpgen" draw "$specs/xor.spec" \
	-o picture
fails 'no such format' 64 '--format=bmp: the value must be one of' \
	"$bpgen" draw "$specs/xor.spec" --format=bmp
fails 'boxes are not in TikZ' 64 'drawn as boxes' \
	"$bpgen" draw "$specs/lenet.spec" -o lenet.tex
echo '<svg/>' >mine.svg
fails 'a picture of others' 73 'was not written by bpgen' \
	"$bpgen" draw "$specs/xor.spec" -o mine.svg
echo 'all my notes' >mine.png
fails 'no picture at all' 73 'was not written by bpgen' \
	"$bpgen" draw "$specs/xor.spec" -o mine.png
cp "$specs/xor.spec" xor.dot
fails 'the spec itself' 73 'is an input' "$bpgen" draw xor.dot -o xor.dot
fails 'no folder' 73 'cannot create' "$bpgen" draw "$specs/xor.spec" -o no/x.svg
fails 'no spec' 66 'cannot read none.spec' "$bpgen" draw none.spec -o x.svg
echo 'dense' >broken.spec
fails 'a broken spec' 65 'error' "$bpgen" draw broken.spec -o nothing.svg
if [ -e nothing.svg ] || [ -e no ]; then bad 'nothing is left behind'
else ok 'nothing is left behind'; fi
mkdir empty
fails 'a program that is missing' 69 'apt-get install graphviz' \
	env PATH="$work/empty" "$bpgen" draw "$specs/lenet.spec" -o boxes.svg
fails 'another one' 69 'librsvg2-bin' env PATH="$work/empty" "$bpgen" draw \
	"$specs/xor.spec" -o units.png
# --------------------------------------------------------------- weights
if here 'images of weights' python3; then
	printf '%s\n' 'net four' 'input 2x2' 'flatten' 'dense1: dense 2' \
		'loss mse' >plain.spec
	printf '%s\n' 'net line' 'input 4' 'dense 2' 'loss mse' >line.spec
	python3 "$look/pixels.py" make four.safetensors || bad 'known weights'
	for form in ppm pgm png; do
		if [ "$form" = png ] && ! "$bpgen" --version | grep -q '+png'
		then skip 'PNG' 'this build has no libpng'; continue; fi
		expect "units as $form" 0 "$bpgen" draw plain.spec --units \
			-w four.safetensors -o "units.$form" &&
			if python3 "$look/pixels.py" look "units.$form" \
				>out 2>err; then ok "pixels of $form"
			else bad "pixels of $form"; fi
	done
	{ head -c 120 units.ppm; tail -c +121 units.ppm | tr '\325' '\0'
	} >wrong.ppm
	if python3 "$look/pixels.py" look wrong.ppm >out 2>err
	then bad 'a false colour is seen'; else ok 'a false colour is seen'; fi
	expect 'units, ASCII' 0 env LC_ALL=C "$bpgen" draw line.spec \
		--shape=2x2 --units=dense1 -w four.safetensors &&
		if [ "$(tail -n 1 out)" = '.+   :' ]; then ok 'units, ASCII'
		else bad 'units, ASCII'; fi
	cp out units.txt
	expect 'weights of a layer' 0 env LC_ALL=C "$bpgen" draw line.spec \
		--shape=2x2 -w four.safetensors --weights dense1 &&
		same 'weights of a layer' out units.txt
	cp four.safetensors line.safetensors
	expect 'its own weights' 0 env LC_ALL=C "$bpgen" draw line.spec \
		--shape=2x2 --weights dense1 && same 'its own weights' out units.txt
	rm line.safetensors
	expect 'units in colour' 0 env LC_ALL=C.UTF-8 "$bpgen" draw line.spec \
		--shape=1x4 --units --color=always -w four.safetensors &&
		says 'units in colour' out '38;2;0;114;178;48;2'
	fails 'no height and width' 64 'have no height and width' \
		"$bpgen" draw line.spec --units -w four.safetensors
	says 'what to write' err '--shape=2x2'
	fails 'a shape that does not fit' 64 'are no images of this shape' \
		"$bpgen" draw line.spec --units -w four.safetensors --shape=3x2
	fails 'a shape that is none' 64 'write height x width' \
		"$bpgen" draw line.spec --units -w four.safetensors --shape=x
	fails 'a layer that is not there' 64 'one has: --units=dense1' \
		"$bpgen" draw line.spec --units=dense -w four.safetensors
	fails 'weights of others' 65 'four.safetensors' \
		"$bpgen" draw "$specs/xor.spec" --units -w four.safetensors
	fails 'weights that are missing' 66 'there is no line.safetensors' \
		"$bpgen" draw line.spec --units --shape=2x2
fi

# -------------------------------------------------------------- boundary
"$bpgen" train "$specs/xor.spec" "$data/xor.csv" -q || bad 'xor learns'
expect 'boundary' 0 "$bpgen" draw "$specs/xor.spec" "$data/xor.csv" \
	--boundary -o plane.svg && says 'a line between the classes' plane.svg \
	'class="boundary" d="M' && if here 'the colours of a plane' python3; then
	awk 'BEGIN { print "x1,x2"; for (i = 0; i < 120; i++)
		print (i * 37 % 120) / 119 "," (i * 11 % 120) / 119 }' >grid.csv
	expect 'predict' 0 "$bpgen" predict "$specs/xor.spec" grid.csv --csv &&
		cp out answers.csv
	if python3 "$look/plane.py" plane.svg answers.csv >out 2>err
	then ok 'the colours of a plane'; else bad 'the colours of a plane'; fi
	awk -F, -v OFS=, 'NR > 1 { $3 = 1 - $3 } 1' answers.csv >wrong.csv
	if python3 "$look/plane.py" plane.svg wrong.csv >out 2>err
	then bad 'false colours are seen'; else ok 'false colours are seen'; fi
fi
expect 'boundary, ASCII' 0 env LC_ALL=C "$bpgen" draw "$specs/xor.spec" \
	"$data/xor.csv" --boundary && if [ "$(grep -c '^|.*|$' out)" = 24 ] &&
	grep -q '^|[@%#]*1[@%#].*[ .]0[ .]*|$' out &&
	grep -q '^|[ .]*0[ .].*[@%#]1[@%#]*|$' out
then ok 'boundary, ASCII'; else bad 'boundary, ASCII'; fi
expect 'boundary, colour' 0 env LC_ALL=C.UTF-8 "$bpgen" draw \
	"$specs/xor.spec" "$data/xor.csv" --boundary --color=always &&
	says 'boundary, colour' out '▀'
expect 'boundary, pixels' 0 "$bpgen" draw "$specs/xor.spec" --boundary \
	-o plane.ppm && if [ "$(head -n 3 plane.ppm | tail -n 1)" = '480 480' ]
then ok 'boundary, pixels'; else bad 'boundary, pixels'; fi
awk 'BEGIN { print "a,b,c"; for (i = 0; i < 90; i++) { k = i % 3
	print k + i % 7 / 10 "," (k * k) % 3 + i % 5 / 10 ",<" k ">" } }' >three.csv
printf '%s\n' 'net three' 'input 2' 'dense 8 tanh' 'dense 3 softmax' \
	'loss cross_entropy' 'optimizer adam rate=0.05' 'epochs 60' >three.spec
expect 'three classes' 0 "$bpgen" train three.spec three.csv -q &&
	expect 'three classes' 0 "$bpgen" draw three.spec three.csv --boundary \
	-o three.svg && says 'three classes' three.svg '>&lt;2&gt;</text>'
printf '%s\n' 'net wave' 'input 2' 'dense 4 tanh' 'dense 1' 'loss mse' \
	'epochs 2' >wave.spec
awk 'BEGIN { print "a,b,c"; for (i = 0; i < 30; i++) print i "," i * i "," i / 7
	}' >wave.csv
expect 'a value' 0 "$bpgen" train wave.spec wave.csv -q &&
	expect 'a value' 0 "$bpgen" draw wave.spec wave.csv --boundary -o w.svg &&
	says 'a value' w.svg '(blue) to'
fails 'four inputs' 64 'needs a network of 2 inputs' \
	"$bpgen" draw "$specs/iris.spec" --boundary
fails 'data for nothing' 64 'only with --boundary' \
	"$bpgen" draw "$specs/xor.spec" "$data/xor.csv"
fails 'weights for nothing' 64 'weights are drawn by --units or --boundary' \
	"$bpgen" draw "$specs/xor.spec" --weights nobody -o w.png
fails 'two pictures' 64 'are two pictures' \
	"$bpgen" draw "$specs/xor.spec" --units --boundary
fails 'data that is missing' 66 'none.csv' \
	"$bpgen" draw "$specs/xor.spec" none.csv --boundary

sum_up
