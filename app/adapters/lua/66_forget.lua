-- forget: nothing is left here of a task that has ended, before its hour is over.

-- given: {now, task}. A person is erased: what was said to them and by them goes. Returns {forgot = 1},
-- 0 where there was nothing. Refused while the task is open.
register('hs_forget', function(given)
  local task = load(given.task)
  if not task then return cjson.encode({ forgot = 0 }) end
  if OPEN[task.state] then
    return cjson.encode(refuse('wrong_state', 'The task is ' .. task.state .. ': end it first'))
  end
  for _, name in ipairs({ 'task', 'ops', 'refusals', 'pushed', 'refused' }) do
    redis.call('DEL', 'hs:' .. name .. ':' .. task.id)
  end
  redis.call('DEL', 'hs:seen:' .. task.mention_id)
  return cjson.encode({ forgot = 1 })
end)
