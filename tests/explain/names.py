# SPDX-License-Identifier: MIT
# names.py FILE...: on a page of `bpgen explain` no two values have one name: what
# stands left of `=` stands there once, whatever the letters of its indices.
import re
import sys


def left_side(line):
    found = re.match(r'    (\S.*?) = ', line)
    name = found and found[1]
    if not name or '(z)' in name or name in ('η', 'g'):
        return None
    # letters below are places of indices; a word there is a name
    return re.sub(r'(?<=[_(,+\u2212\d])[a-z]{1,4}(?=[,+\u2212)^]|$)',
                  lambda m: '#' * len(m[0]), name)


for path in sys.argv[1:]:
    seen = {}
    skipped = False
    for line in open(path, encoding='utf-8'):
        if line.startswith('## '):
            skipped = line[3:].startswith(('Update', 'Every index', 'One sample')) \
                or 'outside' in line
        name = None if skipped else left_side(line.rstrip('\n'))
        if not name:
            continue
        if name in seen and line != seen[name]:
            sys.exit(f'{path}: two are called {name}:\n{seen[name]}{line}')
        seen[name] = line
