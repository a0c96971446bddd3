#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh [--heavy] BPGEN UNIT_FOLDER: runs every group of tests, as many at once
# as there are processors, and adds up their last lines.  A group is
# tests/NAME/run.sh or else each tests/NAME/*.sh, called with the path of bpgen
# (BPGEN_HEAVY=yes asks for more); it ends with `N passed, N failed, N skipped`.
heavy=
[ "$1" = --heavy ] && { heavy=yes; shift; }
[ -x "$1" ] || { echo "there is no program $1"; exit 1; }
BPGEN_HEAVY=$heavy
BPGEN=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
LOGS=$(mktemp -d)
LC_ALL=C
export BPGEN_HEAVY BPGEN LOGS LC_ALL
unset CDPATH NO_COLOR MAKEFLAGS MFLAGS MAKELEVEL
units=$(cd "$2" 2>/dev/null && pwd)
here=$(cd "$(dirname "$0")" && pwd)
trap 'rm -rf "$LOGS"' EXIT
passed=0 failed=0 skipped=0

# the groups, two lines each: name, script or program
groups() {
	for folder in "$here"/*/; do
		name=$(basename "$folder")
		case $name in
		unit) continue ;;
		bench)
			printf '%s\n' "$name" "${folder}self_test.sh"
			continue
			;;
		heavy) [ -z "$heavy" ] && continue ;;
		esac
		if [ -f "${folder}run.sh" ]; then
			printf '%s\n' "$name" "${folder}run.sh"
			continue
		fi
		for script in "$folder"*.sh; do
			[ -f "$script" ] && printf '%s\n' \
				"$name.$(basename "$script" .sh)" "$script"
		done
	done
	for program in "$units"/*_test; do
		[ -x "$program" ] && printf '%s\n' \
			"unit.$(basename "$program")" "$program"
	done
}

# cmocka speaks TAP (`ok 1 - name`, `not ok`, `# SKIP`) when asked to
run='
limit=$(command -v timeout >/dev/null &&
	echo timeout $([ "$BPGEN_HEAVY" ] && echo 7200 || echo 1800))
case $2 in
*.sh) $limit sh "$2" "$BPGEN" ;;
*) CMOCKA_MESSAGE_OUTPUT=TAP $limit "$2" ;;
esac >"$LOGS/$1" 2>&1 </dev/null
echo $? >"$LOGS/$1.code"'

add_tap() {
	skip=$(grep -c '^[a-z ]*ok .*# SKIP' "$1")
	good=$(grep '^ok ' "$1" | grep -vc '# SKIP')
	bad=$(grep '^not ok ' "$1" | grep -vc '# SKIP')
	sed 's/^not ok [0-9]* # SKIP/skipped/' "$1" >"$1.tap" && mv "$1.tap" "$1"
	[ "$2" -gt 123 ] && bad=$((bad + 1))
	echo "$good passed, $bad failed, $skip skipped" >>"$1"
}

# a group without a last line, or with an exit code that denies it, has failed
count() {
	name=$1 log=$LOGS/$1 code=$(cat "$LOGS/$1.code" 2>/dev/null || echo 1)
	case $name in unit.*) add_tap "$log" "$code" ;; esac
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" |
		tail -n 1)
	[ -z "$line" ] && line='0 passed, 1 failed, 0 skipped'
	set -- $line
	bad=$3
	[ "$code" != 0 ] && [ "$bad" = 0 ] && bad=1
	[ "$1$3$5" = 000 ] && bad=1
	if [ "$bad" != 0 ]; then
		echo "--- $name (exit code $code)"
		grep -v -E '^(ok|skipped) |^[0-9]+ passed, ' "$log" | tail -n 60
	fi
	grep -E '^skipped ' "$log" | sed "s|^|$name: |"
	passed=$((passed + $1)) failed=$((failed + bad)) skipped=$((skipped + $5))
	printf '%-24s %s passed, %s failed, %s skipped\n' "$name" "$1" "$bad" "$5"
}

groups >"$LOGS/.groups"
xargs -d '\n' -n 2 -P "$(nproc 2>/dev/null || echo 1)" sh -c "$run" sh \
	<"$LOGS/.groups"
while read -r name && read -r path; do
	count "$name"
done <"$LOGS/.groups"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
