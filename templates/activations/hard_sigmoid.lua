-- SPDX-License-Identifier: MIT
activation "hard_sigmoid" {
	doc = "a sigmoid of three straight lines: z/6 + 1/2, cut off at 0 and 1",
	-- comparisons, not clamp: the derivative at both kinks is 0
	y = "z > -3 ? (z < 3 ? z / 6 + 0.5 : 1) : 0",
	kinks = { "-3", "3" },
}
