-- accept, reject, expire: how an offer ends.

local function offer_is(task, given, now)
  local rep = given.rep
  if task.state == 'accepted' or task.state == 'wrapping' then
    if task.rep == rep then
      return refuse('already_accepted', 'You have accepted this task already')
    end
    return refuse('taken', 'Another agent has this task')
  end
  if task.missed == rep and task.rep ~= rep then
    return refuse('expired', 'The offer ran out before your answer came')
  end
  if task.state ~= 'offered' or task.rep ~= rep then
    return refuse('not_yours', 'This task is not offered to you')
  end
  local other = (given.reservation_id or '') ~= '' and given.reservation_id ~= task.reservation
  if other or now >= tonumber(task.expires_ms) then
    return refuse('expired', 'The offer ran out before your answer came')
  end
end

local function end_offer(task, why)
  redis.call('ZREM', 'hs:offers', task.id)
  redis.call('HSET', 'hs:rep:' .. task.rep, 'offer', '')
  refresh(task.rep)
  feed('rep:' .. task.rep, 'offer_ended', task.id, why)
  feed('floor', 'queue', task.id)
end

-- Put an offered task back where it waited: the deadline and the place in the order stay.
local function put_back(task, op, change)
  local rep = task.rep
  end_offer(task, op)
  let_go(rep, task)
  change.from, change.rep, change.reservation = 'offered', rep, task.reservation
  set(task, { state = 'queued', rep = '', expires_ms = '0', reservation = '' })
  if task.for_rep == rep or tonumber(task.for_until_ms) <= change.now
    or not redis.call('ZSCORE', 'hs:available', task.for_rep) then
    set(task, { for_rep = '', for_until_ms = '0' })   -- their own agent had the chance, or left
  end
  emit(task, op, change)
  wait_in_lane(task, change.now)
  feed('rep:' .. rep, 'me')
end

local PUSHED_ASIDE_MS = 30 * 60 * 1000   -- longest time that interrupted work waits for its agent

local function stop_owning(task)
  drop_timers(task.id, 'reply', 'wrap')
  let_go(task.rep, task)
  set(task, { first_reply_ms = '0', wrap_ends_ms = '0' })
end

local function park(task, now, change)
  local rep, from, reservation = task.rep, task.state, task.reservation
  if from == 'queued' then leave_lane(task) else stop_owning(task) end
  set(task, { state = 'parked', rep = '', reservation = '', until_ms = ms(change.until_ms),
    for_rep = rep, waits_for = change.waits_for or '', pushed_by = change.pushed_by or '' })
  set_timer('park', task.id, change.until_ms)
  rest_on_desk(task)
  if task.pushed_by ~= '' then redis.call('SADD', 'hs:pushed:' .. task.pushed_by, task.id) end
  local data = { until_ms = change.until_ms, waits_for = change.waits_for,
    for_rep = rep ~= '' and rep or nil }
  if task.waits_for == 'customer' and tonumber(task.resolution_ms) > now then
    -- The resolution clock stands still while the customer is asked.
    set(task, { left_ms = ms(tonumber(task.resolution_ms) - now) })
    drop_timers(task.id, 'resolve')
    data.left_ms = tonumber(task.left_ms)
  end
  emit(task, 'parked', { op_id = change.op_id, now = now, from = from, rep = rep,
    reservation = reservation, actor = change.actor, digest = change.digest,
    reason = change.reason, data = data })
  if rep ~= '' then
    feed('rep:' .. rep, 'task_closed', task.id)
    feed('rep:' .. rep, 'me')
  end
  feed('floor', 'queue', task.id)
end

-- Put aside as much interruptible work, the least pressing first, as the accepted task needs.
-- False where too little of it is left: since the offer was made some has gone into wrap-up.
local function make_room(rep_name, task, now)
  local rep = load_rep(rep_name)
  local over = tonumber(rep.load) - tonumber(rep.capacity)
  if over > tonumber(rep.soft or 0) + CRUMB then return false end
  local soft = {}
  for _, id in ipairs(redis.call('SMEMBERS', 'hs:rep:' .. rep_name .. ':soft')) do
    soft[#soft + 1] = load(id)
  end
  table.sort(soft, function(a, b)
    local x, y = tonumber(a.order_ms), tonumber(b.order_ms)
    return x > y or (x == y and a.id > b.id)
  end)
  for _, other in ipairs(soft) do
    if over <= CRUMB then return true end
    park(other, now, { until_ms = now + PUSHED_ASIDE_MS, pushed_by = task.id,
      op_id = 'push:' .. task.reservation .. ':' .. other.id, reason = 'pre-empted' })
    over = over - tonumber(other.weight)
  end
  return true
end

register('hs_accept', function(given)
  return once(given, function(task, now)
    local refused = offer_is(task, given, now)
    if refused then return refused end
    if task.override == 'preempts' and not make_room(given.rep, task, now) then
      put_back(task, 'rescinded', { op_id = 'rescind:' .. task.reservation, now = now,
        reason = 'no room any more' })
      return refuse('no_room', 'You have no room for it any more: the task goes to somebody else')
    end
    end_offer(task, 'accepted')
    local silent_ms = policy_of(task.queue).first_reply_ms or 0
    set(task, { state = 'accepted', accepted_ms = ms(now), expires_ms = '0', for_rep = '',
      first_reply_ms = silent_ms > 0 and task.reply == '' and ms(now + silent_ms) or '0' })
    if task.first_reply_ms ~= '0' then set_timer('reply', task.id, task.first_reply_ms) end
    redis.call('ZADD', 'hs:available', 'XX', ms(now), given.rep)
    soften(given.rep, task)
    refresh(given.rep)
    emit(task, 'accepted', { op_id = given.op_id, now = now, from = 'offered',
      actor = given.actor, digest = given.digest,
      data = { reply_by_ms = task.first_reply_ms ~= '0' and tonumber(task.first_reply_ms) or nil } })
    feed('rep:' .. given.rep, 'task', task.id)
    feed('rep:' .. given.rep, 'me')
    return answer(task)
  end)
end)

register('hs_reject', function(given)
  return once(given, function(task, now)
    local refused = offer_is(task, given, now)
    if refused then return refused end
    redis.call('ZADD', 'hs:refused:' .. task.id, ms(now), given.rep)
    put_back(task, 'rejected', {
      op_id = given.op_id, now = now, actor = given.actor, reason = given.reason,
      digest = given.digest,
    })
    return answer(task)
  end)
end)

-- Nobody may be offered work: keep nothing for them, and take back what they are just offered.
local function unavailable(name, now, change)
  redis.call('ZREM', 'hs:available', name)
  redis.call('ZREM', 'hs:ready', name)
  for _, lane in ipairs(redis.call('SMEMBERS', 'hs:lanes:@' .. name)) do
    for _, id in ipairs(redis.call('ZRANGE', 'hs:lane:' .. lane, 0, -1)) do
      local task = load(id)
      set(task, { for_rep = '', for_until_ms = '0' })
      wait_in_lane(task, now)
      feed('floor', 'queue', id)
    end
  end
  local offer = redis.call('HGET', 'hs:rep:' .. name, 'offer') or ''
  if offer ~= '' then
    local task = load(offer)
    put_back(task, 'rescinded', { op_id = 'rescind:' .. task.reservation, now = now,
      reason = change.reason, actor = change.actor })
  end
end

-- Take back the offers that ran out. The rep is paused, visibly: one miss may mean nobody is there.
register_sweep('hs_expire', { expired = {} }, function(now)
  local expired = redis.call('ZRANGEBYSCORE', 'hs:offers', '-inf', ms(now), 'LIMIT', 0, 100)
  for _, id in ipairs(expired) do
    local task = load(id)
    local rep = task.rep
    redis.call('ZADD', 'hs:refused:' .. id, ms(now), rep)
    set(task, { missed = rep })
    put_back(task, 'timed_out', { op_id = 'expire:' .. task.reservation, now = now })
    unavailable(rep, now, {})
    change_rep(rep, now, { state = 'paused', reason = 'missed an offer', since_ms = ms(now) })
  end
  return { expired = expired }
end)
