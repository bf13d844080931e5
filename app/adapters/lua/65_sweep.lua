-- sweep: everything that happens by itself at its time. Kinds of timers:
--   ease     a queue's policy drops a skill or lets another queue's reps in
--   kept     a task is no longer kept for its own agent
--   route    is there anybody at all who could take this task?
--   reply    accepted, but silent for too long
--   wrap     the wrap-up time is over
--   park     a parked task comes back
--   resolve  the resolution clock has run out

local SWEEP_MAX = 100
local ROUTE_AGAIN_MS = 30 * 1000   -- people come and go: who waits is looked at again
local OUTAGE_MS = 5000             -- no sweep for so long: nobody's absence could be seen either
local BACK_KEPT_MS = 60 * 1000     -- so long a parked task waits for who parked it

local AT = {}

function AT.ease(task, now)
  if task.state == 'queued' then wait_in_lane(task, now) end
end

function AT.kept(task, now)
  if task.state ~= 'queued' then return end
  set(task, { for_rep = '', for_until_ms = '0' })
  wait_in_lane(task, now)
end

function AT.reply(task, now)
  if task.state ~= 'accepted' or task.reply ~= '' then return end
  hand_over(task, now, { op_id = 'silent:' .. task.reservation, reason = 'no_first_reply' })
end

function AT.wrap(task, now)
  if task.state ~= 'wrapping' then return end
  complete(task, now, { op_id = 'wrap:' .. task.reservation, code = 'wrap_up_ended' })
end

function AT.park(task, now)
  if task.state ~= 'parked' then return end
  wake(task, now, { op_id = 'wake:' .. task.id .. ':' .. task.version, kept_ms = BACK_KEPT_MS })
end

function AT.resolve(task, now)
  if OPEN[task.state] then resolution_breached(task, now) end
end

-- Why nobody can take what waits in this lane; nothing where somebody can, now or when done.
local function why_nobody(lane)
  local cause = 'nobody_has_skills'
  for _, name in ipairs(redis.call('SMEMBERS', 'hs:reps')) do
    local rep = load_rep(name)
    if fits(rep, lane) and could_hold(rep, lane) then
      if rep.state == 'available' then return '' end
      if rep.state == 'paused' then cause = 'everybody_is_paused'
      elseif cause == 'nobody_has_skills' then cause = 'nobody_is_here' end
    end
  end
  return cause
end

function AT.route(task, now, causes)
  if task.state ~= 'queued' then return end
  causes[task.lane] = causes[task.lane] or why_nobody(parse_lane(task.lane))
  local cause = causes[task.lane]
  if cause ~= '' and cause ~= task.unroutable then
    emit(task, 'unroutable', { op_id = 'route:' .. task.id .. ':' .. task.version, now = now,
      reason = cause })
    feed('floor', 'queue', task.id)
  end
  set(task, { unroutable = cause })
  set_timer('route', task.id, now + ROUTE_AGAIN_MS)
end

-- given: {now}. Returns {fired = count, more = whether the limit was met}.
register_sweep('hs_timers', { fired = 0, more = false }, function(now)
  local causes = {}
  local due = redis.call('ZRANGEBYSCORE', 'hs:timers', '-inf', ms(now), 'LIMIT', 0, SWEEP_MAX)
  for _, member in ipairs(due) do
    -- What came before it in this sweep may have dropped this timer, or set it anew for later.
    local at = tonumber(redis.call('ZSCORE', 'hs:timers', member) or 'inf')
    if at <= now then
      local kind, id = string.match(member, '^(%a+)|(.+)$')
      local task = load(id)
      redis.call('ZREM', 'hs:timers', member)
      if task then
        AT[kind](task, now, causes)
        if kind ~= 'route' then feed('floor', 'queue', id) end
      end
    end
  end
  return { fired = #due, more = #due == SWEEP_MAX }
end)

-- given: {now, grace_ms, gone_ms}. Who had a desk and lost it goes offline after the grace; what
-- they had accepted is released when they stay away. Returns {gone = names, released = task ids}.
register_sweep('hs_absent', { gone = {}, released = {} }, function(now, given)
  local gone, released = {}, {}
  local swept = tonumber(redis.call('GET', 'hs:swept') or now)
  redis.call('SET', 'hs:swept', ms(now))
  if now - swept > OUTAGE_MS then new_grace(now) end   -- we were away ourselves
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', 'hs:present', '-inf', ms(now - given.grace_ms))) do
    redis.call('ZREM', 'hs:present', name)
    local rep = load_rep(name)
    if rep.state ~= 'offline' then
      change_state(rep, now, { state = 'offline', reason = 'disconnected' })
      gone[#gone + 1] = name
    else
      -- They signed off first and closed the desk later: only now nobody is there any more.
      redis.call('ZADD', 'hs:gone', ms(now), name)
    end
  end
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', 'hs:gone', '-inf', ms(now - given.gone_ms))) do
    redis.call('ZREM', 'hs:gone', name)
    for _, id in ipairs(redis.call('SMEMBERS', 'hs:rep:' .. name .. ':tasks')) do
      local task = load(id)
      if task.state == 'accepted' then
        hand_over(task, now, { op_id = 'gone:' .. task.reservation, reason = 'agent_gone' })
        released[#released + 1] = id
      end
    end
  end
  return { gone = gone, released = released }
end)
