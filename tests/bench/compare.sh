#!/bin/sh
# SPDX-License-Identifier: MIT
# compare.sh OLD.tsv NEW.tsv [PERCENT]: two tables of `make bench` side by side,
# as ratios old/new of the least ns: above 1 is faster now.  Since the machine
# may have been slower as a whole, each is also divided by what the peers of the
# same work have gained.  Exit status 1: some network of bpgen's is slower than
# before by more than PERCENT (10).
[ $# -ge 2 ] || { echo 'usage: compare.sh OLD.tsv NEW.tsv [PERCENT]'; exit 2; }
for file in "$1" "$2"; do
	[ -r "$file" ] || { echo "compare.sh: cannot read $file"; exit 2; }
done
awk -F '\t' -v limit="${3:-10}" '
$1 ~ /^(core|cost:)/ { next }
FNR == NR { old[$1, $2] = $4; next }
($1, $2) in old && $4 > 0 {
	if (!($1 in seen))
		work[works++] = $1
	seen[$1] = 1
	ratio = old[$1, $2] / $4
	if ($2 !~ /^bpgen/) {
		sum[$1] += log(ratio)
		peers[$1]++
		next
	}
	now[$1, $2] = $4
	gain[$1, $2] = ratio
	name[$2] = 1
}
END {
	if (!works) {
		print "compare.sh: no work is in both"
		exit 2
	}
	printf "%-12s %-14s %12s %12s %8s %8s\n", "work", "contestant",
		"old ns", "new ns", "old/new", "/peers"
	for (i = 0; i < works; i++)
		for (n in name) {
			if (!((work[i], n) in gain))
				continue
			g = gain[work[i], n]
			p = peers[work[i]]
			fair = p ? g / exp(sum[work[i]] / p) : g
			slow = fair < 1 / (1 + limit / 100)
			bad += slow
			printf "%-12s %-14s %12.4g %12.4g %8.2f %8.2f%s\n",
				work[i], n, old[work[i], n], now[work[i], n],
				g, fair, slow ? "  SLOWER" : ""
		}
	exit (bad ? 1 : 0)
}' "$1" "$2"
