-- What a site's traffic looks like: mostly small answers, some large, uploads, validations, errors, a slow endpoint.
-- The order is drawn once from a fixed seed, so every contender gets the same sequence.
local shares = {
  { 48, "GET", "/1k" },
  { 14, "GET", "/64k" },
  { 2, "GET", "/1m" },
  { 8, "GET", "/1k?page=2&sort=-date&q=caf%C3%A9", { ["Cookie"] = "session=0123456789abcdef; theme=dark" } },
  { 6, "GET", "/1k", { ["If-Modified-Since"] = "Fri, 31 Dec 2100 23:59:59 GMT" } },
  { 11, "POST", "/sink", { ["Content-Type"] = "application/json" }, 1024 },
  { 3, "POST", "/sink", { ["Content-Type"] = "application/octet-stream" }, 65536 },
  { 5, "GET", "/missing" },
  { 1, "GET", "/bad-gateway" },
  { 2, "GET", "/slow" },
}
local length = 1000
local sequence = {}
local at = 0

local function shuffle(list)
  local seed = 42
  for i = #list, 2, -1 do
    seed = (seed * 1103515245 + 12345) % 2147483648
    local j = math.floor(seed / 65536) % i + 1
    list[i], list[j] = list[j], list[i]
  end
end

function init(args)
  for _, share in ipairs(shares) do
    local headers = share[4] or {}
    headers["Host"] = wrk.headers["Host"]
    headers["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
    headers["Accept-Language"] = "en-GB,en;q=0.7"
    headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) wrk"
    local body = share[5] and string.rep("0123456789abcdef", share[5] / 16) or nil
    local text = wrk.format(share[2], share[3], headers, body)
    for _ = 1, share[1] * length / 100 do
      sequence[#sequence + 1] = text
    end
  end
  shuffle(sequence)
end

function request()
  at = at % length + 1
  return sequence[at]
end

function done(summary, latency, requests)
  io.write(string.format(
    "RESULT {\"requests\":%d,\"durationUs\":%d,\"bytes\":%d,\"errors\":%d,\"errorStatuses\":%d," ..
    "\"p50Us\":%d,\"p99Us\":%d}\n",
    summary.requests, summary.duration, summary.bytes,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status, latency:percentile(50), latency:percentile(99)))
end
