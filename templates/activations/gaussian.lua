-- SPDX-License-Identifier: MIT
activation "gaussian" {
	doc = "exp(-z^2), 1 at 0 and 0 far away",
	y = "exp(-z^2)",
	dy = "-2 * z * y",
}
