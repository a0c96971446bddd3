-- SPDX-License-Identifier: MIT
loss "mse" {
	doc = "the mean of squared errors over the outputs",
	C = "mean(i: (y[i] - t[i])^2)",
	index = "mean(i: (y[i] - (i == t ? 1 : 0))^2)",
}
