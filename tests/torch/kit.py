# SPDX-License-Identifier: MIT
"""What the list of networks is written with: weights, losses, targets and
optimizers of torch under the names of the spec language."""
import torch
import torch.nn.functional as F

NETWORKS = []


class Weight:
    """One tensor of parameters, in canonical order."""

    def __init__(self, *shape, decay=None):
        self.shape = shape
        self.decay = len(shape) > 1 if decay is None else decay
        self.frozen = False
        self.l1 = self.l2 = None        # None: the network's


class Network:
    """A spec and the same network as a function of a sample and weights."""

    def __init__(self, name, spec, weights, forward, heads, rule, **more):
        self.name, self.spec = name, spec.strip("\n") + "\n"
        self.weights, self.forward = weights, forward
        self.heads, self.rule = heads, rule
        self.inputs = more.pop("inputs")
        self.seed = more.pop("seed", 0)     # moves data away from kinks
        self.ids = more.pop("ids", 0)       # inputs are numbers below this
        # channels of each layer that has running statistics: then forward
        # takes all samples of a mini-batch, Running and weights
        self.statistics = more.pop("statistics", [])
        self.l1, self.l2 = more.pop("l1", 0), more.pop("l2", 0)
        self.clip_norm = more.pop("clip_norm", 0)
        self.clip_value = more.pop("clip_value", 0)
        if more:
            raise TypeError("unknown: " + ", ".join(more))


def net(name, spec, inputs, weights, forward, loss, target, rule, **more):
    heads = [Head(loss, target)]
    NETWORKS.append(Network(name, spec, weights, forward, heads, rule,
                            inputs=inputs, **more))


def nets(name, spec, inputs, weights, forward, heads, rule, **more):
    """The same with several heads; forward returns a tuple."""
    NETWORKS.append(Network(name, spec, weights, forward, heads, rule,
                            inputs=inputs, **more))


class Head:
    def __init__(self, loss, target, weight=1.0):
        self.loss, self.target, self.weight = loss, target, weight


# weights of the layers, in canonical order

def dense(units, inputs, bias=True):
    return [Weight(units, inputs)] + ([Weight(units)] if bias else [])


def conv(filters, channels, *window):
    return [Weight(filters, channels, *window), Weight(filters)]


def depthwise(filters, *window):
    return [Weight(filters, *window), Weight(filters)]


def layernorm(*shape):
    return [Weight(*shape, decay=False), Weight(*shape, decay=False)]


def frozen(weights):
    for w in weights:
        w.frozen = True
    return weights


def decayed(weights, l1=None, l2=None):
    for w in weights:
        w.l1, w.l2 = l1, l2
    return weights


class Running:
    """Running means and variances of the layers that have some, in turn."""

    def __init__(self, values, dtype):
        self.values = [torch.tensor(v, dtype=dtype) for v in values]
        self.training = False

    def norm(self, k, x, gain, bias, momentum=0.1, eps=1e-5):
        mean, var = self.values[2 * k:2 * k + 2]
        return F.batch_norm(x, mean, var, gain, bias, self.training, momentum,
                            eps)


# activations that torch lacks

class Surrogate(torch.autograd.Function):
    """A step forward; backward the slope of another activation."""

    @staticmethod
    def forward(ctx, z, value, slope):
        ctx.save_for_backward(z)
        ctx.slope = slope
        return value(z)

    @staticmethod
    def backward(ctx, seed):
        z, = ctx.saved_tensors
        return seed * ctx.slope(z), None, None


def step_like_sigmoid(z):
    return Surrogate.apply(z, lambda z: (z >= 0).to(z.dtype),
                           lambda z: torch.sigmoid(z) * torch.sigmoid(-z))


def sign_like_tanh(z):
    return Surrogate.apply(z, torch.sign, lambda z: 1 - torch.tanh(z) ** 2)


def softmax(z):
    return F.softmax(z, dim=-1)


# losses of one sample

def half_sse(y, t):
    return F.mse_loss(y, t, reduction="sum") / 2


def sse(y, t):
    return F.mse_loss(y, t, reduction="sum")


mse, mae = F.mse_loss, F.l1_loss


def huber(delta):
    return lambda y, t: F.huber_loss(y, t, reduction="sum", delta=delta)


def hinge(y, t):
    return torch.clamp(1 - t * y, min=0).sum()


def bce(y, t):
    return F.binary_cross_entropy(y, t, reduction="sum")


def cross_entropy(y, t):
    return -(t * y.log()).sum()


def cross_entropy_index(y, t):
    return F.nll_loss(y.log()[None], t[:1].long())


def half_sse_index(y, t):
    return half_sse(y, F.one_hot(t[0].long(), y.numel()).to(y.dtype))


def sse_index(y, t):
    return 2 * half_sse_index(y, t)


def kl(y, t):
    return F.kl_div(y.log(), t, reduction="sum")


def log_cosh(y, t):
    return torch.log(torch.cosh(y - t)).sum()


def each_step(loss):
    """The mean over the steps of a sequence."""
    return lambda y, t: torch.stack(
        [loss(a, b) for a, b in zip(y, t.reshape(len(y), -1))]).mean()


def each_place(loss):
    """The mean over the places of a map; channels are the classes."""
    def whole(y, t):
        places = y.reshape(len(y), -1).T
        targets = t.reshape(-1, len(places)).T
        return torch.stack([loss(a, b)
                            for a, b in zip(places, targets)]).mean()
    return whole


# targets of one sample, from a source of whole numbers

def real(n):
    return lambda draw: [draw(-64, 64) / 64 for _ in range(n)]


def fractions(n):
    return lambda draw: [draw(0, 16) / 16 for _ in range(n)]


def soft(n):
    """Positive, but their sum is not 1."""
    return lambda draw: [draw(1, 16) / 16 for _ in range(n)]


def signs(n):
    return lambda draw: [2.0 * draw(0, 1) - 1 for _ in range(n)]


def yes_no(n):
    return lambda draw: [float(draw(0, 1)) for _ in range(n)]


def one_hot(n, steps=1):
    def target(draw):
        rows = []
        for _ in range(steps):
            hot = draw(0, n - 1)
            rows += [float(i == hot) for i in range(n)]
        return rows
    return target


def index(n, places=1):
    return lambda draw: [float(draw(0, n - 1)) for _ in range(places)]


# update rules.  A rule has the optimizer of torch (a class and its arguments,
# None where torch has none) and the same written out as the language says:
# hand(w, g, s, decays) gives the new weights; s holds the state.

class Rule:
    def __init__(self, hand, torch_class=None, own_decay=0.0, **arguments):
        self.hand, self.torch_class = hand, torch_class
        self.own_decay, self.arguments = own_decay, arguments


def sgd(rate):
    def hand(w, g, s, decays):
        return w - rate * g
    return Rule(hand, torch.optim.SGD, lr=rate)


def momentum(rate, mu):
    def hand(w, g, s, decays):
        s["v"] = mu * s.get("v", 0) - rate * g
        return w + s["v"]
    return Rule(hand, torch.optim.SGD, lr=rate, momentum=mu)


def nesterov(rate, mu):
    def hand(w, g, s, decays):
        s["v"] = mu * s.get("v", 0) - rate * g
        return w + mu * s["v"] - rate * g
    return Rule(hand, torch.optim.SGD, lr=rate, momentum=mu, nesterov=True)


def adam_step(w, g, s, rate, beta1, beta2, eps):
    s["k"] = s.get("k", 0) + 1
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g * g
    m = s["m"] / (1 - beta1 ** s["k"])
    v = s["v"] / (1 - beta2 ** s["k"])
    return w - rate * m / (v.sqrt() + eps)


def adam(rate, beta1=0.9, beta2=0.999, eps=1e-8):
    def hand(w, g, s, decays):
        return adam_step(w, g, s, rate, beta1, beta2, eps)
    return Rule(hand, torch.optim.Adam, lr=rate, betas=(beta1, beta2), eps=eps)


def adamw(rate, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    def hand(w, g, s, decays):
        if decays:
            w = w - rate * decay * w
        return adam_step(w, g, s, rate, beta1, beta2, eps)
    return Rule(hand, torch.optim.AdamW, own_decay=decay, lr=rate,
                betas=(beta1, beta2), eps=eps)


def rmsprop(rate, decay=0.99, eps=1e-8):
    def hand(w, g, s, decays):
        s["v"] = decay * s.get("v", 0) + (1 - decay) * g * g
        return w - rate * g / (s["v"].sqrt() + eps)
    return Rule(hand, torch.optim.RMSprop, lr=rate, alpha=decay, eps=eps)


def adagrad(rate, eps=1e-10):
    def hand(w, g, s, decays):
        s["v"] = s.get("v", 0) + g * g
        return w - rate * g / (s["v"].sqrt() + eps)
    return Rule(hand, torch.optim.Adagrad, lr=rate, eps=eps)


def rprop(rate, up=1.2, down=0.5, least=1e-6, most=50):
    def hand(w, g, s, decays):
        q = g * s.get("last", torch.zeros_like(g))
        d = s.get("d", torch.full_like(g, rate))
        d = torch.where(q > 0, (d * up).clamp(max=most), d)
        d = torch.where(q < 0, (d * down).clamp(min=least), d)
        s["d"] = d
        s["last"] = torch.where(q < 0, torch.zeros_like(g), g)
        return w - torch.sign(s["last"]) * d
    return Rule(hand, torch.optim.Rprop, lr=rate, etas=(down, up),
                step_sizes=(least, most))
