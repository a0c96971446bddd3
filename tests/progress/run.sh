#!/bin/sh
# SPDX-License-Identifier: MIT
# What training shows while it runs, on a terminal and elsewhere; argument: bpgen
. "$(dirname "$0")/../verdicts.sh"

if ! command -v python3 >/dev/null; then
	skip 'terminals' 'there is no python3 here'
	sum_up
	exit
fi
sed 's/^epochs.*/epochs 60/' "$specs/digits8x8.spec" >digits.spec
# on COLUMNS ARGUMENT...: in a terminal
on() {
	columns=$1
	shift
	LC_ALL=$locale TERM=$terminal python3 "$root/tests/progress/terminal.py" $columns "$bpgen" train \
		digits.spec "$data/digits8x8_train.csv" --jit=tcc \
		-o d.safetensors "$@"
}
# has NAME REGEXP
has() { if LC_ALL=C grep -qE "$2" out; then ok "$1"; else bad "$1" "no $2"; fi; }
terminal=xterm

locale=C.UTF-8
expect 'a bar' 0 on 100 --validation 0.2
has 'a bar: epoch, speed, loss, accuracy, time, sparkline' \
	'^ +[0-9]+ ▕.*▏ [0-9.k]+ rows/s  val_loss 0\.[0-9]+  [0-9.]+%  [0-9]+ s left   █.*▁'
has 'lines of epochs stay' '^ +10 +0\.0[0-9]+ '
has 'the end' '^stopped: 60 epochs$'
locale=C
expect 'a bar in ASCII' 0 on 100 && has 'a bar in ASCII' \
	'^ +[0-9]+ \[[#.]{12}\] [0-9.k]+ rows/s  loss '
for columns in 20 40 60; do
	expect "$columns columns" 0 on $columns && has "$columns columns" 'stopped'
done
terminal=dumb
expect 'a dumb terminal' 0 on 80
if grep -q 'rows/s' out; then bad 'a dumb terminal'; else ok 'a dumb terminal'; fi
terminal=xterm
expect 'json on a terminal' 0 on 200 --progress=json
if grep '^{' out | python3 -c '
import json, sys
lines = [json.loads(line, parse_constant=int) for line in sys.stdin]
assert [line["epoch"] for line in lines] == list(range(1, 61)), lines
for line in lines:
	assert {"epoch", "seconds", "rate", "loss", "accuracy"} <= set(line), line
' 2>err && [ "$(grep -vc '^{' out)" = 0 ]
then ok 'json: a valid line for each epoch'
else bad 'json: a valid line for each epoch'; fi

sum_up
