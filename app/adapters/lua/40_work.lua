-- reply, complete, transfer: what the owner does with an accepted task.

-- Thresholds that were crossed before the answer count, however late the sweep is.
local function stop_clock(task, now)
  cross_thresholds(task, now)
  redis.call('ZREM', 'hs:sla', task.id)
  redis.call('SREM', 'hs:sla:' .. task.queue .. ':at_risk', task.id)
  if task.sla ~= 'breached' and task.sla ~= 'met' then set(task, { sla = 'met' }) end
end

local function is_owner(task, rep)
  if task.state ~= 'accepted' then
    return refuse('wrong_state', 'The task is ' .. task.state .. ', expected accepted')
  end
  if task.rep ~= rep then return refuse('not_yours', 'Another agent has this task') end
end

local function answer(task)
  return { task_id = task.id, state = task.state, version = task.version }
end

local function as_owner(given, command)
  return once(given.task, given.op_id, function(task)
    local refused = is_owner(task, given.rep)
    if refused then return refused end
    return command(task, now_ms(given.now))
  end)
end

-- The SLA clock stops at the response; while nothing sends yet, at the recorded reply.
register('hs_reply', function(given)
  return as_owner(given, function(task, now)
    local first = task.reply == ''
    set(task, { reply = cjson.encode({ text = given.text, at_ms = now }) })
    if first then stop_clock(task, now) end
    emit(task, 'replied', {
      op_id = given.op_id, now = now, actor = given.actor,
      data = { text = given.text, first = first, sla = task.sla,
        response_ms = now - tonumber(task.detected_ms) },
    })
    feed('rep:' .. given.rep, 'task', task.id)
    feed('floor', 'queue', task.id)
    return answer(task)
  end)
end)

local function close(task)
  redis.call('SREM', 'hs:open:' .. task.queue, task.id)
  redis.call('SREM', 'hs:sla:' .. task.queue .. ':breached', task.id)
  redis.call('ZREM', 'hs:sla', task.id)
  redis.call('DEL', 'hs:refused:' .. task.id)
  redis.call('EXPIRE', 'hs:task:' .. task.id, CLOSED_S)
end

register('hs_complete', function(given)
  local result = as_owner(given, function(task, now)
    let_go(given.rep, task.id)
    if task.reply == '' then stop_clock(task, now) end
    set(task, { state = 'completed' })
    emit(task, 'completed', {
      op_id = given.op_id, now = now, from = 'accepted', actor = given.actor,
      reason = given.code, data = { note = given.note, sla = task.sla, answered = task.reply ~= '' },
    })
    close(task)
    feed('rep:' .. given.rep, 'task_closed', task.id)
    feed('rep:' .. given.rep, 'me')
    feed('floor', 'queue', task.id)
    return answer(task)
  end)
  if not cjson.decode(result).error then
    redis.call('EXPIRE', 'hs:ops:' .. given.task, CLOSED_S, 'NX')
  end
  return result
end)

-- Hand on to another queue. The deadline never moves; whoever handed it on has refused it.
register('hs_transfer', function(given)
  return as_owner(given, function(task, now)
    let_go(given.rep, task.id)
    redis.call('ZADD', 'hs:refused:' .. task.id, ms(now), given.rep)
    local from_queue = task.queue
    enter_queue(task, given.queue)
    set(task, { state = 'queued', rep = '', skills = given.skills, hops = task.hops + 1 })
    emit(task, 'transferred', {
      op_id = given.op_id, now = now, from = 'accepted', rep = given.rep,
      actor = given.actor, reason = given.reason, data = { from_queue = from_queue, skills = task.skills },
    })
    set(task, { reservation = '' })
    wait_in_lane(task)
    feed('rep:' .. given.rep, 'task_closed', task.id)
    feed('rep:' .. given.rep, 'me')
    feed('floor', 'queue', task.id)
    return answer(task)
  end)
end)
