# SPDX-License-Identifier: MIT
# Opens a report in a browser without a window and says what is wrong with it:
# page.py BROWSER PAGE PICTURE.png WIDTH light|dark uplot|svg WHAT=COUNT...
# where WHAT is hits, images, dots, lifetimes or rows of the gradient check.
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

PROBE = """<script>
addEventListener("load", function () {
	const box = e => { const r = e.getBoundingClientRect();
		return [r.left + scrollX, r.top + scrollY, r.width, r.height]; };
	const all = s => Array.from(document.querySelectorAll(s));
	const seen = {
		width: document.documentElement.scrollWidth,
		loss: all("#loss .plot").map(box)[0],
		canvas: all("#loss canvas").length,
		lines: all("#loss path.line").length,
		hits: all("#confusion .hit").length,
		matrix: all("#confusion .hit").map(box)[0],
		images: all("#weights img").filter(i => i.complete &&
			i.naturalWidth > 0).length,
		dots: all("#agreement circle").length,
		check: all("#check td.ok").length,
		lifetimes: all("#lifetimes img").filter(i => i.complete &&
			i.naturalWidth > 400).length,
		height: document.documentElement.scrollHeight,
	};
	top.postMessage(JSON.stringify(seen), "*");
});
</script>"""
EAR = """<script>
addEventListener("message", function (m) {
	const e = document.createElement("i");
	e.id = "probe";
	e.hidden = true;
	e.dataset.seen = m.data;
	document.body.append(e);
});
</script>"""
# a window is at least 500 wide, a frame is not
FRAME = """<!doctype html><body style="margin: 0">%s
<iframe src="page.html" style="border: 0; width: %dpx; height: 8000px"></iframe>
"""
COLOURS = {"light": [(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)],
           "dark": [(0x56, 0xB4, 0xE9), (0xF0, 0x8A, 0x3C)]}
PAPER = {"light": (0xFF, 0xFF, 0xFF), "dark": (0x1C, 0x20, 0x24)}
wrong = []


def must(good, what):
    if not good:
        wrong.append(what)


def open_page(browser, page, picture, width, theme, folder):
    copy = os.path.join(folder, "page.html")
    with open(page, encoding="utf-8") as f:
        text = f.read()
    with open(copy, "w", encoding="utf-8") as f:
        f.write(text.replace("</body>", EAR + PROBE + "</body>"))
    if width < 500:
        copy = os.path.join(folder, "frame.html")
        with open(copy, "w", encoding="utf-8") as f:
            f.write(FRAME % (EAR, width))
    net = os.path.join(folder, "net.json")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu",
         "--hide-scrollbars", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run",
         "--user-data-dir=" + os.path.join(folder, "profile"),
         "--enable-logging=stderr", "--log-net-log=" + net,
         "--blink-settings=preferredColorScheme=%d" % (theme == "light"),
         "--virtual-time-budget=3000",
         "--window-size=%d,%d" % (width, 8000 if width < 500 else 4000),
         "--screenshot=" + picture, "--dump-dom", "file://" + copy],
        capture_output=True, text=True, timeout=120)
    for line in done.stderr.splitlines():
        must("CONSOLE" not in line, "console: " + line)
    return done.stdout, net


def asked_for(net):
    """addresses that the page went for: what the browser asks of itself has an
    initiator that is no origin"""
    with open(net, encoding="utf-8") as f:
        text = f.read()
    try:
        events = json.loads(text)["events"]
    except ValueError: # ended before its last bracket was written
        events = json.loads(text.rstrip().rstrip(",") + "]}")["events"]
    asked = [e["params"] for e in events if "initiator" in e.get("params", {})]
    return [p["url"] for p in asked if p["initiator"] != "not an origin" and
            re.match(r"(https?|wss?|ftp):", p.get("url", ""))]


def pixels(path):
    """rows of (r, g, b) of a PNG of 8 bits, without a palette"""
    with open(path, "rb") as f:
        data = f.read()
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colours = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            packed += body
        at += size + 12
    step = {2: 3, 6: 4}[colours]
    raw, rows, above = zlib.decompress(packed), [], bytearray(width * step)
    for y in range(height):
        start = y * (width * step + 1)
        kind, row = raw[start], bytearray(raw[start + 1:start + 1 + width * step])
        for i in range(len(row)):
            a = row[i - step] if i >= step else 0
            b, c = above[i], above[i - step] if i >= step else 0
            if kind == 1:
                row[i] = row[i] + a & 255
            elif kind == 2:
                row[i] = row[i] + b & 255
            elif kind == 3:
                row[i] = row[i] + (a + b) // 2 & 255
            elif kind == 4:
                p = a + b - c
                near = min((abs(p - a), 0, a), (abs(p - b), 1, b),
                           (abs(p - c), 2, c))
                row[i] = row[i] + near[2] & 255
        rows.append(row)
        above = row
    return rows, step


def count_near(rows, step, box, colour):
    left, top, width, height = (int(v) for v in box)
    n = 0
    for row in rows[top:top + height]:
        for x in range(left * step, min((left + width) * step, len(row)), step):
            if all(abs(row[x + k] - colour[k]) < 24 for k in range(3)):
                n += 1
    return n


def main():
    browser, page, picture, width, theme, form = sys.argv[1:7]
    width = int(width)
    folder = tempfile.mkdtemp()
    try:
        dom, net = open_page(browser, page, picture, width, theme, folder)
        urls = asked_for(net)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    must(not urls, "it asks for " + ", ".join(urls[:3]))
    found = re.search(r'id="probe"[^>]*data-seen="([^"]*)"', dom)
    if not found:
        print("its scripts do not run")
        sys.exit(1)
    seen = json.loads(found.group(1).replace("&quot;", '"'))
    must(seen["width"] <= width, "it is %d wide" % seen["width"])
    if form == "uplot":
        must(seen["canvas"] > 0, "no canvas")
    else:
        must(seen["lines"] > 0, "no curve in SVG")
    for wanted in sys.argv[7:]:
        what, n = wanted.split("=")
        must(seen[what] == int(n), "%s: %d, not %s" % (what, seen[what], n))
    rows, step = pixels(picture)
    must(seen.get("loss"), "no curve of the loss")
    for name, colour in zip(("training", "validation"), COLOURS[theme]):
        n = count_near(rows, step, seen.get("loss") or (0, 0, 0, 0), colour)
        must(n > 60, "the curve of %s has %d pixels" % (name, n))
    if seen.get("matrix"):
        shade = [0.9 * v + 0.1 * paper for v, paper in
                 zip(COLOURS[theme][0], PAPER[theme])]
        n = count_near(rows, step, seen["matrix"], shade)
        must(n > 60, "the matrix has %d shaded pixels" % n)
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
