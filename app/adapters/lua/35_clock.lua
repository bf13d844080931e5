-- thresholds: the SLA clocks. Half of the window, then at risk, then breached, which hands the
-- task to the mediator. The response clock is `hs:sla`; the resolution clock is a timer.

local function halfway(task, now)
  set(task, { halfway = '1' })
  redis.call('ZADD', 'hs:sla', task.at_risk_ms, task.id)
  emit(task, 'halfway', {
    op_id = 'sla:' .. task.id .. ':halfway', now = now,
    data = { late_ms = now - tonumber(task.half_ms) },
  })
end

local function at_risk(task, now)
  set(task, { sla = 'at_risk' })
  redis.call('SADD', 'hs:sla:' .. task.queue .. ':at_risk', task.id)
  redis.call('ZADD', 'hs:sla', task.due_ms, task.id)
  emit(task, 'at_risk', {
    op_id = 'sla:' .. task.id .. ':at_risk', now = now,
    data = { late_ms = now - tonumber(task.at_risk_ms) },
  })
end

-- A parked task waits again; for the agent who had it, if they are there.
local function wake(task, now, change)
  drop_timers(task.id, 'park')
  leave_desk(task, 'woken')
  set(task, { state = 'queued', until_ms = '0', pushed_by = '' })
  keep_for(task, task.for_rep, now + (change.kept_ms or 0))
  local data = waiting(task)
  if task.waits_for == 'customer' then
    if tonumber(task.left_ms) > 0 then
      set(task, { resolution_ms = ms(now + tonumber(task.left_ms)), left_ms = '0' })
      set_timer('resolve', task.id, task.resolution_ms)
    end
    -- Where there is no such clock, none is told: nothing stood still.
    if task.resolution_ms ~= '0' then data.resolution_due_ms = tonumber(task.resolution_ms) end
  end
  set(task, { waits_for = '' })
  emit(task, 'queued', { op_id = change.op_id, now = now, from = 'parked',
    actor = change.actor, digest = change.digest, reason = change.reason, data = data })
  wait_in_lane(task, now)
  feed('floor', 'queue', task.id)
end

-- To the mediator's queue, unless somebody has it in hand: they keep it.
local function escalate(task, now, reason)
  local from_queue, state = task.queue, task.state
  if state == 'parked' then leave_desk(task, 'woken') end
  if state ~= 'accepted' and state ~= 'wrapping' then
    leave_lane(task)
    enter_queue(task, ESCALATION, now)
    -- Detection time is the most pressing key there is: nothing newer comes before it.
    set(task, { skills = MEDIATOR, order_ms = task.detected_ms, for_rep = '' })
  end
  set(task, { level = tonumber(task.level) + 1 })
  emit(task, 'escalated', {
    op_id = 'sla:' .. task.id .. ':escalated:' .. ms(task.level), now = now, reason = reason,
    data = { from_queue = from_queue, level = task.level, steps = easing(task),
      skills = task.skills, order_ms = tonumber(task.order_ms) },
  })
  if state == 'queued' then wait_in_lane(task, now) end
  feed('floor', 'breached', task.id, reason)
  if state == 'parked' then
    wake(task, now, { op_id = 'wake:' .. task.id .. ':' .. ms(task.level), reason = reason })
  end
end

local function breached(task, now)
  redis.call('SREM', 'hs:sla:' .. task.queue .. ':at_risk', task.id)
  redis.call('SADD', 'hs:sla:' .. task.queue .. ':breached', task.id)
  redis.call('ZREM', 'hs:sla', task.id)
  set(task, { sla = 'breached' })
  emit(task, 'breached', {
    op_id = 'sla:' .. task.id .. ':breached', now = now,
    data = { late_ms = now - tonumber(task.due_ms) },
  })
  escalate(task, now, 'breached')
end

-- Mark what this task has crossed by now, while its clock runs; returns the states it crossed into.
local function cross_thresholds(task, now)
  local into = {}
  if not redis.call('ZSCORE', 'hs:sla', task.id) then return into end
  local half_ms = tonumber(task.half_ms or 0)
  if task.sla == 'ok' and task.halfway == '' and half_ms > 0 and now >= half_ms then
    halfway(task, now)
    into[#into + 1] = 'halfway'
  end
  if task.sla == 'ok' and now >= tonumber(task.at_risk_ms) then
    at_risk(task, now)
    into[#into + 1] = 'at_risk'
  end
  if now >= tonumber(task.due_ms) then
    breached(task, now)
    into[#into + 1] = 'breached'
  end
  return into
end

-- The resolution clock has run out: told once, and the mediator hears of it.
local function resolution_breached(task, now)
  emit(task, 'breached', {
    op_id = 'sla:' .. task.id .. ':resolution', now = now,
    data = { clock = 'resolution', late_ms = now - tonumber(task.resolution_ms) },
  })
  set(task, { resolution_ms = '0', resolution_told = '1' })
  escalate(task, now, 'resolution breached')
end

-- Whatever its clocks crossed before something ends them counts, however late the sweep is.
local function settle_clocks(task, now)
  cross_thresholds(task, now)
  local due = redis.call('ZSCORE', 'hs:timers', 'resolve|' .. task.id)
  if due and tonumber(due) <= now then
    drop_timers(task.id, 'resolve')
    resolution_breached(task, now)
  end
end

-- Sweep every response clock that has run into a threshold. Returns the ids by their new state.
register_sweep('hs_thresholds', {}, function(now)
  local crossed = { halfway = {}, at_risk = {}, breached = {} }
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'hs:sla', '-inf', ms(now), 'LIMIT', 0, 200)) do
    local task = load(id)
    for _, state in ipairs(cross_thresholds(task, now)) do table.insert(crossed[state], id) end
    if task.rep ~= '' then feed('rep:' .. task.rep, 'task', id) end
    feed('floor', 'queue', id)
  end
  return crossed
end)
