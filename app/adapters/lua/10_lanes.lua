-- Lanes: the waiting tasks of a queue that need the same skills. The head of each lane is its
-- most pressing task, so a choice looks at a few heads however many tasks wait.

local function lane_of(queue, skills) return queue .. '|' .. (skills or '') end

local function wait_in_lane(task)
  local lane = lane_of(task.queue, task.skills)
  redis.call('SADD', 'hs:lanes:' .. task.queue, lane)
  redis.call('ZADD', 'hs:lane:' .. lane, task.order_ms, task.id)
  redis.call('ZADD', 'hs:wait:' .. task.queue, task.detected_ms, task.id)
end

local function leave_lane(task)
  local lane = lane_of(task.queue, task.skills)
  redis.call('ZREM', 'hs:lane:' .. lane, task.id)
  redis.call('ZREM', 'hs:wait:' .. task.queue, task.id)
  if redis.call('EXISTS', 'hs:lane:' .. lane) == 0 then
    redis.call('SREM', 'hs:lanes:' .. task.queue, lane)
  end
end

-- Move an open task's membership of the queue's sets.
local function enter_queue(task, queue)
  if task.queue ~= queue then
    redis.call('SREM', 'hs:open:' .. task.queue, task.id)
    if task.sla == 'at_risk' or task.sla == 'breached' then
      redis.call('SMOVE', 'hs:sla:' .. task.queue .. ':' .. task.sla,
        'hs:sla:' .. queue .. ':' .. task.sla, task.id)
    end
    set(task, { queue = queue })
  end
  redis.call('SADD', 'hs:open:' .. queue, task.id)
end

local function has_all(skills, wanted)
  for skill in string.gmatch(wanted, '[^,]+') do
    if not string.find(',' .. skills .. ',', ',' .. skill .. ',', 1, true) then return false end
  end
  return true
end

local function serves(rep, queue)
  return string.find(',' .. (rep.queues or '') .. ',', ',' .. queue .. ',', 1, true) ~= nil
end

local function load_rep(name)
  local flat = redis.call('HGETALL', 'hs:rep:' .. name)
  if #flat == 0 then return nil end
  local rep = { name = name }
  for i = 1, #flat, 2 do rep[flat[i]] = flat[i + 1] end
  return rep
end

local function has_room(rep)
  return (rep.offer or '') == ''
    and redis.call('SCARD', 'hs:rep:' .. rep.name .. ':tasks') < tonumber(rep.capacity)
end

-- Could somebody else who is ready take this task now, who has not refused it?
local function another_can(task, except)
  for _, name in ipairs(redis.call('ZRANGE', 'hs:available', 0, -1)) do
    if name ~= except and not redis.call('ZSCORE', 'hs:refused:' .. task.id, name) then
      local rep = load_rep(name)
      if has_room(rep) and serves(rep, task.queue) and has_all(rep.skills, task.skills) then
        return true
      end
    end
  end
  return false
end

-- A rep is not offered a refused task again while another can take it, and in no case before
-- one more offer time has gone by, so that a lone agent is not offered it without a pause.
local function may_offer(id, rep, now, pause_ms)
  local refused_ms = redis.call('ZSCORE', 'hs:refused:' .. id, rep)
  if not refused_ms then return true end
  if now < tonumber(refused_ms) + pause_ms then return false end
  return not another_can(load(id), rep)
end

-- The most pressing task of a lane that may go to this rep, and its order key.
local function head_of(lane, rep, now, pause_ms)
  local from, PAGE = 0, 16
  while true do
    local page = redis.call('ZRANGE', 'hs:lane:' .. lane, from, from + PAGE - 1, 'WITHSCORES')
    if #page == 0 then return nil end
    for i = 1, #page, 2 do
      if may_offer(page[i], rep.name, now, pause_ms) then return page[i], tonumber(page[i + 1]) end
    end
    from = from + PAGE
  end
end

local function best_for(rep, now, pause_ms)
  local best, best_order
  for queue in string.gmatch(rep.queues or '', '[^,]+') do
    for _, lane in ipairs(redis.call('SMEMBERS', 'hs:lanes:' .. queue)) do
      if has_all(rep.skills, string.sub(lane, #queue + 2)) then
        local id, order = head_of(lane, rep, now, pause_ms)
        -- Equal keys are broken by id, so that every replay chooses alike.
        if id and (not best or order < best_order or (order == best_order and id < best)) then
          best, best_order = id, order
        end
      end
    end
  end
  return best
end
