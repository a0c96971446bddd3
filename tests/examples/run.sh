#!/bin/sh
# SPDX-License-Identifier: MIT
# `make install` into a folder, then a program that is built with what is there.
bpgen=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() {
	name=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		passed=$((passed + 1))
		echo "ok $name"
	else
		failed=$((failed + 1))
		echo "FAILED $name"
		tail -n 20 "$work/log"
	fi
}
unset MAKEFLAGS MFLAGS MAKELEVEL
build=$(dirname "$bpgen")
debug=
[ "$(basename "$build")" = debug ] && debug=DEBUG=1
prefix="$work/inst"
check 'make install' make -C "$root" B="$build" $debug prefix="$prefix" install
check 'bpgen is there' "$prefix/bin/bpgen" --version
check 'bp.h is there' test -s "$prefix/include/bp.h"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
check 'pkg-config knows it' test \
	"$(pkg-config --variable=bpgen bpgen)" = "$prefix/bin/bpgen"
check 'DESTDIR' make -C "$root" B="$build" $debug DESTDIR="$work/dest" prefix=/usr install
check 'bash finds its completion' test -s \
	"$prefix/share/bash-completion/completions/bpgen"
if command -v scdoc >/dev/null; then
	check 'man finds a page' test -s "$prefix/share/man/man1/bpgen-train.1"
fi
check 'DESTDIR is not in bpgen.pc' grep -qx 'prefix=/usr' \
	"$work/dest/usr/lib/pkgconfig/bpgen.pc"

mkdir "$work/app" && cp "$here"/*.spec "$here/app.c" "$work/app" &&
	cp "$here/Makefile.app" "$work/app/Makefile" && cd "$work/app" || exit 1
check 'a program with two networks' make
check 'it learns, saves and loads' ./app
check 'nothing is made twice' make -q
touch -d '2001-01-01' *.c *.h one.spec two.spec
touch app one.o two.o app.o
touch -d '2001-01-02' body.spec
make one.c >log 2>&1
check 'an include is a dependency' grep -q 'one.spec -o one.c' log
check 'uninstall' make -C "$root" B="$build" $debug prefix="$prefix" uninstall
check 'nothing is left' test -z "$(find "$prefix" -type f)"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
