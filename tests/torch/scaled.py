#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scaled.py BPGEN: normalize and targets against torch.  Constants are taken
from a table, one step on all of its rows is learnt, and outputs are given in the
units of the table; torch does the same from the same weights."""
import csv
import itertools
import os
import subprocess
import sys
import tempfile
import numpy
import torch

SPEC = """net scaled
input 3
normalize %s
dense 4 tanh
dense 2
columns p q
%sloss mse
optimizer sgd rate=0.25
batch 8
dtype f64
seed 5
"""
ROWS = [[(k * 7 + i * 5) % 11 * 10.0 ** (i - 2) - i + k * k / 16
         for i in range(3)] + [40.0 + k * 3 % 8 * 2.5, k * 5 % 8 / 64 - 7]
        for k in range(8)]
TOLERANCE = 1e-10


# (shift, scale) of each column
def zscore(v):
    return v.mean(0), v.std(0, unbiased=False)


def minmax(v):
    return v.min(0).values, v.max(0).values - v.min(0).values


def scale(v):
    return torch.zeros(v.shape[1]), v.abs().max(0).values


HOW = {"zscore": zscore, "minmax": minmax, "scale": scale}


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def weights(path):
    arrays = numpy.load(path)
    return {name: torch.tensor(arrays[name]) for name in
            ("dense2.w", "dense2.b", "dense3.w", "dense3.b")}


def forward(w, x):
    hidden = torch.tanh(x @ w["dense2.w"].T + w["dense2.b"])
    return hidden @ w["dense3.w"].T + w["dense3.b"]


def worst(bpgen, inputs, targets):
    """Largest difference of weights after one step, and of the outputs."""
    line = "targets %s\n" % targets if targets else ""
    with open("net.spec", "w") as f:
        f.write(SPEC % (inputs, line))
    net = ("net.spec", "net.csv")
    run(bpgen, "train", *net, "--validation", "0", "-q", "--epochs", "1",
        "-o", "first.npz")
    run(bpgen, "train", *net, "--validation", "0", "-q", "--epochs", "2",
        "--resume", "first.npz", "-o", "second.npz")
    table = csv.reader(run(bpgen, "predict", *net, "--csv", "-w",
                           "second.npz").splitlines()[1:])
    y = torch.tensor([[float(cell) for cell in row[3:5]] for row in table])
    all = torch.tensor(ROWS)
    shift, unit = HOW[inputs](all[:, :3])
    x = (all[:, :3] - shift) / unit
    shift, unit = HOW[targets](all[:, 3:]) if targets else (0, 1)
    t = (all[:, 3:] - shift) / unit
    w, after = weights("first.npz"), weights("second.npz")
    for v in w.values():
        v.requires_grad_()
    ((forward(w, x) - t) ** 2).mean().backward()
    with torch.no_grad():
        return max([float((y - (forward(after, x) * unit + shift)).abs()
                          .max())] +
                   [float((v - 0.25 * v.grad - after[name]).abs().max())
                    for name, v in w.items()])


def main():
    bpgen = os.path.realpath(sys.argv[1])
    torch.set_default_dtype(torch.float64)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with open("net.csv", "w") as f:
            csv.writer(f).writerows([["a", "b", "c", "p", "q"]] + ROWS)
        for inputs, targets in itertools.product(HOW, (None, "zscore",
                                                       "minmax")):
            off = worst(bpgen, inputs, targets)
            what = "normalize %s, targets %s" % (inputs, targets)
            if off <= TOLERANCE:
                passed += 1
            else:
                failed += 1
                print("FAILED %s: off by %g" % (what, off))
        os.chdir(os.sep)
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
