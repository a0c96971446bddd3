#!/bin/sh
# SPDX-License-Identifier: MIT
# Files that are none, at every place where a command takes one: one clear
# message, the right exit code, nothing on standard output, nothing lost.
. "$(dirname "$0")/../verdicts.sh"
PATH=$(dirname "$bpgen"):$PATH
export PATH

bpgen init -q iris && bpgen init -q xor && mkdir folder keep || exit 1
: >empty
printf 'abc\0def\n' >nul
printf '\001\377\376\2005,\000\n' >noise
mkfifo pipe
head -c 300 iris.csv >cut.csv
gzip -c iris.csv 2>/dev/null | head -c 200 >cut.csv.gz
printf '\0\0\010\003\0\0\0\377\0\0\0\034\0\0\0\034abc' >short.idx
printf '\0\0\010\001\377\377\377\377' >huge.idx
printf 'a,b,c,d,e\n' >head.csv
printf '5.1,3.5,1.4,0.2,0\n1e999,1,2,3,0\n' >large.csv
awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "1,"; print 1 }' >wide.csv
bpgen train -q iris.spec iris.csv && bpgen train -q xor.spec xor.csv \
	--checkpoint xor.checkpoint --epochs 3 || exit 1
head -c 100 iris.safetensors >cut.safetensors
head -c 200 xor.checkpoint >cut.checkpoint
cp iris.safetensors iris.history.csv iris.spec iris.csv keep

# refused RC TEXT COMMAND...: one error, with the text, and no other word of it;
# the files that were there are as they were
refused() {
	want=$1 text=$2
	shift 2
	timeout 60 bpgen "$@" </dev/null >out 2>err
	rc=$?
	if [ $rc != "$want" ]; then bad "$*" "exit status $rc, not $want"
	elif [ "$(grep -c ' error: ' err)" != 1 ]; then bad "$*" "no one error"
	elif ! grep -qF -- "$text" err; then bad "$*" "no '$text'"
	elif [ -s out ]; then bad "$*" "something on standard output"
	else ok "$*"; fi
	for file in keep/*; do
		cmp -s "$file" "${file#keep/}" && continue
		bad "$*" "${file#keep/} is not what it was"
		cp "$file" .
	done
	left=$(ls | grep -E '\.tmp$|^new\.|^(folder|missing)\.')
	[ -z "$left" ] || { bad "$*" "left behind: $left"; rm -rf $left; }
}

# ------------------------------------------------------------ what is read
# each place: the command with FILE where the bad one goes
specs_at='gen FILE
check FILE
train FILE iris.csv
eval FILE iris.csv
predict FILE iris.csv
info FILE
bench FILE
expand FILE
draw FILE
explain FILE'
data_at='train iris.spec FILE -o new.safetensors
eval iris.spec FILE
predict iris.spec FILE
check iris.spec --data FILE
gen iris.spec --data FILE
train iris.spec iris.csv --validate FILE -o new.safetensors'
weights_at='eval iris.spec iris.csv -w FILE
predict iris.spec iris.csv -w FILE
gen iris.spec -w FILE
check iris.spec -w FILE
explain iris.spec -w FILE
train iris.spec iris.csv -o new.safetensors --resume FILE'
plans_at='gen iris.spec -Wno-normalize --plan=FILE
info iris.spec --plan=FILE
check iris.spec --plan=FILE'

# all PLACES RC TEXT FILE
all() {
	echo "$1" | sed "s|FILE|$4|" >list
	while read -r line <&3; do
		refused "$2" "$3" $line
	done 3<list
}
for places in "$specs_at" "$data_at" "$weights_at" "$plans_at"; do
	all "$places" 66 'No such file or directory' missing
	all "$places" 66 'is a directory' folder
	all "$places" 66 'is no regular file' pipe
done
all "$specs_at" 65 'the spec has no layers' empty
all "$specs_at" 65 'a NUL byte in the text' nul
all "$specs_at" 65 'invalid UTF-8' noise
all "$data_at" 65 'the file is empty' empty
all "$data_at" 65 'this is not a text (it holds a zero byte)' nul
all "$data_at" 65 'this is not a text (it holds a zero byte)' noise
all "$data_at" 65 'an empty cell in column 5' cut.csv
all "$data_at" 65 'the file is cut off' short.idx
all "$data_at" 65 'the file is cut off' huge.idx
all "$data_at" 65 'there are no rows after the header' head.csv
all "$data_at" 65 "'1e999' is too large" large.csv
all "$data_at" 65 '1000001 columns' wide.csv
all "$data_at" 65 'not a text' iris.safetensors
if [ -s cut.csv.gz ] && bpgen --version | grep -q '+gzip'; then
	all "$data_at" 65 'packed by gzip and cut off' cut.csv.gz
else
	skip "gzip that is cut off" "no gzip here"
fi
all "$weights_at" 65 'no file of weights' empty
all "$weights_at" 65 'no file of weights' nul
all "$weights_at" 65 'no file of weights' noise
all "$weights_at" 65 'no file of weights' iris.csv
all "$weights_at" 65 'the file is cut off' cut.safetensors
all "$weights_at" 65 'weights do not fit iris.spec' xor.safetensors
all "$weights_at" 65 'weights do not fit iris.spec' xor.checkpoint
all "$plans_at" 65 'a NUL byte in the text' nul
refused 65 'the file is cut off' train xor.spec xor.csv --resume cut.checkpoint
for file in missing folder pipe; do
	printf 'include "%s"\n' $file >inc.spec
	refused 65 "inc.spec:1:9: error: cannot read '$file'" inc.spec
done
printf 'include "inc.spec"\n' >inc.spec
refused 65 'files include each other' inc.spec
printf 'include "nul"\n' >inc.spec
refused 65 'nul:1:4: error: a NUL byte' inc.spec
refused 66 '--templates: cannot read missing' --templates missing iris.spec
refused 66 'Not a directory' --templates empty iris.spec
refused 64 '--labels is for images' train iris.spec iris.csv --labels missing \
	-o new.safetensors
refused 66 'cannot be read' plot missing
if [ "$(id -u)" != 0 ]; then
	cp iris.csv locked && chmod 0 locked
	all "$data_at" 66 'Permission denied' locked
	cp iris.spec locked.spec && chmod 0 locked.spec
	all "$specs_at" 66 'Permission denied' locked.spec
else
	skip "files that may not be read" "root reads them"
fi

# --------------------------------------------------------- what is written
outputs_at='gen iris.spec -Wno-normalize -o FILE.c
gen iris.spec -Wno-normalize -o new.c --header FILE.h
gen iris.spec -Wno-normalize -o new.c -MD -MF FILE.d
train iris.spec iris.csv -q -o FILE.safetensors
train iris.spec iris.csv -q -o new.safetensors --checkpoint FILE.checkpoint
predict iris.spec iris.csv -o FILE.csv
expand iris.spec -o FILE.spec
draw iris.spec -o FILE.svg
plot iris.history.csv -o FILE.svg
explain iris.spec -o FILE.tex'
all "$outputs_at" 73 'No such file or directory' missing/x
for end in c h d safetensors checkpoint csv spec svg tex; do
	mkdir folder.$end
done
mv folder.* folder
all "$outputs_at" 73 's a directory' folder/folder
# a disk that takes nothing: no half of a pair is left
if [ -c /dev/full ]; then
	refused 74 'No space left' iris.spec -Wno-normalize -o /dev/full
	refused 74 'No space left' iris.spec -Wno-normalize -o new.c \
		--header /dev/full
	refused 74 'No space left' iris.spec -Wno-normalize -o new.c -MF /dev/full
	expect "weights on a full disk" 74 bpgen train iris.spec iris.csv -q \
		-o /dev/full && says "weights on a full disk" err 'No space left'
	cp keep/* .
	refused 74 'No space left' predict iris.spec iris.csv -o /dev/full
	refused 74 'No space left' expand iris.spec -o /dev/full
	for command in '--help' '--version' 'gen iris.spec -Wno-normalize' \
		'info iris.spec' 'expand iris.spec' 'check xor.spec' \
		'eval iris.spec iris.csv' 'predict iris.spec iris.csv' \
		'eval iris.spec iris.csv --json' 'help dense' \
		'completion bash' 'init' 'explain iris.spec' 'draw iris.spec'
	do
		bpgen $command >/dev/full 2>err
		rc=$?
		[ $rc = 74 ] && grep -q 'No space left' err &&
			ok "full: $command" || bad "full: $command" "status $rc"
	done
else
	skip "a full disk" "no /dev/full here"
fi
if mkdir small && mount -t tmpfs -o size=12k none small 2>/dev/null; then
	cp iris.spec small
	for command in 'gen iris.spec -Wno-normalize -o small/iris.c' \
		'predict iris.spec iris.csv -o small/iris.csv' \
		'init digits small'; do
		dd if=/dev/zero of=small/fill bs=1k count=7 2>/dev/null
		refused 74 'No space left' $command
		left=$(ls small | grep -v -e '^fill$' -e '^iris.spec$')
		[ -z "$left" ] && ok "nothing half: $command" ||
			bad "nothing half: $command" "$left"
	done
	expect "weights on a small disk" 74 bpgen train iris.spec iris.csv -q \
		-o small/iris.safetensors && says "weights on a small disk" err \
		'cannot write small/iris.safetensors: No space left'
	left=$(ls small | grep -e tmp -e safetensors)
	[ -z "$left" ] && ok "no half weights" || bad "no half weights" "$left"
	umount small
else
	skip "a small disk" "no right to mount one"
fi
sum_up
