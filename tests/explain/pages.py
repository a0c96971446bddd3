# SPDX-License-Identifier: MIT
# pages.py FILE...: every HTML page is well-formed XML whose mathematics is MathML.
import sys
import xml.etree.ElementTree as tree

MATH = '{http://www.w3.org/1998/Math/MathML}'
KNOWN = set('math mrow mi mn mo mtext mspace msub msup msubsup mfrac msqrt munder '
            'mtable mtr mtd'.split())
# how many children an element must have
ARITY = {'msub': 2, 'msup': 2, 'msubsup': 3, 'mfrac': 2, 'munder': 2}

for path in sys.argv[1:]:
    page = tree.parse(path).getroot()
    found = [e for e in page.iter() if e.tag.startswith(MATH)]
    if not found:
        sys.exit(path + ': no mathematics')
    for e in found:
        name = e.tag[len(MATH):]
        if name not in KNOWN:
            sys.exit(f'{path}: <{name}> is not known')
        if len(e) != ARITY.get(name, len(e)):
            sys.exit(f'{path}: <{name}> of {len(e)}')
        if name in ('mi', 'mn') and not (e.text or '').strip():
            sys.exit(f'{path}: <{name}> is empty')
