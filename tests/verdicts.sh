# SPDX-License-Identifier: MIT
# Sourced by groups of tests that run bpgen as people do, its path the argument:
# a folder to work in, verdicts that are counted, what a command says.
bpgen=$(realpath "${1:-build/bpgen}")
root=$(cd "$(dirname "$0")/../.." && pwd)
specs=$root/specs
data=$root/specs/data
more=${BPGEN_DATA:-$root/../shared/data}
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
# same NAME A B: two files are alike, and not empty
same() {
	if test -s "$2" && cmp -s "$2" "$3"; then ok "$1"
	else bad "$1" "$2 and $3 differ"; fi
}
# the last line
sum_up() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}
