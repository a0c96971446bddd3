-- SPDX-License-Identifier: MIT
-- With softmax, log y[i] is z[i] minus the logarithm of the sum of exponentials,
-- which stays finite where y[i] underflows.
local top = "stop(max(k: z[k]))"
local minus_log_y = "(" .. top .. " - z[i] + log(sum(l: exp(z[l] - " .. top .. "))))"

loss "cross_entropy" {
	doc = "cross-entropy of probabilities; targets one-hot, soft or class numbers",
	C = "-sum(i: t[i] == 0 ? 0 : t[i] * log(y[i]))",
	index = "sum(i: i == t ? -log(y[i]) : 0)",
	with = {
		softmax = {
			C = "sum(i: t[i] * " .. minus_log_y .. ")",
			-- soft targets need not sum to 1
			delta = "y[i] * sum(k: t[k]) - t[i]",
			index = {
				C = "sum(i: i == t ? " .. minus_log_y .. " : 0)",
				delta = "y[i] - (i == t ? 1 : 0)",
			},
		},
	},
}
