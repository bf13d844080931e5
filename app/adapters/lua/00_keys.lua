#!lua name=handshake
-- The atomic door to task state. Nothing else may write these keys.
--
-- key                         type     holds
-- hs:epoch                    string   identity of this Redis's state; new after a rebuild
-- hs:clock                    string   highest time seen, ms: time never runs backwards here
-- hs:seen:<mention>           string   JSON [first src, content hash, last src]: the first delivery,
--                                      the newest wording and who brought it (7 days: the store
--                                      remembers longer, this only spares the look-up)
-- hs:src:<src>                string   a later delivery of a seen mention has had its outcome (7 days)
-- hs:task:<task>              hash     one task; the fields are listed at new_task()
-- hs:ops:<task>               hash     op id -> result, so that a repeated command changes nothing
-- hs:lanes:<queue>            set      names of the lanes of a queue
-- hs:lane:<queue>|<skills>    zset     waiting tasks that need these skills, by order key
-- hs:wait:<queue>             zset     waiting tasks by their detection: so long the customer waits
-- hs:open:<queue>             set      all open tasks of a queue
-- hs:sla:<queue>:<state>      set      open tasks at_risk or breached
-- hs:sla                      zset     task -> its next SLA threshold, ms (absolute, never a TTL)
-- hs:offers                   zset     task -> expiry of its offer, ms (absolute, never a TTL)
-- hs:refused:<task>           zset     reps that rejected or missed it, by when, ms
-- hs:reps                     set      everybody who can be offered work
-- hs:rep:<rep>                hash     title, skills, queues, capacity, state, reason, since_ms, offer
-- hs:rep:<rep>:tasks          set      tasks that the rep holds: offered and accepted
-- hs:available                zset     reps ready for work, by the time they became idle, ms
-- hs:outbox                   stream   facts on their way to the ledger; emptied by the relay alone
-- hs:feed                     stream   what screens must hear; bounded, a late screen refetches

local SEEN_S = 7 * 24 * 3600
local CLOSED_S = 24 * 3600     -- closed tasks stay readable a day; the ledger has them for ever
local FEED_MAX = 20000         -- about ten minutes of a busy floor; beyond it a screen refetches
local ESCALATION = 'escalation'
local MEDIATOR = 'mediator'

local function now_ms(given)
  -- A number is a test's clock. Everybody else gets the server's, so that hosts cannot disagree.
  local time = tonumber(given)
  if not time or time == 0 then
    local t = redis.call('TIME')
    time = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
  end
  local highest = tonumber(redis.call('GET', 'hs:clock') or '0')
  if time <= highest then return highest end
  redis.call('SET', 'hs:clock', string.format('%.0f', time))
  return time
end

local function ms(number) return string.format('%.0f', number) end

local function refuse(code, message) return { error = code, message = message } end

local function load(id)
  local flat = redis.call('HGETALL', 'hs:task:' .. id)
  if #flat == 0 then return nil end
  local task = { id = id }
  for i = 1, #flat, 2 do task[flat[i]] = flat[i + 1] end
  return task
end

local function set(task, fields)
  for name, value in pairs(fields) do
    task[name] = value
    redis.call('HSET', 'hs:task:' .. task.id, name, value)
  end
end

local function feed(to, event, task_id, why)
  redis.call('XADD', 'hs:feed', 'MAXLEN', '~', FEED_MAX, '*',
    'to', to, 'event', event, 'task', task_id or '', 'why', why or '')
end

-- The name of this Redis's state. A wiped one gets a new name with its first fact.
local function epoch()
  local name = redis.call('GET', 'hs:epoch')
  if name then return name end
  local time = redis.call('TIME')
  name = string.sub(redis.sha1hex(time[1] .. '.' .. time[2]), 1, 12)
  redis.call('SET', 'hs:epoch', name)
  return name
end

-- Write one fact of a task into the outbox. Every fact is one version of its task.
local function emit(task, op, change)
  local version = tonumber(task.version or '0') + 1
  set(task, { version = version })
  local actor = change.actor or { type = 'system', id = 'door', role = 'service' }
  redis.call('XADD', 'hs:outbox', '*', 'fact', cjson.encode({
    fact_id = task.id .. '/' .. change.op_id .. '/' .. op,
    op = op, op_id = change.op_id, now_ms = change.now,
    epoch = epoch(),
    mention_id = task.mention_id, source_id = task.source_id,
    task_id = task.id, version = version,
    from = change.from or task.state, to = task.state,
    actor = actor, rep = change.rep or task.rep or '',
    queue = task.queue, reservation_id = change.reservation or task.reservation or '',
    priority = tonumber(task.priority), deadline_ms = tonumber(task.due_ms),
    reason = change.reason or '', data = change.data or {},
  }))
  return version
end

-- Run a command on a task once per op id; a repeat gets the first answer.
local function once(id, op_id, command)
  local known = redis.call('HGET', 'hs:ops:' .. id, op_id)
  if known then return known end
  local task = load(id)
  if not task then return cjson.encode(refuse('unknown_task', 'No task has this id')) end
  local result = command(task)
  local encoded = cjson.encode(result)
  if not result.error then redis.call('HSET', 'hs:ops:' .. id, op_id, encoded) end
  return encoded
end

local function register(name, body)
  redis.register_function(name, function(_, args) return body(cjson.decode(args[1])) end)
end
