-- transfer and its kin: a task changes hands. The deadline never moves with it, and whoever gave
-- it up has refused it.

local MOST_HOPS = 3   -- the third change of queue makes the mediator its owner (no ping-pong)

-- change: {op_id, actor, reason, queue, skills, for_rep, kept_ms}; without `queue` it stays.
local function hand_over(task, now, change)
  local rep, from, from_queue, reservation = task.rep, task.state, task.queue, task.reservation
  local queue = (change.queue or '') ~= '' and change.queue or task.queue
  settle_clocks(task, now)
  stop_owning(task)
  redis.call('ZADD', 'hs:refused:' .. task.id, ms(now), rep)
  local moved = queue ~= task.queue
  enter_queue(task, queue, now)
  set(task, { state = 'queued', rep = '', reservation = '',
    skills = moved and change.skills or task.skills,
    hops = tonumber(task.hops) + (moved and 1 or 0),
    handed_on = cjson.encode({ by = (change.actor or { id = rep }).id, reason = change.reason,
      from_queue = from_queue }) })
  keep_for(task, change.for_rep, now + (change.kept_ms or 0))
  local data = waiting(task, { from_queue = from_queue, hops = task.hops })
  emit(task, 'transferred', { op_id = change.op_id, now = now, from = from, rep = rep,
    reservation = reservation, actor = change.actor, digest = change.digest,
    reason = change.reason, data = data })
  give_back_pushed(task, now)
  if moved and task.hops >= MOST_HOPS and queue ~= ESCALATION then
    escalate(task, now, 'third hand-off')
  else
    wait_in_lane(task, now)
  end
  feed('rep:' .. rep, 'task_closed', task.id)
  feed('rep:' .. rep, 'me')
  feed('floor', 'queue', task.id)
end

-- Nobody, not even a supervisor, moves a task on that came to the mediator by its third hand-off.
local function refuse_bounced(task, queue)
  if tonumber(task.hops) >= MOST_HOPS and queue ~= ESCALATION then
    return refuse('bounced', 'The third hand-off made the mediator its owner to the end')
  end
end

-- Hand on to another queue, or to a colleague, who may decline like any offer.
register('hs_transfer', function(given)
  return as_owner(given, IN_HAND, function(task, now)
    local queue = (given.queue or '') ~= '' and given.queue or task.queue
    local bounced = refuse_bounced(task, queue)
    if bounced then return bounced end
    if (given.to_rep or '') ~= '' then
      local to = load_rep(given.to_rep)
      if not to then return refuse('unknown_rep', 'Nobody here takes tasks as ' .. given.to_rep) end
      if to.name == given.rep then
        return refuse('cannot_take', 'The task is yours already: name a colleague')
      end
      if not redis.call('ZSCORE', 'hs:available', to.name) then
        return refuse('not_available', to.title .. ' is not available now')
      end
      local skills = queue ~= task.queue and given.skills or task.skills
      if not (serves(to, queue) and has_all(to.skills, skills)) then
        return refuse('cannot_take', to.title .. ' lacks the queue or the skills of this task')
      end
    end
    hand_over(task, now, { op_id = given.op_id, digest = given.digest, actor = given.actor,
      reason = given.reason, queue = queue, skills = given.skills, for_rep = given.to_rep,
      kept_ms = given.kept_ms })
    return answer(task)
  end)
end)

-- A supervisor takes a task back from whoever has it.
register('hs_pull_back', function(given)
  return once(given, function(task, now)
    if task.state == 'offered' and (given.queue or '') ~= '' and given.queue ~= task.queue then
      return refuse('wrong_state', 'An offer can be taken back, not moved: move what is accepted')
    elseif task.state == 'offered' then
      redis.call('ZADD', 'hs:refused:' .. task.id, ms(now), task.rep)
      put_back(task, 'rescinded', { op_id = given.op_id, now = now, actor = given.actor,
        digest = given.digest, reason = given.reason, data = { refused = true } })
    elseif IN_HAND[task.state] then
      local bounced = refuse_bounced(task, (given.queue or '') ~= '' and given.queue or task.queue)
      if bounced then return bounced end
      hand_over(task, now, given)
    else
      return refuse('wrong_state', 'The task is ' .. task.state
        .. ', expected offered, accepted or wrapping')
    end
    return answer(task)
  end)
end)

-- Another engine says where the task goes, or did not take it in time: it waits in another queue.
-- What an agent has in hand or put aside stays theirs, and what the mediator has, the mediator's.
-- It counts as no hand-off between people: hops are for their ping-pong.
register('hs_reroute', function(given)
  return once(given, function(task, now)
    settle_clocks(task, now)
    local theirs = tonumber(task.level) > 0 and task.queue == ESCALATION
    if theirs or (task.state ~= 'queued' and task.state ~= 'offered') then
      return refuse('wrong_state', 'The task is ' .. (theirs and "the mediator's" or task.state)
        .. ', expected queued or offered')
    end
    if task.queue == given.queue then return answer(task) end
    if task.state == 'offered' then
      put_back(task, 'rescinded', { op_id = given.op_id .. ':rescind', now = now,
        actor = given.actor, reason = given.reason })
    end
    local from_queue = task.queue
    leave_lane(task)
    enter_queue(task, given.queue, now)
    set(task, { skills = given.skills, handed_on = cjson.encode({ by = given.actor.id,
      reason = given.reason, from_queue = from_queue }) })
    keep_for(task, '', now)
    emit(task, 'transferred', { op_id = given.op_id, now = now, from = 'queued',
      actor = given.actor, reason = given.reason,
      data = waiting(task, { from_queue = from_queue, hops = tonumber(task.hops) }) })
    wait_in_lane(task, now)
    feed('floor', 'queue', task.id)
    return answer(task)
  end)
end)
