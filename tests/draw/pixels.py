# SPDX-License-Identifier: MIT
# pixels.py make FILE: weights of a network 4-2 whose images are known.
# pixels.py look PNG|PPM|PGM: are they what the image shows?
import json
import struct
import sys
import zlib

UNITS = [[-1, 0, 0.5, 1], [0, 0, 0, -3]]
BLUE, WHITE, ORANGE = (0, 0x72, 0xB2), (255, 255, 255), (0xD5, 0x5E, 0)
ZOOM, GAP = 16, 4


def make(path):
    w = [v for unit in UNITS for v in unit]
    data = struct.pack("<8f", *w) + struct.pack("<2f", 0, 0)
    head = json.dumps({
        "dense1.w": {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]},
        "dense1.b": {"dtype": "F32", "shape": [2], "data_offsets": [32, 40]},
    }).encode()
    open(path, "wb").write(struct.pack("<Q", len(head)) + head + data)


def read_png(data):
    """8 bits, RGB, no interlace, any filter"""
    at, packed = 8, b""
    while at < len(data):
        n, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + n]
        assert struct.unpack(">I", data[at + 8 + n:at + 12 + n])[0] == \
            zlib.crc32(kind + body)
        if kind == b"IHDR":
            w, h, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 2), (depth, colour)
        packed += body if kind == b"IDAT" else b""
        at += 12 + n
    raw, rows, last = zlib.decompress(packed), [], bytes(3 * w)
    for y in range(h):
        kind, line = raw[y * (3 * w + 1)], bytearray(
            raw[y * (3 * w + 1) + 1:(y + 1) * (3 * w + 1)])
        for i in range(3 * w):
            a = line[i - 3] if i > 2 else 0
            b = last[i]
            c = last[i - 3] if i > 2 else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b),
                        (abs(p - c), 2, c))[2]
            line[i] = (line[i] + [0, a, b, (a + b) // 2, paeth][kind]) & 255
        rows.append(line)
        last = line
    return w, h, lambda x, y: tuple(rows[y][3 * x:3 * x + 3])


def read_pnm(data):
    words, at = [], 0
    while len(words) < 4:
        end = data.index(b"\n", at)
        line = data[at:end]
        words += [] if line.startswith(b"#") else line.split()
        at = end + 1
    w, h, n = int(words[1]), int(words[2]), 3 if words[0] == b"P6" else 1
    assert len(data) - at == w * h * n
    return w, h, lambda x, y: tuple(data[at + (y * w + x) * n:][:n])


def mix(v, grey):
    if grey:
        return (0,) if v == -1 else (255,) if v == 1 else (128,) if v == 0 \
            else None
    end = ORANGE if v > 0 else BLUE
    return tuple(int(255 + abs(v) * (e - 255) + 0.5) for e in end)


def look(path):
    data = open(path, "rb").read()
    w, h, pixel = (read_png if path.endswith("png") else read_pnm)(data)
    cell = 2 * ZOOM + GAP
    assert (w, h) == (2 * cell + GAP, cell + GAP), (w, h)
    for u, unit in enumerate(UNITS):
        most = max(abs(v) for v in unit)
        for i, v in enumerate(unit):
            for d in (0, ZOOM - 1):
                x = GAP + u * cell + i % 2 * ZOOM + d
                y = GAP + i // 2 * ZOOM + d
                want = mix(v / most, len(pixel(x, y)) == 1)
                assert want in (None, pixel(x, y)), (x, y, pixel(x, y), want)
    assert set(pixel(0, 0)) != {255}


{"make": make, "look": look}[sys.argv[1]](sys.argv[2])
