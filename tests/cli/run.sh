#!/bin/sh
# SPDX-License-Identifier: MIT
# The command line: exit codes, messages, files that are written or refused.
bpgen=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
[ -x "$bpgen" ] || { echo "no bpgen at $bpgen"; exit 1; }
passed=0 failed=0 skipped=0

ok() { passed=$((passed + 1)); echo "ok $1"; }
bad() {
	failed=$((failed + 1))
	echo "FAILED $1: $2"
	cat err out | head -n 4 | cut -c 1-200 | sed 's/^/    /'
}
skip() { skipped=$((skipped + 1)); echo "skipped $1: $2"; }

# try NAME CODE ARGS...: runs bpgen, its output stays in out and err
try() {
	name=$1 want=$2
	shift 2
	"$bpgen" "$@" >out 2>err </dev/null
	rc=$?
	[ "$rc" = "$want" ] && return 0
	bad "$name" "exit $rc, not $want"
	return 1
}
# code NAME CODE ARGS...: the exit code is all that counts
code() { try "$@" && ok "$1"; }
# says NAME CODE TEXT ARGS...: stderr holds the text and nothing went to stdout
says() {
	name=$1 want=$2 text=$3
	shift 3
	try "$name" "$want" "$@" || return
	if ! grep -qF -e "$text" err; then
		bad "$name" "no '$text' on stderr"
	elif [ -s out ]; then
		bad "$name" "something on stdout"
	else
		ok "$name"
	fi
}
# holds NAME TEXT FILE
holds() {
	if grep -qF -e "$2" "$3"; then ok "$1"; else bad "$1" "no '$2' in $3"; fi
}
# same NAME FILE FILE: equal and not empty
same() {
	if test -s "$2" && cmp -s "$2" "$3"; then ok "$1"
	else bad "$1" "$2 and $3 differ"; fi
}
# is NAME TEST...: as test(1) says
is() {
	name=$1
	shift
	if test "$@"; then ok "$name"; else bad "$name" "not: $*"; fi
}

cat >net.spec <<'END'
net tiny
input 2
dense 2 sigmoid
dense 1 sigmoid
loss half_sse
optimizer sgd rate=0.5
batch 1
seed 1
END
sed 's/sigmoid/sigmod/' net.spec >broken.spec

for script in "$here"/*.test; do
	. "$script"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
