-- SPDX-License-Identifier: MIT
loss "sse" {
	doc = "the sum of squared errors",
	C = "sum(i: (y[i] - t[i])^2)",
	index = "sum(i: (y[i] - (i == t ? 1 : 0))^2)",
}
