-- SPDX-License-Identifier: MIT
-- With softmax, log y[i] is z[i] minus the logarithm of the sum of exponentials,
-- which stays finite where y[i] underflows.
local minus_log_y = "(max(k: z[k]) - z[i] + log(sum(k: exp(z[k] - max(l: z[l])))))"

loss "kl" {
	doc = "the divergence of Kullback and Leibler; a term with t = 0 is 0",
	C = "sum(i: t[i] > 0 ? t[i] * (log(t[i]) - log(y[i])) : 0)",
	with = {
		softmax = {
			C = "sum(i: t[i] > 0 ? t[i] * (log(t[i]) + " .. minus_log_y .. ") : 0)",
			-- soft targets need not sum to 1
			delta = "y[i] * sum(k: max(t[k], 0)) - max(t[i], 0)",
		},
	},
}
