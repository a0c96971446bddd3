-- SPDX-License-Identifier: MIT
activation "step" {
	doc = "the threshold of the MP neuron: 1 from 0 on, else 0; trains through `surrogate=` only",
	y = "z >= 0 ? 1 : 0",
	surrogate = true,
	kinks = { "0" },
}
