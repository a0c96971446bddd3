#!/bin/sh
# SPDX-License-Identifier: MIT
# demo.sh BPGEN FOLDER: the digits network from its spec to trained C.
bpgen=$1 out=$2
data=specs/data
mkdir -p "$out" || exit 1
set -e
step() { printf '\n$ bpgen'; printf ' %s' "$@"; echo; "$bpgen" "$@"; }
step gen specs/digits8x8.spec --data "$data/digits8x8_train.csv" \
	-o "$out/digits8x8.c"
step check specs/digits8x8.spec
step train specs/digits8x8.spec "$data/digits8x8_train.csv" \
	-w "$out/digits8x8.safetensors"
step eval specs/digits8x8.spec "$data/digits8x8_test.csv" \
	-w "$out/digits8x8.safetensors"
step gen specs/digits8x8.spec -w "$out/digits8x8.safetensors" \
	-o "$out/digits8x8.c"
echo
echo "the C, trained, is in $out/digits8x8.c, its header in $out/digits8x8.h"
