#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What torch computes for the networks of networks.py: outputs, losses,
gradients and the parameters after three steps, in double precision.

reference.py                    writes each reference/NAME.txt that differs
reference.py --check [FOLDER]   recomputes and compares with what is stored

A file has the spec on lines that begin with `|` and a list of numbers on each
other line, after its name: x, t, y, g for every sample in turn (inputs,
targets, outputs, gradient), w the parameters, loss one for each sample, mean
the gradient of the mini-batch, train the loss before each step, after the
parameters after the last; where there are running statistics, s is how they
start and stats what they are in the end."""
import os
import sys
import zlib
import torch
from kit import Running
from networks import NETWORKS

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference")
SAMPLES = STEPS = 3
TOLERANCE = 1e-12           # stored against computed, hand against torch
SINGLE = 4e-6               # float against double: is the case well posed?


class Problem(Exception):
    pass


def source(seed):
    """Whole numbers from low to high, the same on every machine."""
    state = seed & 0xffffffff

    def draw(low, high):
        nonlocal state
        state = (state * 1664525 + 1013904223) & 0xffffffff
        return low + (state >> 8) * (high - low + 1) // (1 << 24)
    return draw


def data(net):
    """Samples and parameters that are exact in single precision."""
    draw = source(zlib.crc32(net.name.encode()) + net.seed)
    x = [[float(draw(0, net.ids - 1)) if net.ids else draw(-96, 96) / 64
          for _ in range(net.inputs)]
         for _ in range(SAMPLES)]
    t = [[head.target(draw) for head in net.heads] for _ in range(SAMPLES)]
    w = [[draw(-204, 204) / 256 for _ in range(size(v))] for v in net.weights]
    s = [[draw(low, 96) / 64 for _ in range(channels)]
         for channels in net.statistics for low in (-96, 16)]
    return x, t, w, s


def size(weight):
    n = 1
    for k in weight.shape:
        n *= k
    return n


def run(net, x, t, w, s, dtype):
    """Outputs as one vector and the weighted sum of the losses."""
    if net.statistics:
        s.training = False
        y = net.forward(torch.tensor([x], dtype=dtype), s, *w)[0]
    else:
        y = net.forward(torch.tensor(x, dtype=dtype), *w)
    y = y if isinstance(y, tuple) else (y,)
    if len(y) != len(net.heads):
        raise Problem("not one output for each head")
    C = sum(h.weight * h.loss(a, torch.tensor(b, dtype=dtype)).sum()
            for h, a, b in zip(net.heads, y, t))
    return torch.cat([a.reshape(-1) for a in y]), C


def gradients(net, C, w):
    free = [v for v, k in zip(w, net.weights) if not k.frozen]
    g = iter(torch.autograd.grad(C, free))
    return [torch.zeros_like(v) if k.frozen else next(g)
            for v, k in zip(w, net.weights)]


def flat(tensors):
    return [x for t in tensors for x in t.detach().reshape(-1).tolist()]


def clipped(net, g):
    """Clipping, by the words of the language: norm first, then value."""
    if net.clip_norm:
        norm = torch.sqrt(sum((a * a).sum() for a in g))
        if norm > net.clip_norm:
            g = [a * (net.clip_norm / norm) for a in g]
    if net.clip_value:
        g = [a.clamp(-net.clip_value, net.clip_value) for a in g]
    return g


def decay(net, weight):
    if not weight.decay:
        return 0, 0
    return (net.l1 if weight.l1 is None else weight.l1,
            net.l2 if weight.l2 is None else weight.l2)


def torch_optimizer(net, w):
    groups = []
    for v, k in zip(w, net.weights):
        group = {"params": [v]}
        if decay(net, k)[1]:
            group["weight_decay"] = decay(net, k)[1]
        if net.rule.own_decay:
            group["weight_decay"] = net.rule.own_decay if k.decay else 0
        if not k.frozen:
            groups.append(group)
    return net.rule.torch_class(groups, **net.rule.arguments)


def batch(net, x, t, w, s, dtype):
    if net.statistics:
        s.training = True
        head, = net.heads
        y = net.forward(torch.tensor(x, dtype=dtype), s, *w)
        C = sum(head.loss(a, torch.tensor(b[0], dtype=dtype)).sum()
                for a, b in zip(y, t)) / len(x)
    else:
        C = sum(run(net, a, b, w, s, dtype)[1] for a, b in zip(x, t)) / len(x)
    return C, gradients(net, C, w)


def train_by_torch(net, x, t, w, s, dtype):
    w = [v.detach().clone().requires_grad_() for v in w]
    optimizer, losses = torch_optimizer(net, w), []
    for _ in range(STEPS):
        C, g = batch(net, x, t, w, s, dtype)
        losses.append(C.item())
        for v, a, k in zip(w, clipped(net, g), net.weights):
            v.grad = a + decay(net, k)[0] * torch.sign(v.detach())
        optimizer.step()
    return losses, flat(w)


def train_by_hand(net, x, t, w, s, dtype):
    w, losses = [v.detach().clone() for v in w], []
    state = [{} for _ in w]
    for _ in range(STEPS):
        for v in w:
            v.requires_grad_()
        C, g = batch(net, x, t, w, s, dtype)
        losses.append(C.item())
        new = []
        for v, a, of, k in zip(w, clipped(net, g), state, net.weights):
            l1, l2 = decay(net, k)
            v = v.detach()
            if not net.rule.own_decay:
                a = a + l2 * v + l1 * torch.sign(v)
            new.append(v if k.frozen else net.rule.hand(v, a, of, k.decay))
        w = new
    return losses, flat(w)


def compute(net, dtype):
    x, t, values, start = data(net)
    w = [torch.tensor(v, dtype=dtype).reshape(k.shape).requires_grad_()
         for v, k in zip(values, net.weights)]
    lines, loss = [], []
    for a, b in zip(x, t):
        y, C = run(net, a, b, w, Running(start, dtype), dtype)
        loss.append(C.item())
        lines += [("x", a), ("t", [v for head in b for v in head]),
                  ("y", flat([y])), ("g", flat(gradients(net, C, w)))]
    lines += [("w", [v for part in values for v in part]), ("loss", loss)]
    lines.append(("mean", flat(batch(net, x, t, w, Running(start, dtype),
                                     dtype)[1])))
    s = Running(start, dtype)
    losses, after = train_by_hand(net, x, t, w, s, dtype)
    if net.rule.torch_class:
        s = Running(start, dtype)
        torch_losses, torch_after = train_by_torch(net, x, t, w, s, dtype)
        if dtype == torch.float64:
            same("hand-written update", after, torch_after, TOLERANCE)
        losses, after = torch_losses, torch_after
    lines += [("train", losses), ("after", after)]
    if net.statistics:
        lines += [("s", [v for part in start for v in part]),
                  ("stats", flat(s.values))]
    return lines


def same(what, a, b, tolerance):
    if len(a) != len(b):
        raise Problem(f"{what}: {len(a)} numbers, not {len(b)}")
    for i, (p, q) in enumerate(zip(a, b)):
        if not abs(p - q) <= tolerance * max(1, abs(q)):
            raise Problem(f"{what}[{i}]: {p!r}, not {q!r}")


def compare(stored, computed, tolerance):
    if [k for k, _ in stored] != [k for k, _ in computed]:
        raise Problem("other lines than expected")
    for (name, a), (_, b) in zip(stored, computed):
        same(name, a, b, tolerance)


def text(net, lines):
    def number(v):
        return "%.15g" % (v + 0.0)      # no -0
    return "".join("|" + line + "\n" for line in net.spec.splitlines()) + \
        "".join(" ".join([name] + [number(v) for v in values]) + "\n"
                for name, values in lines)


def read(folder, net):
    spec, lines = "", []
    with open(os.path.join(folder, net.name + ".txt"), encoding="ascii") as f:
        for line in f:
            if line.startswith("|"):
                spec += line[1:]
            else:
                name, *values = line.split()
                lines.append((name, [float(v) for v in values]))
    return spec, lines


def is_stored(net, lines):
    try:
        spec, stored = read(FOLDER, net)
        compare(stored, lines, TOLERANCE)
        return spec == net.spec
    except (Problem, OSError, ValueError):
        return False


def write():
    os.makedirs(FOLDER, exist_ok=True)
    failed = written = 0
    for old in set(os.listdir(FOLDER)) - {n.name + ".txt" for n in NETWORKS}:
        os.remove(os.path.join(FOLDER, old))
    for net in NETWORKS:
        try:
            lines = compute(net, torch.float64)
            if is_stored(net, lines):
                continue
            compare(compute(net, torch.float32), lines, SINGLE)
        except (Problem, RuntimeError) as problem:
            print(f"{net.name}: {problem}")
            failed += 1
            continue
        with open(os.path.join(FOLDER, net.name + ".txt"), "w",
                  encoding="ascii") as f:
            f.write(text(net, lines))
        written += 1
    print(written, "written")
    return failed


def check(folder):
    passed = failed = 0
    names = {net.name + ".txt" for net in NETWORKS}
    for extra in sorted(set(os.listdir(folder)) - names):
        print("FAILED", extra, "is in no list")
        failed += 1
    for net in NETWORKS:
        try:
            spec, stored = read(folder, net)
            if spec != net.spec:
                raise Problem("the spec has changed")
            compare(stored, compute(net, torch.float64), TOLERANCE)
            print("ok", net.name)
            passed += 1
        except (Problem, OSError, ValueError, RuntimeError) as problem:
            print("FAILED", net.name + ":", problem)
            failed += 1
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed


def main(arguments):
    if len({net.name for net in NETWORKS}) != len(NETWORKS):
        sys.exit("two networks have one name")
    torch.set_num_threads(1)
    if not arguments:
        return write()
    if arguments[0] != "--check" or len(arguments) > 2:
        sys.exit(__doc__)
    return check((arguments + [FOLDER])[1])


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
