# SPDX-License-Identifier: MIT
# lines.py FILE...: in every line of `bpgen explain --numbers` of a small network,
# what stands between the signs of equality has the value behind it, by the
# definitions of functions that stand on the same page.
import math
import re
import sys

UNITS = {'ln': math.log, 'sqrt': math.sqrt, 'erf': math.erf, 'cosh': math.cosh,
         'sin': math.sin, 'cos': math.cos, 'tanh': math.tanh, 'floor': math.floor,
         'max': max, 'E': math.e, 'sign': lambda v: (v > 0) - (v < 0)}


# { a if c; b if d; e otherwise } and [c], the innermost first; \1 is if, \2 else
def choices(s):
    while True:
        found = re.search(r'\{ ([^{}]*) otherwise \}', s)
        if not found:
            break
        *pairs, last = found[1].split('; ')
        text = f'({last})'
        for pair in reversed(pairs):
            value, when = pair.split(' if ')
            text = f'(({value})\1({when})\2{text})'
        s = s[:found.start()] + text + s[found.end():]
    return re.sub(r'\[([^][]*)\]', '((1)\1(\\1)\2(0))', s)


def python(s):
    for old, new in (('\u00b7', '*'), ('\u2212', '-'), ('\u00b2', '**2'),
                     ('\u221a', 'sqrt'), ('\u2032', '_slope'), ('\u2264', '<=')):
        s = s.replace(old, new)
    s = re.sub(r'\be\^', 'E**', s)
    s = re.sub(r'(?<=\d)\^', '**', s)
    s = re.sub(r'(?<![<=>])=(?!=)', '==', s).replace('<==', '<=')
    s = choices(s)
    # a blank between factors multiplies
    s = re.sub(r'(?<=[\w)]) (?=[\w(|])', '*', s)
    while '|' in s:
        s = re.sub(r'\|([^|]*)\|', r'abs(\1)', s, count=1)
    return s.replace('\1', ' if ').replace('\2', ' else ')


def value(text, names, path):
    try:
        return eval(python(text), dict(names))
    except Exception as why:
        sys.exit(f'{path}: {text}\n  as {python(text)}: {why}')


# f'(z) is the derivative of f(z), or a surrogate where that is 0
def slope(f, derived, path):
    for z in (-1.7, -0.3, 0.4, 1.9):
        want = (f(z + 1e-5) - f(z - 1e-5)) / 2e-5
        if want and abs(derived(z) - want) > 1e-4 * (1 + abs(want)):
            sys.exit(f'{path}: slope at {z}: {derived(z)}, not {want}')
    return 4


def page(path):
    names, count = dict(UNITS), 0
    lines = open(path, encoding='utf-8').read().split('\n')
    for line in lines:
        found = re.match(r'    (\w+\u2032?)\(z\) = (.*)$', line)
        if found:
            name = found[1].replace('\u2032', '_slope')
            names[name] = eval('lambda z: ' + python(found[2]), names)
    for name in [n for n in names if n + '_slope' in names]:
        count += slope(names[name], names[name + '_slope'], path)
    for line in lines:
        found = re.match(r'        = (.*) = (-?[\d.]+(?:\u00b710\^-?\d+)?|10\^-?\d+)$',
                         line)
        if not found:
            continue
        got, want = value(found[1], names, path), value(found[2], names, path)
        count += 1
        if not abs(got - want) <= 1e-3 * abs(want) + 2e-5:
            sys.exit(f'{path}: {line.strip()}: it is {got:.6g}')
    return count


total = sum(page(path) for path in sys.argv[1:])
print(total, 'lines')
