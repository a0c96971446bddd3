-- SPDX-License-Identifier: MIT
activation "softsign" {
	doc = "z / (1 + |z|), between -1 and 1",
	y = "z / (1 + abs(z))",
	dy = "1 / (1 + abs(z))^2",
}
