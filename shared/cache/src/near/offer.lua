-- prefix, entry, hashes (4 bytes each), keys of the entry, capacity, buckets,
-- seconds that a key lives, seconds that the entry lives
local prefix, entry, hashes = ARGV[1], ARGV[2], ARGV[3]
local keys, capacity = tonumber(ARGV[4]), tonumber(ARGV[5])
local buckets, keys_s, entry_s = tonumber(ARGV[6]), ARGV[7], ARGV[8]
local POSTING, MOST_POSTINGS, MOST_SAME, MOST_FOUND = 8, 64, 12, 64

local homes = {}
for i = 1, #hashes, 4 do
  homes[#homes + 1] = prefix .. 'keys:' .. struct.unpack('<I4', hashes, i) % buckets
end
local rings = redis.call('MGET', unpack(homes))

-- Which slots share how many hashes, and how often each hash is known.
local hits, slots, same = {}, {}, {}
for i, ring in ipairs(rings) do
  local hash, at = hashes:sub(i * 4 - 3, i * 4), 1
  same[i] = 0
  while ring do
    at = ring:find(hash, at, true)
    if not at then break end
    if at % POSTING == 1 then
      local slot = struct.unpack('>I4', ring, at + 4)
      if not hits[slot] then slots[#slots + 1], hits[slot] = slot, 0 end
      hits[slot], same[i] = hits[slot] + 1, same[i] + 1
    end
    at = at + 1
  end
end
table.sort(slots, function(a, b)
  if hits[a] ~= hits[b] then return hits[a] > hits[b] end
  return a < b
end)

local found, own = {}, nil
for i = 1, math.min(#slots, MOST_FOUND) do
  local held = redis.call('GET', prefix .. 'entry:' .. slots[i])
  if held then
    if held:sub(9) == entry then own = (struct.unpack('>I8', held)) end
    found[#found + 1] = held
  end
end
if own then return {own, 1, found} end

local number = redis.call('INCR', prefix .. 'count')
local slot = number % capacity
redis.call('SET', prefix .. 'entry:' .. slot, struct.pack('>I8', number) .. entry, 'EX', entry_s)
local changed = {}
for i = 1, math.min(keys, #homes) do
  if same[i] < MOST_SAME then
    local ring = changed[homes[i]] or rings[i] or ''
    local posting = hashes:sub(i * 4 - 3, i * 4) .. struct.pack('>I4', slot)
    changed[homes[i]] = ring:sub(-(MOST_POSTINGS - 1) * POSTING) .. posting
  end
end
for home, ring in pairs(changed) do redis.call('SET', home, ring, 'EX', keys_s) end
return {number, 0, found}
