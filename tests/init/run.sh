#!/bin/sh
# SPDX-License-Identifier: MIT
# `bpgen init`: every starter in an empty folder, then what `next:` says to do.
. "$(dirname "$0")/../verdicts.sh"
PATH=$(dirname "$bpgen"):$PATH
export PATH

# goal STARTER: what it must reach, so that a spec that learns nothing is seen
goal() {
	case $1 in
	xor) echo loss=0.002 ;;
	sine) echo loss=0.001 ;;
	iris | digits) echo accuracy=0.94 ;;
	sunspots) echo loss=0.5 ;;
	*) echo "no goal for $1" >&2; echo none=1 ;;
	esac
}

expect "the list" 0 bpgen init
starters=$(sed -n 's/^  \([a-z0-9]*\) .*/\1/p' out)
[ -n "$starters" ] && ok "the list has starters" || bad "the list has starters"
for starter in $starters; do
	mkdir "$starter" && cd "$starter" || exit 1
	expect "$starter" 0 bpgen init "$starter" && ok "$starter is written"
	sed -n 's/^wrote \([^ ]*\) .*/\1/p' out | sort >../named
	ls | grep -v -x -e out -e err | sort >../there
	same "$starter: what it says is what there is" ../named ../there
	[ -f "$starter.spec" ] && ok "$starter.spec" || bad "$starter.spec"
	sizes=$(sed -n 's/^wrote .*(\([0-9]*-[-0-9]*\).*/\1/p' out)
	next=$(sed -n 's/^next: //p' out) then=$(sed -n 's/^then: //p' out)
	expect "$starter: next" 0 sh -c "$next --require $(goal "$starter")" &&
		ok "$starter learns" && says "$starter: its sizes" out \
		"$starter: $sizes"
	[ -n "$then" ] && expect "$starter: then" 0 sh -c "$then" &&
		says "$starter is tried" out " right: " || :
	expect "$starter: check" 0 bpgen check "$starter.spec" &&
		ok "$starter has the right derivatives"
	cd ..
done
cmp -s xor/xor.spec "$specs/xor.spec" && cmp -s xor/xor.csv "$data/xor.csv" &&
	ok "they are those of the examples" || bad "they are those of the examples"

mkdir mine && cd mine || exit 1
echo mine >xor.csv
expect "a file of others" 73 bpgen init xor &&
	says "a file of others" err "bpgen: error: xor.csv exists (use --force)"
[ ! -e xor.spec ] && [ "$(cat xor.csv)" = mine ] &&
	ok "nothing is written then" || bad "nothing is written then"
: >xor.csv
expect "an empty file" 73 bpgen init xor && ok "an empty file stays, too"
expect "--force" 0 bpgen init xor --force && says "--force" xor.csv "0,1,1"
rm xor.csv && mkdir xor.csv
expect "a folder in the way" 73 bpgen init xor --force &&
	says "a folder in the way" err "xor.csv: it is a directory"
cd ..
expect "a folder" 0 bpgen init xor "my nets" && says "a folder" out \
	"next: bpgen train 'my nets/xor.spec' 'my nets/xor.csv'"
expect "a folder that is a file" 73 bpgen init xor "my nets/xor.csv" &&
	says "a folder that is a file" err "cannot make the folder"
expect "a folder below none" 73 bpgen init xor none/below &&
	says "a folder below none" err "No such file or directory"
expect "quiet" 0 bpgen init -q iris "my nets" &&
	if [ -s out ]; then bad quiet; else ok quiet; fi
expect "a misspelt starter" 64 bpgen init xro && says "a misspelt starter" err \
	"no starter 'xro'; a starter with a similar name exists: xor"
expect "an unknown starter" 64 bpgen init mnist &&
	says "an unknown starter" err "(\`bpgen init\` lists them)"
expect "an argument too many" 64 bpgen init xor here there &&
	says "an argument too many" err "unexpected argument 'there' after 'here'"
expect "an option of others" 64 bpgen init xor --rate 1 &&
	says "an option of others" err "'init' has no option '--rate'"
if mkdir small && mount -t tmpfs -o size=8k none small 2>/dev/null; then
	expect "a full disk" 74 bpgen init digits small/new
	says "a full disk" err "No space left"
	[ -z "$(ls small)" ] && ok "a full disk: nothing is left" ||
		bad "a full disk: nothing is left"
	umount small
else
	skip "a full disk" "no right to mount one"
fi
sum_up
