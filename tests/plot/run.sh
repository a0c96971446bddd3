#!/bin/sh
# SPDX-License-Identifier: MIT
# Curves of trainings: are they those of the table? argument: bpgen
. "$(dirname "$0")/../verdicts.sh"
chart=$root/tests/plot/chart.py
blue='#0072B2' orange='#D55E00'
have() { command -v "$1" >/dev/null; }
fails() { # NAME RC TEXT COMMAND...
	name=$1 rc=$2 text=$3
	shift 3
	expect "$name" "$rc" "$@" && says "$name" err "$text"
}
# drawn NAME CSV COLUMN COLOR [best]: as the table has it
drawn() {
	name=$1
	shift
	have python3 || { skip "$name" 'no python3 here'; return; }
	if python3 "$chart" picture.svg "$@" >out 2>err; then ok "$name"
	else bad "$name"; fi
}
head='epoch,seconds,rate,loss,val_loss,accuracy,val_accuracy,gradnorm'
awk -v head="$head" 'BEGIN { print head; for (i = 1; i <= 40; i++)
	printf "%d,0.1,0.1,%.9g,%.9g,%.6g,%.6g,\n", i, exp(-i / 6),
		0.3 + (i - 12) ^ 2 / 900, 1 - 1 / (i + 1), 0.9 - 1 / (i + 2)
	}' >a.history.csv

expect 'plot' 0 "$bpgen" plot a.history.csv -o picture.svg && {
	drawn 'training in blue' a.history.csv loss "$blue"
	drawn 'validation in orange, its best epoch' a.history.csv val_loss \
		"$orange" best
	cp picture.svg true.svg
	sed 's/\(points="[0-9.]*,\)[0-9.]*/\1300.00/' true.svg >picture.svg
	if have python3 && python3 "$chart" picture.svg a.history.csv loss \
		"$blue" >out 2>err
	then bad 'a false point is seen'; else ok 'a false point is seen'; fi
}
expect 'accuracy' 0 "$bpgen" plot a.history.csv -o picture.svg \
	--columns=accuracy,val_accuracy && {
	drawn 'accuracy' a.history.csv accuracy "$blue"
	says 'the best accuracy is the largest' picture.svg 'best: epoch 40'
}
expect 'a real history' 0 "$bpgen" train "$specs/xor.spec" "$data/xor.csv" -q &&
	expect 'a real history' 0 "$bpgen" plot xor.history.csv -o picture.svg &&
	drawn 'of thousands of epochs what is seen' xor.history.csv loss "$blue"

# ------------------------------------------------------ odd histories
printf '%s\n1,0,0.1,0.5,,,,\n' "$head" >one.csv
expect 'one row' 0 "$bpgen" plot one.csv -o picture.svg &&
	drawn 'one row is a dot' one.csv loss "$blue"
printf '%s\n1,0,1,0.5,nan,,,\n2,0,1,,0.4,,,\n3,0,1,nan,0.3,,,\n4,0,1,0.2,,,,\n5,0,1,0.1,inf,,,\n' \
	"$head" >holes.csv
expect 'holes' 0 "$bpgen" plot holes.csv -o picture.svg && {
	drawn 'a curve has holes where the loss has' holes.csv loss "$blue"
	drawn 'so has the other' holes.csv val_loss "$orange"
}
printf 'epoch,loss\n1,0.5\n2,-0.5\n3,0\n' >negative.csv
expect 'negative losses' 0 "$bpgen" plot negative.csv -o picture.svg &&
	drawn 'then no log axis' negative.csv loss "$blue"
printf 'epoch,loss\n1,0\n2,0\n3,0\n' >zero.csv
expect 'a constant' 0 "$bpgen" plot zero.csv -o picture.svg &&
	drawn 'a constant loss' zero.csv loss "$blue"
printf 'loss\n3\n2\n1\n' >bare.csv
expect 'no epochs' 0 "$bpgen" plot bare.csv && says 'rows are counted' out \
	'best: epoch 3, 1'
cat a.history.csv >half.csv && printf '41,0.1,0.' >>half.csv
expect 'a row half written' 0 "$bpgen" plot half.csv && ok 'a row half written'
{ cat a.history.csv; printf '1,0,0,7,8,,,\n2,0,0,6,7,,,\n'; } >two.csv
expect 'two runs' 0 "$bpgen" plot two.csv && says 'the last run is drawn' err \
	'two.csv holds 2 runs; the last one is drawn' &&
	says 'the last run' out 'best: epoch 2, 7'
expect 'several files' 0 "$bpgen" plot a.history.csv xor.history.csv \
	-o picture.svg && says 'named by their files' picture.svg \
	'>a, validation<' && says 'of both' picture.svg '>xor, training<'
printf 'epoch,loss\n1,1e-300\n2,1e300\n' >huge.csv
expect 'huge and tiny' 0 "$bpgen" plot huge.csv && ok 'huge and tiny'
printf 'epoch,<&\n1,2\n2,3\n' >odd.csv
expect 'odd names' 0 "$bpgen" plot odd.csv '--columns=<&' -o picture.svg &&
	says 'odd names are escaped' picture.svg '&lt;&amp;</text>'

# ------------------------------------------------------------- forecasts
expect 'sine' 0 "$bpgen" train "$specs/sine.spec" "$data/sine.csv" -q &&
	expect 'sine' 0 "$bpgen" predict "$specs/sine.spec" "$data/sine.csv" \
	-o sine.csv && expect 'a forecast' 0 "$bpgen" plot sine.csv \
	-o picture.svg && says 'over its input' picture.svg '>x</text>' && {
	sed 's/^x,/epoch,/' sine.csv >table.csv
	drawn 'what was said in blue' table.csv y "$blue"
	drawn 'what is true in orange' table.csv target "$orange"
	if grep -q 'best: ' picture.svg; then bad 'no best epoch'
	else ok 'no best epoch'; fi
}
printf 'a,b,price,target\n1,2,10,11\n0,2,12,12\n5,5,9,8\n' >price.csv
expect 'several inputs' 0 env LC_ALL=C "$bpgen" plot price.csv &&
	says 'several inputs: over the row' out '* price   o target'

# ------------------------------------------------------- on the terminal
expect 'UTF-8' 0 env LC_ALL=C.UTF-8 "$bpgen" plot a.history.csv &&
	says 'dots' out '● training   ○ validation   ┊ best: epoch 12, 0.3'
expect 'ASCII' 0 env LC_ALL=C "$bpgen" plot a.history.csv &&
	if LC_ALL=C grep -q '[^ -~]' out; then bad 'ASCII'
	else says ASCII out '* training   o validation   : best: epoch 12'; fi
if awk 'length > 80 { exit 1 }' out; then ok 'not too wide'
else bad 'not too wide'; fi
expect 'colour' 0 "$bpgen" plot a.history.csv --color=always &&
	says 'colour' out '38;2;213;94;0m'

# --------------------------------------------------------------- gnuplot
expect 'a script' 0 "$bpgen" plot a.history.csv --gnuplot &&
	says 'a script' out 'set logscale y'
if have gnuplot; then
	cp out script && expect 'gnuplot reads it' 0 gnuplot script &&
		says 'gnuplot reads it' out '</svg>'
	for form in png pdf; do
		expect "$form" 0 "$bpgen" plot a.history.csv -o "loss.$form" &&
			expect "$form" 0 "$bpgen" plot a.history.csv \
			-o "loss.$form" && if [ -s "loss.$form" ]
			then ok "$form by gnuplot"; else bad "$form by gnuplot"; fi
	done
else skip 'PNG and PDF by gnuplot' 'no gnuplot here'; fi
expect 'TikZ' 0 "$bpgen" plot a.history.csv -o loss.tex &&
	says 'TikZ' loss.tex 'best: epoch 12' && if have pdflatex; then
		expect 'LaTeX' 0 pdflatex -interaction=nonstopmode loss.tex &&
			ok 'LaTeX reads it'
	else skip 'LaTeX reads it' 'no pdflatex here'; fi
mkdir empty
fails 'no gnuplot' 69 'apt-get install gnuplot-nox' env PATH="$work/empty" \
	"$bpgen" plot a.history.csv -o none.pdf

# -------------------------------------------------------------- messages
fails 'no file' 64 'plot needs a history' "$bpgen" plot
fails 'a file that is missing' 66 'none.csv' "$bpgen" plot none.csv
fails 'a folder' 66 'empty' "$bpgen" plot empty
: >nothing.csv
expect 'an empty file' 65 "$bpgen" plot nothing.csv && ok 'an empty file'
printf 'a,b\n1,2\n' >other.csv
fails 'another table' 65 "there is no column 'loss' or 'val_loss'" \
	"$bpgen" plot other.csv
fails 'a column that is missing' 65 'a column with a similar name exists: loss' \
	"$bpgen" plot a.history.csv --columns=los
printf '%s\n' "$head" >header.csv
fails 'a header alone' 65 'no number to draw' "$bpgen" plot header.csv
printf 'epoch,loss\n1,2,3\n2,1\n' >wide.csv
fails 'a row that is too long' 65 '3 columns, but the first line has 2' \
	"$bpgen" plot wide.csv
fails 'an input as output' 73 'is an input' "$bpgen" plot a.history.csv \
	--format=svg -o a.history.csv
fails 'an ending' 64 'must end in one of' "$bpgen" plot a.history.csv -o x.gif
sum_up
