-- SPDX-License-Identifier: MIT
activation "relu" {
	doc = "the rectifier: z where it is positive, else 0",
	y = "z > 0 ? z : 0",
	kinks = { "0" },
}
