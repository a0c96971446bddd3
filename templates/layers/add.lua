-- SPDX-License-Identifier: MIT
local elementwise = shared "elementwise"

layer "add" {
	doc = "the sum of its inputs, element by element",
	args = { activation "act" },
	inputs = { "..." },
	shape = elementwise.shape("add"),
	formula = elementwise.formula(" + "),
}
