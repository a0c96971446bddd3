# SPDX-License-Identifier: MIT
"""lifetimes.py SVG MAP: no two boxes of the picture overlap, they reach as high
as its title says, and at the peak that `bpgen info --memory` tells they are as
large as it says."""
import re
import sys
import xml.etree.ElementTree as xml

SVG = "{http://www.w3.org/2000/svg}"
tree = xml.parse(sys.argv[1])
text = open(sys.argv[2], encoding="utf-8").read()


def number(s):
    return int(s.replace(",", ""))


boxes = []
for g in tree.iter(SVG + "g"):
    rect, title = g.find(SVG + "rect"), g.find(SVG + "title").text
    size, at = map(number, re.search(r": ([\d,]+) bytes from ([\d,]+) on",
                                     title).groups())
    x, y, w, h = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
    boxes.append((title, at, at + size, x, x + w, y, y + h))
assert len(boxes) > 3
for i, a in enumerate(boxes):
    for b in boxes[:i]:
        assert not (a[1] < b[2] and b[1] < a[2] and
                    a[3] < b[4] - 0.01 and b[3] < a[4] - 0.01), (a, b)
top = max(b[2] for b in boxes)
title = tree.find(SVG + "title").text
assert number(re.search(r": ([\d,]+) bytes", title).group(1)) == top
scale = max(b[6] for b in boxes) - min(b[5] for b in boxes)
for b in boxes:
    assert b[6] - b[5] < 1 or \
        abs((b[6] - b[5]) / scale - (b[2] - b[1]) / top) < 0.01, b
peak = number(re.search(r"^peak: ([\d,]+) bytes", text, re.M).group(1))
starts = {b[3] for b in boxes}
assert peak == max(sum(b[2] - b[1] for b in boxes if b[3] - 0.02 <= x < b[4] - 0.02)
                   for x in starts)
