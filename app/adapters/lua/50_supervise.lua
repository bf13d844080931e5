-- park, resume, assign, cancel, prioritise, reclock: what is done to a task beside the flow.

-- May this actor do it: the owner, or somebody who supervises?
local function supervises(given) return given.actor.role ~= 'agent' end

register('hs_park', function(given)
  return once(given, function(task, now)
    if not supervises(given) then
      local refused = is_owner(task, given, ACCEPTED)
      if refused then return refused end
    elseif task.state ~= 'queued' and task.state ~= 'accepted' then
      return refuse('wrong_state', 'The task is ' .. task.state .. ', expected queued or accepted')
    end
    if given.until_ms <= now then
      return refuse('too_late', 'The time to come back has passed already')
    end
    settle_clocks(task, now)
    park(task, now, given)
    give_back_pushed(task, now)
    return answer(task)
  end)
end)

register('hs_resume', function(given)
  return once(given, function(task, now)
    if task.state ~= 'parked' then
      return refuse('wrong_state', 'The task is ' .. task.state .. ', expected parked')
    end
    if not supervises(given) and task.for_rep ~= given.rep then
      return refuse('not_yours', 'Another agent parked this task')
    end
    settle_clocks(task, now)
    if task.state ~= 'parked' then   -- its breach has just woken it, for the mediator
      return refuse('wrong_state', 'The task is ' .. task.state .. ', expected parked')
    end
    wake(task, now, { op_id = given.op_id, digest = given.digest, actor = given.actor,
      kept_ms = given.kept_ms })
    return answer(task)
  end)
end)

-- Give a task to one rep, past order, skills and capacity. They still answer it like any offer.
register('hs_assign', function(given)
  return once(given, function(task, now)
    local rep = load_rep(given.to_rep)
    if not rep then return refuse('unknown_rep', 'Nobody here takes tasks as ' .. given.to_rep) end
    if not redis.call('ZSCORE', 'hs:available', rep.name) then
      return refuse('not_available', rep.title .. ' is not available now')
    end
    if rep.offer ~= '' and rep.offer ~= task.id then
      return refuse('has_offer', rep.title .. ' has an offer open already')
    end
    if task.state == 'offered' and task.rep == rep.name then
      return refuse('wrong_state', 'The task is offered to them already')
    end
    if task.state == 'offered' then
      put_back(task, 'rescinded', { op_id = given.op_id .. ':rescind', now = now,
        actor = given.actor, reason = given.reason })
    elseif task.state == 'parked' then
      wake(task, now, { op_id = given.op_id .. ':wake', actor = given.actor, reason = given.reason })
    elseif task.state ~= 'queued' then
      return refuse('wrong_state', 'The task is ' .. task.state
        .. ', expected queued, offered or parked')
    end
    return answer(make_offer(load_rep(rep.name), task.id, now, given.expires_ms, {
      op_id = given.op_id, digest = given.digest, actor = given.actor, reason = given.reason,
      override = 'assigned' }))
  end)
end)

register('hs_cancel', function(given)
  return once(given, function(task, now)
    if not OPEN[task.state] then
      return refuse('wrong_state', 'The task is ' .. task.state .. ', expected an open one')
    end
    settle_clocks(task, now)
    local rep, from = task.rep, task.state
    if from == 'offered' then
      end_offer(task, 'cancelled')
      let_go(rep, task)
    elseif IN_HAND[from] then
      stop_owning(task)
    elseif from == 'parked' then
      leave_desk(task, 'cancelled')
    else
      leave_lane(task)
    end
    set(task, { state = 'cancelled' })
    emit(task, 'cancelled', { op_id = given.op_id, now = now, from = from, actor = given.actor,
      digest = given.digest, reason = given.reason })
    close(task)
    give_back_pushed(task, now)
    if rep ~= '' then
      feed('rep:' .. rep, 'task_closed', task.id)
      feed('rep:' .. rep, 'me')
    end
    feed('floor', 'queue', task.id)
    return answer(task)
  end)
end)

-- The key of waiting, as in app/core/queueing.py; who was escalated keeps the smallest there is.
local function order_of(task)
  if tonumber(task.level) > 0 and task.queue == ESCALATION then return task.detected_ms end
  local due, detected = tonumber(task.due_ms), tonumber(task.detected_ms)
  return ms(due - (due - detected) * tonumber(task.priority) / 100)
end

local function reorder(task, now)
  set(task, { order_ms = order_of(task) })
  if task.state == 'queued' then wait_in_lane(task, now) end
end

register('hs_prioritise', function(given)
  return once(given, function(task, now)
    if not OPEN[task.state] then
      return refuse('wrong_state', 'The task is ' .. task.state .. ', expected an open one')
    end
    local before = tonumber(task.priority)
    set(task, { priority = given.priority })
    reorder(task, now)
    emit(task, 'prioritised', { op_id = given.op_id, now = now, actor = given.actor,
      digest = given.digest, reason = given.reason,
      data = { from_priority = before, order_ms = tonumber(task.order_ms) } })
    feed('floor', 'queue', task.id)
    if task.rep ~= '' then feed('rep:' .. task.rep, 'task', task.id) end
    return answer(task)
  end)
end)

-- The policy has changed: new times for a task, computed from its facts. What has been told
-- (halfway, at risk, breached) stays told.
register('hs_reclock', function(given)
  return once(given, function(task, now)
    if not OPEN[task.state] then
      return refuse('wrong_state', 'The task is ' .. task.state .. ', expected an open one')
    end
    local from_due = tonumber(task.due_ms)
    if task.resolution_told == '1' then given.resolution_due_ms = 0 end
    set(task, { half_ms = ms(given.half_ms), at_risk_ms = ms(given.at_risk_ms),
      due_ms = ms(given.due_ms), policy = given.policy,
      resolution_ms = ms(given.resolution_due_ms) })
    if redis.call('ZSCORE', 'hs:sla', task.id) then
      local next_ms = task.sla == 'at_risk' and task.due_ms
        or (task.halfway == '1' or given.half_ms == 0) and task.at_risk_ms or task.half_ms
      redis.call('ZADD', 'hs:sla', next_ms, task.id)
    end
    if given.resolution_due_ms == 0 or (given.resolution_left_ms or 0) > 0 then
      set(task, { left_ms = ms(given.resolution_left_ms or 0) })
    end
    -- A clock that runs and is late by now is told at once; one that stands still, when it goes on.
    drop_timers(task.id, 'resolve')
    if given.resolution_due_ms > 0 and task.left_ms == '0' then
      set_timer('resolve', task.id, given.resolution_due_ms)
    end
    reorder(task, now)
    emit(task, 'prioritised', { op_id = given.op_id, now = now, reason = 'policy', data = {
      from_priority = tonumber(task.priority), from_deadline_ms = from_due,
      half_ms = given.half_ms, at_risk_ms = given.at_risk_ms, due_ms = given.due_ms,
      resolution_due_ms = given.resolution_due_ms, policy = given.policy,
      order_ms = tonumber(task.order_ms) } })
    return answer(task)
  end)
end)
