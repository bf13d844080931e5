-- enrol, leave, set_state, present: who can be offered work.

local ENROLLED = { 'skills', 'queues', 'capacity', 'channels' }

-- Make a rep known, or change what they can do; their state stays as it is.
register('hs_enrol', function(given)
  local key, now = 'hs:rep:' .. given.rep, now_ms(given.now)
  local before = cjson.encode(redis.call('HMGET', key, unpack(ENROLLED)))
  redis.call('SADD', 'hs:reps', given.rep)
  redis.call('HSET', key, 'title', given.title, 'skills', given.skills, 'queues', given.queues,
    'capacity', given.capacity, 'channels', given.channels, 'demo', given.demo and 1 or 0)
  redis.call('HSETNX', key, 'state', 'offline')
  redis.call('HSETNX', key, 'reason', '')
  redis.call('HSETNX', key, 'since_ms', ms(now))
  redis.call('HSETNX', key, 'offer', '')
  refresh(given.rep)
  if before ~= cjson.encode(redis.call('HMGET', key, unpack(ENROLLED))) then
    emit_rep(given.rep, now, 'enrolled')
  end
  return cjson.encode({ rep = given.rep })
end)

-- Somebody is no longer on the staff: what they hold waits for others, and nothing goes to them.
-- What they had parked comes back at its time, as ever, for whoever is there.
local function leave(name, now)
  local key = 'hs:rep:' .. name
  unavailable(name, now, { reason = 'the agent has left' })
  local held = redis.call('SMEMBERS', key .. ':tasks')
  table.sort(held)   -- so that every replay does alike
  for _, id in ipairs(held) do
    local task = load(id)
    hand_over(task, now, { op_id = 'left:' .. task.reservation, reason = 'agent_left' })
  end
  redis.call('ZREM', 'hs:present', name)
  redis.call('ZREM', 'hs:gone', name)
  redis.call('HSET', key, 'state', 'offline', 'reason', 'left', 'since_ms', ms(now))
  emit_rep(name, now, 'left', true)
  local changes = redis.call('HGET', key, 'changes')
  redis.call('DEL', key)
  redis.call('HSET', key, 'changes', changes)   -- should they come back, no fact id is used twice
  redis.call('SREM', 'hs:reps', name)
  feed('rep:' .. name, 'me')
  feed('floor', 'rep')
end

-- given: {staff = names}. Whoever else is enrolled leaves. Returns {left = names}.
register('hs_leave', function(given)
  local staff, left, now = {}, {}, now_ms(given.now)
  for _, name in ipairs(given.staff) do staff[name] = true end
  local enrolled = redis.call('SMEMBERS', 'hs:reps')
  table.sort(enrolled)
  for _, name in ipairs(enrolled) do
    if not staff[name] then
      leave(name, now)
      left[#left + 1] = name
    end
  end
  return cjson.encode({ left = left })
end)

local function change_state(rep, now, change)
  local state = change.state
  if state == 'available' then
    redis.call('ZADD', 'hs:available', 'NX', ms(now), rep.name)
    refresh(rep.name)
  else
    unavailable(rep.name, now, { reason = 'the agent is ' .. state, actor = change.actor })
  end
  if state ~= 'offline' then
    redis.call('ZREM', 'hs:gone', rep.name)
  elseif rep.state ~= 'offline' then
    redis.call('ZADD', 'hs:gone', ms(now), rep.name)
  end
  if rep.state ~= state then
    change_rep(rep.name, now, { state = state, reason = change.reason, since_ms = ms(now) })
  end
end

register('hs_set_state', function(given)
  local rep = load_rep(given.rep)
  if not rep then return cjson.encode(refuse('unknown_rep', 'Nobody here takes tasks as ' .. given.rep)) end
  change_state(rep, now_ms(given.now), given)
  return cjson.encode({ rep = given.rep, state = given.state })
end)

-- Nobody could tell us for a while that they are here: everybody who is missed gets a new grace.
local function new_grace(now)
  for _, key in ipairs({ 'hs:present', 'hs:gone' }) do
    for _, name in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      redis.call('ZADD', key, ms(now), name)
    end
  end
end

-- These desks are open now. Who works without a desk is never missed.
register('hs_present', function(given)
  local now = now_ms(given.now)
  for _, name in ipairs(given.reps) do
    if redis.call('SISMEMBER', 'hs:reps', name) == 1 then
      redis.call('ZADD', 'hs:present', ms(now), name)
      redis.call('ZREM', 'hs:gone', name)
    end
  end
  return cjson.encode({ present = redis.call('ZCARD', 'hs:present') })
end)
