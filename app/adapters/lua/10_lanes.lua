-- Lanes: the waiting tasks that exactly the same reps may take. The head of each lane is its most
-- pressing task, so a choice looks at a few heads however many tasks wait.
-- A lane's name: queue|skills|channel|weight|overflow queue|rep it is kept for.

local WHOLE_LANE = '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)$'
local MEMO_MAX = 5000   -- names that are remembered in parsed form; beyond it we begin afresh

-- Remember what a pure function gave: parsing the same few names again is most of a choice.
local function remembered(parse)
  local memo, count = {}, 0
  return function(text)
    local found = memo[text]
    if found then return found end
    if count >= MEMO_MAX then memo, count = {}, 0 end
    found, count = parse(text), count + 1
    memo[text] = found
    return found
  end
end

local function each(csv) return string.gmatch(csv or '', '[^,]+') end

-- "en,billing:2" as {en = 1, billing = 2}: a skill without a level is one of level 1.
local levels = remembered(function(csv)
  local found = {}
  for skill in each(csv) do
    local name, level = string.match(skill, '^(.-):(%d+)$')
    found[name or skill] = tonumber(level or 1)
  end
  return found
end)

local function has_all(skills, wanted)
  local have = levels(skills)
  for skill, level in pairs(levels(wanted)) do
    if not have[skill] or have[skill] < level then return false end
  end
  return true
end

local function serves(rep, queue)
  return string.find(',' .. (rep.queues or '') .. ',', ',' .. queue .. ',', 1, true) ~= nil
end

local parse_lane = remembered(function(name)
  local queue, skills, channel, weight, overflow, kept_for = string.match(name, WHOLE_LANE)
  return { name = name, queue = queue, skills = skills, channel = channel,
    weight = tonumber(weight), overflow = overflow, kept_for = kept_for }
end)

local function policy_of(queue)
  local found = redis.call('HGET', 'hs:queues', queue)
  return found and cjson.decode(found) or {}
end

-- What the queue's policy has eased by now: skills dropped, another queue's reps let in.
-- Also when it will ease more, or nil.
local function eased(task, now)
  local entered, skills, overflow, next_ms = tonumber(task.entered_ms), task.skills, '', nil
  local policy = policy_of(task.queue)
  local function later(at) if not next_ms or at < next_ms then next_ms = at end end
  for _, step in ipairs(policy.relax or {}) do
    if entered + step.after_ms <= now then
      local dropped, kept = levels(table.concat(step.drop, ',')), {}
      for skill in each(skills) do
        if not dropped[string.match(skill, '^[^:]+')] then kept[#kept + 1] = skill end
      end
      skills = table.concat(kept, ',')
    else
      later(entered + step.after_ms)
    end
  end
  if policy.overflow then
    local at = entered + policy.overflow.after_ms
    if at <= now then overflow = policy.overflow.to else later(at) end
  end
  return skills, overflow, next_ms
end

-- The same, as the ledger tells it beforehand: [at_ms, "drop" or "overflow", what].
local function easing(task)
  local policy, entered, steps = policy_of(task.queue), tonumber(task.entered_ms), {}
  for _, step in ipairs(policy.relax or {}) do
    for _, skill in ipairs(step.drop) do
      steps[#steps + 1] = { entered + step.after_ms, 'drop', skill }
    end
  end
  if policy.overflow then
    steps[#steps + 1] = { entered + policy.overflow.after_ms, 'overflow', policy.overflow.to }
  end
  return steps
end

local function set_timer(kind, id, at) redis.call('ZADD', 'hs:timers', ms(at), kind .. '|' .. id) end

local function drop_timers(id, ...)
  for _, kind in ipairs({ ... }) do redis.call('ZREM', 'hs:timers', kind .. '|' .. id) end
end

-- The sets under which reps find a lane.
local function lane_sets(lane)
  if lane.kept_for ~= '' then return { 'hs:lanes:@' .. lane.kept_for } end
  if lane.overflow ~= '' then return { 'hs:lanes:' .. lane.queue, 'hs:lanes:' .. lane.overflow } end
  return { 'hs:lanes:' .. lane.queue }
end

local function leave_lane(task)
  if (task.lane or '') == '' then return end
  local lane = parse_lane(task.lane)
  redis.call('ZREM', 'hs:lane:' .. lane.name, task.id)
  redis.call('ZREM', 'hs:wait:' .. lane.queue, task.id)
  if redis.call('EXISTS', 'hs:lane:' .. lane.name) == 0 then
    redis.call('SREM', 'hs:lanes', lane.name)
    for _, key in ipairs(lane_sets(lane)) do redis.call('SREM', key, lane.name) end
  end
  drop_timers(task.id, 'ease', 'kept', 'route')
  set(task, { lane = '' })
end

local ROUTE_AFTER_MS = 2000   -- who waits longer and can be taken by nobody is told as unroutable

-- Let a queued task wait where the right reps look.
local function wait_in_lane(task, now)
  leave_lane(task)
  local skills, overflow, next_ms = eased(task, now)
  local name = table.concat({ task.queue, skills, task.channel, task.weight, overflow,
    task.for_rep }, '|')
  local lane = parse_lane(name)
  redis.call('SADD', 'hs:lanes', name)
  for _, key in ipairs(lane_sets(lane)) do redis.call('SADD', key, name) end
  redis.call('ZADD', 'hs:lane:' .. name, task.order_ms, task.id)
  redis.call('ZADD', 'hs:wait:' .. task.queue, task.detected_ms, task.id)
  if next_ms then set_timer('ease', task.id, next_ms) end
  if task.for_rep ~= '' then set_timer('kept', task.id, task.for_until_ms) end
  set_timer('route', task.id, now + ROUTE_AFTER_MS)
  set(task, { lane = name })
end

-- Move an open task's membership of the queue's sets.
local function enter_queue(task, queue, now)
  if task.queue ~= queue then
    redis.call('SREM', 'hs:open:' .. task.queue, task.id)
    if task.sla == 'at_risk' or task.sla == 'breached' then
      redis.call('SMOVE', 'hs:sla:' .. task.queue .. ':' .. task.sla,
        'hs:sla:' .. queue .. ':' .. task.sla, task.id)
    end
    set(task, { queue = queue })
  end
  set(task, { entered_ms = ms(now), unroutable = '' })
  redis.call('SADD', 'hs:open:' .. queue, task.id)
end
