-- One method and path; a body of the asked size. Arguments after "--": method, body size in bytes, "plain" or
-- "browser".

-- With Host, the 14 fields of a browser's navigation: 900 bytes.
local browser = {
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Accept-Language"] = "en-GB,en;q=0.7,de;q=0.3",
  ["Cache-Control"] = "max-age=0",
  ["Cookie"] = "session=0123456789abcdef0123456789abcdef; theme=dark; consent=necessary%2Canalytics; " ..
    "_id=GA1.1.1234567890.1700000000; cart=eyJpdGVtcyI6W3siaWQiOjQyLCJuIjoxfV19; locale=en-GB; tz=Europe%2FBerlin; seen=1; " ..
    "ab=0f9e8d7c6b5a4938271605142332",
  ["Priority"] = "u=0, i",
  ["Referer"] = "https://www.example.com/products/category/list?page=2&sort=-date&q=shoes",
  ["Sec-CH-UA"] = '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
  ["Sec-Fetch-Dest"] = "document",
  ["Sec-Fetch-Mode"] = "navigate",
  ["Sec-Fetch-Site"] = "same-origin",
  ["Upgrade-Insecure-Requests"] = "1",
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " ..
    "Chrome/142.0.0.0 Safari/537.36",
}

function init(args)
  wrk.method = args[1] or "GET"
  local size = tonumber(args[2] or "0")
  if size > 0 then
    wrk.body = string.rep("0123456789abcdef", size / 16)
    wrk.headers["Content-Type"] = "application/octet-stream"
  end
  local fields = args[3] == "browser" and browser or { ["Accept"] = "*/*", ["User-Agent"] = "wrk" }
  for name, value in pairs(fields) do
    wrk.headers[name] = value
  end
end

function done(summary, latency, requests)
  io.write(string.format(
    "RESULT {\"requests\":%d,\"durationUs\":%d,\"bytes\":%d,\"errors\":%d,\"errorStatuses\":%d," ..
    "\"p50Us\":%d,\"p99Us\":%d}\n",
    summary.requests, summary.duration, summary.bytes,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status, latency:percentile(50), latency:percentile(99)))
end
