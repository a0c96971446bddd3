-- SPDX-License-Identifier: MIT
loss "log_cosh" {
	doc = "the logarithm of cosh of the error: squared near 0, straight far away",
	-- log cosh d = |d| + log((1 + exp(-2|d|)) / 2), which never overflows
	C = "sum(i: abs(y[i] - t[i]) + log1p(exp(-2 * abs(y[i] - t[i]))) - log(2))",
}
