-- offer: who gets which waiting task. The task is reserved for one rep until they answer.

-- One round of choosing looks at the same lanes for many reps: read each of them once.
local function new_view() return { lanes = {}, heads = {}, refused = {}, reps = {} } end

local HEADS = 16   -- tasks of a lane that are looked at in one read; more only behind refused ones

local function lanes_under(view, key)
  local found = view.lanes[key]
  if not found then
    found = redis.call('SMEMBERS', key)
    view.lanes[key] = found
  end
  return found
end

local function heads_of(view, lane, from)
  local name = lane .. '@' .. from
  local found = view.heads[name]
  if not found then
    found = redis.call('ZRANGE', 'hs:lane:' .. lane, from, from + HEADS - 1, 'WITHSCORES')
    view.heads[name] = found
  end
  return found
end

-- When this rep refused this task, ms; nil where they have not.
local function refused_at(view, id, rep)
  local found = view.refused[id]
  if not found then
    found = {}
    local flat = redis.call('ZRANGE', 'hs:refused:' .. id, 0, -1, 'WITHSCORES')
    for i = 1, #flat, 2 do found[flat[i]] = tonumber(flat[i + 1]) end
    view.refused[id] = found
  end
  return found[rep]
end

local function forget_lane(view, lane)
  for name in pairs(view.heads) do
    if string.sub(name, 1, #lane + 1) == lane .. '@' then view.heads[name] = nil end
  end
end

-- Of the ready reps only who is offered something changes in a round, and is ready no longer.
local function ready_rep(view, name)
  view.reps[name] = view.reps[name] or load_rep(name)
  return view.reps[name]
end

-- Could somebody else who is ready take this task now, who has not refused it?
local function another_can(view, lane, id, except)
  for _, name in ipairs(redis.call('ZRANGE', 'hs:ready', 0, -1)) do
    if name ~= except and not refused_at(view, id, name) then
      local rep = ready_rep(view, name)
      if fits(rep, lane) and has_room(rep, lane.weight, lane.channel) then return true end
    end
  end
  return false
end

-- A rep is not offered a refused task again while another can take it, and in no case before
-- one more offer time has gone by, so that a lone agent is not offered it without a pause. Who it
-- is kept for is asked whatever they said before: it has been handed to them since.
local function may_offer(view, lane, id, rep, at)
  local refused_ms = refused_at(view, id, rep)
  if not refused_ms or lane.kept_for == rep then return true end
  if at.now < refused_ms + at.pause_ms then return false end
  return not another_can(view, lane, id, rep)
end

-- The most pressing task of a lane that may go to this rep, and its order key.
local function head_of(view, lane, rep, at)
  local from = 0
  while true do
    local page = heads_of(view, lane.name, from)
    for i = 1, #page, 2 do
      if may_offer(view, lane, page[i], rep.name, at) then
        return page[i], tonumber(page[i + 1])
      end
    end
    if #page < 2 * HEADS then return nil end
    from = from + HEADS
  end
end

local function before(order, id, best)
  -- Equal keys are broken by id, so that every replay chooses alike.
  return not best or order < best.order or (order == best.order and id < best.id)
end

-- The most pressing task for this rep among the lanes under these keys. A task for which the rep
-- has no room is passed over, but once its order key has gone by the rep saves room for it:
-- otherwise lighter work could keep a heavy task waiting for ever. With `spare` (what may be put
-- aside) only the lanes of queues that pre-empt are looked at.
local function most_pressing(view, rep, keys, at, spare)
  local best, saving
  for _, key in ipairs(keys) do
    for _, name in ipairs(lanes_under(view, key)) do
      local lane = parse_lane(name)
      local room = has_room(rep, lane.weight, lane.channel, spare)
      local save = not room and saves_for(rep, lane)
      if fits(rep, lane) and (room or save) and (not spare or policy_of(lane.queue).preempts) then
        local id, order = head_of(view, lane, rep, at)
        if id and room and before(order, id, best) then
          best = { id = id, order = order, lane = lane }
        elseif id and save and order <= at.now and (not saving or order < saving) then
          saving = order
        end
      end
    end
  end
  if best and saving and saving < best.order then return nil end
  return best
end

local function lane_keys(rep)
  local keys = { 'hs:lanes:@' .. rep.name }
  for queue in each(rep.queues) do keys[#keys + 1] = 'hs:lanes:' .. queue end
  return keys
end

-- given: {now, expires_ms}; by: {op_id, actor, reason, override} of a supervisor or a pre-emption.
local function make_offer(rep, id, now, expires, by)
  by = by or {}
  local task = load(id)
  local attempt = tonumber(task.attempt) + 1
  local reservation = id .. ':' .. attempt
  local lane = parse_lane(task.lane)
  local data = { expires_ms = now + expires, attempt = attempt,
    detected_ms = tonumber(task.detected_ms), override = by.override }
  if lane.skills ~= task.skills then data.skills = lane.skills end
  if not serves(rep, task.queue) then data.overflow = lane.overflow end
  leave_lane(task)
  set(task, {
    state = 'offered', rep = rep.name, attempt = attempt, reservation = reservation,
    offered_ms = ms(now), expires_ms = ms(now + expires), unroutable = '',
    override = by.override or '',
  })
  -- Whom a supervisor chose past all order wants to know why: on their card until the next offer.
  local assigned = by.override == 'assigned'
    and cjson.encode({ by = by.actor.id, reason = by.reason or '' }) or ''
  if (task.assigned or '') ~= assigned then set(task, { assigned = assigned }) end
  redis.call('ZADD', 'hs:offers', ms(now + expires), id)
  hold(rep.name, task)
  redis.call('HSET', 'hs:rep:' .. rep.name, 'offer', id)
  refresh(rep.name)
  emit(task, 'offered', {
    op_id = by.op_id or 'offer:' .. reservation, now = now, from = 'queued',
    actor = by.actor, digest = by.digest, reason = by.reason, data = data,
  })
  feed('rep:' .. rep.name, 'offer', id)
  feed('rep:' .. rep.name, 'me')
  feed('floor', 'queue', id)
  return task
end

-- Give every ready rep with room the most pressing task that fits; the longest idle choose first.
-- One offer at a time each: nobody can read two cards at once. At most `limit` offers a call, so
-- that Redis is never held for long. Returns {offered = ids, more = whether the limit was met}.
register('hs_offer', function(given)
  local at = { now = now_ms(given.now), pause_ms = given.expires_ms }
  local view, offered = new_view(), {}
  for _, name in ipairs(redis.call('ZRANGE', 'hs:ready', 0, -1)) do
    if #offered >= given.limit then break end
    local rep = ready_rep(view, name)
    local best = most_pressing(view, rep, lane_keys(rep), at)
    if best then
      make_offer(rep, best.id, at.now, given.expires_ms)
      forget_lane(view, best.lane.name)
      offered[#offered + 1] = best.id
    end
  end
  return cjson.encode({ offered = offered, more = #offered >= given.limit })
end)
