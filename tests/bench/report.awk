# SPDX-License-Identifier: MIT
# awk [-v by=least] -f report.awk known.txt works.txt bench.tsv: the tables that
# people read, by the medians or by the least ns of the rounds.
# Exit status 1: some network of bpgen's is wrong, or none was measured.

function group(name) {
	sub(/\/.*/, "", name)
	return name
}

# the middle one of v[1..n]
function median(v, n,    i, k, x) {
	for (i = 2; i <= n; i++) {
		x = v[i]
		for (k = i - 1; k > 0 && v[k] > x; k--)
			v[k + 1] = v[k]
		v[k + 1] = x
	}
	return n ? v[int((n + 1) / 2)] : 0
}

# the contestants of w from the quickest on, into order[1..]
function sorted(w,    i, k, x) {
	for (i = 1; i <= count[w]; i++) {
		x = who[w, i]
		for (k = i - 1; k > 0 && ns[w, order[k]] > ns[w, x]; k--)
			order[k + 1] = order[k]
		order[k + 1] = x
	}
}

# how much slower peers are here than in the table: the median over the groups
# that stand in it, each by the least of its variants
function scale_of(w,    i, g, n, v, first) {
	for (i = 1; i <= count[w]; i++) {
		g = group(order[i])
		if (!((w, g) in known))
			continue
		if (!((w, g) in best))
			first[++n] = g
		if (!((w, g) in best) || least[w, order[i]] < best[w, g])
			best[w, g] = least[w, order[i]]
	}
	for (i = 1; i <= n; i++)
		v[i] = best[w, first[i]] / known[w, first[i]]
	return n > 1 ? median(v, n) : 0
}

# does this peer do here what it does in the table, measured by the others?
function standing(w, name,    g, r) {
	if (verdict[w, name] != "agrees")
		return verdict[w, name]
	if (name ~ /^bpgen/)
		return "agrees"
	g = group(name)
	if (!((w, g) in known) || !scale[w])
		return "agrees"
	r = best[w, g] / known[w, g] / scale[w]
	if (r > 1.25)
		return "agrees, weaker than in the table"
	return "agrees, " (r < 0.8 ? "better than" : "as") " in the table"
}

function counts(w, name) {
	return name !~ /^bpgen/ && standing(w, name) ~ /^agrees/ &&
		standing(w, name) !~ /weaker/
}

function one_work(w,    i, name, own) {
	own = ns[w, "bpgen-fast"]
	printf "\n%s  %s\n", w, title[w]
	printf "  %-18s %12s %12s %8s %8s\n", "", "ns a sample", "least",
		"of peak", "/bpgen"
	for (i = 1; i <= count[w]; i++) {
		name = order[i]
		printf "  %-18s %12.4g %12.4g %7.1f%% %8s  %s\n", name,
			ns[w, name], least[w, name],
			100 * flop[w] / ns[w, name] / peak,
			(own ? sprintf("%.2f", ns[w, name] / own) : "-"),
			standing(w, name)
		if (!peer[w] && counts(w, name))
			peer[w] = name
		if (least[w, name] * 1.25 < ns[w, name])
			restless++
		lines++
	}
}

function best_known(w,    i, k) {
	for (i in known) {
		split(i, k, SUBSEP)
		if (k[1] == w && k[2] != "target" &&
			(!first[w] || known[i] < first[w]))
			first[w] = known[i]
	}
	return first[w]
}

function summary(   i, w, own, p, fast) {
	fast = 246.8 / peak
	printf "\nsummary: ns a sample; had, known and wanted are peer / bpgen\n"
	printf "  %-6s %9s %7s %7s %9s %-17s %6s %6s %6s %9s %7s\n", "work",
		"bpgen", "of peak", "strict/", "best peer", "", "had", "known",
		"wanted", "target", "bpgen/"
	printf "  %-6s %9s %7s %7s %9s %-17s %6s %6s %6s %9s %7s\n", "",
		"fast", "", "fast", "", "", "", "", "", "here", "target"
	for (i = 1; i <= works; i++) {
		w = work[i]
		own = ns[w, "bpgen-fast"]
		if (verdict[w, "bpgen-fast"] == "not yet")
			printf "  %-6s %9s\n", w, "not yet"
		if (!own)
			continue
		p = peer[w]
		printf "  %-6s %9.4g %6.1f%% %7.2f ", w, own,
			100 * flop[w] / own / peak, ns[w, "bpgen-strict"] / own
		if (p)
			printf "%9.4g %-17s %6.2f ", ns[w, p], p, ns[w, p] / own
		else
			printf "%9s %-17s %6s ", "-", "", "-"
		if (best_known(w))
			printf "%6.2f", best_known(w) * fast / own
		if ((w, "target") in known)
			printf " %6.2f %9.4g %7.2f",
				best_known(w) / known[w, "target"],
				known[w, "target"] * fast,
				own / (known[w, "target"] * fast)
		print ""
	}
	print "  known: the best known peer, by the ratio of the peaks; had: here"
	print "  target here: the target by the ratio of the multiply-add peaks;"
	print "  peers that are weaker than in the table do not count"
	if (restless * 4 > lines)
		printf "  this machine was busy: %d of %d medians are over " \
			"1.25 times the least\n", restless, lines
}

function costs(   i, k, x) {
	printf "\nwhat the C costs before it runs\n  %-8s", "network"
	for (k = 1; k <= columns; k++)
		printf "%12s", column[k]
	for (i = 1; i <= nets; i++) {
		printf "\n  %-8s", net[i]
		for (k = 1; k <= columns; k++) {
			x = "-"
			if ((net[i], column[k]) in cost)
				x = cost[net[i], column[k]]
			printf "%12s", x
		}
	}
	print ""
}

# t(w) <= 1.25 t(16 ceil(w/16)) + 5 ns
function sweeps(   i, w, up, cliffs, limit) {
	printf "\nwidths: networks w-w-10, %d of them, batch 32 and one sample " \
		"(i)\n", swept / 2
	for (i = 1; i <= swept; i++) {
		w = up = sweep[i]
		sub(/i$/, "", up)
		up = int((up + 15) / 16) * 16 (w ~ /i$/ ? "i" : "")
		limit = 1.25 * width[up] + 5
		if (width[w] > limit) {
			cliffs++
			printf "  cliff at %-5s %10.4g ns, %s takes %.4g\n", w,
				width[w], up, width[up]
		}
	}
	printf "  %d cliffs (above 1.25 times the next multiple of 16, and " \
		"5 ns)\n", cliffs
}

FILENAME ~ /known.txt$/ {
	if ($1 !~ /^#/)
		known[$1, $2] = $3
	next
}
FILENAME ~ /works.txt$/ {
	if ($1 !~ /^#/) {
		title[$1] = $3 " " $4 " " $5 ", training, " $6 ", batch " $8
		title[$2] = $3 " " $4 " " $5 ", inference of one " \
			($3 == "lstm" ? "step" : "sample")
	}
	next
}
FNR == 1 {
	FS = "\t"
	$0 = $0
}
$1 == "core" {
	core[++cores] = sprintf("%s %s", $2, $3)
	if ($2 ~ /^peak/)
		peak = $3
	next
}
sub(/^cost:/, "", $1) {
	if (!(($1, "lines") in cost) && $2 == "parameters")
		net[++nets] = $1
	if (!($2 in is_column)) {
		is_column[$2] = 1
		column[++columns] = $2
	}
	cost[$1, $2] = $3
	next
}
sub(/^sweep:/, "", $1) {
	sweep[++swept] = $1
	width[$1] = $4
	next
}
{
	if (!($1 in count))
		work[++works] = $1
	verdict[$1, $2] = $7
	if ($7 == "not yet") {
		count[$1] = 0
		next
	}
	who[$1, ++count[$1]] = $2
	ns[$1, $2] = by == "least" ? $4 : $3
	least[$1, $2] = $4
	flop[$1] = $5
	if ($2 ~ /^bpgen/) {
		measured++
		wrong += $7 == "WRONG"
	}
}
END {
	printf "this core:"
	for (i = 1; i <= cores; i++)
		printf "%s %s", (i == 1 ? "" : ","), core[i]
	print ""
	for (i = 1; i <= works; i++) {
		sorted(work[i])
		scale[work[i]] = scale_of(work[i])
		if (count[work[i]])
			one_work(work[i])
	}
	summary()
	if (nets)
		costs()
	if (swept)
		sweeps()
	if (wrong)
		printf "\n%d results of bpgen are WRONG\n", wrong
	exit (wrong || !measured)
}
