-- SPDX-License-Identifier: MIT
loss "bce" {
	doc = "binary cross-entropy of yes/no outputs, targets between 0 and 1",
	-- a term with the factor 0 is 0, even where the logarithm is not finite
	C = [=[-sum(i: (t[i] == 0 ? 0 : t[i] * log(y[i])) + (t[i] == 1 ? 0 : (1 - t[i]) * log(1 - y[i])))]=],
	with = {
		sigmoid = {
			C = "sum(i: max(z[i], 0) - z[i] * t[i] + log1p(exp(-abs(z[i]))))",
			delta = "y[i] - t[i]",
		},
	},
}
