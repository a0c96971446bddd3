# SPDX-License-Identifier: MIT
"""Networks for single words of the vocabulary that torch has too."""
import torch
import torch.nn.functional as F
from torch.nn.functional import linear
from kit import *


def plain(*shape):
    return [Weight(*shape, decay=False)]


def rms_norm(x, gain, dims, eps=1e-5):
    return x / torch.sqrt((x * x).mean(dims, keepdim=True) + eps) * gain


net("rmsnorm", """
input 4
dense 6
rmsnorm tanh
dense 3
rmsnorm eps=0.01
loss half_sse
optimizer sgd rate=0.1
l2 0.1
batch 3
""", 4, dense(6, 4) + plain(6) + dense(3, 6) + plain(3),
    lambda x, w, b, g, v, c, h: rms_norm(linear(torch.tanh(rms_norm(
        linear(x, w, b), g, -1)), v, c), h, -1, 0.01),
    half_sse, real(3), sgd(0.1), l2=0.1)

net("rmsnorm_map", """
input 2x3x4
rmsnorm
conv 3 2x2
rmsnorm sigmoid
flatten
dense 2
loss mse
optimizer adam rate=0.02
batch 3
""", 24, plain(2, 3, 4) + conv(3, 2, 2, 2) + plain(3, 2, 3) + dense(2, 18),
    lambda x, g, k, b, h, w, c: linear(torch.sigmoid(rms_norm(F.conv2d(
        rms_norm(x.view(1, 2, 3, 4), g, (1, 2, 3)), k, b), h, (1, 2, 3))
        ).reshape(-1), w, c),
    mse, real(2), adam(0.02))

net("groupnorm", """
input 4x3x3
groupnorm 2
conv 6 2x2 tanh
groupnorm 3 relu eps=0.01
groupnorm 6
flatten
groupnorm 4
dense 2
loss half_sse
optimizer sgd rate=0.1
l2 0.05
batch 3
""", 36, layernorm(4) + conv(6, 4, 2, 2) + layernorm(6) + layernorm(6) +
    layernorm(24) + dense(2, 24),
    lambda x, *w: group_norms(x, *w), half_sse, real(2), sgd(0.1), l2=0.05)


def group_norms(x, g1, b1, k, c, g2, b2, g3, b3, g4, b4, w, d):
    x = torch.tanh(F.conv2d(F.group_norm(x.view(1, 4, 3, 3), 2, g1, b1), k, c))
    x = F.group_norm(F.relu(F.group_norm(x, 3, g2, b2, eps=0.01)), 6, g3, b3)
    return linear(F.group_norm(x.reshape(1, -1), 4, g4, b4)[0], w, d)


net("groupnorm_sequence", """
input 4 steps=5
groupnorm 2 sigmoid
dense 2
loss mse
optimizer sgd rate=0.1
batch 3
""", 20, layernorm(4) + dense(2, 4),
    lambda x, g, b, w, c: linear(torch.sigmoid(F.group_norm(
        x.view(1, 5, 4).transpose(1, 2), 2, g, b)).transpose(1, 2)[0], w, c),
    each_step(mse), real(10), sgd(0.1))

net("batchnorm", """
input 4
batchnorm
dense 6
batchnorm tanh momentum=0.3 eps=0.01
dense 3
loss half_sse
optimizer sgd rate=0.1
l2 0.1
batch 3
""", 4, plain(4) * 2 + dense(6, 4) + plain(6) * 2 + dense(3, 6),
    lambda x, s, g, b, w, c, h, d, v, e: linear(torch.tanh(s.norm(1, linear(
        s.norm(0, x, g, b), w, c), h, d, 0.3, 0.01)), v, e),
    half_sse, real(3), sgd(0.1), l2=0.1, statistics=[4, 6])

net("batchnorm_map", """
input 2x4x5
conv 3 2x2 bias=off
batchnorm relu
conv 4 2x2 bias=off
batchnorm
globalpool avg
dense 3 softmax
loss cross_entropy
optimizer sgd rate=0.1 momentum=0.5
batch 3
""", 40, [Weight(3, 2, 2, 2)] + plain(3) * 2 + [Weight(4, 3, 2, 2)] +
    plain(4) * 2 + dense(3, 4),
    lambda x, s, k, g, b, l, h, d, w, c: softmax(linear(s.norm(1, F.conv2d(
        F.relu(s.norm(0, F.conv2d(x.view(-1, 2, 4, 5), k), g, b)), l), h, d)
        .mean((2, 3)), w, c)),
    cross_entropy, one_hot(3), momentum(0.1, 0.5), statistics=[3, 4])

net("batchnorm_sequence", """
input 3 steps=5
batchnorm sigmoid
dense 2
loss mse
optimizer sgd rate=0.1 momentum=0.5
batch 3
""", 15, plain(3) * 2 + dense(2, 3),
    lambda x, s, g, b, w, c: linear(torch.sigmoid(s.norm(0, x.view(-1, 5, 3)
        .transpose(1, 2), g, b)).transpose(1, 2), w, c),
    each_step(mse), real(10), momentum(0.1, 0.5), statistics=[3])

net("prelu", """
input 2x4x4
conv 3 3x3
prelu
flatten
dense 4
prelu
dense 2
loss half_sse
optimizer sgd rate=0.1 momentum=0.5
l2 0.1
batch 3
""", 32, conv(3, 2, 3, 3) + plain(3) + dense(4, 12) + plain(4) + dense(2, 4),
    lambda x, k, b, s, w, c, r, v, d: linear(F.prelu(linear(F.prelu(F.conv2d(
        x.view(1, 2, 4, 4), k, b), s).reshape(1, -1), w, c), r)[0], v, d),
    half_sse, real(2), momentum(0.1, 0.5), l2=0.1)

net("rbf", """
input 3
rbf 5
dense 2
loss mse
optimizer adam rate=0.05
batch 3
""", 3, plain(5, 3) + plain(5) + dense(2, 5),
    lambda x, c, s, w, b: linear(torch.exp(
        -((x - c) ** 2).sum(1) / (2 * s * s)), w, b),
    mse, real(2), adam(0.05))

net("maxout", """
input 4
maxout 4 pieces=3
maxout 3 bias=off
dense 2
loss half_sse
optimizer adam rate=0.02
l2 0.1
batch 3
""", 4, [Weight(3, 4, 4), Weight(3, 4, decay=False), Weight(2, 3, 4)] +
    dense(2, 3),
    lambda x, w, b, v, u, d: linear((v @ (w @ x + b).amax(0)).amax(0), u, d),
    half_sse, real(2), adam(0.02), l2=0.1)

net("maxout_sequence", """
input 4 steps=3
maxout 4
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 12, [Weight(2, 4, 4), Weight(2, 4, decay=False)] + dense(2, 4),
    lambda x, w, b, u, d: linear((torch.einsum("pjk,tk->tpj", w, x.view(3, 4)) +
                                  b).amax(1), u, d),
    each_step(half_sse), real(6), sgd(0.1))

net("bilinear", """
p: input 3
q: input 2
u: dense 3 tanh from p
bilinear 4 sigmoid from u q
dense 2 softmax
loss cross_entropy
optimizer rmsprop rate=0.02
batch 3
""", 5, dense(3, 3) + [Weight(4, 3, 2), Weight(4)] + dense(2, 4),
    lambda x, w, b, m, c, v, d: softmax(linear(torch.sigmoid(F.bilinear(
        torch.tanh(linear(x[:3], w, b))[None], x[3:][None], m, c))[0], v, d)),
    cross_entropy, one_hot(2), rmsprop(0.02))

net("convtranspose", """
input 2x3x4
convtranspose 3 3x2 tanh stride=2 pad=1 extra=1
convtranspose 2 2x3 bias=off
flatten
dense 2
loss half_sse
optimizer sgd rate=0.01
batch 3
""", 24, [Weight(2, 3, 3, 2), Weight(3), Weight(3, 2, 2, 3)] + dense(2, 7 * 9 * 2),
    lambda x, k, b, l, w, c: linear(F.conv_transpose2d(torch.tanh(
        F.conv_transpose2d(x.view(1, 2, 3, 4), k, b, stride=2, padding=1,
                           output_padding=1)), l).reshape(-1), w, c),
    half_sse, real(2), sgd(0.01))

net("convtranspose_gaps", """
input 3x3
convtranspose 2 2x2 stride=3
convtranspose 1 1x1 tanh
flatten
dense 2
loss mse
optimizer sgd rate=0.05
batch 3
""", 9, [Weight(1, 2, 2, 2), Weight(2), Weight(2, 1, 1, 1), Weight(1)] +
    dense(2, 64),
    lambda x, k, b, l, c, w, d: linear(torch.tanh(F.conv_transpose2d(
        F.conv_transpose2d(x.view(1, 1, 3, 3), k, b, stride=3), l, c)
    ).reshape(-1), w, d), mse, real(2), sgd(0.05))

net("convtranspose_sequence", """
input 3 steps=4
convtranspose 2 3 tanh stride=2 pad=1
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 12, [Weight(3, 2, 3), Weight(2)] + dense(2, 2),
    lambda x, k, b, w, c: linear(torch.tanh(F.conv_transpose1d(
        x.view(1, 4, 3).transpose(1, 2), k, b, stride=2, padding=1)
    ).transpose(1, 2)[0], w, c),
    each_step(half_sse), real(14), sgd(0.1))

net("upsample", """
input 2x3x4
conv 2 2x2 tanh
upsample 2
upsample 1x3
conv 1 3x3
flatten
dense 2
loss mse
optimizer sgd rate=0.01
batch 3
""", 24, conv(2, 2, 2, 2) + conv(1, 2, 3, 3) + dense(2, 32),
    lambda x, k, b, l, c, w, d: linear(F.conv2d(F.interpolate(torch.tanh(
        F.conv2d(x.view(1, 2, 3, 4), k, b)), size=(4, 18)), l, c
    ).reshape(-1), w, d), mse, real(2), sgd(0.01))

net("upsample_bilinear", """
input 2x3x4
upsample 3x2 bilinear
conv 1 2x3 tanh stride=2
upsample 1x3 bilinear
flatten
dense 2
loss mse
optimizer sgd rate=0.1
batch 3
""", 24, conv(1, 2, 2, 3) + dense(2, 36),
    lambda x, k, b, w, c: linear(F.interpolate(torch.tanh(F.conv2d(
        F.interpolate(x.view(1, 2, 3, 4), size=(9, 8), mode="bilinear"), k, b,
        stride=2)), size=(4, 9), mode="bilinear").reshape(-1), w, c),
    mse, real(2), sgd(0.1))

net("shapes", """
input 24
reshape 2x3x4
conv 3 2x2 tanh
transpose
reshape 6 steps=3
transpose
reshape 3x6
s: transpose
a: slice 2 skip=3
b: split 3 part=2 axis=columns from s
c: reshape 6 from b
d: flatten from a
concat c d
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 24, conv(3, 2, 2, 2) + dense(2, 12),
    lambda x, k, b, w, c: shapes(x, k, b, w, c), half_sse, real(2), sgd(0.1))


def shapes(x, k, b, w, c):
    x = torch.tanh(F.conv2d(x.view(1, 2, 3, 4), k, b))[0]
    x = x.transpose(1, 2).reshape(3, 6).T.reshape(3, 6).T
    a, b = x[3:5], x[:, 1]
    return linear(torch.cat([b, a.reshape(-1)]), w, c)


net("parts_of_maps", """
input 4x3x5
a: split 2 part=2
b: slice 3 skip=1 axis=columns from a
c: slice 1 skip=2 from input0
d: slice 2 axis=rows from c
e: conv 2 2x2 from b
f: flatten from e
g: flatten from d
concat f g
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 60, conv(2, 2, 2, 2) + dense(2, 18),
    lambda x, k, b, w, c: parts(x.view(4, 3, 5), k, b, w, c),
    half_sse, real(2), sgd(0.1))


def parts(x, k, b, w, c):
    e = F.conv2d(x[None, 2:, :, 1:4], k, b)
    return linear(torch.cat([e.reshape(-1), x[2, :2].reshape(-1)]), w, c)


net("position", """
input 3 steps=4
position
dense 2 tanh
position
loss half_sse
optimizer adam rate=0.02
l2 0.1
batch 3
""", 12, plain(4, 3) + dense(2, 3) + plain(4, 2),
    lambda x, p, w, b, q: torch.tanh(linear(x.view(4, 3) + p, w, b)) + q,
    each_step(half_sse), real(8), adam(0.02), l2=0.1)

net("conv_dilated", """
input 2x6x7
conv 2 2x3 tanh dilation=2 pad=1
depthwise 4 2x2 stride=2 dilation=3
flatten
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 84, conv(2, 2, 2, 3) + depthwise(4, 2, 2) + dense(2, 8),
    lambda x, k, b, l, c, w, d: linear(F.conv2d(torch.tanh(F.conv2d(
        x.view(1, 2, 6, 7), k, b, dilation=2, padding=1)), l.unsqueeze(1), c,
        stride=2, dilation=3, groups=2).reshape(-1), w, d),
    half_sse, real(2), sgd(0.1))

net("conv_dilated_sequence", """
input 3 steps=8
conv 4 3 tanh dilation=2 pad=same
depthwise 8 2 dilation=3 pad=1
dense 2
loss mse
optimizer sgd rate=0.1
batch 3
""", 24, conv(4, 3, 3) + depthwise(8, 2) + dense(2, 8),
    lambda x, k, b, l, c, w, d: linear(F.conv1d(torch.tanh(F.conv1d(
        x.view(1, 8, 3).transpose(1, 2), k, b, dilation=2, padding=2)),
        l.unsqueeze(1), c, dilation=3, padding=1, groups=4
    ).transpose(1, 2)[0], w, d),
    each_step(mse), real(14), sgd(0.1))

net("embed", """
input 5
embed 3 vocab=7
flatten
dense 2 tanh
loss half_sse
optimizer sgd rate=0.1 momentum=0.9
l2 0.1
batch 3
""", 5, plain(7, 3) + dense(2, 15),
    lambda x, e, w, b: torch.tanh(linear(F.embedding(x.long(), e).reshape(-1),
                                         w, b)),
    half_sse, real(2), momentum(0.1, 0.9), l2=0.1, ids=7)

net("embed_steps", """
input 1 steps=4
embed 3 vocab=5
dense 5 softmax
loss cross_entropy target=index
optimizer adam rate=0.02
batch 3
""", 4, plain(5, 3) + dense(5, 3),
    lambda x, e, w, b: softmax(linear(F.embedding(x.long(), e), w, b)),
    each_step(cross_entropy_index), index(5, 4), adam(0.02), ids=5)


def attend(x, weights, heads, causal=False):
    """Of torch's own; weights as pairs of a matrix and its bias or None."""
    (wq, bq), (wk, bk), (wv, bv), (wo, bo) = weights
    bias = None if bq is None else torch.cat([bq, torch.zeros_like(bq), bv])
    hidden = torch.triu(torch.ones(len(x), len(x), dtype=torch.bool), 1)
    return F.multi_head_attention_forward(
        x[:, None], x[:, None], x[:, None], x.shape[1], heads,
        torch.cat([wq, wk, wv]), bias, None, None, False, 0.0, wo, bo,
        need_weights=False, attn_mask=hidden if causal else None)[0][:, 0]


def attention(features, bias=True):
    square, b = [Weight(features, features)], [Weight(features)]
    return (square + b + square + square + b + square + b if bias else
            square * 4)


net("attention", """
input 4 steps=5
attention
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 20, attention(4) + dense(2, 4),
    lambda x, q, bq, k, v, bv, o, bo, w, b: linear(attend(x.view(5, 4), (
        (q, bq), (k, None), (v, bv), (o, bo)), 1), w, b),
    each_step(half_sse), real(10), sgd(0.1))

net("attention_heads", """
input 6 steps=3
attention heads=3 bias=off
attention heads=2 bias=off
dense 2
loss mse
optimizer sgd rate=0.1
batch 3
""", 18, attention(6, False) + attention(6, False) + dense(2, 6),
    lambda x, q, k, v, o, q2, k2, v2, o2, w, b: linear(attend(attend(
        x.view(3, 6), ((q, None), (k, None), (v, None), (o, None)), 3),
        ((q2, None), (k2, None), (v2, None), (o2, None)), 2), w, b),
    each_step(mse), real(6), sgd(0.1))

net("attention_causal", """
input 4 steps=5
attention heads=2 causal
dense 3 softmax
loss cross_entropy
optimizer sgd rate=0.1
batch 3
""", 20, attention(4) + dense(3, 4),
    lambda x, q, bq, k, v, bv, o, bo, w, b: softmax(linear(attend(
        x.view(5, 4), ((q, bq), (k, None), (v, bv), (o, bo)), 2, True), w, b)),
    each_step(cross_entropy), one_hot(3, 5), sgd(0.1))

net("transformer_block", """
input 5
embed 4 vocab=6
e: position
layernorm
attention heads=2 causal
a: add prev e
layernorm
dense 8 gelu
dense 4
add prev a
layernorm
dense 6 softmax
loss cross_entropy target=index
optimizer sgd rate=0.05
batch 3
""", 5, plain(6, 4) + plain(5, 4) + layernorm(4) + attention(4) +
    layernorm(4) + dense(8, 4) + dense(4, 8) + layernorm(4) + dense(6, 4),
    lambda x, *w: transformer(x, *w), each_step(cross_entropy_index),
    index(6, 5), sgd(0.05), ids=6)


def transformer(x, e, p, g1, c1, q, bq, k, v, bv, o, bo, g2, c2, w, b, u, d,
                g3, c3, f, h):
    e = F.embedding(x.long(), e) + p
    a = e + attend(F.layer_norm(e, (4,), g1, c1),
                   ((q, bq), (k, None), (v, bv), (o, bo)), 2, True)
    y = a + linear(F.gelu(linear(F.layer_norm(a, (4,), g2, c2), w, b)), u, d)
    return softmax(linear(F.layer_norm(y, (4,), g3, c3), f, h))
