-- admit: the one way in. A mention gets exactly one outcome for each delivery of it.

local function new_task(given, admission, now)
  local task = {
    id = given.task_id, mention_id = admission.mention_id, source_id = admission.source_id,
    state = 'queued', version = 0, queue = given.queue, skills = given.skills,
    priority = given.priority, order_ms = ms(given.order_ms),
    detected_ms = ms(given.detected_ms), due_ms = ms(given.due_ms),
    at_risk_ms = ms(given.at_risk_ms), created_ms = ms(now),
    sla = 'ok', level = 0, attempt = 0, hops = 0, card = given.card,
    rep = '', reservation = '', expires_ms = '0', reply = '', missed = '',
  }
  for name, value in pairs(task) do
    if name ~= 'id' then redis.call('HSET', 'hs:task:' .. task.id, name, value) end
  end
  return task
end

local function queue_task(given, admission, now)
  local task = new_task(given, admission, now)
  enter_queue(task, task.queue)
  wait_in_lane(task)
  redis.call('ZADD', 'hs:sla', task.at_risk_ms, task.id)
  emit(task, 'queued', {
    op_id = admission.src, now = now, from = '', reason = given.reason,
    data = { skills = task.skills, order_ms = tonumber(task.order_ms),
      detected_ms = tonumber(task.detected_ms) },
  })
  feed('floor', 'queue', task.id)
  return task
end

local function remember(admission, first_src)
  redis.call('SET', 'hs:seen:' .. admission.mention_id,
    cjson.encode({ first_src, admission.content_hash, admission.src }), 'EX', SEEN_S)
end

local function repeated(admission, seen)
  local first_src, hash, last_src = unpack(cjson.decode(seen))
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
  remember(admission, first_src)
  local task = admission.task_id ~= '' and load(admission.task_id)
  if task and (task.state == 'queued' or task.state == 'offered' or task.state == 'accepted') then
    set(task, { card = admission.card })
    if task.rep ~= '' then feed('rep:' .. task.rep, 'task', task.id, 'edited') end
  end
  return { outcome = outcome }
end

-- admission: {now, src, mention_id, source_id, content_hash, known, facts, task, task_id, card,
--             duplicate_fact, edited_fact}; `known` is what the store remembers, in the form of
-- hs:seen. Returns {outcome = task|closed|duplicate|edited|replayed}.
register('hs_admit', function(admission)
  local now = now_ms(admission.now)
  local seen = redis.call('GET', 'hs:seen:' .. admission.mention_id) or admission.known
  if seen and seen ~= '' then return cjson.encode(repeated(admission, seen)) end
  remember(admission, admission.src)
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
