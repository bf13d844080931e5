#!lua name=handshake
-- The atomic door to task state. Nothing else may write these keys.
--
-- key                         type     holds
-- hs:epoch                    string   identity of this Redis's state; without it nothing is changed:
--                                      a wiped Redis is first rebuilt from the ledger
-- hs:clock                    string   highest time seen, ms: time never runs backwards here
-- hs:seen:<mention>           string   JSON [first src, content hash, last src, handle key]: the first
--                                      delivery, the newest wording, who brought it, whose it is (7 days: the store
--                                      remembers longer, this only spares the look-up)
-- hs:src:<src>                string   a later delivery of a seen mention has had its outcome (7 days)
-- hs:task:<task>              hash     one task; the fields are listed at new_task()
-- hs:ops:<task>               hash     op id -> {d = digest of the command, r = its result}, so that a
--                                      repeated command changes nothing
-- hs:refusals:<task>          hash     the same of commands that were refused, for ten minutes: what is late
--                                      on its way must not be done after its sender was told no
-- hs:queues                   hash     queue -> JSON of its policy; written by hs_configure
-- hs:lanes                    set      names of all lanes where somebody waits
-- hs:lanes:<queue>            set      those that the reps of this queue look at
-- hs:lanes:@<rep>             set      those kept for one rep
-- hs:lane:<lane>              zset     waiting tasks of a lane, by order key
-- hs:wait:<queue>             zset     waiting tasks by their detection: so long the customer waits
-- hs:open:<queue>             set      all open tasks of a queue
-- hs:sla:<queue>:<state>      set      open tasks at_risk or breached
-- hs:sla                      zset     task -> its next threshold of the response clock, ms (absolute)
-- hs:offers                   zset     task -> expiry of its offer, ms (absolute, never a TTL)
-- hs:timers                   zset     <kind>|<task> -> when it is due, ms (absolute); kinds in 65_sweep
-- hs:refused:<task>           zset     reps that rejected or missed it, by when, ms
-- hs:reps                     set      everybody who can be offered work
-- hs:rep:<rep>                hash     title, skills, queues, capacity, channels, state, reason, since_ms,
--                                      offer, load, soft (the part of load that may be interrupted),
--                                      on:<channel> (tasks held of that channel), changes (facts
--                                      of them so far: all that is kept of who has left)
-- hs:rep:<rep>:tasks          set      tasks that the rep holds: offered, accepted and wrapping
-- hs:rep:<rep>:parked         set      parked tasks that come back to the rep
-- hs:rep:<rep>:soft           set      accepted tasks of the rep that urgent work may interrupt
-- hs:available                zset     reps who take work, by the time they became idle, ms
-- hs:ready                    zset     those of them with room and without an offer, by the same time
-- hs:soft                     set      reps who hold something that may be interrupted
-- hs:pushed:<task>            set      what this urgent task has pushed aside
-- hs:present                  zset     reps with an open desk -> when it was last seen, ms
-- hs:gone                     zset     reps who are offline and not connected -> since when, ms
-- hs:swept                    string   when the sweep last ran, ms
-- hs:outbox                   stream   facts on their way to the ledger; emptied by the relay alone
-- hs:feed                     stream   what screens must hear; bounded, a late screen refetches

local SEEN_S = 7 * 24 * 3600
local CLOSED_S = 24 * 3600     -- closed tasks stay readable a day; the ledger has them for ever
local REFUSED_S = 600          -- no request is on its way for longer
local REFUSALS_MAX = 1000      -- of one task; who is told no more often in ten minutes is a program gone wild
local FEED_MAX = 20000         -- about ten minutes of a busy floor; beyond it a screen refetches
local ESCALATION = 'escalation'
local MEDIATOR = 'mediator'
local SERVICE = { type = 'system', id = 'door', role = 'service' }

-- A number is a test's clock. Everybody else gets the server's, so that hosts cannot disagree.
local function time_ms(given)
  local time = tonumber(given)
  if time and time ~= 0 then return time end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function now_ms(given)
  local time = time_ms(given)
  local highest = tonumber(redis.call('GET', 'hs:clock') or '0')
  if time <= highest then return highest end
  redis.call('SET', 'hs:clock', string.format('%.0f', time))
  return time
end

local function ms(number) return string.format('%.0f', number) end

local function refuse(code, message) return { error = code, message = message } end

-- A hash as a table, on top of what is given; nil where there is no such key.
local function load_hash(key, found)
  local flat = redis.call('HGETALL', key)
  if #flat == 0 then return nil end
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found
end

local function load(id) return load_hash('hs:task:' .. id, { id = id }) end

-- Change a task. The next fact tells what was changed, so that the ledger alone can give the task
-- back; a lane follows from the rest, and the card from the mention's own facts.
local function set(task, fields)
  local flat, changed = {}, task.changed or {}
  for name, value in pairs(fields) do
    task[name] = value
    flat[#flat + 1] = name
    flat[#flat + 1] = value
    if name ~= 'lane' and name ~= 'card' and name ~= 'version' then
      changed[name] = tostring(value)
    end
  end
  task.changed = changed
  redis.call('HSET', 'hs:task:' .. task.id, unpack(flat))
end

local function feed(to, event, task_id, why)
  redis.call('XADD', 'hs:feed', 'MAXLEN', '~', FEED_MAX, '*',
    'to', to, 'event', event, 'task', task_id or '', 'why', why or '')
end

local function epoch() return redis.call('GET', 'hs:epoch') end

-- The epoch that `watch` has compared with the ledger since this server started. A restored copy,
-- or a replica that took over, has lost it, and changes nothing until `watch` has looked.
local confirmed = ''

local function serving()
  local name = epoch()
  return name and name == confirmed
end

-- Write one fact of a task into the outbox. Every fact is one version of its task.
local function emit(task, op, change)
  local version, fields = tonumber(task.version or '0') + 1, task.changed
  set(task, { version = version })
  task.changed = {}
  redis.call('XADD', 'hs:outbox', '*', 'fact', cjson.encode({
    fact_id = task.id .. '/' .. change.op_id .. '/' .. op,
    op = op, op_id = change.op_id, now_ms = change.now,
    epoch = epoch(),
    mention_id = task.mention_id, source_id = task.source_id,
    task_id = task.id, version = version,
    from = change.from or task.state, to = task.state,
    actor = change.actor or SERVICE, rep = change.rep or task.rep or '',
    queue = task.queue, reservation_id = change.reservation or task.reservation or '',
    priority = tonumber(task.priority), deadline_ms = tonumber(task.due_ms),
    reason = change.reason or '', data = change.data or {}, digest = change.digest,
    fields = fields or {},
  }))
  return version
end

local function answer(task)
  return { task_id = task.id, state = task.state, version = tonumber(task.version) }
end

-- What this command was answered when it came before.
local function answered(given)
  return redis.call('HGET', 'hs:ops:' .. given.task, given.op_id)
    or redis.call('HGET', 'hs:refusals:' .. given.task, given.op_id)
end

local function keep_answer(task, given, result)
  local key = (result.error and 'hs:refusals:' or 'hs:ops:') .. task.id
  if result.error and redis.call('HLEN', key) >= REFUSALS_MAX then return end
  redis.call('HSET', key, given.op_id, cjson.encode({ d = given.digest or '', r = result }))
  if result.error then
    redis.call('EXPIRE', key, REFUSED_S)
  elseif task.state == 'completed' or task.state == 'cancelled' then
    redis.call('EXPIRE', key, CLOSED_S, 'NX')
  end
end

-- Run a command on a task once per op id; a repeat gets the first answer.
local function once(given, command)
  local known = answered(given)
  if known then
    known = cjson.decode(known)
    if (known.d or '') ~= '' and (given.digest or '') ~= '' and known.d ~= given.digest then
      return cjson.encode(refuse('key_reused', 'This Idempotency-Key came with another command'))
    end
    return cjson.encode(known.r)
  end
  local task = load(given.task)
  if not task then return cjson.encode(refuse('unknown_task', 'No task has this id')) end
  local result
  if given.version and tonumber(given.version) ~= tonumber(task.version) then
    result = refuse('stale_version',
      'The task is at version ' .. task.version .. ', expected ' .. ms(given.version))
  else
    result = command(task, now_ms(given.now))
  end
  keep_answer(task, given, result)
  return cjson.encode(result)
end

-- What may run while there is no epoch: only what brings one back.
local function register_always(name, body)
  redis.register_function(name, function(_, args) return body(cjson.decode(args[1])) end)
end

local function register(name, body)
  register_always(name, function(given)
    if not serving() then
      return cjson.encode(refuse('rebuilding', 'The state is being rebuilt from the ledger'))
    end
    return body(given)
  end)
end

-- A sweep of what is due: not at a time later than its caller believes in, for then the clock has
-- jumped between their look at it and this call. given: {now, until_ms (0: any time)}.
local function register_sweep(name, nothing, body)
  register(name, function(given)
    local now = now_ms(given.now)
    if (given.until_ms or 0) > 0 and now > given.until_ms then return cjson.encode(nothing) end
    return cjson.encode(body(now, given))
  end)
end

-- begin: this state is whole now, under a new name.
register_always('hs_begin', function(given)
  redis.call('SET', 'hs:epoch', given.epoch)
  confirmed = given.epoch
  return cjson.encode({ epoch = given.epoch })
end)
