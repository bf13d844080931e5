-- offer, accept, reject, expire: a task is reserved for one rep until they answer or time runs out.

local function hold(rep, task_id)
  redis.call('SADD', 'hs:rep:' .. rep .. ':tasks', task_id)
end

local function let_go(rep, task_id)
  redis.call('SREM', 'hs:rep:' .. rep .. ':tasks', task_id)
end

-- Say in the ledger what a rep can do and whether they are there: without it nobody could
-- prove afterwards that an offer was right.
local function emit_rep(name, now, reason)
  local rep = load_rep(name)
  local op_id = 'rep:' .. name .. ':' .. redis.call('HINCRBY', 'hs:rep:' .. name, 'changes', 1)
  redis.call('XADD', 'hs:outbox', '*', 'fact', cjson.encode({
    fact_id = op_id .. '/configured/' .. epoch(),
    op = 'configured', op_id = op_id, now_ms = now, epoch = epoch(),
    mention_id = '', source_id = '', reason = reason, rep = name,
    actor = { type = 'system', id = 'door', role = 'service' },
    data = { rep = { name = name, skills = rep.skills, queues = rep.queues,
      capacity = tonumber(rep.capacity), state = rep.state } },
  }))
end

local function change_rep(name, now, fields)
  for field, value in pairs(fields) do redis.call('HSET', 'hs:rep:' .. name, field, value) end
  emit_rep(name, now, fields.reason or '')
  feed('rep:' .. name, 'me')
  feed('floor', 'rep')
end

local function make_offer(rep, id, now, expires)
  local task = load(id)
  local attempt = tonumber(task.attempt) + 1
  local reservation = id .. ':' .. attempt
  leave_lane(task)
  set(task, {
    state = 'offered', rep = rep.name, attempt = attempt, reservation = reservation,
    offered_ms = ms(now), expires_ms = ms(now + expires),
  })
  redis.call('ZADD', 'hs:offers', ms(now + expires), id)
  hold(rep.name, id)
  redis.call('HSET', 'hs:rep:' .. rep.name, 'offer', id)
  emit(task, 'offered', {
    op_id = 'offer:' .. reservation, now = now, from = 'queued',
    data = { expires_ms = now + expires, attempt = attempt,
      detected_ms = tonumber(task.detected_ms) },
  })
  feed('rep:' .. rep.name, 'offer', id)
  feed('rep:' .. rep.name, 'me')
  feed('floor', 'queue', id)
end

-- Give every ready rep with room the most pressing task that fits; the longest idle choose first.
-- One offer at a time each: nobody can read two cards at once. Returns the offered task ids.
register('hs_offer', function(given)
  local now = now_ms(given.now)
  local offered = {}
  for _, name in ipairs(redis.call('ZRANGE', 'hs:available', 0, -1)) do
    local rep = load_rep(name)
    if has_room(rep) then
      local id = best_for(rep, now, given.expires_ms)
      if id then
        make_offer(rep, id, now, given.expires_ms)
        offered[#offered + 1] = id
      end
    end
  end
  return cjson.encode({ offered = offered })
end)

local function offer_is(task, rep, now)
  if task.state == 'accepted' and task.rep ~= rep then
    return refuse('taken', 'Another agent has this task')
  end
  if task.missed == rep and task.rep ~= rep then
    return refuse('expired', 'The offer ran out before your answer came')
  end
  if task.state ~= 'offered' or task.rep ~= rep then
    return refuse('not_yours', 'This task is not offered to you')
  end
  if now >= tonumber(task.expires_ms) then
    return refuse('expired', 'The offer ran out before your answer came')
  end
end

local function end_offer(task, why)
  redis.call('ZREM', 'hs:offers', task.id)
  redis.call('HSET', 'hs:rep:' .. task.rep, 'offer', '')
  feed('rep:' .. task.rep, 'offer_ended', task.id, why)
  feed('floor', 'queue', task.id)
end

-- Put an offered task back where it waited: the deadline and the place in the order stay.
local function put_back(task, op, change)
  local rep = task.rep
  end_offer(task, op)
  let_go(rep, task.id)
  change.from, change.rep = 'offered', rep
  set(task, { state = 'queued', rep = '', expires_ms = '0' })
  emit(task, op, change)
  set(task, { reservation = '' })
  wait_in_lane(task)
  feed('rep:' .. rep, 'me')
end

register('hs_accept', function(given)
  return once(given.task, given.op_id, function(task)
    local now = now_ms(given.now)
    local refused = offer_is(task, given.rep, now)
    if refused then return refused end
    end_offer(task, 'accepted')
    set(task, { state = 'accepted', accepted_ms = ms(now), expires_ms = '0' })
    redis.call('ZADD', 'hs:available', 'XX', ms(now), given.rep)
    emit(task, 'accepted', { op_id = given.op_id, now = now, from = 'offered', actor = given.actor })
    feed('rep:' .. given.rep, 'task', task.id)
    feed('rep:' .. given.rep, 'me')
    return { task_id = task.id, state = task.state, version = task.version }
  end)
end)

register('hs_reject', function(given)
  return once(given.task, given.op_id, function(task)
    local now = now_ms(given.now)
    local refused = offer_is(task, given.rep, now)
    if refused then return refused end
    redis.call('ZADD', 'hs:refused:' .. task.id, ms(now), given.rep)
    put_back(task, 'rejected', {
      op_id = given.op_id, now = now, actor = given.actor, reason = given.reason,
    })
    return { task_id = task.id, state = task.state, version = task.version }
  end)
end)

-- Take back the offers that ran out. The rep is paused, visibly: one miss may mean nobody is there.
register('hs_expire', function(given)
  local now = now_ms(given.now)
  local expired = redis.call('ZRANGEBYSCORE', 'hs:offers', '-inf', ms(now), 'LIMIT', 0, 100)
  for _, id in ipairs(expired) do
    local task = load(id)
    local rep = task.rep
    redis.call('ZADD', 'hs:refused:' .. id, ms(now), rep)
    set(task, { missed = rep })
    put_back(task, 'timed_out', { op_id = 'expire:' .. task.reservation, now = now })
    redis.call('ZREM', 'hs:available', rep)
    change_rep(rep, now, { state = 'paused', reason = 'missed an offer', since_ms = ms(now) })
  end
  return cjson.encode({ expired = expired })
end)
