# SPDX-License-Identifier: MIT
"""Options of words that the other lists leave out: groups, no bias, windows of
an even size, other kinds of input."""
import torch
import torch.nn.functional as F
from torch.nn.functional import linear
from kit import *
from recurrent import cells, gru, lstm, rnn


net("convtranspose_groups", """
input 4x3x4
convtranspose 6 3x2 tanh stride=2 pad=1 extra=1 groups=2
convtranspose 2 2x3 bias=off groups=2 dilation=2
flatten
dense 2
loss mse
optimizer sgd rate=0.01
batch 3
""", 48, [Weight(4, 3, 3, 2), Weight(6), Weight(6, 1, 2, 3)] +
    dense(2, 2 * 8 * 11),
    lambda x, k, b, l, w, c: linear(F.conv_transpose2d(torch.tanh(
        F.conv_transpose2d(x.view(1, 4, 3, 4), k, b, stride=2, padding=1,
                           output_padding=1, groups=2)), l, groups=2,
        dilation=2).reshape(-1), w, c),
    mse, real(2), sgd(0.01), seed=1)

net("convtranspose_dilated", """
input 5x3
convtranspose 2 3 sigmoid stride=3 pad=2 dilation=3
flatten
dense 2
loss mse
optimizer sgd rate=0.05
batch 3
""", 15, [Weight(1, 2, 3, 3), Weight(2)] + dense(2, 2 * 15 * 9),
    lambda x, k, b, w, c: linear(torch.sigmoid(F.conv_transpose2d(
        x.view(1, 1, 5, 3), k, b, stride=3, padding=2, dilation=3)
    ).reshape(-1), w, c), mse, real(2), sgd(0.05))

net("convtranspose_groups_sequence", """
input 4 steps=4
convtranspose 6 3 tanh stride=2 pad=1 groups=2 dilation=2
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 16, [Weight(4, 3, 3), Weight(6)] + dense(2, 6),
    lambda x, k, b, w, c: linear(torch.tanh(F.conv_transpose1d(
        x.view(1, 4, 4).transpose(1, 2), k, b, stride=2, padding=1, groups=2,
        dilation=2)).transpose(1, 2)[0], w, c),
    each_step(half_sse), real(18), sgd(0.1))

net("conv_no_bias", """
input 2x5x4
conv 4 2x3 tanh bias=off pad=same stride=2
conv 4 2x1 bias=off groups=4
flatten
dense 2
loss mse
optimizer sgd rate=0.1
batch 3
""", 40, [Weight(4, 2, 2, 3), Weight(4, 1, 2, 1)] + dense(2, 16),
    lambda x, k, l, w, c: linear(F.conv2d(torch.tanh(F.conv2d(F.pad(
        x.view(1, 2, 5, 4), (1, 1, 0, 1)), k, stride=2)), l, groups=4
    ).reshape(-1), w, c), mse, real(2), sgd(0.1))

net("conv_groups_sequence", """
input 4 steps=7
conv 6 3 relu groups=2 stride=2 pad=1
conv 3 2 groups=3 dilation=2 bias=off
dense 2
loss half_sse
optimizer adam rate=0.02
batch 3
""", 28, [Weight(6, 2, 3), Weight(6), Weight(3, 2, 2)] + dense(2, 3),
    lambda x, k, b, l, w, c: linear(F.conv1d(F.relu(F.conv1d(
        x.view(1, 7, 4).transpose(1, 2), k, b, groups=2, stride=2, padding=1)),
        l, groups=3, dilation=2).transpose(1, 2)[0], w, c),
    each_step(half_sse), real(4), adam(0.02))

net("depthwise_many", """
input 2x5x5
depthwise 6 3x2 tanh stride=2 pad=1
depthwise 6 2x2 bias=off pad=same dilation=2
flatten
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 50, [Weight(6, 3, 2), Weight(6), Weight(6, 2, 2)] + dense(2, 54),
    lambda x, *w: depthwise_many(x, *w),
    half_sse, real(2), sgd(0.1))


def depthwise_many(x, k, b, l, w, c):
    x = torch.tanh(F.conv2d(x.view(1, 2, 5, 5), k[:, None], b, stride=2,
                            padding=1, groups=2))
    x = F.conv2d(F.pad(x, (1, 1, 1, 1)), l[:, None], dilation=2, groups=6)
    return linear(x.reshape(-1), w, c)


net("depthwise_sequence", """
input 2 steps=6
depthwise 4 3 tanh stride=2 pad=1
depthwise 4 2 bias=off
dense 2
loss mse
optimizer sgd rate=0.2
batch 3
""", 12, [Weight(4, 3), Weight(4), Weight(4, 2)] + dense(2, 4),
    lambda x, k, b, l, w, c: linear(F.conv1d(torch.tanh(F.conv1d(
        x.view(1, 6, 2).transpose(1, 2), k[:, None], b, stride=2, padding=1,
        groups=2)), l[:, None], groups=4).transpose(1, 2)[0], w, c),
    each_step(mse), real(4), sgd(0.2))

net("depthwise_matrix", """
input 4x5
depthwise 3 3x2 tanh pad=1
flatten
dense 2
loss mse
optimizer sgd rate=0.1
batch 3
""", 20, [Weight(3, 3, 2), Weight(3)] + dense(2, 72),
    lambda x, k, b, w, c: linear(torch.tanh(F.conv2d(
        x.view(1, 1, 4, 5), k[:, None], b, padding=1)).reshape(-1), w, c),
    mse, real(2), sgd(0.1))

net("bilinear_sequence", """
p: input 3 steps=4
q: input 2 steps=4
bilinear 3 tanh bias=off from p q
dense 2
loss half_sse
optimizer sgd rate=0.2
batch 3
""", 20, [Weight(3, 3, 2)] + dense(2, 3),
    lambda x, m, w, b: linear(torch.tanh(F.bilinear(
        x[:12].view(4, 3), x[12:].view(4, 2), m)), w, b),
    each_step(half_sse), real(8), sgd(0.2))

net("globalpool_sequence", """
input 3 steps=5
h: dense 4 tanh
a: globalpool avg from h
b: globalpool max from h
m: mul a b b
add m a b softplus
dense 2
loss log_cosh
optimizer sgd rate=0.2
batch 3
""", 15, dense(4, 3) + dense(2, 4),
    lambda x, w, b, v, c: globalpools(torch.tanh(linear(x.view(5, 3), w, b)),
                                      v, c),
    log_cosh, real(2), sgd(0.2))


def globalpools(h, v, c):
    a, b = h.mean(0), h.amax(0)
    return linear(F.softplus(a * b * b + a + b), v, c)


net("cross_attention", """
a: input 4 steps=3
b: input 3 steps=5
m: dense 5 tanh from b
cross_attention heads=2 from a m
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 27, dense(5, 3) + [Weight(4, 4), Weight(4), Weight(4, 5), Weight(4, 5),
                        Weight(4), Weight(4, 4), Weight(4)] + dense(2, 4),
    lambda x, *w: cross(x[:12].view(3, 4), x[12:].view(5, 3), *w),
    each_step(half_sse), real(6), sgd(0.1))


def cross(x, memory, w, b, q, bq, k, v, bv, o, bo, d, c):
    m = torch.tanh(linear(memory, w, b))
    y = F.multi_head_attention_forward(
        x[:, None], m[:, None], m[:, None], 4, 2, None,
        torch.cat([bq, torch.zeros_like(bq), bv]), None, None, False, 0.0, o,
        bo, need_weights=False, use_separate_proj_weight=True,
        q_proj_weight=q, k_proj_weight=k, v_proj_weight=v)[0][:, 0]
    return linear(y, d, c)


for word, make, run in (("rnn", rnn, torch.rnn_tanh), ("lstm", lstm, torch.lstm),
                        ("gru", gru, torch.gru)):
    net(word + "_reverse_last", f"""
input 3 steps=4
{word} 3 reverse last
dense 2
loss half_sse
optimizer sgd rate=0.2
batch 3
""", 12, make(3, 3) + dense(2, 3),
        lambda x, *w, run=run: linear(cells(run, x.view(4, 3).flip(0),
                                            *w[:-2])[-1], *w[-2:]),
        half_sse, real(2), sgd(0.2))

nets("three_losses", """
input 4
h: dense 5 tanh
a: dense 2
b: dense 3 softmax from h
c: dense 1 sigmoid from h
output a loss=huber weight=0.25
output b loss=cross_entropy weight=2
output c loss=bce
optimizer adam rate=0.02
l2 0.05
batch 3
""", 4, dense(5, 4) + dense(2, 5) + dense(3, 5) + dense(1, 5),
     lambda x, w, b, *v: three(torch.tanh(linear(x, w, b)), *v),
     [Head(huber(1), real(2), 0.25), Head(cross_entropy, one_hot(3), 2.0),
      Head(bce, yes_no(1))], adam(0.02), l2=0.05)


def three(h, a, b, c, d, e, f):
    return (linear(h, a, b), softmax(linear(h, c, d)),
            torch.sigmoid(linear(h, e, f)))


net("shared_and_frozen", """
input 4
f: dense 4 tanh frozen
a: dense 4 tanh
b: dense 4 sigmoid share=a
c: dense 4 share=f
dense 2
loss half_sse
optimizer rmsprop rate=0.02 eps=0.001
l1 0.02
batch 3
""", 4, frozen(dense(4, 4)) + dense(4, 4) + dense(2, 4),
    lambda x, f, g, a, b, w, c: linear(linear(torch.sigmoid(linear(torch.tanh(
        linear(torch.tanh(linear(x, f, g)), a, b)), a, b)), f, g), w, c),
    half_sse, real(2), rmsprop(0.02, eps=0.001), l1=0.02)
