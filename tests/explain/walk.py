# SPDX-License-Identifier: MIT
# walk.py xor|iris FILE: what `bpgen explain --numbers` printed follows from the
# weights and the sample that it printed, computed here once more in plain floats.
import math
import re
import sys

kind, path = sys.argv[1:]
shown, lines = {}, open(path, encoding='utf-8').read().split('\n')
given = True    # weights are printed twice: before and after the update
for i, line in enumerate(lines):
    if line == '### New weights':
        given = False
    row = [c.strip() for c in line.strip('|').split('|')] if line[:1] == '|' else []
    if row and re.match(r'.*[_^]|C$', row[0]):
        shown[row[0] if given else 'new ' + row[0]] = [float(c) for c in row[1:] if c]
    # name = formula, then (= numbers) and = value
    spelled = re.match(r'    (\S+) ([=←]) ', line)
    if spelled and i + 1 < len(lines):
        last = i
        while lines[last + 1].startswith('        = '):
            last += 1
        # of a copy all stands on one line
        if last > i or re.search(r' = \S+ = -?[0-9.e-]+$', line):
            name = ('new ' if spelled[2] == '←' else '') + spelled[1]
            shown[name] = [float(lines[last].split('= ')[-1].split(' ')[0])]
compared = 0


def is_same(name, values):
    global compared
    for had, want in zip(shown[name], values, strict=True):
        compared += 1
        if not abs(had - want) <= room * max(1, abs(want)):
            sys.exit(f'{name}: printed {had:.7g}, computed {want:.7g}')


def matrix(layer, rows):
    return [shown[f'w_{j}k^({layer})'] for j in range(rows)]


def weighted(w, b, x):
    return [sum(p * q for p, q in zip(row, x, strict=True)) + bias
            for row, bias in zip(w, b, strict=True)]


def back(w, delta):
    return [sum(w[j][k] * delta[j] for j in range(len(w)))
            for k in range(len(w[0]))]


def xor():
    x, t = shown['x_k'], shown['t_k']
    w1, w2 = matrix(1, 2), matrix(2, 1)
    b1, b2 = shown['b_k^(1)'], shown['b_k^(2)']
    z1 = weighted(w1, b1, x)
    a1 = [1 / (1 + math.exp(-z)) for z in z1]
    z2 = weighted(w2, b2, a1)
    a2 = [1 / (1 + math.exp(-z)) for z in z2]
    d2 = [(a2[0] - t[0]) * a2[0] * (1 - a2[0])]
    d1 = [s * a * (1 - a) for s, a in zip(back(w2, d2), a1)]
    is_same('C', [(a2[0] - t[0]) ** 2 / 2])
    for layer, z, a, d, w, b, read in ((1, z1, a1, d1, w1, b1, x),
                                       (2, z2, a2, d2, w2, b2, a1)):
        for j in range(len(z)):
            is_same(f'z_{j}^({layer})', [z[j]])
            is_same(f'a_{j}^({layer})', [a[j]])
            is_same(f'δ_{j}^({layer})', [d[j]])
            is_same(f'∂C/∂b_{j}^({layer})', [d[j]])
            is_same(f'new b_{j}^({layer})', [b[j] - 0.5 * d[j]])
            for k in range(2):
                is_same(f'∂C/∂w_{j}{k}^({layer})', [d[j] * read[k]])
                is_same(f'new w_{j}{k}^({layer})', [w[j][k] - 0.5 * d[j] * read[k]])


def adam(w, g):
    m, v = 0.1 * g / (1 - 0.9), 0.001 * g * g / (1 - 0.999)
    return w - 0.01 * m / (math.sqrt(v) + 1e-8)


def iris():
    x, t = shown['x_k'], shown['t_k']
    a1 = [(p - q) / s for p, q, s in zip(x, shown['shift_k^(1)'], shown['scale_k^(1)'])]
    w2, w3 = matrix(2, 8), matrix(3, 3)
    b2, b3 = shown['b_k^(2)'], shown['b_k^(3)']
    z2 = weighted(w2, b2, a1)
    a2 = [math.tanh(z) for z in z2]
    z3 = weighted(w3, b3, a2)
    e = [math.exp(z - max(z3)) for z in z3]
    a3 = [v / sum(e) for v in e]
    d3 = [a - b for a, b in zip(a3, t)]
    d2 = [s * (1 - a * a) for s, a in zip(back(w3, d3), a2)]
    is_same('a_k^(1)', a1)
    is_same('y_k', a3)
    is_same('C', [-sum(p * math.log(q) for p, q in zip(t, a3))])
    for layer, z, a, d, w, b, read in ((2, z2, a2, d2, w2, b2, a1),
                                       (3, z3, a3, d3, w3, b3, a2)):
        is_same(f'z_k^({layer})', z)
        is_same(f'a_k^({layer})', a)
        is_same(f'δ_k^({layer})', d)
        is_same(f'∂C/∂b_k^({layer})', d)
        is_same(f'new b_k^({layer})', [adam(p, g) for p, g in zip(b, d)])
        for j in range(len(w)):
            g = [d[j] * v for v in read]
            is_same(f'∂C/∂w_{j}k^({layer})', g)
            is_same(f'new w_{j}k^({layer})', [adam(p, q) for p, q in zip(w[j], g)])


# six digits are printed; iris divides by a difference of two such numbers
room = {'xor': 2e-6, 'iris': 3e-5}[kind]
{'xor': xor, 'iris': iris}[kind]()
print(compared, 'values')
