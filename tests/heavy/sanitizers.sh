#!/bin/sh
# SPDX-License-Identifier: MIT
# The whole suite again with asserts, AddressSanitizer and UBSan.
cd "$(dirname "$0")/../.." || exit 1
make --no-print-directory DEBUG=1 all unit >build/debug.log 2>&1 || {
	tail -n 20 build/debug.log
	echo 'FAILED the debug build'
	echo '0 passed, 1 failed, 0 skipped'
	exit 1
}
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1
sh tests/run.sh build/debug/bpgen build/debug/tests/unit
