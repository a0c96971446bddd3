# SPDX-License-Identifier: MIT
"""The recurrent layers beside those of torch (torch.nn.LSTM
calls torch.lstm)."""
import torch
from torch.nn.functional import linear
from kit import *


def weights(gates, units, inputs, more=0):
    return [Weight(gates * units, inputs), Weight(gates * units, units),
            Weight(gates * units)] + [Weight(units)] * more


def rnn(units, inputs):
    return weights(1, units, inputs)


def lstm(units, inputs):
    return weights(4, units, inputs)


def gru(units, inputs):
    return weights(3, units, inputs, 1)


def cells(run, x, w, u, b, b2=None):
    """All states.  torch has a second bias of every gate: zero, or, of the
    gate n of a gru, b2."""
    second = torch.zeros_like(b)
    if b2 is not None:
        second = torch.cat([second[:-len(b2)], b2])
    start = torch.zeros(1, 1, u.shape[1], dtype=x.dtype)
    return run(x.unsqueeze(1), (start, start) if run is torch.lstm else start,
               [w, u, b, second], True, 1, 0.0, True, False, False)[0][:, 0]


def backwards(run, x, *w):
    return cells(run, x.flip(0), *w).flip(0)


for word, run, weight in (
        ("rnn", torch.rnn_tanh, rnn), ("lstm", torch.lstm, lstm),
        ("gru", torch.gru, gru)):
    many = len(weight(1, 1))
    net(word, f"""
input 3 steps=5
{word} 4
dense 2
loss mse
optimizer adam rate=0.02
batch 3
""", 15, weight(4, 3) + dense(2, 4),
        lambda x, *w, run=run, many=many: linear(
            cells(run, x.view(5, 3), *w[:many]), *w[many:]),
        each_step(mse), real(10), adam(0.02))

    net(word + "_stacked_last", f"""
input 2 steps=6
{word} 3
{word} 5 last
dense 2
loss half_sse
optimizer sgd rate=0.1 momentum=0.9
batch 3
""", 12, weight(3, 2) + weight(5, 3) + dense(2, 5),
        lambda x, *w, run=run, many=many: linear(
            cells(run, cells(run, x.view(6, 2), *w[:many]),
                  *w[many:2 * many])[-1], *w[2 * many:]),
        half_sse, real(2), momentum(0.1, 0.9))

    net(word + "_both_ways", f"""
x: input 2 steps=4
a: {word} 3 from x
b: {word} 2 reverse from x
concat a b
dense 2
loss mse
optimizer sgd rate=0.2
batch 3
""", 8, weight(3, 2) + weight(2, 2) + dense(2, 5),
        lambda x, *w, run=run, many=many: linear(torch.cat([
            cells(run, x.view(4, 2), *w[:many]),
            backwards(run, x.view(4, 2), *w[many:2 * many])], 1),
            *w[2 * many:]),
        each_step(mse), real(8), sgd(0.2))

net("rnn_relu_one_step", """
input 3 steps=1
rnn 4 relu
rnn 3 last reverse
loss sse
optimizer sgd rate=0.1
batch 3
""", 3, rnn(4, 3) + rnn(3, 4),
    lambda x, *w: cells(torch.rnn_tanh, cells(
        torch.rnn_relu, x.view(1, 3), *w[:3]), *w[3:])[0],
    sse, real(3), sgd(0.1))
