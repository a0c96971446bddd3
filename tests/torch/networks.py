# SPDX-License-Identifier: MIT
"""The networks that are compared: each the text of a spec, and the same in
torch as a function of one sample and the weights in canonical order."""
import torch
import torch.nn.functional as F
from torch.nn.functional import linear
from kit import *

# ---- every activation, loss and optimizer


def two(name, act, torch_act, loss, torch_loss, target, optimizer, rule,
        last="", torch_last=lambda z: z, outputs=2, **more):
    """3 inputs, 5 units with the activation, 2 outputs."""
    net(name, f"""
input 3
dense 5 {act}
dense {outputs} {last}
loss {loss}
optimizer {optimizer}
batch 3
""", 3, dense(5, 3) + dense(outputs, 5),
        lambda x, w, b, v, c: torch_last(linear(torch_act(linear(x, w, b)),
                                                v, c)),
        torch_loss, target, rule, **more)


two("linear", "linear", lambda z: z, "half_sse", half_sse, real(2),
    "sgd rate=0.25", sgd(0.25))
two("sigmoid", "sigmoid", torch.sigmoid, "half_sse", half_sse, real(2),
    "sgd rate=0.5 momentum=0.9", momentum(0.5, 0.9))
two("tanh", "tanh", torch.tanh, "sse", sse, real(2),
    "sgd rate=0.1 momentum=0.8 nesterov", nesterov(0.1, 0.8))
two("relu", "relu", F.relu, "mse", mse, real(2), "adam rate=0.05", adam(0.05))
two("leaky", "leaky slope=0.2", lambda z: F.leaky_relu(z, 0.2), "mae", mae,
    real(2), "adamw rate=0.05 decay=0.1", adamw(0.05, decay=0.1))
two("leaky_default", "leaky", F.leaky_relu, "sse", sse, real(2),
    "adamw", adamw(0.001))
two("elu", "elu alpha=0.7", lambda z: F.elu(z, 0.7), "huber delta=0.25",
    huber(0.25), real(2), "rmsprop rate=0.02 decay=0.9", rmsprop(0.02, 0.9))
two("selu", "selu", F.selu, "log_cosh", log_cosh, real(2),
    "adagrad rate=0.1", adagrad(0.1))
two("gelu", "gelu", F.gelu, "hinge", hinge, signs(2),
    "rprop rate=0.01", rprop(0.01))
two("softplus", "softplus", F.softplus, "bce", bce, yes_no(2),
    "adam rate=0.02 beta1=0.8 beta2=0.99 eps=1e-6",
    adam(0.02, 0.8, 0.99, 1e-6), last="sigmoid", torch_last=torch.sigmoid)
two("softsign", "softsign", F.softsign, "bce", bce, fractions(2),
    "sgd rate=0.2", sgd(0.2), last="sigmoid", torch_last=torch.sigmoid)
two("swish", "swish", F.silu, "kl", kl, soft(4), "rmsprop", rmsprop(0.01),
    last="softmax", torch_last=softmax, outputs=4)
two("hard_sigmoid", "hard_sigmoid", lambda z: (z / 6 + 0.5).clamp(0, 1),
    "cross_entropy", cross_entropy, one_hot(3), "adagrad", adagrad(0.01),
    last="softmax", torch_last=softmax, outputs=3)
two("gaussian", "gaussian", lambda z: torch.exp(-z * z), "cross_entropy",
    cross_entropy, soft(3), "sgd rate=0.3 momentum=0.5", momentum(0.3, 0.5),
    last="softmax", torch_last=softmax, outputs=3)
two("sin", "sin", torch.sin, "cross_entropy target=index",
    cross_entropy_index, index(4), "adam rate=0.1", adam(0.1),
    last="softmax", torch_last=softmax, outputs=4)
two("step", "step surrogate=sigmoid", step_like_sigmoid, "mse", mse, real(2),
    "sgd rate=0.05", sgd(0.05))
two("sign", "sign surrogate=tanh", sign_like_tanh, "half_sse", half_sse,
    real(2), "sgd rate=0.01 momentum=0.9", momentum(0.01, 0.9))
two("softmax_inside", "softmax", softmax, "huber", huber(1.0), real(2),
    "rprop rate=0.05 up=1.3 down=0.4 min=0.01 max=0.06",
    rprop(0.05, 1.3, 0.4, 0.01, 0.06))
two("softmax_mse", "tanh", torch.tanh, "mse", mse, one_hot(3),
    "adagrad rate=0.3 eps=0.01", adagrad(0.3, 0.01), last="softmax",
    torch_last=softmax, outputs=3)
two("half_sse_index", "tanh", torch.tanh, "half_sse target=index",
    half_sse_index, index(3), "sgd rate=0.4", sgd(0.4), last="sigmoid",
    torch_last=torch.sigmoid, outputs=3)
two("sse_index", "softplus", F.softplus, "sse target=index", sse_index,
    index(3), "adam rate=0.02", adam(0.02), last="softmax",
    torch_last=softmax, outputs=3)
two("kl_with_zeros", "sigmoid", torch.sigmoid, "kl", kl, one_hot(3),
    "sgd rate=0.4 momentum=0.9 nesterov", nesterov(0.4, 0.9), last="softmax",
    torch_last=softmax, outputs=3)

# ---- what else an update does

two("l2", "tanh", torch.tanh, "half_sse", half_sse, real(2),
    "sgd rate=0.2 momentum=0.9\nl2 0.05", momentum(0.2, 0.9), l2=0.05)
two("l2_adam", "tanh", torch.tanh, "half_sse", half_sse, real(2),
    "adam rate=0.02\nl2 0.1", adam(0.02), l2=0.1)
two("l2_rmsprop", "tanh", torch.tanh, "half_sse", half_sse, real(2),
    "rmsprop rate=0.02\nl2 0.1", rmsprop(0.02), l2=0.1)
two("clip_norm", "tanh", torch.tanh, "sse", sse, real(2),
    "sgd rate=0.3\nclip norm=0.5\nl2 0.01", sgd(0.3), clip_norm=0.5, l2=0.01)
two("clip_value", "tanh", torch.tanh, "sse", sse, real(2),
    "sgd rate=0.3 momentum=0.9 nesterov\nclip value=0.2",
    nesterov(0.3, 0.9), clip_value=0.2)
two("clip_both", "tanh", torch.tanh, "sse", sse, real(2),
    "adagrad rate=0.05\nclip norm=1 value=0.25", adagrad(0.05), clip_norm=1,
    clip_value=0.25)
two("clip_never", "sigmoid", torch.sigmoid, "half_sse", half_sse, real(2),
    "sgd rate=0.3\nclip norm=1000", sgd(0.3), clip_norm=1000)

net("decay_of_layers", """
input 4
dense 4 tanh l1=0.02
dense 4 tanh l2=0.2
dense 3 l1=0.01 l2=0
loss half_sse
optimizer sgd rate=0.1
l2 0.05
batch 3
""", 4, decayed(dense(4, 4), l1=0.02) + decayed(dense(4, 4), l2=0.2) +
    decayed(dense(3, 4), l1=0.01, l2=0),
    lambda x, a, b, c, d, e, f: linear(torch.tanh(linear(torch.tanh(
        linear(x, a, b)), c, d)), e, f),
    half_sse, real(3), sgd(0.1), l2=0.05)

net("rprop_batch_all", """
input 4
dense 6 softsign
dense 2
loss mse
optimizer rprop
batch all
""", 4, dense(6, 4) + dense(2, 6),
    lambda x, w, b, v, c: linear(F.softsign(linear(x, w, b)), v, c),
    mse, real(2), rprop(0.01))

# ---- vectors

net("deep", """
input 5
dense 5 tanh
dense 4 relu
dense 4 elu
dense 3 sigmoid
dense 2 softmax
loss cross_entropy
optimizer adamw rate=0.01
batch 3
""", 5, dense(5, 5) + dense(4, 5) + dense(4, 4) + dense(3, 4) + dense(2, 3),
    lambda x, a, b, c, d, e, f, g, h, i, j: softmax(linear(torch.sigmoid(
        linear(F.elu(linear(F.relu(linear(torch.tanh(linear(x, a, b)), c, d)),
                            e, f)), g, h)), i, j)),
    cross_entropy, one_hot(2), adamw(0.01), seed=1)

net("no_bias", """
input 4
dense 6 tanh bias=off
dense 3 bias=off
loss sse
optimizer sgd rate=0.1
batch 3
""", 4, dense(6, 4, bias=False) + dense(3, 6, bias=False),
    lambda x, w, v: linear(torch.tanh(linear(x, w)), v),
    sse, real(3), sgd(0.1))

net("lines_of_their_own", """
input 4
dense 5
act elu alpha=0.5
dropout 0
dense 3
softmax
loss cross_entropy
optimizer sgd rate=0.3
batch 3
""", 4, dense(5, 4) + dense(3, 5),
    lambda x, w, b, v, c: softmax(linear(F.elu(linear(x, w, b), 0.5), v, c)),
    cross_entropy, one_hot(3), sgd(0.3))

net("dropout_of_nothing", """
input 4
dropout 0
dense 6 sigmoid
dropout 0
dense 2 sigmoid
loss bce
optimizer adam rate=0.01
batch 3
""", 4, dense(6, 4) + dense(2, 6),
    lambda x, w, b, v, c: torch.sigmoid(linear(torch.sigmoid(
        linear(x, w, b)), v, c)),
    bce, yes_no(2), adam(0.01))

net("layernorm_vector", """
input 4
dense 6
layernorm tanh
dense 5
layernorm eps=0.01
loss half_sse
optimizer sgd rate=0.1
l2 0.1
batch 3
""", 4, dense(6, 4) + layernorm(6) + dense(5, 6) + layernorm(5),
    lambda x, a, b, c, d, e, f, g, h: F.layer_norm(
        linear(torch.tanh(F.layer_norm(linear(x, a, b), (6,), c, d)), e, f),
        (5,), g, h, eps=0.01),
    half_sse, real(5), sgd(0.1), l2=0.1)

net("frozen_first", """
input 4
dense 6 tanh frozen
dense 4 tanh
dense 2
loss half_sse
optimizer sgd rate=0.2
l2 0.1
clip norm=0.5
batch 3
""", 4, frozen(dense(6, 4)) + dense(4, 6) + dense(2, 4),
    lambda x, a, b, c, d, e, f: linear(torch.tanh(linear(torch.tanh(
        linear(x, a, b)), c, d)), e, f),
    half_sse, real(2), sgd(0.2), l2=0.1, clip_norm=0.5)

net("frozen_middle", """
input 4
dense 5 sigmoid
dense 5 tanh frozen
dense 3 softmax
loss cross_entropy
optimizer adam rate=0.02
batch 3
""", 4, dense(5, 4) + frozen(dense(5, 5)) + dense(3, 5),
    lambda x, a, b, c, d, e, f: softmax(linear(torch.tanh(linear(
        torch.sigmoid(linear(x, a, b)), c, d)), e, f)),
    cross_entropy, one_hot(3), adam(0.02))

net("shared", """
input 4
a: dense 4 tanh
dense 4 sigmoid share=a
dense 2
loss half_sse
optimizer sgd rate=0.2 momentum=0.9
l2 0.01
batch 3
""", 4, dense(4, 4) + dense(2, 4),
    lambda x, w, b, v, c: linear(torch.sigmoid(linear(torch.tanh(
        linear(x, w, b)), w, b)), v, c),
    half_sse, real(2), momentum(0.2, 0.9), l2=0.01)

# ---- joins, skips, several inputs and heads

net("skip_add", """
input 4
a: dense 4 tanh
b: dense 4 relu
c: add b a
d: dense 4 sigmoid
add d c a tanh
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 4, dense(4, 4) + dense(4, 4) + dense(4, 4) + dense(2, 4),
    lambda x, *w: skip_add(x, *w), half_sse, real(2), sgd(0.1))


def skip_add(x, w1, b1, w2, b2, w3, b3, w4, b4):
    a = torch.tanh(linear(x, w1, b1))
    c = F.relu(linear(a, w2, b2)) + a
    d = torch.sigmoid(linear(c, w3, b3))
    return linear(torch.tanh(d + c + a), w4, b4)


net("gate_mul", """
input 4
a: dense 5 sigmoid
b: dense 5 tanh from input0
g: mul a b
h: mul g g a softsign
dense 2 softmax
loss cross_entropy
optimizer adam rate=0.05
batch 3
""", 4, dense(5, 4) + dense(5, 4) + dense(2, 5),
    lambda x, *w: gate_mul(x, *w), cross_entropy, one_hot(2), adam(0.05))


def gate_mul(x, w1, b1, w2, b2, w3, b3):
    a = torch.sigmoid(linear(x, w1, b1))
    g = a * torch.tanh(linear(x, w2, b2))
    return softmax(linear(F.softsign(g * g * a), w3, b3))


net("twice_the_same", """
input 3
dense 4 tanh
add prev prev
dense 4 gelu
mul prev prev
dense 2
loss mse
optimizer sgd rate=0.1
batch 3
""", 3, dense(4, 3) + dense(4, 4) + dense(2, 4),
    lambda x, a, b, c, d, e, f: linear(
        F.gelu(linear(2 * torch.tanh(linear(x, a, b)), c, d)) ** 2, e, f),
    mse, real(2), sgd(0.1))

net("concat_branches", """
input 4
stem: dense 4 tanh
left: dense 3 relu from stem
right: dense 2 sigmoid from stem
far: dense 2 sin from input0
concat left stem right far softplus
dense 3
loss log_cosh
optimizer rmsprop rate=0.01
batch 3
""", 4, dense(4, 4) + dense(3, 4) + dense(2, 4) + dense(2, 4) + dense(3, 11),
    lambda x, *w: concat_branches(x, *w), log_cosh, real(3), rmsprop(0.01))


def concat_branches(x, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5):
    stem = torch.tanh(linear(x, w1, b1))
    left = F.relu(linear(stem, w2, b2))
    right = torch.sigmoid(linear(stem, w3, b3))
    far = torch.sin(linear(x, w4, b4))
    return linear(F.softplus(torch.cat([left, stem, right, far])), w5, b5)


net("dag", """
input 3
a: dense 4 tanh
b: dense 4 softsign
c: dense 4 swish from a
d: add c b
e: dense 4 gaussian from a
f: mul d e
g: concat f b
h: dense 4 elu
i: add h d a
dense 2
loss huber delta=0.5
optimizer sgd rate=0.1 momentum=0.5
batch 3
""", 3, dense(4, 3) + dense(4, 4) + dense(4, 4) + dense(4, 4) + dense(4, 8) +
    dense(2, 4), lambda x, *w: dag(x, *w), huber(0.5), real(2),
    momentum(0.1, 0.5))


def dag(x, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5, w6, b6):
    a = torch.tanh(linear(x, w1, b1))
    b = F.softsign(linear(a, w2, b2))
    d = F.silu(linear(a, w3, b3)) + b
    e = torch.exp(-linear(a, w4, b4) ** 2)
    h = F.elu(linear(torch.cat([d * e, b]), w5, b5))
    return linear(h + d + a, w6, b6)


net("two_inputs", """
p: input 3
q: input 2x2
s: flatten
u: dense 4 tanh from p
v: dense 4 sigmoid from s
mul u v
concat prev p
dense 2
loss half_sse
optimizer sgd rate=0.2
batch 3
""", 7, dense(4, 3) + dense(4, 4) + dense(2, 7),
    lambda x, a, b, c, d, e, f: linear(torch.cat(
        [torch.tanh(linear(x[:3], a, b)) * torch.sigmoid(linear(x[3:], c, d)),
         x[:3]]), e, f),
    half_sse, real(2), sgd(0.2))

nets("two_heads", """
input 4
stem: dense 5 tanh
a: dense 3 softmax
b: dense 2 from stem
output a loss=cross_entropy
output b loss=mse weight=0.3
optimizer sgd rate=0.3
batch 3
""", 4, dense(5, 4) + dense(3, 5) + dense(2, 5),
    lambda x, *w: two_heads(x, *w),
    [Head(cross_entropy, one_hot(3)), Head(mse, real(2), 0.3)], sgd(0.3))


def two_heads(x, w1, b1, w2, b2, w3, b3):
    stem = torch.tanh(linear(x, w1, b1))
    return softmax(linear(stem, w2, b2)), linear(stem, w3, b3)


nets("three_heads", """
input 4
stem: dense 4 sigmoid
a: dense 3 tanh
b: dense 3 softmax from a
c: dense 2 sigmoid from stem
output c loss=bce weight=0.5
output a loss=sse weight=0.25
output b loss=kl weight=2
optimizer adam rate=0.03
batch 3
""", 4, dense(4, 4) + dense(3, 4) + dense(3, 3) + dense(2, 4),
    lambda x, *w: three_heads(x, *w),
    [Head(bce, yes_no(2), 0.5), Head(sse, real(3), 0.25),
     Head(kl, soft(3), 2.0)], adam(0.03))


def three_heads(x, w1, b1, w2, b2, w3, b3, w4, b4):
    stem = torch.sigmoid(linear(x, w1, b1))
    a = torch.tanh(linear(stem, w2, b2))
    return (torch.sigmoid(linear(stem, w4, b4)), a,
            softmax(linear(a, w3, b3)))


nets("heads_of_index", """
input 4
stem: dense 5 softsign
a: dense 3 softmax
b: dense 2 from stem
c: dense 4 softmax from stem
output a loss=cross_entropy target=index
output b loss=mae weight=0.7
output c loss=cross_entropy target=index weight=1.5
optimizer sgd rate=0.2 momentum=0.5
batch 3
""", 4, dense(5, 4) + dense(3, 5) + dense(2, 5) + dense(4, 5),
    lambda x, *w: heads_of_index(x, *w),
    [Head(cross_entropy_index, index(3)), Head(mae, real(2), 0.7),
     Head(cross_entropy_index, index(4), 1.5)], momentum(0.2, 0.5))


def heads_of_index(x, w1, b1, w2, b2, w3, b3, w4, b4):
    stem = F.softsign(linear(x, w1, b1))
    return (softmax(linear(stem, w2, b2)), linear(stem, w3, b3),
            softmax(linear(stem, w4, b4)))


# ---- sequences

net("dense_per_step", """
input 3 steps=4
dense 5 tanh
dense 2
loss mse
optimizer adam rate=0.02
batch 3
""", 12, dense(5, 3) + dense(2, 5),
    lambda x, w, b, v, c: linear(torch.tanh(linear(x.view(4, 3), w, b)), v, c),
    each_step(mse), real(8), adam(0.02))

net("half_sse_per_step", """
input 2 steps=3
dense 4 sigmoid
dense 3 tanh
loss half_sse
optimizer sgd rate=0.3
batch 3
""", 6, dense(4, 2) + dense(3, 4),
    lambda x, w, b, v, c: torch.tanh(linear(torch.sigmoid(
        linear(x.view(3, 2), w, b)), v, c)),
    each_step(half_sse), real(9), sgd(0.3))

net("classes_per_step", """
input 3 steps=4
dense 4 tanh
dense 3 softmax
loss cross_entropy
optimizer sgd rate=0.5
batch 3
""", 12, dense(4, 3) + dense(3, 4),
    lambda x, w, b, v, c: softmax(linear(torch.tanh(
        linear(x.view(4, 3), w, b)), v, c)),
    each_step(cross_entropy), one_hot(3, 4), sgd(0.5))

net("index_per_step", """
input 3 steps=4
dense 4 tanh
dense 3 softmax
loss cross_entropy target=index
optimizer adagrad rate=0.05
batch 3
""", 12, dense(4, 3) + dense(3, 4),
    lambda x, w, b, v, c: softmax(linear(torch.tanh(
        linear(x.view(4, 3), w, b)), v, c)),
    each_step(cross_entropy_index), index(3, 4), adagrad(0.05))

net("bce_per_step", """
input 3 steps=4
dense 4 swish
dense 2 sigmoid
loss bce
optimizer sgd rate=0.5
batch 3
""", 12, dense(4, 3) + dense(2, 4),
    lambda x, w, b, v, c: torch.sigmoid(linear(F.silu(
        linear(x.view(4, 3), w, b)), v, c)),
    each_step(bce), fractions(8), sgd(0.5))

net("kl_per_step", """
input 2 steps=5
dense 4 gaussian
dense 3 softmax
loss kl
optimizer adam rate=0.02
batch 3
""", 10, dense(4, 2) + dense(3, 4),
    lambda x, w, b, v, c: softmax(linear(torch.exp(
        -linear(x.view(5, 2), w, b) ** 2), v, c)),
    each_step(kl), soft(15), adam(0.02))

net("layernorm_per_step", """
input 3 steps=4
dense 5
layernorm gelu
add prev prev
flatten
dense 2
loss sse
optimizer sgd rate=0.02
batch 3
""", 12, dense(5, 3) + layernorm(5) + dense(2, 20),
    lambda x, w, b, g, h, v, c: linear(2 * F.gelu(F.layer_norm(
        linear(x.view(4, 3), w, b), (5,), g, h)).reshape(-1), v, c),
    sse, real(2), sgd(0.02))

net("conv_of_steps", """
input 3 steps=7
c: conv 4 3 tanh stride=2 pad=1
dense 3 softplus
globalpool avg
dense 2
loss mse
optimizer sgd rate=0.2 momentum=0.9
batch 3
""", 21, conv(4, 3, 3) + dense(3, 4) + dense(2, 3),
    lambda x, k, b, w, c, v, d: linear(F.softplus(linear(torch.tanh(
        F.conv1d(x.view(1, 7, 3).transpose(1, 2), k, b, stride=2,
                 padding=1)[0].T), w, c)).mean(0), v, d),
    mse, real(2), momentum(0.2, 0.9))

net("pools_of_steps", """
input 2 steps=8
dense 4 tanh
p: maxpool 3 stride=1 pad=1
q: avgpool 2 from p
r: maxpool 2 from p
concat q r
globalpool max
dense 3
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 16, dense(4, 2) + dense(3, 8), lambda x, *w: pools_of_steps(x, *w),
    half_sse, real(3), sgd(0.1))


def pools_of_steps(x, w, b, v, c):
    h = torch.tanh(linear(x.view(8, 2), w, b)).T[None]
    p = F.max_pool1d(h, 3, 1, 1)
    both = torch.cat([F.avg_pool1d(p, 2), F.max_pool1d(p, 2)], 1)
    return linear(both[0].max(dim=1)[0], v, c)


# ---- maps

net("conv", """
input 2x5x5
conv 2 3x3 tanh
flatten
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 50, conv(2, 2, 3, 3) + dense(2, 18),
    lambda x, k, b, w, c: linear(torch.tanh(F.conv2d(
        x.view(1, 2, 5, 5), k, b)).reshape(-1), w, c),
    half_sse, real(2), sgd(0.1))

net("conv_stride_pad", """
input 1x7x6
conv 3 3x3 relu stride=2 pad=1
conv 2 2x2 tanh
flatten
dense 2 softmax
loss cross_entropy
optimizer adam rate=0.02
l2 0.01
batch 3
""", 42, conv(3, 1, 3, 3) + conv(2, 3, 2, 2) + dense(2, 12),
    lambda x, k, b, l, c, w, d: softmax(linear(torch.tanh(F.conv2d(F.relu(
        F.conv2d(x.view(1, 1, 7, 6), k, b, stride=2, padding=1)), l, c)
    ).reshape(-1), w, d)),
    cross_entropy, one_hot(2), adam(0.02), l2=0.01)

net("conv_same_of_matrix", """
input 4x5
conv 3 2x3 sigmoid pad=same
conv 1 1x1
globalpool max
loss half_sse
optimizer sgd rate=0.2
batch 3
""", 20, conv(3, 1, 2, 3) + conv(1, 3, 1, 1),
    lambda x, k, b, l, c: F.conv2d(torch.sigmoid(F.conv2d(F.pad(
        x.view(1, 1, 4, 5), (1, 1, 0, 1)), k, b)), l, c).max().view(1),
    half_sse, real(1), sgd(0.2))

net("conv_groups", """
input 4x4x4
conv 4 3x3 tanh groups=2 pad=same
globalpool avg
dense 2
loss mse
optimizer rmsprop rate=0.01
batch 3
""", 64, conv(4, 2, 3, 3) + dense(2, 4),
    lambda x, k, b, w, c: linear(torch.tanh(F.conv2d(
        x.view(1, 4, 4, 4), k, b, padding=1, groups=2)).mean((0, 2, 3)), w, c),
    mse, real(2), rmsprop(0.01))

net("conv_residual", """
input 2x4x4
a: conv 2 3x3 relu pad=same
b: conv 2 3x3 pad=same
c: add b a softplus
d: concat c a
globalpool avg
dense 2
loss half_sse
optimizer sgd rate=0.1 momentum=0.9 nesterov
batch 3
""", 32, conv(2, 2, 3, 3) + conv(2, 2, 3, 3) + dense(2, 4),
    lambda x, *w: conv_residual(x, *w), half_sse, real(2), nesterov(0.1, 0.9))


def conv_residual(x, k, b, l, c, w, d):
    a = F.relu(F.conv2d(x.view(1, 2, 4, 4), k, b, padding=1))
    e = F.softplus(F.conv2d(a, l, c, padding=1) + a)
    return linear(torch.cat([e, a], 1).mean((0, 2, 3)), w, d)


net("depthwise", """
input 2x5x4
depthwise 4 3x3 tanh pad=1 stride=2
depthwise 4 2x2 sigmoid
flatten
dense 2
loss half_sse
optimizer adagrad rate=0.05
batch 3
""", 40, depthwise(4, 3, 3) + depthwise(4, 2, 2) + dense(2, 8),
    lambda x, k, b, l, c, w, d: linear(torch.sigmoid(F.conv2d(torch.tanh(
        F.conv2d(x.view(1, 2, 5, 4), k.unsqueeze(1), b, stride=2, padding=1,
                 groups=2)), l.unsqueeze(1), c, groups=4)).reshape(-1), w, d),
    half_sse, real(2), adagrad(0.05))

net("maxpool", """
input 1x6x6
conv 2 3x3 tanh pad=same
maxpool 2x2
flatten
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 36, conv(2, 1, 3, 3) + dense(2, 18),
    lambda x, k, b, w, c: linear(F.max_pool2d(torch.tanh(F.conv2d(
        x.view(1, 1, 6, 6), k, b, padding=1)), 2).reshape(-1), w, c),
    half_sse, real(2), sgd(0.1))

net("maxpool_overlapping", """
input 1x6x5
conv 2 3x3 tanh pad=same
maxpool 3x3 stride=2 pad=1
flatten
dense 2 sigmoid
loss bce
optimizer sgd rate=0.2
batch 3
""", 30, conv(2, 1, 3, 3) + dense(2, 18),
    lambda x, k, b, w, c: torch.sigmoid(linear(F.max_pool2d(torch.tanh(
        F.conv2d(x.view(1, 1, 6, 5), k, b, padding=1)), 3, 2, 1
    ).reshape(-1), w, c)),
    bce, yes_no(2), sgd(0.2))

net("avgpool", """
input 1x6x6
conv 2 3x3 sin pad=same
avgpool 2x3
flatten
dense 2
loss half_sse
optimizer sgd rate=0.2
batch 3
""", 36, conv(2, 1, 3, 3) + dense(2, 12),
    lambda x, k, b, w, c: linear(F.avg_pool2d(torch.sin(F.conv2d(
        x.view(1, 1, 6, 6), k, b, padding=1)), (2, 3)).reshape(-1), w, c),
    half_sse, real(2), sgd(0.2))

net("avgpool_padded", """
input 1x5x6
conv 2 2x2 tanh
avgpool 3x3 stride=2 pad=1
flatten
dense 2
loss log_cosh
optimizer adam rate=0.05
batch 3
""", 30, conv(2, 1, 2, 2) + dense(2, 12),
    lambda x, k, b, w, c: linear(F.avg_pool2d(torch.tanh(F.conv2d(
        x.view(1, 1, 5, 6), k, b)), 3, 2, 1, count_include_pad=False
    ).reshape(-1), w, c),
    log_cosh, real(2), adam(0.05))

net("globalpool", """
input 2x4x4
a: conv 3 2x2 tanh
b: globalpool avg from a
c: globalpool max from a
concat b c
dense 3 softmax
loss cross_entropy target=index
optimizer sgd rate=0.5
batch 3
""", 32, conv(3, 2, 2, 2) + dense(3, 6), lambda x, *w: globalpool(x, *w),
    cross_entropy_index, index(3), sgd(0.5))


def globalpool(x, k, b, w, c):
    a = torch.tanh(F.conv2d(x.view(1, 2, 4, 4), k, b))[0]
    return softmax(linear(torch.cat([a.mean((1, 2)), a.amax((1, 2))]), w, c))


net("layernorm_map", """
input 1x4x4
conv 2 2x2
layernorm relu
flatten
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 16, conv(2, 1, 2, 2) + layernorm(2, 3, 3) + dense(2, 18),
    lambda x, k, b, g, h, w, c: linear(F.relu(F.layer_norm(F.conv2d(
        x.view(1, 1, 4, 4), k, b), (2, 3, 3), g, h)).reshape(-1), w, c),
    half_sse, real(2), sgd(0.1))

net("half_sse_of_a_map", """
input 1x5x4
conv 3 2x2 tanh
conv 2 2x2 pad=1 stride=2
loss half_sse
optimizer sgd rate=0.2
batch 3
""", 20, conv(3, 1, 2, 2) + conv(2, 3, 2, 2),
    lambda x, k, b, l, c: F.conv2d(torch.tanh(F.conv2d(
        x.view(1, 1, 5, 4), k, b)), l, c, stride=2, padding=1)[0],
    each_place(half_sse), real(12), sgd(0.2))

net("huber_of_a_map", """
input 2x4x4
maxpool 2x2
conv 2 2x2 leaky slope=0.3 pad=same
loss huber delta=0.5
optimizer rmsprop rate=0.01
batch 3
""", 32, conv(2, 2, 2, 2),
    lambda x, k, b: F.leaky_relu(F.conv2d(F.pad(F.max_pool2d(
        x.view(1, 2, 4, 4), 2), (0, 1, 0, 1)), k, b), 0.3)[0],
    each_place(huber(0.5)), real(8), rmsprop(0.01))

net("classes_of_a_map", """
input 2x4x3
conv 3 3x3 tanh pad=same
conv 3 1x1 softmax
loss cross_entropy
optimizer sgd rate=0.5
batch 3
""", 24, conv(3, 2, 3, 3) + conv(3, 3, 1, 1),
    lambda x, k, b, l, c: F.softmax(F.conv2d(torch.tanh(F.conv2d(
        x.view(1, 2, 4, 3), k, b, padding=1)), l, c)[0], dim=0),
    each_place(cross_entropy), soft(36), sgd(0.5))

net("index_of_a_map", """
input 2x4x3
conv 3 3x3 tanh pad=same
conv 3 1x1 softmax
loss cross_entropy target=index
optimizer adam rate=0.05
batch 3
""", 24, conv(3, 2, 3, 3) + conv(3, 3, 1, 1),
    lambda x, k, b, l, c: F.softmax(F.conv2d(torch.tanh(F.conv2d(
        x.view(1, 2, 4, 3), k, b, padding=1)), l, c)[0], dim=0),
    each_place(cross_entropy_index), index(3, 12), adam(0.05))


# these append their networks to the list
import layers
import options
import own
import recurrent
