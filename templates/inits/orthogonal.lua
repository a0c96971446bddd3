-- SPDX-License-Identifier: MIT
-- Gram-Schmidt over the vectors that `at` and `before` name, each against those
-- before it.  One pass leaves rounding errors of the size of the condition
-- number, a second pass removes them.
local function gram_schmidt(count, along, at, before)
	local function dot(a)
		return "sum(" .. along .. ": " .. a .. "[" .. at .. "] * w[" .. before .. "])"
	end
	local function minus(a, p)
		return a .. "[" .. at .. "] - sum(i where i < " .. count .. ": " .. p ..
			"[" .. count .. ",i] * w[" .. before .. "])"
	end
	local where = "[" .. count .. ",i] where i < " .. count .. " = "
	return "w[" .. at .. "] = randn(" .. at .. ")\n" ..
		"scan(" .. count .. ":\n" ..
		"p" .. where .. dot("w") .. "\n" ..
		"a[" .. at .. "] = " .. minus("w", "p") .. "\n" ..
		"q" .. where .. dot("a") .. "\n" ..
		"b[" .. at .. "] = " .. minus("a", "q") .. "\n" ..
		"w[" .. at .. "] = b[" .. at .. "] / sqrt(sum(" .. along .. ": b[" .. at ..
		"]^2))\n)"
end

init "orthogonal" {
	doc = "rows (or columns, if those are fewer) of length 1 at right angles (Saxe et al. 2014)",
	formula = function(s, p)
		local rows = s.w[1]
		local columns = s.w.size // rows
		if rows <= columns then
			return gram_schmidt("j", "...", "j,...", "i,...")
		elseif s.w.rank == 2 then
			return gram_schmidt("k", "j", "j,k", "j,i")
		end
		problem {
			say = "orthogonal cannot start a weight of " .. s.w.text ..
				": it has more filters than weights in each",
			help = "write for instance `init=he` for this layer",
		}
	end,
}
