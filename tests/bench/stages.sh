#!/bin/sh
# SPDX-License-Identifier: MIT
# stages.sh BPGEN STAGES: prints how long bpgen itself takes, stage by stage in
# one process, and as a command from the spec on disk to the C on disk.
bpgen=$1 stages=$2
specs=$(cd "$(dirname "$0")/../../specs" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$stages" || exit 1

# milliseconds of one run of a command
ms() {
	from=$(date +%s%N)
	"$@" >/dev/null 2>&1 || return 1
	echo $((($(date +%s%N) - from) / 1000))
}
command_line() {
	name=$1
	shift
	for run in 1 2 3 4 5 6 7 8 9; do
		ms "$@" || return 1
	done | sort -n | sed -n 5p |
		awk -v n="$name" '{printf "  %-40s %8.2f\n", n, $1/1000}'
}
echo 'as a command, ms (median of 9)'
command_line 'bpgen xor.spec -o xor.c' \
	"$bpgen" "$specs/xor.spec" -o "$folder/xor.c" --force
command_line 'bpgen digits.spec -o digits.c' \
	"$bpgen" "$specs/digits.spec" -o "$folder/digits.c" --force
command_line 'bpgen digits.spec -o full.c --unroll=full' \
	"$bpgen" "$specs/digits.spec" -o "$folder/full.c" --force --unroll=full
command_line 'bpgen check xor.spec' "$bpgen" check "$specs/xor.spec"
