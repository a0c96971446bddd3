# SPDX-License-Identifier: MIT
# plane.py SVG CSV: the colours of the plane are the answers that `predict --csv`
# gives: blue below a half, orange above; the points have those of their targets.
import csv
import sys
import xml.etree.ElementTree as xml

SVG = "{http://www.w3.org/2000/svg}"
root = xml.parse(sys.argv[1]).getroot()


def scale(axis):
    at = sorted((float(t.get(axis)), float(t.text))
                for t in root.iter(SVG + "text") if t.get("class") == axis)
    (p0, v0), (p1, v1) = at[0], at[-1]
    return lambda v: p0 + (v - v0) / (v1 - v0) * (p1 - p0)


def warm(color):
    r, b = int(color[1:3], 16), int(color[5:7], 16)
    return 1 if r > b else 0 if b > r else None


x, y = scale("x"), scale("y")
cells = [(float(r.get("x")), float(r.get("y")), float(r.get("width")),
          float(r.get("height")), r.get("fill"))
         for g in root.iter(SVG + "g") for r in g.findall(SVG + "rect")]
assert len(cells) > 1000
seen = [0, 0]
for row in csv.reader(open(sys.argv[2])):
    try:
        x1, x2, answer = map(float, row[:3])
    except ValueError:
        continue
    px, py = x(x1), y(x2) - 4.5
    if abs(answer - 0.5) < 0.15:
        continue
    here = [c for c in cells if c[0] <= px <= c[0] + c[2] and
            c[1] <= py <= c[1] + c[3]]
    assert here, (x1, x2)
    assert warm(here[0][4]) == (answer > 0.5), (row, here)
    seen[answer > 0.5] += 1
assert min(seen) > 5, seen
points = [c for c in root.iter(SVG + "circle")]
assert len(points) == 4
for c in points:
    cx, cy = float(c.get("cx")), float(c.get("cy")) + 4.5
    one = [(a, b) for a in (0, 1) for b in (0, 1)
           if abs(x(a) - cx) < 1 and abs(y(b) - cy) < 1]
    assert len(one) == 1 and warm(c.get("fill")) == (one[0][0] != one[0][1])
