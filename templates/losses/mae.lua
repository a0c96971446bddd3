-- SPDX-License-Identifier: MIT
loss "mae" {
	doc = "the mean of absolute errors over the outputs",
	C = "mean(i: abs(y[i] - t[i]))",
}
