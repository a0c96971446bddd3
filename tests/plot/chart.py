# SPDX-License-Identifier: MIT
# chart.py SVG CSV COLUMN COLOR: every point of a curve stands where the marks of
# the axes say that its row of the table is; then the same of the best epoch.
import csv
import math
import re
import sys
import xml.etree.ElementTree as xml

SVG = "{http://www.w3.org/2000/svg}"


def scale(root, axis):
    """from two marks of an axis: pixels -> value, and whether it is a log"""
    marks = sorted((float(t.get(axis)), float(t.text))
                   for t in root.iter(SVG + "text") if t.get("class") == axis)
    assert len(marks) > 1, "no marks on " + axis
    (p0, v0), (p1, v1) = marks[0], marks[-1]
    middle = marks[len(marks) // 2]

    def linear(p):
        return v0 + (p - p0) / (p1 - p0) * (v1 - v0)

    def logarithmic(p):
        return v0 * (v1 / v0) ** ((p - p0) / (p1 - p0))
    if min(v0, v1) <= 0 or len(marks) == 2 or \
            abs(linear(middle[0]) - middle[1]) < 1e-3 * abs(v1 - v0):
        return linear
    assert abs(logarithmic(middle[0]) / middle[1] - 1) < 0.01, marks
    return logarithmic


def number(s):
    try:
        return float(s)
    except ValueError:
        return math.nan


path, table, column, color = sys.argv[1:5]
root = xml.parse(path).getroot()
x, y = scale(root, "x"), scale(root, "y")
rows = [(float(r["epoch"]), number(r[column]))
        for r in csv.DictReader(open(table))]
rows = dict(r for r in rows if math.isfinite(r[1]))
seen = 0
points = [tuple(map(float, p.split(",")))
          for line in root.iter(SVG + "polyline") if line.get("stroke") == color
          for p in line.get("points").split()]
points += [(float(c.get("cx")), float(c.get("cy")))
           for c in root.iter(SVG + "circle") if c.get("fill") == color]
for px, py in points:
    epoch = min(rows, key=lambda e: abs(e - x(px)))
    # the text of a mark stands 4.5 below its line
    value, want = y(py + 4.5), rows[epoch]
    assert abs(epoch - x(px)) < 0.02 * max(rows), (epoch, x(px))
    if len(points) == len(rows):
        assert abs(value - want) <= 0.01 * abs(want) + 1e-6, (value, want)
    seen += 1
assert seen >= min(len(rows), 600), "%d points of %d" % (seen, len(rows))
best = [t.text for t in root.iter(SVG + "text") if t.get("class") == "note"]
if len(sys.argv) > 5:
    least = min(rows, key=lambda e: rows[e])
    assert best and re.match(r"best: epoch %d, " % least, best[0]), best
    line = [l for l in root.iter(SVG + "line") if l.get("class") == "best"]
    assert abs(x(float(line[0].get("x1"))) - least) < 0.02 * max(rows)
