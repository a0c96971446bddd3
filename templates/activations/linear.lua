-- SPDX-License-Identifier: MIT
activation "linear" {
	doc = "the identity f(z) = z",
	y = "z",
	dy = "1",
}
