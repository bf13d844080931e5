-- thresholds: the SLA clock. At risk first, then breached, which hands the task to the mediator.

local function at_risk(task, now)
  set(task, { sla = 'at_risk' })
  redis.call('SADD', 'hs:sla:' .. task.queue .. ':at_risk', task.id)
  redis.call('ZADD', 'hs:sla', task.due_ms, task.id)
  emit(task, 'at_risk', {
    op_id = 'sla:' .. task.id .. ':at_risk', now = now,
    data = { late_ms = now - tonumber(task.at_risk_ms) },
  })
end

local function escalate(task, now)
  local from_queue, waiting = task.queue, task.state == 'queued'
  -- Whoever holds the task keeps it; a waiting or refused one goes to the mediator's queue.
  if task.state ~= 'accepted' then
    if waiting then leave_lane(task) end
    enter_queue(task, ESCALATION)
    -- Detection time is the most pressing key there is: nothing newer comes before it.
    set(task, { skills = MEDIATOR, order_ms = task.detected_ms })
    if waiting then wait_in_lane(task) end
  end
  set(task, { level = task.level + 1 })
  emit(task, 'escalated', {
    op_id = 'sla:' .. task.id .. ':escalated:' .. task.level, now = now, reason = 'breached',
    data = { from_queue = from_queue, level = tonumber(task.level),
      skills = task.skills, order_ms = tonumber(task.order_ms) },
  })
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
  escalate(task, now)
end

-- Mark what this task has crossed by now, while its clock runs; returns the states it crossed into.
local function cross_thresholds(task, now)
  local into = {}
  if not redis.call('ZSCORE', 'hs:sla', task.id) then return into end
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

-- Sweep every clock that has run into a threshold. Returns the ids by their new state.
register('hs_thresholds', function(given)
  local now = now_ms(given.now)
  local crossed = { at_risk = {}, breached = {} }
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'hs:sla', '-inf', ms(now), 'LIMIT', 0, 200)) do
    local task = load(id)
    for _, state in ipairs(cross_thresholds(task, now)) do table.insert(crossed[state], id) end
    if task.rep ~= '' then feed('rep:' .. task.rep, 'task', id) end
    feed('floor', 'queue', id)
  end
  return cjson.encode(crossed)
end)
