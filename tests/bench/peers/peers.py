# SPDX-License-Identifier: MIT
"""peers.py ROUNDS DATA WORK...: numpy and PyTorch on what `bench -d DATA` has
written, one thread, and the same lines as bench prints.  PyTorch twice: with
its own modules, autograd and optimizer, and with the products written out."""
import math
import struct
import sys
import time

import numpy as np

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None
    print("skipped torch: python3-torch is not installed", file=sys.stderr)

SLICE = 20e-3
TOLERANCE = 1e-3
TOLERANCE_OUT = 1e-4


class Work:
    def __init__(self, data, fields):
        (self.train_name, self.infer_name, shape, self.hidden, self.output,
         rule, rate, batch) = fields
        self.lenet = shape == "lenet"
        self.lstm = shape == "lstm"
        self.steps = 32 if self.lstm else 1
        self.adam = rule == "adam"
        self.rate, self.batch = float(rate), int(batch)
        with open(data, "rb") as f:
            (self.inputs, self.outputs, params, self.samples, self.checked,
             self.judged) = struct.unpack("6i", f.read(24))
            (self.start, self.reference, self.flop_train,
             self.flop_infer) = struct.unpack("4d", f.read(32))

            def floats(*dims):
                n = math.prod(dims)
                return np.frombuffer(f.read(4 * n), np.float32).reshape(dims)
            self.w = floats(params)
            self.x = floats(self.samples, self.inputs)
            self.t = floats(self.samples, self.outputs)
            self.right = floats(self.judged, self.outputs)
        # of each layer: weight shape, bias shape
        if self.lenet:
            self.shapes = [((6, 1, 5, 5), 6), ((16, 6, 5, 5), 16),
                           ((120, 256), 120), ((84, 120), 84), ((10, 84), 10)]
        elif self.lstm:
            self.shapes = []
        else:
            widths = [int(n) for n in shape.split("-")]
            self.shapes = [((o, i), o) for i, o in zip(widths, widths[1:])]

    def layers(self):
        """copies of the weights to start from: [(w, b), ...]"""
        at, out = 0, []
        for shape, units in self.shapes:
            n = math.prod(shape)
            out.append((self.w[at:at + n].reshape(shape).copy(),
                        self.w[at + n:at + n + units].copy()))
            at += n + units
        return out

    def function(self, layer):
        last = layer == len(self.shapes) - 1
        return self.output if last else self.hidden


def activate(name, z):
    if name == "sigmoid":
        return 1 / (1 + np.exp(-z))
    if name == "tanh":
        return np.tanh(z)
    if name == "relu":
        return np.maximum(z, 0)
    if name == "softmax":
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    return z


def derivative(name, a):
    if name == "sigmoid":
        return a * (1 - a)
    if name == "tanh":
        return 1 - a * a
    if name == "relu":
        return (a > 0).astype(a.dtype)
    return np.ones_like(a)


class Numpy:
    name = "numpy"

    def __init__(self, work):
        self.work = work
        self.usable = not work.lenet and not work.lstm
        self.set()

    def set(self):
        self.layers = self.work.layers()
        self.moments = [[np.zeros_like(p) for p in pair for _ in "mv"]
                        for pair in self.layers]
        self.step = 0

    def forward(self, x):
        a = [x]
        for i, (w, b) in enumerate(self.layers):
            a.append(activate(self.work.function(i), a[-1] @ w.T + b))
        return a

    def adam(self, p, g, m, v):
        m *= np.float32(0.9)
        m += np.float32(0.1) * g
        v *= np.float32(0.999)
        v += np.float32(0.001) * (g * g)
        c1, c2 = 1 - 0.9 ** self.step, 1 - 0.999 ** self.step
        p -= np.float32(self.work.rate / c1) * m / (
            np.sqrt(v * np.float32(1 / c2)) + np.float32(1e-8))

    def update(self, i, gw, gb):
        w, b = self.layers[i]
        if self.work.adam:
            m = self.moments[i]
            self.adam(w, gw, m[0], m[1])
            self.adam(b, gb, m[2], m[3])
        else:
            w -= np.float32(self.work.rate) * gw
            b -= np.float32(self.work.rate) * gb

    def one_batch(self, x, t):
        self.step += 1
        a = self.forward(x)
        d = a[-1] - t
        if self.work.output != "softmax":
            d = d * derivative(self.work.output, a[-1])
        d /= np.float32(len(x))
        for i in range(len(self.layers) - 1, -1, -1):
            below = None
            if i:
                below = (d @ self.layers[i][0]) * derivative(
                    self.work.hidden, a[i])
            self.update(i, d.T @ a[i], d.sum(axis=0))
            d = below

    def train(self, at):
        self.one_batch(self.work.x[at:at + self.work.batch],
                       self.work.t[at:at + self.work.batch])

    def infer(self, at):
        return self.forward(self.work.x[at:at + 1])[-1][0]

    def weights(self):
        return self.layers


class Torch:
    """nn.functional, autograd, torch.optim"""
    name = "torch/autograd"
    grad = True

    def __init__(self, work):
        self.work = work
        self.usable = not work.lstm
        self.x, self.t = torch.tensor(work.x), torch.tensor(work.t)
        if work.lenet:
            self.x = self.x.reshape(-1, 1, 28, 28)
        if self.usable:
            self.set()

    def set(self):
        self.layers = [[torch.tensor(p, requires_grad=self.grad) for p in pair]
                       for pair in self.work.layers()]
        params = [p for pair in self.layers for p in pair]
        if not self.grad:
            return
        if self.work.adam:
            self.rule = torch.optim.Adam(params, lr=self.work.rate,
                                         foreach=True)
        else:
            self.rule = torch.optim.SGD(params, lr=self.work.rate,
                                        foreach=True)

    def activate(self, name, z):
        if name in ("linear", "softmax"):
            return z
        return getattr(torch, name)(z)

    def forward(self, x):
        """the last layer without softmax"""
        layers = self.layers
        if self.work.lenet:
            for w, b in layers[:2]:
                x = F.max_pool2d(torch.relu(F.conv2d(x, w, b)), 2)
            x = x.flatten(1)
        for i, (w, b) in enumerate(layers):
            if w.dim() == 2:
                x = self.activate(self.work.function(i), F.linear(x, w, b))
        return x

    def loss(self, y, t):
        if self.work.output == "softmax":
            return F.cross_entropy(y, t)
        return 0.5 * ((y - t) ** 2).sum() / len(y)

    def train(self, at):
        n = self.work.batch
        self.rule.zero_grad(set_to_none=True)
        self.loss(self.forward(self.x[at:at + n]),
                  self.t[at:at + n]).backward()
        self.rule.step()

    def infer(self, at):
        with torch.inference_mode():
            y = self.forward(self.x[at:at + 1])
            if self.work.output == "softmax":
                y = torch.softmax(y, 1)
            return y[0]

    def weights(self):
        return [(w.detach().numpy(), b.detach().numpy())
                for w, b in self.layers]


class TorchByHand(Torch):
    """the products written out, SGD inside the product of the gradient"""
    name = "torch/by-hand"
    grad = False

    def __init__(self, work):
        Torch.__init__(self, work)
        self.usable = not (work.lenet or work.lstm or work.adam)

    def train(self, at):
        with torch.inference_mode():
            self.one_batch(at)

    def one_batch(self, at):
        n, work = self.work.batch, self.work
        x, t, a = self.x[at:at + n], self.t[at:at + n], []
        for i, (w, b) in enumerate(self.layers):
            a.append(x)
            x = torch.addmm(b, x, w.t())
            x = torch.softmax(x, 1) if work.function(i) == "softmax" else (
                self.activate(work.function(i), x))
        d = x - t
        if work.output != "softmax":
            d = self.through(work.output, d, x)
        for i in range(len(self.layers) - 1, -1, -1):
            w, b = self.layers[i]
            below = None
            if i:
                below = self.through(work.hidden, d @ w, a[i])
            w.addmm_(d.t(), a[i], alpha=-work.rate / n)
            b.add_(d.sum(0), alpha=-work.rate / n)
            d = below

    def through(self, name, d, a):
        if name == "sigmoid":
            return torch.ops.aten.sigmoid_backward(d, a)
        if name == "tanh":
            return torch.ops.aten.tanh_backward(d, a)
        if name == "relu":
            return torch.ops.aten.threshold_backward(d, a, 0)
        return d


class TorchLstm:
    """nn.LSTM and nn.LSTMCell; both biases as one, which the rule sees once"""
    name = "torch/autograd"

    def __init__(self, work):
        self.work = work
        self.usable = work.lstm and torch is not None
        if self.usable:
            self.x = torch.tensor(work.x)[..., None]
            self.t = torch.tensor(work.t)
            self.set()

    def set(self):
        units, at, out = 16, 0, []
        for shape in ((4 * units, 1), (4 * units, units), (4 * units,),
                      (1, units), (1,)):
            n = math.prod(shape)
            out.append(torch.tensor(self.work.w[at:at + n].reshape(shape)))
            at += n
        self.net = torch.nn.LSTM(1, units, batch_first=True)
        self.cell = torch.nn.LSTMCell(1, units)
        for i, name in enumerate(("weight_ih", "weight_hh", "bias_ih")):
            setattr(self.net, name + "_l0", torch.nn.Parameter(out[i]))
            setattr(self.cell, name, getattr(self.net, name + "_l0"))
        self.net.bias_hh_l0 = self.cell.bias_hh = torch.nn.Parameter(
            torch.zeros(4 * units), requires_grad=False)
        self.params = [getattr(self.net, name + "_l0") for name in
                       ("weight_ih", "weight_hh", "bias_ih")]
        self.params += [p.requires_grad_() for p in out[3:]]
        self.rule = torch.optim.SGD(self.params, lr=self.work.rate,
                                    foreach=True)

    def outputs(self, x):
        return F.linear(self.net(x)[1][0][0], *self.params[3:])

    def train(self, at):
        n = self.work.batch
        self.rule.zero_grad(set_to_none=True)
        y = self.outputs(self.x[at:at + n])
        (0.5 * ((y - self.t[at:at + n]) ** 2).sum() / n).backward()
        self.rule.step()

    def infer(self, at):
        """a step at a time"""
        with torch.inference_mode():
            state = None
            for x in self.x[at]:
                state = self.cell(x[None], state)
                y = F.linear(state[0], *self.params[3:])
            return y[0]

    def weights(self):
        return self


def loss_of(work, layers):
    """in double, of the judged samples"""
    if work.lstm:
        t = work.t[:work.judged]
        with torch.inference_mode():
            y = layers.outputs(layers.x[:work.judged]).double().numpy()
        return 0.5 * ((y - t) ** 2).sum() / len(t)
    if work.lenet:
        x = torch.tensor(work.x[:work.judged]).double()
        x = x.reshape(-1, 1, 28, 28)
        parts = [[torch.tensor(p).double() for p in pair] for pair in layers]
        for w, b in parts[:2]:
            x = F.max_pool2d(torch.relu(F.conv2d(x, w, b)), 2)
        a, first = x.flatten(1).numpy(), 2
    else:
        a, first = work.x[:work.judged].astype(np.float64), 0
    for i in range(first, len(layers)):
        w, b = (p.astype(np.float64) for p in layers[i])
        a = activate(work.function(i), a @ w.T + b)
    t = work.t[:work.judged]
    if work.output == "softmax":
        return -(t * np.log(a)).sum() / len(t)
    return 0.5 * ((a - t) ** 2).sum() / len(t)


def slice_of(peer, one, step, count):
    """seconds a sample over count calls, going round the samples"""
    samples = peer.work.samples // step * step
    peer.set()
    one(0)
    start = time.process_time()
    at = 0
    for _ in range(count):
        one(at)
        at += step
        if at == samples:
            at = 0
    return (time.process_time() - start) / (count * step)


def measure(peer, one, step, rounds):
    count = 1
    while slice_of(peer, one, step, count) * count * step < SLICE:
        count *= 2
    return sorted(slice_of(peer, one, step, count) * 1e9
                  for _ in range(rounds))


def show(work, side, peer, ns, flop, error, limit):
    verdict = "agrees" if abs(error) <= limit else "WRONG"
    print("%s\t%s\t%.4g\t%.4g\t%.0f\t%.1e\t%s" % (
        side, peer.name, ns[len(ns) // 2], ns[0], flop, error, verdict),
        flush=True)


def contest(work, peer, rounds):
    peer.set()
    error = max(np.abs(np.asarray(peer.infer(i)) - work.right[i]).max()
                for i in range(work.judged))
    if work.infer_name != "-":
        ns = measure(peer, peer.infer, 1, rounds)
        show(work, work.infer_name, peer, [t / work.steps for t in ns],
             work.flop_infer, error, TOLERANCE_OUT)
    peer.set()
    for at in range(0, work.checked, work.batch):
        peer.train(at)
    error = (loss_of(work, peer.weights()) - work.reference) / (
        work.start - work.reference)
    show(work, work.train_name, peer,
         measure(peer, peer.train, work.batch, rounds), work.flop_train, error,
         TOLERANCE)


def main():
    work = Work(sys.argv[2], sys.argv[3:11])
    kinds = [Numpy]
    if torch:
        torch.set_num_threads(1)
        kinds += [Torch, TorchByHand, TorchLstm]
    for kind in kinds:
        peer = kind(work)
        if peer.usable:
            contest(work, peer, int(sys.argv[1]))


main()
