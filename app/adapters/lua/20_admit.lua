-- admit: the one way in. A mention gets exactly one outcome for each delivery of it.

local function new_task(given, admission, now)
  local task = { id = given.task_id }
  set(task, {
    mention_id = admission.mention_id, source_id = admission.source_id,
    state = 'queued', version = 0, queue = given.queue, skills = given.skills,
    channel = given.channel, weight = tostring(given.weight),
    priority = given.priority, order_ms = ms(given.order_ms),
    detected_ms = ms(given.detected_ms), half_ms = ms(given.half_ms),
    at_risk_ms = ms(given.at_risk_ms), due_ms = ms(given.due_ms),
    clock = given.clock, policy = given.policy, resolution_ms = ms(given.resolution_due_ms),
    created_ms = ms(now), entered_ms = ms(now), card = given.card,
    sla = 'ok', halfway = '', level = 0, attempt = 0, hops = 0, lane = '', unroutable = '',
    rep = '', reservation = '', expires_ms = '0', reply = '', missed = '', handed_on = '',
    assigned = '',
    for_rep = '', for_until_ms = '0', first_reply_ms = '0', wrap_ends_ms = '0',
    until_ms = '0', waits_for = '', left_ms = '0', pushed_by = '', override = '',
  })
  return task
end

-- Keep a queued task for one rep for a while, if they are there and may take it.
local function keep_for(task, name, until_ms)
  local here = (name or '') ~= '' and redis.call('ZSCORE', 'hs:available', name)
  local rep = here and load_rep(name)
  here = rep and serves(rep, task.queue) and has_all(rep.skills, task.skills)
  set(task, { for_rep = here and name or '', for_until_ms = here and ms(until_ms) or '0' })
  return here and true or false
end

-- What a fact says of a task that begins to wait, for whoever reads the ledger alone.
local function waiting(task, data)
  data = data or {}
  data.skills, data.order_ms = task.skills, tonumber(task.order_ms)
  data.steps = easing(task)
  if task.for_rep ~= '' then
    data.for_rep, data.for_until_ms = task.for_rep, tonumber(task.for_until_ms)
  end
  return data
end

local function queue_task(given, admission, now)
  local task = new_task(given, admission, now)
  enter_queue(task, task.queue, now)
  if given.for_rep and given.for_rep ~= '' then
    keep_for(task, given.for_rep, now + given.sticky_ms)
  end
  redis.call('ZADD', 'hs:sla', given.half_ms > 0 and task.half_ms or task.at_risk_ms, task.id)
  if given.resolution_due_ms > 0 then set_timer('resolve', task.id, given.resolution_due_ms) end
  emit(task, 'queued', {
    op_id = admission.src, now = now, from = '', reason = given.reason,
    data = waiting(task, {
      detected_ms = given.detected_ms, half_ms = given.half_ms, at_risk_ms = given.at_risk_ms,
      due_ms = given.due_ms, clock = given.clock, policy = given.policy,
      resolution_due_ms = given.resolution_due_ms, channel = given.channel, weight = given.weight,
    }),
  })
  wait_in_lane(task, now)
  feed('floor', 'queue', task.id)
  return task
end

local function remember(admission, first_src, handle_key)
  redis.call('SET', 'hs:seen:' .. admission.mention_id,
    cjson.encode({ first_src, admission.content_hash, admission.src, handle_key }), 'EX', SEEN_S)
end

local OPEN = { queued = true, offered = true, accepted = true, wrapping = true, parked = true }

local function repeated(admission, seen)
  local first_src, hash, last_src, handle_key = unpack(cjson.decode(seen))
  if first_src == admission.src or last_src == admission.src
    or redis.call('EXISTS', 'hs:src:' .. admission.src) == 1 then
    return { outcome = 'replayed' }
  end
  redis.call('SET', 'hs:src:' .. admission.src, 1, 'EX', SEEN_S)
  local outcome = hash == admission.content_hash and 'duplicate' or 'edited'
  redis.call('XADD', 'hs:outbox', '*', 'fact', outcome == 'edited' and admission.edited_fact
    or admission.duplicate_fact)
  if outcome == 'duplicate' then return { outcome = outcome } end
  -- Remember the newest wording, so that the same edit delivered again is a duplicate.
  remember(admission, first_src, handle_key or admission.handle_key)
  local task = admission.task_id ~= '' and load(admission.task_id)
  if task and OPEN[task.state] then
    set(task, { card = admission.card })
    if task.rep ~= '' then feed('rep:' .. task.rep, 'task', task.id, 'edited') end
  end
  return { outcome = outcome }
end

-- admission: {now, src, mention_id, source_id, handle_key, content_hash, known, facts, task, task_id, card,
--             duplicate_fact, edited_fact}; `known` is what the store remembers, in the form of
-- hs:seen. Returns {outcome = task|closed|duplicate|edited|replayed}.
register('hs_admit', function(admission)
  local now = now_ms(admission.now)
  local seen = redis.call('GET', 'hs:seen:' .. admission.mention_id) or admission.known
  if seen and seen ~= '' then return cjson.encode(repeated(admission, seen)) end
  remember(admission, admission.src, admission.handle_key)
  for _, fact in ipairs(admission.facts) do redis.call('XADD', 'hs:outbox', '*', 'fact', fact) end
  if type(admission.task) ~= 'table' then return cjson.encode({ outcome = 'closed' }) end
  queue_task(admission.task, admission, now)
  return cjson.encode({ outcome = 'task' })
end)

-- note: put facts that change no task (a dead letter, a degradation) on their way to the ledger.
register('hs_note', function(given)
  for _, fact in ipairs(given.facts) do redis.call('XADD', 'hs:outbox', '*', 'fact', fact) end
  return cjson.encode({ noted = #given.facts })
end)

-- configure: what each queue does with its tasks; written at every start of `watch`.
register_always('hs_configure', function(given)
  redis.call('DEL', 'hs:queues')
  for name, policy in pairs(given.queues) do
    redis.call('HSET', 'hs:queues', name, cjson.encode(policy))
  end
  return cjson.encode({ queues = redis.call('HLEN', 'hs:queues') })
end)
