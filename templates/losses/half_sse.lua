-- SPDX-License-Identifier: MIT
loss "half_sse" {
	doc = "half the sum of squared errors, as in the classic lecture notes",
	C = "sum(i: (y[i] - t[i])^2) / 2",
	index = "sum(i: (y[i] - (i == t ? 1 : 0))^2) / 2",
}
