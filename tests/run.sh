#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh [--heavy] BPGEN UNIT_FOLDER: runs every group of tests and adds up
# their last lines.  A group is tests/NAME/run.sh or else each tests/NAME/*.sh,
# called with the path of bpgen; it ends with `N passed, N failed, N skipped`.
heavy=
[ "$1" = --heavy ] && { heavy=yes; shift; }
bpgen=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
units=$(cd "$2" 2>/dev/null && pwd)
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
unset CDPATH NO_COLOR
export LC_ALL=C
passed=0 failed=0 skipped=0

# adds the last line of the log; a group without one has failed
count() {
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" |
		tail -n 1)
	if [ -z "$line" ]; then
		line='0 passed, 1 failed, 0 skipped'
		tail -n 20 "$log"
	fi
	set -- "$1" "$2" $line
	case $2/$5 in
	0/0) ;;
	*)
		grep -v -E '^(ok|skipped) |^[0-9]+ passed, ' "$log" | tail -n 60
		[ "$5" = 0 ] && set -- "$1" "$2" "$3" "$4" 1 "$6" "$7" "$8"
		;;
	esac
	grep -E '^skipped ' "$log" | sed "s|^|$1: |"
	passed=$((passed + $3)) failed=$((failed + $5)) skipped=$((skipped + $7))
	printf '%-24s %s passed, %s failed, %s skipped\n' "$1" "$3" "$5" "$7"
}

group() {
	sh "$2" "$bpgen" >"$log" 2>&1 </dev/null
	count "$1" $?
}

# cmocka speaks TAP: `ok 1 - name`, `not ok`, `# SKIP`
unit() {
	CMOCKA_MESSAGE_OUTPUT=TAP "$1" >"$log" 2>&1 </dev/null
	rc=$?
	skip=$(grep -c '^[a-z ]*ok .*# SKIP' "$log")
	good=$(grep '^ok ' "$log" | grep -vc '# SKIP')
	bad=$(grep '^not ok ' "$log" | grep -vc '# SKIP')
	sed -i 's/^not ok [0-9]* # SKIP/skipped/' "$log"
	[ "$rc" -gt 125 ] && bad=$((bad + 1))
	[ "$good$bad" = 00 ] && bad=1
	echo "$good passed, $bad failed, $skip skipped" >>"$log"
	count "unit/$(basename "$1")" "$rc"
}

for program in "$units"/*_test; do
	[ -x "$program" ] && unit "$program"
done
for folder in "$here"/*/; do
	name=$(basename "$folder")
	case $name in
	unit|bench) continue ;;
	heavy) [ -z "$heavy" ] && continue ;;
	esac
	if [ -f "$folder/run.sh" ]; then
		group "$name" "$folder/run.sh"
		continue
	fi
	for script in "$folder"*.sh; do
		[ -f "$script" ] && group "$name/$(basename "$script" .sh)" "$script"
	done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
