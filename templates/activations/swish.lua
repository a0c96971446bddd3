-- SPDX-License-Identifier: MIT
activation "swish" {
	doc = "z * sigmoid(z), also called SiLU",
	y = "z / (1 + exp(-z))",
	-- s + z*s*(1 - s) with s = sigmoid(z); z - y stays exact for large z
	dy = "(1 + (z - y)) / (1 + exp(-z))",
}
