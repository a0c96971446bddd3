-- SPDX-License-Identifier: MIT
activation "sigmoid" {
	doc = "the logistic function, between 0 and 1",
	y = "1 / (1 + exp(-z))",
	dy = "y * (1 - y)",
}
