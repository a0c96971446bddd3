-- SPDX-License-Identifier: MIT
loss "hinge" {
	doc = "the margin loss for targets -1 and +1",
	C = "sum(i: 1 - t[i] * y[i] > 0 ? 1 - t[i] * y[i] : 0)",
}
