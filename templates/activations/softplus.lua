-- SPDX-License-Identifier: MIT
activation "softplus" {
	doc = "log(1 + exp(z)), a smooth rectifier; written so that exp never overflows",
	y = "max(z, 0) + log1p(exp(-abs(z)))",
	dy = "1 / (1 + exp(-z))",
}
