-- SPDX-License-Identifier: MIT
activation "gelu" {
	doc = "z times the normal distribution function of z",
	y = "z / 2 * (1 + erf(z / sqrt(2)))",
	dy = "(1 + erf(z / sqrt(2))) / 2 + z * exp(-z^2 / 2) * 0.3989422804014327",
}
