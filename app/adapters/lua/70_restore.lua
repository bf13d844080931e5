-- restore: a Redis that is empty, an old copy or of another life gets its state back from the
-- ledger. One process at a time does it, under a lease; what an earlier holder still sends is refused.

local LEASE = 'hs:lease:rebuild'
local CONDEMNED = 'hs:condemned'
local CLOCK_JUMP_MS = 30 * 1000   -- farther apart than this, two clocks do not just drift

-- What is not task state, or is written at every start anyway.
local KEPT = { ['hs:feed'] = true, ['hs:queues'] = true, ['hs:pasts'] = true, [LEASE] = true }
local KEPT_KINDS = { ['hs:profile'] = true, ['hs:own'] = true, ['hs:past'] = true,
  ['hs:session'] = true, ['hs:refusals'] = true, ['hs:guesses'] = true }

local function leased(body)
  return function(given)
    if redis.call('GET', LEASE) ~= given.token then
      return cjson.encode(refuse('lease_lost', 'Another process rebuilds this state'))
    end
    redis.call('PEXPIRE', LEASE, given.lease_ms)
    return cjson.encode(body(given))
  end
end

-- standing: whose state is this, has it been compared with the ledger, and what time is it here?
redis.register_function{ function_name = 'hs_standing', flags = { 'no-writes' },
  callback = function(_, args)
    local given = cjson.decode(args[1])
    return cjson.encode({ epoch = epoch() or '', confirmed = serving() or false,
      condemned = redis.call('GET', CONDEMNED) or '',
      relayed = tonumber(redis.call('GET', 'hs:relayed') or 0),
      time_ms = time_ms(given.now),
      highest_ms = tonumber(redis.call('GET', 'hs:clock') or 0) })
  end }

-- relayed: the ledger has these facts, up to this number. Also works when memory is full:
-- it is what makes room again. Not before this state was compared with the ledger: what an old
-- copy has still to send would make it look as new as the ledger. A rebuild has compared it.
redis.register_function{ function_name = 'hs_relayed', flags = { 'allow-oom' },
  callback = function(_, args)
    local given = cjson.decode(args[1])
    if given.epoch ~= (epoch() or '') then
      return cjson.encode(refuse('rebuilding', 'These facts are of another life of this Redis'))
    end
    if not serving() and redis.call('EXISTS', CONDEMNED) == 0 then
      return cjson.encode(refuse('rebuilding', 'This Redis is being compared with the ledger'))
    end
    for _, id in ipairs(given.ids) do redis.call('XDEL', 'hs:outbox', id) end
    if given.seq > tonumber(redis.call('GET', 'hs:relayed') or 0) then
      redis.call('SET', 'hs:relayed', ms(given.seq))
    end
    return cjson.encode({ removed = #given.ids })
  end }

-- confirm: this state is the one that the ledger knows; go on. Not once somebody has found it
-- wanting: their rebuild has begun to change it, and may have died in the middle.
register_always('hs_confirm', function(given)
  if epoch() == given.epoch and redis.call('EXISTS', CONDEMNED) == 0 then
    confirmed = given.epoch
  end
  return cjson.encode({ confirmed = serving() or false })
end)

-- lease: the only key whose end decides something. Its holder may die in the middle, and then
-- somebody else must begin again; no deadline of a task hangs on it. With the lease the state is
-- condemned, for longer than the lease; and nobody gets it on a state that others have confirmed.
register_always('hs_lease', function(given)
  if serving() then return cjson.encode({ held = false }) end
  redis.call('SET', LEASE, given.token, 'NX', 'PX', given.lease_ms)
  local held = redis.call('GET', LEASE) == given.token
  if held then redis.call('SET', CONDEMNED, given.cause) end
  return cjson.encode({ held = held })
end)

-- end_epoch: from here on nothing is changed by anybody but a rebuild.
register_always('hs_end_epoch', leased(function()
  redis.call('DEL', 'hs:epoch')
  confirmed = ''
  return { ended = true }
end))

-- clear: forget what is left of an old state, some keys at a time.
register_always('hs_clear', leased(function(given)
  if epoch() then return refuse('serving', 'This state is in use') end
  local found = redis.call('SCAN', given.cursor, 'MATCH', 'hs:*', 'COUNT', 500)
  for _, key in ipairs(found[2]) do
    if not KEPT[key] and not KEPT_KINDS[string.match(key, '^hs:[^:]+')] then
      redis.call('UNLINK', key)
    end
  end
  return { cursor = found[1] }
end))

local function restore_rep(given, now)
  local key = 'hs:rep:' .. given.name
  if given.left then return redis.call('HSET', key, 'changes', given.fields.changes) end
  redis.call('SADD', 'hs:reps', given.name)
  for field, value in pairs(given.fields) do redis.call('HSET', key, field, value) end
  if given.fields.state == 'available' then
    redis.call('ZADD', 'hs:available', given.fields.since_ms, given.name)
  elseif given.fields.state == 'offline' then
    redis.call('ZADD', 'hs:gone', ms(now), given.name)   -- a new grace: nobody could come back
  end
  -- Who had a desk open is missed if they do not come back to it.
  if given.desk and given.fields.state ~= 'offline' then
    redis.call('ZADD', 'hs:present', ms(now), given.name)
  end
end

-- Somebody of whom no fact tells may hold a task: until the staff is told, they are known.
local function known_rep(name)
  if load_rep(name) then return end
  redis.call('SADD', 'hs:reps', name)
  redis.call('HSET', 'hs:rep:' .. name, 'title', name, 'skills', '', 'queues', '', 'capacity', 0,
    'channels', '', 'state', 'offline', 'reason', '', 'since_ms', 0, 'offer', '', 'demo', 0)
end

local function restore_clocks(task)
  if task.sla == 'at_risk' or task.sla == 'breached' then
    redis.call('SADD', 'hs:sla:' .. task.queue .. ':' .. task.sla, task.id)
  end
  if task.sla == 'at_risk' then
    redis.call('ZADD', 'hs:sla', task.due_ms, task.id)
  elseif task.sla == 'ok' then
    local half = task.halfway == '' and tonumber(task.half_ms) > 0
    redis.call('ZADD', 'hs:sla', half and task.half_ms or task.at_risk_ms, task.id)
  end
  if tonumber(task.resolution_ms) > 0 and tonumber(task.left_ms) == 0 then
    set_timer('resolve', task.id, task.resolution_ms)
  end
end

local function restore_holder(task)
  known_rep(task.rep)
  hold(task.rep, task)
  if task.state == 'offered' then
    redis.call('ZADD', 'hs:offers', task.expires_ms, task.id)
    redis.call('HSET', 'hs:rep:' .. task.rep, 'offer', task.id)
  elseif task.state == 'wrapping' then
    set_timer('wrap', task.id, task.wrap_ends_ms)
  else
    if tonumber(task.first_reply_ms) > 0 then set_timer('reply', task.id, task.first_reply_ms) end
    soften(task.rep, task)
  end
end

local function restore_waiting(task, now)
  -- Kept for somebody who is not there, or no longer: told by no fact, so it is found again here.
  if task.for_rep ~= '' and (tonumber(task.for_until_ms) <= now
    or not redis.call('ZSCORE', 'hs:available', task.for_rep)) then
    set(task, { for_rep = '', for_until_ms = '0' })
  end
  wait_in_lane(task, now)
end

local function restore_task(given, now)
  local task, flat = given.fields, {}
  task.lane = ''   -- follows from the rest
  for name, value in pairs(task) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  redis.call('HSET', 'hs:task:' .. given.id, unpack(flat))
  task.id = given.id
  for op_id, kept in pairs(given.ops) do redis.call('HSET', 'hs:ops:' .. task.id, op_id, kept) end
  if not OPEN[task.state] then
    redis.call('EXPIRE', 'hs:task:' .. task.id, CLOSED_S)
    redis.call('EXPIRE', 'hs:ops:' .. task.id, CLOSED_S)
    return
  end
  redis.call('SADD', 'hs:open:' .. task.queue, task.id)
  for rep, at in pairs(given.refused) do redis.call('ZADD', 'hs:refused:' .. task.id, at, rep) end
  restore_clocks(task)
  if task.state == 'queued' then
    restore_waiting(task, now)
  elseif task.state == 'parked' then
    set_timer('park', task.id, task.until_ms)
    rest_on_desk(task)
    if task.pushed_by ~= '' then redis.call('SADD', 'hs:pushed:' .. task.pushed_by, task.id) end
  else
    restore_holder(task)
  end
end

-- restore: put back deliveries, reps, then tasks, as the ledger tells them; a few at a time.
register_always('hs_restore', leased(function(given)
  if epoch() then return refuse('serving', 'This state is in use') end
  local now = now_ms(given.now)
  for _, src in ipairs(given.srcs or {}) do redis.call('SET', 'hs:src:' .. src, 1, 'EX', SEEN_S) end
  for _, rep in ipairs(given.reps) do restore_rep(rep, now) end
  for _, task in ipairs(given.tasks) do restore_task(task, now) end
  return { restored = #given.tasks }
end))

-- An offer that was made before nobody could answer it is taken back; nobody has missed anything.
local function rescind_all(now, reason)
  local open = redis.call('ZRANGE', 'hs:offers', 0, -1)
  for _, id in ipairs(open) do
    local task = load(id)
    put_back(task, 'rescinded',
      { op_id = 'rescind:' .. task.reservation, now = now, reason = reason })
  end
  return #open
end

local function note(op, op_id, now, reason, data)
  redis.call('XADD', 'hs:outbox', '*', 'fact', cjson.encode({
    fact_id = op_id .. '/' .. op, op = op, op_id = op_id, now_ms = now, epoch = epoch(),
    mention_id = '', source_id = '', reason = reason, actor = SERVICE, data = data,
  }))
end

local function after_rebuild(given, now)
  for name, at in pairs(given.accepted_ms) do
    -- Who has just accepted something is not the longest idle.
    redis.call('ZADD', 'hs:available', 'XX', 'GT', ms(at), name)
  end
  local rescinded = rescind_all(now, 'rebuilt')
  for _, name in ipairs(redis.call('SMEMBERS', 'hs:reps')) do
    refresh(name)
    feed('rep:' .. name, 'me')
  end
  given.rebuilt.rescinded = rescinded
  note('configured', 'rebuild:' .. given.epoch, now, 'rebuilt', { rebuilt = given.rebuilt })
  redis.call('DEL', LEASE, CONDEMNED)
  return rescinded
end

-- reopen: the state is whole again, under a new name. `rebuilt` is what the ledger shall tell of
-- it, `seq` how far the ledger had come, `accepted_ms` when each rep last accepted something.
register_always('hs_reopen', leased(function(given)
  redis.call('SET', 'hs:epoch', given.epoch)
  redis.call('SET', 'hs:relayed', ms(given.seq))
  confirmed = given.epoch
  return { epoch = given.epoch, rescinded = after_rebuild(given, now_ms(given.now)) }
end))

-- reset_clock: the server's clock went back so far that time would stand still here for long.
-- Offers are taken back, for nobody can say any more when they end; deadlines stay as they are.
register('hs_reset_clock', function(given)
  local standing_still = tonumber(redis.call('GET', 'hs:clock') or '0')
  redis.call('DEL', 'hs:clock')
  local now = now_ms(given.now)
  local back_ms = standing_still - now
  if back_ms <= CLOCK_JUMP_MS then
    redis.call('SET', 'hs:clock', ms(math.max(standing_still, now)))
    return cjson.encode({ back_ms = 0, rescinded = 0 })
  end
  local rescinded = rescind_all(now, 'the clock went back')
  new_grace(now)   -- who was last seen in the hours that are gone again would be missed by nobody
  note('degraded', 'clock:' .. ms(standing_still) .. ':' .. ms(now), now, 'the clock went back',
    { back_ms = back_ms, rescinded = rescinded })
  return cjson.encode({ back_ms = back_ms, rescinded = rescinded })
end)
