#!/bin/sh
# SPDX-License-Identifier: MIT
# --json: valid, with the documented keys, and with the numbers of the text.
. "$(dirname "$0")/../verdicts.sh"
here=$root/tests/json
python=$(command -v /usr/bin/python3 || command -v python3)
if [ -z "$python" ]; then
	skip "JSON" "no python3 here"
	sum_up
	exit
fi
PATH=$(dirname "$bpgen"):$PATH
export PATH

# both NAME COMMAND...: the text in out, the JSON in out.json, and how they agree
both() {
	expect "$*" 0 "$@" || return
	cp out text
	expect "$* --json" 0 "$@" --json || return
	if [ -s err ]; then bad "$name: nothing on stderr"; fi
	cp out json
	bpgen help json >help
	if "$python" "$here/compare.py" "$2" text json help >out 2>err
	then ok "$name"; else bad "$*"; fi
}
for starter in xor iris sine; do
	bpgen init -q $starter
	both bpgen train $starter.spec $starter.csv
	both bpgen eval $starter.spec $starter.csv
	both bpgen predict $starter.spec $starter.csv
	both bpgen check $starter.spec
	both bpgen info $starter.spec
done
both bpgen eval iris.spec iris.csv --validation

# a sweep
expect "sweep" 0 bpgen train xor.spec xor.csv --seeds 1..3 --epochs 5 --json \
	-o sweep.safetensors && cp out sweep.json && expect "sweep" 0 bpgen train \
	xor.spec xor.csv --seeds 1..3 --epochs 5 -o sweep.safetensors &&
	if "$python" -c 'import json
a, text = json.load(open("sweep.json")), open("out").read().splitlines()
assert [r["settings"]["seed"] for r in a["runs"]] == ["1", "2", "3"]
best = min(a["runs"], key=lambda r: r["loss"])
assert a["runs"][a["best"]] == best and best["epochs"] == 5
assert a["weights"] == "sweep.safetensors"
for r, line in zip(a["runs"], text[1:]):
    assert abs(float(line.split()[2]) - r["loss"]) < 1e-5
    assert ("best" in line) == (r == best)' 2>err
	then ok "sweep"; else bad "sweep"; fi
# how fast it is nobody knows, but what is said of it
both bpgen bench xor.spec
sed -e /^loss/d -e /^optimizer/d -e /^stop/d xor.spec >forward.spec
expect "bench without a loss" 0 bpgen bench forward.spec --jit=tcc \
	-Wno-forward-only --json && if "$python" -c 'import json
a = [r["what"] for r in json.load(open("out"))["runs"]]
assert a == ["forward", "forward_batch"], a' 2>err
	then ok "bench without a loss"; else bad "bench without a loss"; fi
expect "bench without a compiler" 69 env BPGEN_CC=/nonexistent/cc bpgen bench \
	xor.spec --jit=cc --json && if [ -s out ]
	then bad "bench without a compiler" "there is JSON"
	else says "bench without a compiler" err "cannot be started"; fi
# names that JSON must quote, bytes that are no UTF-8
cat >odd.spec <<'EOF'
net odd
input 1
dense 3 softmax
classes "a b" "c\d" "eµ"
loss cross_entropy
optimizer sgd rate=0.1
epochs 2
EOF
printf '1,0\n2,1\n3,2\n' >"$(printf 'odd\377.csv')"
expect "odd names" 0 bpgen train odd.spec odd?.csv --json && expect "odd names" 0 \
	bpgen eval odd.spec odd?.csv --json &&
	if "$python" -c 'import json, sys
a = json.load(open("out", encoding="utf-8"))
assert a["classes"] == ["a b", "c\\d", "e\u00b5"], a
assert a["data"] == "odd\ufffd.csv", a' 2>err
	then ok "odd names"; else bad "odd names"; fi
# what is no number is null
sed 's/^epochs.*/epochs 1/' sine.spec >one.spec
expect "not a number" 0 bpgen train one.spec sine.csv --json -o one.safetensors &&
	says "not a number" out '"val_loss": null'
expect "each epoch" 0 bpgen train one.spec sine.csv --json --progress=json \
	-o one.safetensors && if "$python" -c 'import json
rows = [json.loads(line) for line in open("out")]
assert [r.get("epoch") for r in rows] == [1, None] and rows[1]["epochs"] == 1' \
	2>err; then ok "each epoch"; else bad "each epoch"; fi
expect "into a file" 0 bpgen predict xor.spec xor.csv -o xor.json &&
	if "$python" -m json.tool xor.json >out 2>err; then ok "into a file"
	else bad "into a file"; fi
# a derivative that is wrong, in JSON too
printf 'activation "off" { y = "z*z", dy = "3*z" }\ninput 2\ndense 2 off\nloss mse\n' >off.spec
expect "a wrong derivative" 1 bpgen check off.spec --json &&
	if "$python" -c 'import json
a = json.load(open("out"))
assert a["right"] is False and a["blocks"][0]["verdict"] == "wrong"
assert abs(a["blocks"][0]["analytic"] / a["blocks"][0]["numeric"] - 1.5) < 1e-6
assert "1.5" in a["blocks"][0]["help"]' 2>err
	then ok "a wrong derivative"; else bad "a wrong derivative"; fi
expect "an error" 66 bpgen eval xor.spec none.csv --json &&
	if [ -s out ]; then bad "an error prints no JSON"
	else ok "an error prints no JSON"; fi

# messages: every line of standard error has the form that was asked for
# messages RC KIND COMMAND...
messages() {
	want=$1 kind=$2
	shift 2
	expect "$* --diagnostics=json" "$want" bpgen "$@" --diagnostics=json &&
		if "$python" -c 'import json, sys
rows = [json.loads(line) for line in open("err", encoding="utf-8")]
assert rows and rows[0]["kind"] == sys.argv[1], rows
for r in rows:
    assert set(r) <= {"kind", "file", "line", "column", "message", "option",
                      "fix"}, r
    assert r["kind"] in ("error", "warning", "note", "help") and r["message"]
    assert all(isinstance(r.get(k, 1), int) for k in ("line", "column"))' \
		"$kind" 2>err2
		then ok "$name"; else cat err2 >>err; bad "$name"; fi
	expect "$* --diagnostics=msvc" "$want" bpgen "$@" --diagnostics=msvc &&
		if grep -qvE '^[^(:]+(\([0-9]+(,[0-9]+)?\))?: (error|warning|note|help): |^  |^[0-9]+ (error|warning)s? .*generated\.$' err
		then bad "$name"; else ok "$name"; fi
	expect "$* --diagnostics=gnu" "$want" bpgen "$@" --diagnostics=gnu &&
		says "$name" err ": $kind: "
}
printf 'input 2\ndense 2 sigmod\nloss mse\n' >wrong.spec
printf 'input 2\ndense 2\n' >forward.spec
printf '1,2,x\n' >wrong.csv
messages 65 error gen wrong.spec
messages 65 error train wrong.spec xor.csv
messages 0 warning gen forward.spec
messages 65 error gen forward.spec -Werror=forward-only
messages 65 error eval xor.spec wrong.csv
messages 65 error eval xor.spec iris.csv
messages 65 error eval xor.spec xor.csv -w iris.safetensors
messages 66 error train xor.spec none.csv
messages 66 error info none.spec
messages 66 error plot none.csv
messages 64 error train xor.spec xor.csv --epoch 3
messages 64 error gen xor.spec --rate 3
messages 64 error gen xor.spec --unroll=some
messages 64 error trian xor.spec
messages 64 error init xro
messages 64 error help dens
export BPGEN_CC=/nonexistent/cc
messages 69 error check xor.spec --jit=cc
unset BPGEN_CC
messages 1 note eval xor.spec xor.csv --require loss=1e-30
messages 73 error gen xor.spec -o none/x.c
messages 65 error expand wrong.spec
messages 65 error draw wrong.spec
messages 65 error explain wrong.spec
messages 65 error bench wrong.spec
messages 65 error check wrong.spec
messages 65 error predict xor.spec wrong.csv
expect "no form of messages" 64 bpgen --diagnostics=xml xor.spec &&
	says "no form of messages" err "bpgen: error: --diagnostics=xml"
expect "what a name brings in" 64 bpgen "$(printf 'a\033[31m')" &&
	if grep -q "$(printf '\033')" err
	then bad "what a name brings in"; else ok "what a name brings in"; fi
expect "no JSON of C" 64 bpgen gen xor.spec --json && ok "no JSON of C"
sum_up
