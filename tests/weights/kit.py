#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files of weights, opened and made without bpgen.

kit.py to-npz FILE.safetensors FILE.npz       as PyTorch and numpy would
kit.py to-safetensors FILE.npz FILE.safetensors
kit.py forward FILE CSV                       what the network computes
kit.py damage FILE.safetensors FOLDER         one file for each way to be bad
"""
import json
import os
import struct
import sys

import numpy as np

TYPES = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}


def read_safetensors(path):
    with open(path, "rb") as f:
        data = f.read()
    size = struct.unpack("<Q", data[:8])[0]
    assert size % 8 == 0
    header = json.loads(data[8:8 + size].decode("utf-8"))
    notes = header.pop("__metadata__", {})
    assert all(isinstance(v, str) for v in notes.values())
    arrays, end = {}, 0
    for name, one in sorted(header.items(),
                            key=lambda e: e[1]["data_offsets"]):
        start, stop = one["data_offsets"]
        assert start == end
        kind = TYPES[one["dtype"]]
        assert (8 + size + start) % kind.itemsize == 0
        arrays[name] = np.frombuffer(data[8 + size + start:8 + size + stop],
                                     kind).reshape(one["shape"])
        end = stop
    assert 8 + size + end == len(data)
    return arrays, notes


def write_safetensors(path, arrays, header=None, size=None):
    if header is None:
        header, at = {}, 0
        for name, a in arrays.items():
            header[name] = {"dtype": "F32" if a.itemsize == 4 else "F64",
                            "shape": list(a.shape),
                            "data_offsets": [at, at + a.nbytes]}
            at += a.nbytes
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text) if size is None else size))
        f.write(text)
        for a in arrays.values():
            f.write(np.ascontiguousarray(a).tobytes())


def read(path):
    if path.endswith(".npz"):
        arrays = dict(np.load(path))
        notes = json.loads(arrays.pop("__metadata__").tobytes().decode())
        return arrays, notes
    return read_safetensors(path)


def weights(arrays):
    return {k: v for k, v in arrays.items() if "/" not in k}


def forward(path, table):
    """input 4, dense 5 tanh, dense 3 softmax"""
    w = weights(read(path)[0])
    rows = np.loadtxt(table, delimiter=",", skiprows=1, usecols=range(4))
    try:
        import torch
        t = {k: torch.tensor(np.ascontiguousarray(v).astype("f8"))
             for k, v in w.items()}
        x = torch.tensor(rows)
        hidden = torch.tanh(torch.nn.functional.linear(
            x, t["dense1.w"], t["dense1.b"]))
        y = torch.softmax(torch.nn.functional.linear(
            hidden, t["dense2.w"], t["dense2.b"]), 1).numpy()
    except ImportError:
        hidden = np.tanh(rows @ w["dense1.w"].T + w["dense1.b"])
        z = hidden @ w["dense2.w"].T + w["dense2.b"]
        y = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    for row in y:
        print(",".join("%.6f" % v for v in row))


def to_npz(source, path):
    arrays = weights(read(source)[0])
    # what numpy may do with an array: columns first, bytes swapped
    arrays = {k: np.asfortranarray(v) for k, v in arrays.items()}
    arrays["dense1.b"] = arrays["dense1.b"].astype(">f4")
    arrays["dense2.b"] = arrays["dense2.b"].astype("<f8")
    np.savez_compressed(path, **arrays)


def damage(source, folder):
    arrays = weights(read(source)[0])
    names = list(arrays)

    def entry(dtype, shape, offsets):
        return {"dtype": dtype, "shape": shape, "data_offsets": offsets}

    def changed(name, key, value):
        header, at = {}, 0
        for k, a in arrays.items():
            header[k] = entry("F32", list(a.shape), [at, at + a.nbytes])
            at += a.nbytes
        header[name][key] = value
        return header

    def save(name, header=None, size=None, data=arrays):
        write_safetensors(os.path.join(folder, name + ".safetensors"), data,
                          header, size)

    last, end = names[-1], sum(a.nbytes for a in arrays.values())
    half = arrays["dense2.b"].nbytes
    save("fine")
    save("huge_header", size=2 ** 63)
    save("long_header", size=10 ** 6)
    save("no_json", b"{not json}")
    save("twice", b'{"a":1,"a":1}')
    save("list", b"[1]")
    save("deep", b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}")
    save("overlap", changed(last, "data_offsets", [0, half]))
    save("outside", changed(last, "data_offsets", [end, end + half]))
    save("backwards", changed(last, "data_offsets", [end, end - half]))
    save("wide_offset", changed(last, "data_offsets", [0, 2 ** 62]))
    save("no_offsets", changed(last, "data_offsets", "none"))
    save("bf16", changed(last, "dtype", "BF16"))
    save("wide_shape", changed(last, "shape", [2 ** 31, 2 ** 31, 2 ** 31]))
    save("below_zero", changed(last, "shape", [-3]))
    save("other_shape", changed(last, "shape", [3, 3]))
    save("more", data=dict(arrays, extra=np.zeros(3, "f4")))
    save("fewer", data={k: arrays[k] for k in names[:-1]})
    save("turned", data={k: a.T.copy() for k, a in arrays.items()})
    save("nan", data={k: a * np.float32("nan") for k, a in arrays.items()})
    with open(source, "rb") as f:
        text = f.read()
    with open(os.path.join(folder, "cut.safetensors"), "wb") as f:
        f.write(text[:-5])
    path = os.path.join(folder, "whole.npz")
    np.savez(path, **arrays)
    with open(path, "rb") as f:
        text = f.read()
    with open(os.path.join(folder, "cut.npz"), "wb") as f:
        f.write(text[:-30])
    with open(os.path.join(folder, "flipped.npz"), "wb") as f:
        f.write(text[:150] + bytes([text[150] ^ 1]) + text[151:])
    np.savez(os.path.join(folder, "whole_numbers.npz"),
             **{k: a.astype("i4") for k, a in arrays.items()})
    np.savez(os.path.join(folder, "turned.npz"),
             **{k: a.T.copy() for k, a in arrays.items()})


if __name__ == "__main__":
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "to-npz":
        to_npz(*arguments)
    elif command == "to-safetensors":
        write_safetensors(arguments[1], weights(read(arguments[0])[0]))
    elif command == "forward":
        forward(*arguments)
    else:
        damage(*arguments)
