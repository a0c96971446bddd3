#!/bin/sh
# SPDX-License-Identifier: MIT
# learn.sh BPGEN: the networks of specs/ that learn for longer than a few
# seconds reach what they say (the others: tests/data, tests/tool).  MNIST is
# looked for in the folder BPGEN_DATA.
. "$(dirname "$0")/../verdicts.sh"

# reaches WHAT METRIC=X SPEC TRAIN TEST [OPTION...]: TEST may be --validation
reaches() {
	what=$1 metric=$2 spec=$3 train=$4 test=$5
	shift 5
	set -- "$@" -w learnt.safetensors
	case $test in
	--*) held=0.2; set -- "$train" --validation "$@" ;;
	*) held=0; set -- "$test" "$@" ;;
	esac
	if "$bpgen" train "$specs/$spec" "$train" --validation $held \
		-o learnt.safetensors -q >out 2>err &&
		"$bpgen" eval "$specs/$spec" "$@" --require "$metric" >out 2>err
	then ok "$what: $(head -n 1 out)"; else bad "$what"; fi
}

if [ -f "$more/train-images-idx3-ubyte.gz" ] &&
	"$bpgen" --version | grep -q '+gzip'; then
	reaches "LeNet on MNIST" accuracy=0.985 lenet.spec \
		"$more/train-images-idx3-ubyte.gz" \
		"$more/t10k-images-idx3-ubyte.gz"
else
	skip 'LeNet on MNIST' 'its files are not in BPGEN_DATA, or no zlib'
fi

reaches "an LSTM on power" r2=0.96 power.spec "$data/power.csv" --validation

# stripes in ten directions and widths, in random colours, with noise
textures() { # SEED ROWS
	awk -v seed="$1" -v rows="$2" 'BEGIN {
		srand(seed)
		for (i = 0; i < rows; i++) {
			a = i % 5 * 0.6283
			f = i % 10 < 5 ? 0.7 : 1.3
			phase = rand() * 6.2832
			for (c = 0; c < 3; c++) {
				gain = 0.3 + 0.7 * rand()
				for (k = 0; k < 1024; k++) {
					at = cos(a) * (k % 32) + sin(a) * int(k / 32)
					at = gain * sin(f * at + phase)
					printf "%.2f,", at + 0.3 * rand()
				}
			}
			print i % 10
		}
	}'
}
textures 7 300 >textures.csv
textures 8 100 >others.csv
reaches "a residual network on textures" accuracy=0.98 resnet.spec \
	textures.csv others.csv
sum_up
