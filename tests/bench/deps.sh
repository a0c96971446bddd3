#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh PACKAGES...: installs those of the benchmark's packages (Debian) that
# are missing; one that cannot be had is said and left out.
command -v apt-get >/dev/null || { echo "no apt-get here: $*" >&2; exit 1; }
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
failed=
for package in "$@"; do
	dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null |
		grep -q ' installed$' && continue
	echo "installing $package"
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
		--no-install-recommends "$package" >/dev/null 2>&1 ||
		failed="$failed $package"
done
[ -z "$failed" ] && exit 0
echo "could not install:$failed (apt-get update?)" >&2
exit 1
