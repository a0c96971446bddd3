-- SPDX-License-Identifier: MIT
activation "sin" {
	doc = "the sine",
	y = "sin(z)",
	dy = "cos(z)",
}
