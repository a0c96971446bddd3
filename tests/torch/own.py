# SPDX-License-Identifier: MIT
"""Networks whose specs define words of their own: layers, an activation, a
loss, an optimizer."""
import torch
import torch.nn.functional as F
from torch.nn.functional import linear
from kit import *


net("own_convolution", """
layer "slide" {
  args = { size "filters", whole("wide", 3), whole("by", 1), whole("edge", 0) },
  weights = function(s, p)
    return { {"w", p.filters, s.x[1], p.wide}, {"b", p.filters} }
  end,
  shape = function(s, p)
    return { p.filters, (s.x[2] + 2 * p.edge - p.wide) // p.by + 1,
             kind = "matrix" }
  end,
  pad = "zero",
  formula = "y[o,r] = sum(i,u: w[o,i,u] * x[i, by*r+u-edge]) + b[o]",
}
input 2x9
slide 3 by=2 edge=1
tanh
slide 2 wide=2
flatten
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 18, conv(3, 2, 3) + conv(2, 3, 2) + dense(2, 8),
    lambda x, k, b, l, c, w, d: linear(F.conv1d(torch.tanh(F.conv1d(
        x.view(1, 2, 9), k, b, stride=2, padding=1)), l, c).reshape(-1), w, d),
    half_sse, real(2), sgd(0.1))

net("own_matrix", """
layer "grid" {
  args = { size "rows", size "columns", activation "act" },
  weights = function(s, p)
    return { {"left", p.rows, s.x[1]}, {"right", s.x[2], p.columns},
             {"b", p.rows, p.columns, decay = false} }
  end,
  shape = function(s, p)
    local y = { p.rows, p.columns, kind = "matrix" }
    return { y = y, z = y }
  end,
  formula = [=[
    half[r,k] = sum(i: left[r,i] * x[i,k])
    z[r,c] = sum(k: half[r,k] * right[k,c]) + b[r,c]
    y[...] = act(z[...])
  ]=],
}
input 3x4
grid 4 3 tanh
grid 2 3 softmax
loss cross_entropy
optimizer adamw rate=0.02
batch 3
""", 12, [Weight(4, 3), Weight(4, 3), Weight(4, 3, decay=False),
          Weight(2, 4), Weight(3, 3), Weight(2, 3, decay=False)],
    lambda x, l, r, b, l2, r2, b2: softmax(l2 @ torch.tanh(
        l @ x.view(3, 4) @ r + b) @ r2 + b2),
    each_step(cross_entropy), one_hot(3, 2), adamw(0.02))

net("own_recurrence", """
layer "elman" {
  args = { size "units" },
  weights = function(s, p)
    return { {"w", p.units, s.x[2]}, {"u", p.units, p.units}, {"b", p.units} }
  end,
  shape = function(s, p) return { s.x[1], p.units, kind = "sequence" } end,
  formula = [=[
    scan(t:
      z[t,j] = sum(k: w[j,k] * x[t,k]) + sum(i: u[j,i] * y[t-1,i]) + b[j]
      y[t,j] = tanh(z[t,j])
    )
  ]=],
}
input 3 steps=5
elman 4
elman 3
dense 2
loss mse
optimizer adam rate=0.02
batch 3
""", 15, [Weight(4, 3), Weight(4, 4), Weight(4), Weight(3, 4), Weight(3, 3),
          Weight(3)] + dense(2, 3),
    lambda x, w, u, b, w2, u2, b2, v, c: linear(elman(elman(
        x.view(5, 3), w, u, b), w2, u2, b2), v, c),
    each_step(mse), real(10), adam(0.02))


def elman(x, w, u, b):
    h, steps = torch.zeros(len(b), dtype=b.dtype), []
    for a in x:
        h = torch.tanh(linear(a, w) + linear(h, u) + b)
        steps.append(h)
    return torch.stack(steps)


net("own_last_state", """
layer "remember" {
  args = { size "units", activation "act" },
  weights = function(s, p)
    return { {"w", p.units, s.x[2]}, {"u", p.units, p.units}, {"b", p.units},
             {"start", p.units, decay = false} }
  end,
  shape = function(s, p)
    return { y = {p.units}, h = {s.x[1], p.units}, z = {s.x[1], p.units} }
  end,
  values = function(s, p) return { last = s.x[1] - 1 } end,
  formula = [=[
    h[-1,j] = start[j]
    scan(t:
      z[t,j] = sum(k: w[j,k] * x[t,k]) + sum(i: u[j,i] * h[t-1,i]) + b[j]
      h[t,j] = act(z[t,j])
    )
    y[j] = h[last,j]
  ]=],
}
input 3 steps=4
remember 4 sigmoid
dense 2
loss half_sse
optimizer sgd rate=0.2 momentum=0.9
batch 3
""", 12, [Weight(4, 3), Weight(4, 4), Weight(4), Weight(4)] + dense(2, 4),
    lambda x, w, u, b, s, v, c: linear(remember(x.view(4, 3), w, u, b, s),
                                       v, c),
    half_sse, real(2), momentum(0.2, 0.9))


def remember(x, w, u, b, h):
    for a in x:
        h = torch.sigmoid(linear(a, w) + linear(h, u) + b)
    return h


net("own_maxout", """
layer "maxout" {
  args = { size "units", whole("pieces", 2) },
  weights = function(s, p)
    return { {"w", p.pieces, p.units, s.x.size}, {"b", p.pieces, p.units,
             decay = false} }
  end,
  shape = function(s, p) return { p.units } end,
  formula = "y[j] = max(k: sum(i: w[k,j,i] * x[i]) + b[k,j])",
}
input 4
maxout 4 pieces=3
maxout 3
dense 2
loss half_sse
optimizer adam rate=0.02
l2 0.1
batch 3
""", 4, [Weight(3, 4, 4), Weight(3, 4, decay=False), Weight(2, 3, 4),
         Weight(2, 3, decay=False)] + dense(2, 3),
    lambda x, w, b, v, c, u, d: linear(maxout(maxout(x, w, b), v, c), u, d),
    half_sse, real(2), adam(0.02), l2=0.1)


def maxout(x, w, b):
    return (w @ x + b).amax(0)


net("own_causal_sum", """
layer "causal" {
  weights = function(s, p)
    return { {"w", s.x[1], s.x[1]}, {"c", s.x[1]} }
  end,
  shape = function(s, p) return s.x end,
  formula = [=[
    past[q,d] = sum(k where k <= q: w[q,k] * x[k,d])
    y[q,d] = past[q,d] + sum(k where k < q: c[q-k] * x[k,d])
  ]=],
}
input 2 steps=5
dense 3 tanh
causal
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 10, dense(3, 2) + [Weight(5, 5), Weight(5)] + dense(2, 3),
    lambda x, w, b, m, c, v, d: linear(causal_sum(torch.tanh(linear(
        x.view(5, 2), w, b)), m, c), v, d),
    each_step(half_sse), real(10), sgd(0.1))


def causal_sum(x, w, c):
    rows = []
    for q in range(len(x)):
        row = w[q, :q + 1] @ x[:q + 1]
        for k in range(q):
            row = row + c[q - k] * x[k]
        rows.append(row)
    return torch.stack(rows)


net("own_attention", """
layer "attend" {
  args = { size "units" },
  weights = function(s, p)
    local n = s.x[2]
    return { {"wq", p.units, n}, {"wk", p.units, n}, {"wv", p.units, n} }
  end,
  shape = function(s, p) return { s.x[1], p.units, kind = "sequence" } end,
  formula = [=[
    Q[s,j] = sum(k: wq[j,k] * x[s,k])
    K[s,j] = sum(k: wk[j,k] * x[s,k])
    V[s,j] = sum(k: wv[j,k] * x[s,k])
    a[q,k] where k <= q = sum(d: Q[q,d] * K[k,d]) / sqrt(units)
    m[q] = max(k where k <= q: a[q,k])
    e[q,k] where k <= q = exp(a[q,k] - stop(m[q]))
    p[q,k] where k <= q = e[q,k] / sum(k where k <= q: e[q,k])
    y[q,d] = sum(k where k <= q: p[q,k] * V[k,d])
  ]=],
}
input 3 steps=4
attend 4
dense 2
loss mse
optimizer adamw rate=0.02
batch 3
""", 12, [Weight(4, 3), Weight(4, 3), Weight(4, 3)] + dense(2, 4),
    lambda x, q, k, v, w, b: linear(attend(x.view(4, 3), q, k, v), w, b),
    each_step(mse), real(8), adamw(0.02))


def attend(x, wq, wk, wv):
    scores = linear(x, wq) @ linear(x, wk).T / 2.0
    hidden = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
    return softmax(scores.masked_fill(hidden, float("-inf"))) @ linear(x, wv)


net("own_bilinear", """
layer "bilinear" {
  args = { size "units" }, inputs = {"a", "b"},
  weights = function(s, p)
    return { {"w", p.units, s.a.size, s.b.size}, {"c", p.units} }
  end,
  shape = function(s, p) return { p.units } end,
  formula = "y[o] = sum(i,j: w[o,i,j] * a[i] * b[j]) + c[o]",
}
p: input 3
q: input 2
u: dense 3 tanh from p
bilinear 4 from u q
dense 2 softmax
loss cross_entropy
optimizer rmsprop rate=0.02
batch 3
""", 5, dense(3, 3) + [Weight(4, 3, 2), Weight(4)] + dense(2, 4),
    lambda x, w, b, m, c, v, d: softmax(linear(F.bilinear(
        torch.tanh(linear(x[:3], w, b))[None], x[3:][None], m, c)[0], v, d)),
    cross_entropy, one_hot(2), rmsprop(0.02))

net("own_gate", """
layer "gated" {
  args = { size "units", activation("act", "tanh") },
  weights = function(s, p)
    local n = s.x[s.x.rank]
    return { {"w", p.units, n}, {"b", p.units}, {"v", p.units, n},
             {"c", p.units} }
  end,
  formula = [=[
    z[...,j] = sum(k: w[j,k] * x[...,k]) + b[j]
    gate[...,j] = sigmoid(sum(k: v[j,k] * x[...,k]) + c[j])
    h[...,j] = act(z[...,j])
    y[...,j] = h[...,j] * gate[...,j]
  ]=],
}
input 3 steps=4
a: gated 5
gated 5 relu share=a from input0
add prev a
globalpool avg
gated 4 linear
dense 2
loss half_sse
optimizer sgd rate=0.1
batch 3
""", 12, 2 * dense(5, 3) + 2 * dense(4, 5) + dense(2, 4),
    lambda x, *w: own_gate(x.view(4, 3), *w), half_sse, real(2), sgd(0.1))


def own_gate(x, w, b, v, c, w2, b2, v2, c2, u, d):
    z, gate = linear(x, w, b), torch.sigmoid(linear(x, v, c))
    x = (torch.tanh(z) * gate + F.relu(z) * gate).mean(0)
    return linear(linear(x, w2, b2) * torch.sigmoid(linear(x, v2, c2)), u, d)


net("own_mixture", """
layer "mixture" {
  args = { size "units" },
  weights = function(s, p)
    return { {"u", p.units, s.x.size}, {"v", p.units, s.x.size},
             {"m", s.x.size} }
  end,
  formula = [=[
    a[j] = sum(k: u[j,k] * x[k])
    p[j] = softmax(a[j])
    c[j] = sum(k: v[j,k] * x[k])
    q[j] = softmax(c[j])
    share = sigmoid(sum(k: m[k] * x[k]))
    y[j] = share * p[j] + (1 - share) * q[j]
  ]=],
}
input 4
dense 5 tanh
mixture 3
loss mse
optimizer adam rate=0.02
batch 3
""", 4, dense(5, 4) + [Weight(3, 5), Weight(3, 5), Weight(5)],
    lambda x, w, b, u, v, m: mixture(torch.tanh(linear(x, w, b)), u, v, m),
    mse, one_hot(3), adam(0.02))


def mixture(x, u, v, m):
    share = torch.sigmoid(m @ x)
    return share * softmax(linear(x, u)) + (1 - share) * softmax(linear(x, v))


net("own_words", """
activation "bent" {
  args = { number("a", 0.5) },
  y = "(sqrt(z^2 + 1) - 1) / 2 + a * z",
}
loss "cauchy" {
  args = { number("c", 1) },
  C = "sum(i: log1p(((y[i] - t[i]) / c)^2))",
}
optimizer "damped" {
  args = { number("rate", 0.1), number("mu", 0.5) },
  state = { {"v", 0} },
  step = [=[
    v = mu * v + (1 - mu) * g
    w = w - rate * v / (1 + abs(v))
  ]=],
}
input 4
dense 5 bent a=0.3
dense 4 bent
dense 2
loss cauchy c=0.5
optimizer damped rate=0.2
batch 3
""", 4, dense(5, 4) + dense(4, 5) + dense(2, 4),
    lambda x, a, b, c, d, e, f: linear(bent(linear(bent(linear(x, a, b), 0.3),
                                                   c, d), 0.5), e, f),
    lambda y, t: torch.log1p(((y - t) / 0.5) ** 2).sum(), real(2),
    Rule(lambda w, g, s, decays: damped(w, g, s)))


def bent(z, a):
    return (torch.sqrt(z * z + 1) - 1) / 2 + a * z


def damped(w, g, s):
    s["v"] = 0.5 * s.get("v", 0) + 0.5 * g
    return w - 0.2 * s["v"] / (1 + s["v"].abs())
