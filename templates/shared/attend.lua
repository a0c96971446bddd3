-- SPDX-License-Identifier: MIT
-- Steps that take from other steps: attention and cross_attention share this.
local attend = {}

-- of n features that look at m
function attend.weights(p, n, m)
	if n % p.heads ~= 0 then
		problem {
			say = "heads=" .. p.heads .. " does not divide " .. n ..
				" features", at = "heads", input = 1,
		}
	end
	local weights, wide = {}, { q = n, k = m, v = m, o = n }
	for _, of in ipairs { "q", "k", "v", "o" } do
		weights[#weights + 1] = { "w" .. of, n, wide[of] }
		if p.bias and of ~= "k" then
			weights[#weights + 1] = { "b" .. of, n }
		end
	end
	return weights
end

function attend.shape(s, p)
	return { y = s.x, mixed = { s.x[1], s.x[2] } }
end

function attend.values(s, p)
	return { size = s.x[2] // p.heads }
end

-- the steps of x look at those of `memory`, the causal ones at none after them
function attend.formula(p, memory)
	-- a bias of the keys would move all scores of a step alike
	local function project(to, of, from)
		local bias = p.bias and of ~= "k" and " + b" .. of .. "[j]" or ""
		return to .. "[t,j] = sum(i: w" .. of .. "[j,i] * " .. from ..
			"[t,i])" .. bias .. "\n"
	end
	-- step a looks at step b; head h has the features size*h ...
	local past = p.causal and " where b <= a" or ""
	local text = project("query", "q", "x") .. project("key", "k", memory) ..
		project("value", "v", memory) .. [=[
score[h,a,b]PAST = sum(d<size: query[a,size*h+d] * key[b,size*h+d]) / sqrt(size)
top[h,a] = max(bPAST: score[h,a,b])
e[h,a,b]PAST = exp(score[h,a,b] - stop(top[h,a]))
total[h,a] = sum(bPAST: e[h,a,b])
share[h,a,b]PAST = e[h,a,b] / total[h,a]
taken[h,a,d<size] = sum(bPAST: share[h,a,b] * value[b,size*h+d])
mixed[a,size*h+d] = taken[h,a,d]
]=] .. project("y", "o", "mixed")
	return (text:gsub("PAST", past))
end

return attend
