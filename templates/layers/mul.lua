-- SPDX-License-Identifier: MIT
local elementwise = shared "elementwise"

layer "mul" {
	doc = "the product of its inputs, element by element",
	args = { activation "act" },
	inputs = { "..." },
	shape = elementwise.shape("mul"),
	formula = elementwise.formula(" * "),
}
