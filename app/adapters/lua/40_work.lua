-- reply, wrap, complete: what the owner does with a task.

-- The answer has come, or no answer is needed: the response clock stops.
local function stop_clock(task, now)
  cross_thresholds(task, now)
  redis.call('ZREM', 'hs:sla', task.id)
  redis.call('SREM', 'hs:sla:' .. task.queue .. ':at_risk', task.id)
  if task.sla ~= 'breached' and task.sla ~= 'met' then set(task, { sla = 'met' }) end
end

local function is_owner(task, given, states)
  if not states[task.state] then
    local expected = {}
    for state in pairs(states) do expected[#expected + 1] = state end
    table.sort(expected)
    return refuse('wrong_state', 'The task is ' .. task.state .. ', expected '
      .. table.concat(expected, ' or '))
  end
  if task.rep ~= given.rep then return refuse('not_yours', 'Another agent has this task') end
end

local ACCEPTED = { accepted = true }
local IN_HAND = { accepted = true, wrapping = true }

local function as_owner(given, states, command)
  return once(given, function(task, now)
    local refused = is_owner(task, given, states)
    if refused then return refused end
    return command(task, now)
  end)
end

-- The SLA clock stops at the recorded reply, whatever the permission gate says of it later.
register('hs_reply', function(given)
  return as_owner(given, ACCEPTED, function(task, now)
    local first = task.reply == ''
    set(task, { reply = cjson.encode({ text = given.text, at_ms = now }), first_reply_ms = '0' })
    drop_timers(task.id, 'reply')
    if first then stop_clock(task, now) end
    emit(task, 'replied', {
      op_id = given.op_id, now = now, actor = given.actor, digest = given.digest,
      data = { text = given.text, first = first, sla = task.sla,
        response_ms = math.max(0, now - tonumber(task.detected_ms)) },
    })
    feed('rep:' .. given.rep, 'task', task.id)
    feed('floor', 'queue', task.id)
    return answer(task)
  end)
end)

local STANDARD_WRAP_MS = 60 * 1000   -- after-call work where the queue says nothing

-- Done with the customer, not yet with the notes: the timer runs here, not in the browser.
register('hs_wrap', function(given)
  return as_owner(given, ACCEPTED, function(task, now)
    local ends_ms = now + (policy_of(task.queue).wrap_ms or STANDARD_WRAP_MS)
    drop_timers(task.id, 'reply')
    harden(given.rep, task)
    set(task, { state = 'wrapping', wrap_ends_ms = ms(ends_ms), first_reply_ms = '0' })
    set_timer('wrap', task.id, ends_ms)
    emit(task, 'wrapping', { op_id = given.op_id, now = now, from = 'accepted',
      actor = given.actor, digest = given.digest, data = { ends_ms = ends_ms } })
    feed('rep:' .. given.rep, 'task', task.id)
    feed('floor', 'queue', task.id)
    return answer(task)
  end)
end)

-- What an urgent task had pushed aside goes back to its agent.
local function give_back_pushed(task, now)
  for _, id in ipairs(redis.call('SMEMBERS', 'hs:pushed:' .. task.id)) do
    local other = load(id)
    if other and other.state == 'parked' and other.pushed_by == task.id then
      wake(other, now, { op_id = 'pop:' .. task.id .. ':' .. id .. ':' .. other.version,
        reason = 'the urgent task is done', kept_ms = PUSHED_ASIDE_MS })
    end
  end
  redis.call('DEL', 'hs:pushed:' .. task.id)
end

local function close(task)
  redis.call('SREM', 'hs:open:' .. task.queue, task.id)
  redis.call('SREM', 'hs:sla:' .. task.queue .. ':breached', task.id)
  redis.call('SREM', 'hs:sla:' .. task.queue .. ':at_risk', task.id)
  redis.call('ZREM', 'hs:sla', task.id)
  drop_timers(task.id, 'ease', 'kept', 'route', 'reply', 'wrap', 'park', 'resolve')
  redis.call('DEL', 'hs:refused:' .. task.id)
  redis.call('EXPIRE', 'hs:task:' .. task.id, CLOSED_S)
  redis.call('EXPIRE', 'hs:ops:' .. task.id, CLOSED_S)
end

local function complete(task, now, change)
  local rep, from = task.rep, task.state
  settle_clocks(task, now)
  local in_time = redis.call('ZSCORE', 'hs:timers', 'resolve|' .. task.id) and 'met' or nil
  stop_owning(task)
  if task.reply == '' then stop_clock(task, now) end
  set(task, { state = 'completed' })
  emit(task, 'completed', {
    op_id = change.op_id, now = now, from = from, actor = change.actor, digest = change.digest,
    reason = change.code,
    data = { note = change.note, sla = task.sla, answered = task.reply ~= '', resolution = in_time },
  })
  close(task)
  give_back_pushed(task, now)
  feed('rep:' .. rep, 'task_closed', task.id)
  feed('rep:' .. rep, 'me')
  feed('floor', 'queue', task.id)
end

register('hs_complete', function(given)
  return as_owner(given, IN_HAND, function(task, now)
    complete(task, now, given)
    return answer(task)
  end)
end)
