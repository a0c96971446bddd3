# SPDX-License-Identifier: MIT
# Looks into an SVG of `bpgen draw`: picture.py FILE units=5 lines=6 ... compares
# how many there are of each, and demands that no two labels overlap.
import math
import re
import sys
import xml.etree.ElementTree as xml

SVG = "{http://www.w3.org/2000/svg}"


def corners(group, rect):
    """of a rectangle that its group moves and turns"""
    move = re.findall(r"(\w+)\(([^)]*)\)", group.get("transform"))
    at, angle = [0, 0], 0
    for name, values in move:
        v = [float(x) for x in values.split()]
        if name == "translate":
            at = v
        else:
            angle = math.radians(v[0])
    x, y, w, h = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
    return [(at[0] + p * math.cos(angle) - q * math.sin(angle),
             at[1] + p * math.sin(angle) + q * math.cos(angle))
            for p, q in ((x, y), (x + w, y), (x + w, y + h), (x, y + h))]


def apart(a, b):
    """two rectangles are if a line along one of their sides separates them"""
    for box in (a, b):
        for i in range(4):
            (x0, y0), (x1, y1) = box[i], box[(i + 1) % 4]
            nx, ny = y1 - y0, x0 - x1
            p = [x * nx + y * ny for x, y in a]
            q = [x * nx + y * ny for x, y in b]
            if max(p) < min(q) or max(q) < min(p):
                return True
    return False


def text(group):
    return "".join(group.itertext())


def look(path):
    root = xml.parse(path).getroot()
    assert root.tag == SVG + "svg", root.tag
    width, height = float(root.get("width")), float(root.get("height"))
    boxes, labels = [], {"weight": [], "bias": []}
    for group in root.iter(SVG + "g"):
        for rect in group.findall(SVG + "rect"):
            boxes.append((text(group), corners(group, rect)))
            labels[rect.get("class")].append(text(group))
    for name, box in boxes:
        for x, y in box:
            assert 0 <= x <= width and 0 <= y <= height, name + " is outside"
    circles = [c for c in root.iter(SVG + "circle")
               if c.get("class").startswith("unit")]
    for i, (one, a) in enumerate(boxes):
        for other, b in boxes[:i]:
            assert apart(a, b), "%s and %s overlap" % (one, other)
        for c in circles:
            x, y, r = (float(c.get(k)) for k in ("cx", "cy", "r"))
            middle = [sum(p[k] for p in a) / 4 for k in (0, 1)]
            assert math.hypot(middle[0] - x, middle[1] - y) > r, one
    return {
        "units": len(circles),
        "dots": len([c for c in root.iter(SVG + "circle")
                     if c.get("class") == "dot"]),
        "lines": len(list(root.iter(SVG + "line"))),
        "weights": len(labels["weight"]), "biases": len(labels["bias"]),
        "names": len(set(labels["weight"] + labels["bias"])),
        "all": " ".join(text(t) for t in root.iter(SVG + "text")),
    }


seen = look(sys.argv[1])
for wanted in sys.argv[2:]:
    key, value = wanted.split("=", 1)
    if key == "says":
        assert value in seen["all"], "no %r in %r" % (value, seen["all"])
    else:
        assert seen[key] == int(value), "%s: %d, not %s" % (
            key, seen[key], value)
