-- One request against one key, in one step (GCRA).
-- KEYS[1]: who. ARGV: how many at once; microseconds until one more.
-- Answers how many may follow at once, and for how many microseconds it is refused.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local burst, period = tonumber(ARGV[1]), tonumber(ARGV[2])
local before = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local after = before + period
local free = now + burst * period - after
if free < 0 then
    return { 0, -free }
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return { math.floor(free / period), 0 }
