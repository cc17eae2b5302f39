/** What the reply cache has Redis do in one step: Lua scripts, each with what its KEYS and ARGV are. No I/O. */

/*
 * All keys of a tenant have one hash tag, so that a script may touch several. A value is a string of its own with a
 * TTL, in three lines: when it expires, ms; JSON of a KeptAbout; the sealed text. Beside it the index: `expiry`, a sorted set of keys by when
 * they expire, and `about`, a hash of keys to what a purge and a hit need to know without reading the value:
 * JSON of [bytes, savedTokens, savedMicroUsd, storedAtMs, model, knowledgeVersion or false]. `totals` is a hash of
 * counts. They outlive the values by being told to live on with every write.
 */

/** Names that several scripts use. KEYS[1] `expiry`, KEYS[2] `about`, KEYS[3] `totals`. */
const INDEX = `
local function drop(key, valueKey)
  local about = redis.call('HGET', KEYS[2], key)
  if valueKey then redis.call('UNLINK', valueKey) end
  if not about then return false end
  redis.call('HDEL', KEYS[2], key)
  redis.call('ZREM', KEYS[1], key)
  redis.call('HINCRBY', KEYS[3], 'bytes', -cjson.decode(about)[1])
  return true
end
local function fits(about, filter)
  if filter.model and filter.model ~= about[5] then return false end
  if filter.beforeMs and about[4] >= filter.beforeMs then return false end
  return not filter.knowledgeVersion or filter.knowledgeVersion == about[6]
end
local function prune(nowMs, count)
  local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', nowMs, 'LIMIT', 0, count)
  for _, key in ipairs(gone) do drop(key) end
end
`

/**
 * Finds a value, and takes the lead where there is none. A TTL alone counts from when the value arrived.
 * KEYS: 1 the value, 2 `totals`, 3 the key's lease. ARGV: 1 the caller's lease or '', 2 how long one lasts, ms; 3 the
 * time, ms.
 * Answers [the value or '', the purge mark or '', 'lead', 'wait' or ''].
 */
export const LOOK_UP = `
local value = redis.call('GET', KEYS[1]) or ''
local mark = redis.call('HGET', KEYS[2], 'mark') or ''
if value ~= '' and tonumber(string.match(value, '^%d+')) <= tonumber(ARGV[3]) then value = '' end
if value ~= '' or ARGV[1] == '' then return {value, mark, ''} end
local leader = redis.call('GET', KEYS[3])
if leader and leader ~= ARGV[1] then return {'', mark, 'wait'} end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
return {'', mark, 'lead'}
`

/**
 * Looks once, for one who waits. KEYS: 1 the value, 2 the key's lease, 3 the mark that nobody need wait for it.
 * ARGV: 1 the caller's lease, 2 how long one lasts, ms. Answers 'stored', 'lead', 'alone' or 'wait'.
 */
export const WAIT = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 'stored' end
local leader = redis.call('GET', KEYS[2])
if leader and leader ~= ARGV[1] then return 'wait' end
if not leader and redis.call('EXISTS', KEYS[3]) == 1 then return 'alone' end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 'lead'
`

/**
 * Keeps a lease that is the caller's. KEYS: 1 the key's lease. ARGV: 1 the caller's lease, 2 how long one lasts, ms.
 * Answers 1, or 0 where it is over.
 */
export const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`

/**
 * Ends a lease that is the caller's. KEYS: 1 the key's lease, 2 the mark that nobody need wait for it.
 * ARGV: 1 the caller's lease, 2 'lead' or 'alone', 3 how long that mark stands, ms.
 */
export const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1])
if ARGV[2] == 'alone' then redis.call('SET', KEYS[2], '1', 'PX', ARGV[3]) end
return 1
`

/**
 * Keeps values and counts. KEYS: 1 to 3 the index, 4 the purges of late, then for each piece of news three: the value,
 * the key's lease, the mark that nobody need wait for it. ARGV: 1 the time, ms; 2 how long the index lives on, ms; 3 how
 * many bytes the values of a tenant may have; 4 how long a mark stands, ms; 5 what the tenant's value keys begin with;
 * 6 JSON of the news; then for each piece the value or ''. The ones that expire first leave first.
 */
export const TELL = `${INDEX}
local nowMs = tonumber(ARGV[1])
local bytesMax = tonumber(ARGV[3])
prune(nowMs, 100)
local purges = redis.call('LRANGE', KEYS[4], 0, -1)
local function isPurged(about)
  for _, text in ipairs(purges) do
    local purge = cjson.decode(text)
    if about[4] <= purge.atMs and fits(about, purge.filter) then return true end
  end
  return false
end
local function count(name, by)
  if by ~= 0 then redis.call('HINCRBY', KEYS[3], name, string.format('%d', by)) end
end
for index, news in ipairs(cjson.decode(ARGV[6])) do
  local valueKey, lease, alone = KEYS[2 + 3 * index], KEYS[3 + 3 * index], KEYS[4 + 3 * index]
  if news.kind == 'hits' then
    count(news.as, news.count)
    local about = redis.call('HGET', KEYS[2], news.key)
    if about then
      about = cjson.decode(about)
      count('savedTokens', about[2] * news.count)
      count('savedMicroUsd', about[3] * news.count)
    end
  elseif news.kind == 'corrupt' then
    if drop(news.key, valueKey) then count('corrupt', 1) end
  else
    local leader = redis.call('GET', lease)
    local lastsMs = news.expiresAtMs - nowMs
    if lastsMs <= 0 or news.about[1] > bytesMax or isPurged(news.about) then
      if leader and leader == news.leaseId then
        redis.call('UNLINK', lease)
        redis.call('SET', alone, '1', 'PX', ARGV[4])
      end
    else
      drop(news.key)
      redis.call('SET', valueKey, ARGV[6 + index], 'PX', lastsMs)
      redis.call('ZADD', KEYS[1], news.expiresAtMs, news.key)
      redis.call('HSET', KEYS[2], news.key, cjson.encode(news.about))
      count('bytes', news.about[1])
      if leader then redis.call('UNLINK', lease) end
    end
  end
end
while tonumber(redis.call('HGET', KEYS[3], 'bytes') or '0') > bytesMax do
  local first = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
  if not first then break end
  drop(first, ARGV[5] .. first)
end
for index = 1, 3 do redis.call('PEXPIRE', KEYS[index], ARGV[2]) end
return 1
`

/**
 * One step through the index, dropping what fits a filter. KEYS: 1 to 3 the index, 4 the purges of late. ARGV: 1 the
 * time, ms; 2 how long the index lives on, ms; 3 the cursor, '0' at first; 4 about how many to look at; 5 what the
 * tenant's value keys begin with; 6 JSON of the filter; 7 how long a purge is remembered, ms; 8 and how many.
 * Answers [the next cursor, how many were dropped]. With the last step the mark changes and the purge is remembered.
 */
export const PURGE = `${INDEX}
prune(tonumber(ARGV[1]), 1000)
local filter = cjson.decode(ARGV[6])
local step = redis.call('HSCAN', KEYS[2], ARGV[3], 'COUNT', ARGV[4])
local dropped = 0
for at = 1, #step[2], 2 do
  local key = step[2][at]
  if fits(cjson.decode(step[2][at + 1]), filter) and drop(key, ARGV[5] .. key) then dropped = dropped + 1 end
end
if step[1] == '0' then
  redis.call('HINCRBY', KEYS[3], 'mark', 1)
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
  redis.call('LPUSH', KEYS[4], cjson.encode({atMs = tonumber(ARGV[1]), filter = filter}))
  redis.call('LTRIM', KEYS[4], 0, ARGV[8] - 1)
  redis.call('PEXPIRE', KEYS[4], ARGV[7])
end
return {step[1], dropped}
`

/**
 * How the cache stands. KEYS: 1 to 3 the index. ARGV: 1 the time, ms. Answers [how many values, then name and value of
 * each total]. Values that Redis itself evicted are counted until they would have expired.
 */
export const STATS = `${INDEX}
prune(tonumber(ARGV[1]), 1000)
local answer = redis.call('HGETALL', KEYS[3])
table.insert(answer, 1, redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[1], '+inf'))
return answer
`
