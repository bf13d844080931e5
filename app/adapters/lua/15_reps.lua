-- Reps: what they hold, and whether they have room for more.

-- Nil for a stranger, and for who has left: of them only the number of their changes is kept.
local function load_rep(name)
  local rep = load_hash('hs:rep:' .. name, { name = name })
  return rep and rep.state and rep or nil
end

local function channel_limit(rep, channel)
  if (rep.channels or '') == '' then return nil end
  return cjson.decode(rep.channels)[channel]
end

-- Half of the thousandth that weights are kept to: sums of 0.1 and the like are a little off, and
-- that little is no load.
local CRUMB = 0.0005

-- Room for one more task of this weight on this channel, if `spare` units were put aside?
local function has_room(rep, weight, channel, spare)
  local load_ = tonumber(rep.load or 0) - (spare or 0) + weight
  if load_ > tonumber(rep.capacity) + CRUMB then return false end
  local limit = channel_limit(rep, channel)
  return not limit or tonumber(rep['on:' .. channel] or 0) + 1 <= limit
end

-- Could this rep ever have room for it, with nothing else in hand?
local function could_hold(rep, lane)
  local limit = channel_limit(rep, lane.channel)
  return lane.weight <= tonumber(rep.capacity) and (not limit or limit >= 1)
end

-- Would it help such a task if the rep took nothing lighter? Not while the channel is full: its
-- next end frees as much room as the task needs, whatever else the rep has in hand.
local function saves_for(rep, lane)
  local limit = channel_limit(rep, lane.channel)
  return lane.weight <= tonumber(rep.capacity)
    and (not limit or tonumber(rep['on:' .. lane.channel] or 0) < limit)
end

-- May this rep take tasks of this lane, by queue and skills?
local function fits(rep, lane)
  if lane.kept_for ~= '' and lane.kept_for ~= rep.name then return false end
  local queue = serves(rep, lane.queue) or (lane.overflow ~= '' and serves(rep, lane.overflow))
  return queue and has_all(rep.skills, lane.skills)
end

-- Keep hs:ready true after any change of a rep.
local function refresh(name)
  local idle_since = redis.call('ZSCORE', 'hs:available', name)
  local offer, load_, capacity =
    unpack(redis.call('HMGET', 'hs:rep:' .. name, 'offer', 'load', 'capacity'))
  local ready = idle_since and (offer or '') == ''
    and tonumber(load_ or 0) < tonumber(capacity or 0)
  if ready then
    redis.call('ZADD', 'hs:ready', idle_since, name)
  else
    redis.call('ZREM', 'hs:ready', name)
  end
end

-- Thousandths of a unit: sums of weights such as 0.1 must come out even again.
local function add_to(name, field, units)
  local before = tonumber(redis.call('HGET', 'hs:rep:' .. name, field) or '0')
  local after = string.format('%.3f', before + units)
  redis.call('HSET', 'hs:rep:' .. name, field, after)
  return tonumber(after)
end

local function hold(name, task)
  redis.call('SADD', 'hs:rep:' .. name .. ':tasks', task.id)
  add_to(name, 'load', tonumber(task.weight))
  redis.call('HINCRBY', 'hs:rep:' .. name, 'on:' .. task.channel, 1)
end

local function harden(name, task)
  if redis.call('SREM', 'hs:rep:' .. name .. ':soft', task.id) == 1
    and add_to(name, 'soft', -tonumber(task.weight)) <= 0 then
    redis.call('SREM', 'hs:soft', name)
  end
end

-- An accepted task of an interruptible queue: urgent work may push it aside.
local function soften(name, task)
  if not policy_of(task.queue).interruptible then return end
  if redis.call('SADD', 'hs:rep:' .. name .. ':soft', task.id) == 1 then
    add_to(name, 'soft', tonumber(task.weight))
    redis.call('SADD', 'hs:soft', name)
  end
end

local function let_go(name, task)
  if redis.call('SREM', 'hs:rep:' .. name .. ':tasks', task.id) == 1 then
    add_to(name, 'load', -tonumber(task.weight))
    redis.call('HINCRBY', 'hs:rep:' .. name, 'on:' .. task.channel, -1)
  end
  harden(name, task)
  refresh(name)
end

-- A parked task rests below the desk of who comes back to it; of nobody, where it was queued.
local function rest_on_desk(task)
  if task.for_rep ~= '' then redis.call('SADD', 'hs:rep:' .. task.for_rep .. ':parked', task.id) end
end

-- It rests there no longer: the desk takes it off its list.
local function leave_desk(task, why)
  if task.for_rep == '' then return end
  redis.call('SREM', 'hs:rep:' .. task.for_rep .. ':parked', task.id)
  feed('rep:' .. task.for_rep, 'task_closed', task.id, why)
end

-- Say in the ledger what a rep can do and whether they are there: without it nobody could
-- prove afterwards that an offer was right.
local function emit_rep(name, now, reason, left)
  local rep = load_rep(name)
  local op_id = 'rep:' .. name .. ':' .. redis.call('HINCRBY', 'hs:rep:' .. name, 'changes', 1)
  redis.call('XADD', 'hs:outbox', '*', 'fact', cjson.encode({
    fact_id = op_id .. '/configured/' .. epoch(),
    op = 'configured', op_id = op_id, now_ms = now, epoch = epoch(),
    mention_id = '', source_id = '', reason = reason, rep = name, actor = SERVICE,
    data = { rep = { name = name, title = rep.title, skills = rep.skills, queues = rep.queues,
      capacity = tonumber(rep.capacity), state = rep.state, reason = rep.reason,
      channels = (rep.channels or '') ~= '' and cjson.decode(rep.channels) or nil,
      desk = redis.call('ZSCORE', 'hs:present', name) and true or false,
      demo = rep.demo == '1', left = left } },
  }))
end

local function change_rep(name, now, fields)
  for field, value in pairs(fields) do redis.call('HSET', 'hs:rep:' .. name, field, value) end
  emit_rep(name, now, fields.reason or '')
  feed('rep:' .. name, 'me')
  feed('floor', 'rep')
end
