-- One method and path; a body of the asked size. Arguments after "--": method, body size in bytes.
function init(args)
  wrk.method = args[1] or "GET"
  local size = tonumber(args[2] or "0")
  if size > 0 then
    wrk.body = string.rep("0123456789abcdef", size / 16)
    wrk.headers["Content-Type"] = "application/octet-stream"
  end
  wrk.headers["Accept"] = "*/*"
  wrk.headers["User-Agent"] = "wrk"
end

function done(summary, latency, requests)
  io.write(string.format(
    "RESULT {\"requests\":%d,\"durationUs\":%d,\"bytes\":%d,\"connectErrors\":%d,\"readErrors\":%d," ..
    "\"writeErrors\":%d,\"timeouts\":%d,\"statusErrors\":%d,\"p50Us\":%d,\"p99Us\":%d}\n",
    summary.requests, summary.duration, summary.bytes, summary.errors.connect, summary.errors.read,
    summary.errors.write, summary.errors.timeout, summary.errors.status,
    latency:percentile(50), latency:percentile(99)))
end
