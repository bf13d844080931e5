-- enrol, set_state: who can be offered work.

-- Make a rep known, or change what they can do; their state stays as it is.
register('hs_enrol', function(given)
  local key, now = 'hs:rep:' .. given.rep, now_ms(given.now)
  local before = cjson.encode(redis.call('HMGET', key, 'skills', 'queues', 'capacity'))
  redis.call('SADD', 'hs:reps', given.rep)
  redis.call('HSET', key, 'title', given.title, 'skills', given.skills, 'queues', given.queues,
    'capacity', given.capacity, 'demo', given.demo and 1 or 0)
  redis.call('HSETNX', key, 'state', 'offline')
  redis.call('HSETNX', key, 'reason', '')
  redis.call('HSETNX', key, 'since_ms', ms(now))
  redis.call('HSETNX', key, 'offer', '')
  if before ~= cjson.encode(redis.call('HMGET', key, 'skills', 'queues', 'capacity')) then
    emit_rep(given.rep, now, 'enrolled')
  end
  return cjson.encode({ rep = given.rep })
end)

register('hs_set_state', function(given)
  local now = now_ms(given.now)
  local rep = load_rep(given.rep)
  if not rep then return cjson.encode(refuse('unknown_rep', 'Nobody here takes tasks as ' .. given.rep)) end
  if given.state == 'available' then
    redis.call('ZADD', 'hs:available', 'NX', ms(now), given.rep)
  else
    redis.call('ZREM', 'hs:available', given.rep)
    if rep.offer ~= '' then
      local task = load(rep.offer)
      put_back(task, 'rescinded', {
        op_id = 'rescind:' .. task.reservation, now = now,
        reason = 'the agent is ' .. given.state, actor = given.actor,
      })
    end
  end
  if rep.state ~= given.state then
    change_rep(given.rep, now, { state = given.state, reason = given.reason, since_ms = ms(now) })
  end
  return cjson.encode({ rep = given.rep, state = given.state })
end)
