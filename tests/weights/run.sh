#!/bin/sh
# SPDX-License-Identifier: MIT
# Files of weights: what others write is read, what bpgen writes others read,
# what is damaged is refused; argument: bpgen
. "$(dirname "$0")/../verdicts.sh"

# refuses NAME RC TEXT COMMAND...: it ends so, with one message that has the text
refuses() {
	name=$1 want=$2 text=$3
	shift 3
	expect "$name" "$want" "$@" || return
	if ! grep -qF -- "$text" err; then bad "$name" "no '$text'"
	elif [ "$(grep -c 'error:' err)" != 1 ]; then bad "$name" 'one message'
	elif ls | grep -q 'tmp$'; then bad "$name" 'something temporary is left'
	else ok "$name"; fi
}

for python in python3 /usr/bin/python3 ''; do
	$python -c 'import numpy' 2>/dev/null && break
done
npz=
"$bpgen" --version | grep -q '^features:.*+npz' && npz=yes
cat >flowers.spec <<'END'
net flowers
input 4
dense 5 tanh
dense 3 softmax
loss cross_entropy
optimizer adam rate=0.02
classes Iris-setosa Iris-versicolor Iris-virginica
batch 10
epochs 10
END
flowers() {
	"$bpgen" train flowers.spec "$data/iris.csv" -q "$@"
}
outputs() { "$bpgen" predict flowers.spec "$data/iris.csv" --csv -w "$1"; }

expect 'safetensors are written' 0 flowers && ok 'safetensors are written'
outputs flowers.safetensors >by_bpgen
expect 'and written over' 0 flowers && ok 'and written over'
if [ $npz ]; then
	expect 'NPZ is written' 0 flowers -o flowers.npz &&
		outputs flowers.npz >by_npz
	same 'and gives the same outputs' by_npz by_bpgen
	expect 'and written over' 0 flowers -o flowers.npz && ok 'and written over'
	expect 'training goes on from NPZ' 0 flowers --epochs 20 -o more.npz \
		--resume flowers.npz
	expect 'training goes on from safetensors' 0 flowers --epochs 20 \
		-o more.safetensors --resume flowers.safetensors
	expect 'in one go' 0 flowers --epochs 20 -o whole.safetensors
	same 'both to the bits of one run' more.safetensors whole.safetensors
	outputs more.npz >by_npz
	outputs whole.safetensors >by_one_run
	same 'both to the bits of one run, NPZ' by_npz by_one_run
else
	skip NPZ 'this build has none'
fi

# near NAME: the largest outputs in `theirs` are those of bpgen, to rounding
near() {
	if tail -n +2 by_bpgen | cut -d, -f 6 | paste -d, - theirs |
		awk -F, '{ most = $2 > $3 ? $2 : $3
			if ($4 > most) most = $4
			if (most - $1 > 1e-5 || $1 - most > 1e-5) wrong = 1 }
			END { exit wrong || NR < 100 }'
	then ok "$1"; else bad "$1" "$(head -n 3 by_bpgen theirs)"; fi
}
if [ "$python" ] && [ $npz ]; then
	kit() { $python "$root/tests/weights/kit.py" "$@"; }
	for file in flowers.safetensors flowers.npz; do
		expect "others read $file" 0 kit forward $file "$data/iris.csv" &&
			cp out theirs && near "others read $file"
	done
	expect 'others write' 0 kit to-npz flowers.safetensors theirs.npz &&
		expect 'others write' 0 kit to-safetensors flowers.npz \
			theirs.safetensors
	for file in theirs.npz theirs.safetensors; do
		outputs $file >by_others
		same "$file of others is read" by_others by_bpgen
		refuses "$file is not written over" 73 \
			'exists and is no file of weights by bpgen' flowers -o $file
	done
	mkdir damaged && expect damage 0 kit damage flowers.safetensors damaged
	outputs damaged/fine.safetensors >by_others
	same 'what is to be damaged is read' by_others by_bpgen
	outputs damaged/whole.npz >by_others
	same 'and the NPZ' by_others by_bpgen
	while IFS='|' read -r file text; do
		refuses "$file" 65 "$text" outputs damaged/$file
	done <<-'END'
		huge_header.safetensors|a header of 9223372036854775808 bytes
		long_header.safetensors|the file is cut off
		no_json.safetensors|its header is no JSON
		twice.safetensors|its header is no JSON: duplicate object key
		list.safetensors|this is no file of weights (safetensors or NPZ)
		deep.safetensors|its header is no JSON: maximum parsing depth
		overlap.safetensors|overlap)
		outside.safetensors|the file is cut off: 'dense2.b' ends at
		backwards.safetensors|'dense2.b' has no place
		wide_offset.safetensors|the file is cut off: 'dense2.b' ends at
		no_offsets.safetensors|'dense2.b' has no place
		bf16.safetensors|'dense2.b' holds numbers of type BF16; bpgen reads F32 and F64
		wide_shape.safetensors|the shape of 'dense2.b' makes no sense
		below_zero.safetensors|the shape of 'dense2.b' makes no sense
		other_shape.safetensors|the size of 'dense2.b' does not fit its shape
		more.safetensors|weights do not fit flowers.spec
		fewer.safetensors|weights do not fit flowers.spec
		turned.safetensors|weights do not fit flowers.spec
		nan.safetensors|'dense1.w' holds values that are not numbers
		cut.safetensors|the file is cut off
		cut.npz|the file is cut off
		flipped.npz|cannot be unpacked
		whole_numbers.npz|holds numbers of type i4; bpgen reads f4 and f8
		turned.npz|weights do not fit flowers.spec
	END
	expect 'both shapes are shown' 65 outputs damaged/turned.npz
	if grep -q '^  dense1.w *file 4x5 *spec 5x4$' err
	then ok 'both shapes are shown'; else bad 'both shapes are shown'; fi
else
	skip 'other programs' 'no python3 with numpy, or no NPZ in this build'
fi

# ------------------------------------------- places that are no files to read
for command in predict eval; do
	run() { "$bpgen" $command flowers.spec "$data/iris.csv" -w "$1"; }
	refuses "$command: a folder" 66 'damaged: error: cannot be read: is a dir' \
		run "$(mkdir -p damaged; echo damaged)"
	refuses "$command: nothing" 66 'none: error: cannot be read: No such' run none
	[ -p pipe ] || mkfifo pipe
	refuses "$command: a pipe" 66 'pipe: error: cannot be read' run pipe
	: >empty.safetensors
	refuses "$command: an empty file" 65 'is no file of weights' \
		run empty.safetensors
done
refuses 'gen -w: nothing' 66 'none: error: cannot be read' \
	"$bpgen" gen flowers.spec -w none -o flowers.c
[ -e flowers.c ] && bad 'gen -w: nothing' 'C was written'
refuses 'train --resume: nothing' 66 'none: error: cannot be read' \
	flowers --resume none -o new.safetensors
[ -e new.safetensors ] && bad 'train --resume: nothing' 'weights were written'
cp flowers.safetensors forbidden.safetensors
mkdir locked
chmod 0 forbidden.safetensors
chmod a-w locked
chmod 755 .
# root may read everything, so somebody else tries
as_other=
[ -r forbidden.safetensors ] &&
	as_other='setpriv --reuid=65534 --regid=65534 --clear-groups'
if $as_other test -x "$bpgen" -a -r "$data/iris.csv" -a \
	! -r forbidden.safetensors 2>/dev/null
then
	refuses 'no permission to read' 66 'Permission denied' \
		$as_other "$bpgen" predict flowers.spec "$data/iris.csv" \
		-w forbidden.safetensors
	refuses 'no permission to write' 73 'Permission denied' \
		$as_other "$bpgen" train flowers.spec "$data/iris.csv" -q \
		-o locked/new.safetensors
	[ -e locked/new.safetensors ] && bad 'no permission to write' 'it was'
else
	skip 'no permission' 'nobody here lacks one'
fi
if outputs - <flowers.safetensors >by_pipe; then
	same 'weights from standard input' by_pipe by_bpgen
else bad 'weights from standard input'; fi

# --------------------------------------------------- places that take nothing
cp flowers.safetensors before
if [ -c /dev/full ]; then
	refuses 'a full disk' 74 'No space left' flowers -o /dev/full
	refuses 'a full disk behind standard output' 74 'cannot write' sh -c \
		"'$bpgen' train flowers.spec '$data/iris.csv' -q -o - >/dev/full"
fi
# a file that may not grow: what was there is still there
rm flowers.history.csv
refuses 'a file that grows too large' 74 'cannot write' sh -c "trap '' XFSZ
	ulimit -f 1
	'$bpgen' train flowers.spec '$data/iris.csv' -q --epochs 3"
same 'the old weights stay' flowers.safetensors before
refuses 'weights into a folder' 73 'cannot' flowers -o damaged
refuses 'a folder that is missing' 73 'cannot' flowers -o none/new.safetensors
refuses 'a table is not written over' 73 'is an input' sh -c "
	cp '$data/iris.csv' t.csv
	'$bpgen' train flowers.spec t.csv -q -o t.csv"
refuses 'nor a file of others' 73 'exists and is no file of weights by bpgen' \
	flowers -o flowers.spec.bak$(cp flowers.spec flowers.spec.bak)

sum_up
