# SPDX-License-Identifier: MIT
"""compare.py COMMAND TEXT JSON HELP: the JSON of a command parses, has the keys
that `bpgen help json` names and no other, and the numbers that its text has."""
import json, re, sys

command, text, path, page = sys.argv[1:]
text = open(text, encoding="utf-8").read()
def refuse(word):
    raise ValueError("no JSON: " + word)
a = json.load(open(path, encoding="utf-8"), parse_constant=refuse)
part = re.search(r"^%s +(.*(?:\n {3,}.*)*)" % command,
                 open(page, encoding="utf-8").read(), re.M).group(1)

def keys(v):
    if isinstance(v, dict):
        return set(v) | set().union(*map(keys, v.values()), set())
    if isinstance(v, list):
        return set().union(*map(keys, v), set())
    return set()

named = set(re.findall(r"\w+", part))
assert keys(a) <= named, "not documented: %s" % (keys(a) - named)

def has(pattern, *values):
    found = re.search(pattern, text)
    assert found, "%r is not in the text" % pattern
    for group, value in zip(found.groups(), values):
        group = group.replace(",", "")
        digits = len(group.split(".")[1]) if "." in group else 0
        if "e" in group:
            assert abs(float(group) - value) <= 0.06 * abs(value), (group, value)
        else:
            assert abs(float(group) - value) <= 0.51 * 10 ** -digits, \
                (group, value)

if command == "train":
    has(r"(?s).*\n *(\d+) +([\d.e-]+) ", a["epochs"], a["loss"]) \
        if a["kept_epoch"] == a["epochs"] else None
    has(r"([\d,]+) parameters", a["params"])
    assert "wrote %s, %s" % (a["weights"], a["history"]) in text
    assert a["rows"] > 0 and a["seconds"] >= 0
    assert a["summary"] and all(line + "\n" in text for line in a["summary"])
elif command == "eval":
    has(r"^([\d,]+) rows", a["rows"])
    has(r"loss ([\d.e-]+)", a["loss"])
    if "classes" in a:
        has(r", ([\d,]+) right: ([\d.]+) %", a["right"], 100 * a["accuracy"])
        table = [[0 if w == "." else int(w) for w in line.split()[1:-1]]
                 for line in text.splitlines()[2:-1]]
        assert a["confusion"] == table
        assert len(a["classes"]) == len(table)
        assert sum(map(sum, table)) == a["rows"] * a["places"]
    else:
        for t, line in zip(a["targets"], text.splitlines()[2:]):
            words = line.split()
            assert words[0] == t["name"]
            for w, k in zip(words[1:], ("rmse", "mae", "r2", "rmse_of_mean")):
                assert abs(float(w) - t[k]) <= 1e-3 * abs(t[k]), (w, t[k])
elif command == "predict":
    lines = text.splitlines()
    assert lines[0].split() == a["columns"]
    assert len(lines) - 1 == len(a["rows"])
    for line, row in zip(lines[1:], a["rows"]):
        for w, v in zip(line.split(), row):
            if isinstance(v, str):
                assert w == v
            else:
                assert abs(float(w) - v) <= 6e-4 + 1e-3 * abs(v), (w, v)
elif command == "check":
    assert a["right"] and "the derivatives are right" in a["notes"]
    lines = text.splitlines()
    for b, line in zip(a["blocks"], lines[2:]):
        words = line.split()
        assert words[0] == b["name"] and int(words[1]) == b["count"]
        assert words[-1] == b["verdict"]
        for w, v in zip(words[2:], b["error"] + [b["order"], b["relative"]]):
            assert w == "-" or abs(float(w) - v) <= 0.06 * abs(v) + 0.0, (w, v)
    assert a["notes"] == lines[2 + len(a["blocks"]):]
elif command == "bench":
    lines = [re.split(r"  +", line.strip()) for line in text.splitlines()[1:]]
    assert lines[0] == ["what", "compiler", "ns/sample", "samples/s", "GFLOP/s"]
    assert [line[1] for line in lines[1:]] == [r["compiler"] for r in a["runs"]]
    assert len(lines) == 9 and {r["compiler"] for r in a["runs"]} == {"tcc", "cc"}
    for r in a["runs"]:
        assert r["ns"] > 0 and r["operations"] > 0
        assert abs(r["ns"] * r["rate"] - 1e9) < 1
        assert abs(r["gflops"] * r["ns"] - r["operations"]) < 1e-6 * \
            r["operations"]
elif command == "info":
    has(r"total +([\d,]+) +([\d,]+)", a["params"], a["macs"])
    has(r"NAME_net +([\d,]+) bytes", a["net_bytes"])
else:
    sys.exit("nothing to compare for " + command)
