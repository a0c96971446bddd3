# SPDX-License-Identifier: MIT
# chart.py MAP PLAN KERNEL: every value that the plan has in the workspace stands
# in the chart, from where the plan says it lies, and no two in one cell.
import re
import sys

text, plan = open(sys.argv[1]).read(), open(sys.argv[2]).read()
unit = 4
places = {}
for name, at in re.findall(
        r"^%s [\d.]+ (\S+) \(work (\d+)\)" % sys.argv[3], plan, re.M):
    places[name] = int(at) * unit
assert places, "the plan has nothing in the workspace"
found, block = {}, None
for line in text.split("\n"):
    row = re.match(r" *([\d,]+) - +([\d,]+)  (.*)", line)
    if line.startswith("              bytes"):
        block = line
    elif row:
        low, high = (int(v.replace(",", "")) for v in row.groups()[:2])
        assert low < high, line
        for cell in set(row.group(3).split()) - {"."}:
            found[cell] = min(found.get(cell, low), low)
for name, at in places.items():
    own = name.endswith(".y") and not name.startswith("d.")
    short = (name[:-2] if own else name)[:14]
    assert found.get(short) == at, (name, at, found.get(short))
assert len(found) == len(places), (sorted(found), sorted(places))
