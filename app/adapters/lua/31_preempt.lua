-- preempt: urgent work that no ready rep has room for goes to one who holds enough of what may be
-- interrupted. Nothing is put aside before they accept (see make_room).

-- The waiting queues whose work may interrupt.
local function pressing_queues()
  local found = {}
  for _, queue in ipairs(redis.call('HKEYS', 'hs:queues')) do
    if redis.call('ZCARD', 'hs:wait:' .. queue) > 0 and policy_of(queue).preempts then
      found[#found + 1] = queue
    end
  end
  return found
end

-- Reps without an offer who hold something that may be put aside; the longest idle first.
local function interruptible_reps()
  local found = {}
  for _, name in ipairs(redis.call('SMEMBERS', 'hs:soft')) do
    local idle_since = redis.call('ZSCORE', 'hs:available', name)
    local rep = idle_since and load_rep(name)
    if rep and rep.offer == '' then
      rep.idle_since = tonumber(idle_since)
      found[#found + 1] = rep
    end
  end
  table.sort(found, function(a, b)
    return a.idle_since < b.idle_since or (a.idle_since == b.idle_since and a.name < b.name)
  end)
  return found
end

-- Part of the sweep, not of every offer: work interrupts only once nobody was ready for it.
register('hs_preempt', function(given)
  local at = { now = now_ms(given.now), pause_ms = given.expires_ms }
  local view, offered, queues = new_view(), {}, pressing_queues()
  for _, rep in ipairs(#queues > 0 and interruptible_reps() or {}) do
    if #offered >= given.limit then break end
    local keys = {}
    for _, queue in ipairs(queues) do
      if serves(rep, queue) then keys[#keys + 1] = 'hs:lanes:' .. queue end
    end
    local best = most_pressing(view, rep, keys, at, tonumber(rep.soft))
    -- Somebody became ready since the last offers: they are asked, nobody is interrupted.
    if best and not another_can(view, best.lane, best.id, '') then
      make_offer(rep, best.id, at.now, given.expires_ms, { override = 'preempts' })
      forget_lane(view, best.lane.name)
      offered[#offered + 1] = best.id
    end
  end
  return cjson.encode({ offered = offered, more = #offered >= given.limit })
end)
