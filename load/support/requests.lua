-- wrk: sends the requests of a file in turn (one a line: method, path, token) and tells what it saw as JSON.
local requests = {}
local at = 0

function init()
  for line in io.lines(os.getenv("WRK_REQUESTS")) do
    local method, path, token = line:match("^(%S+) (%S+) (%S+)$")
    requests[#requests + 1] = wrk.format(method, path, { ["Authorization"] = "Bearer " .. token })
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format('{"requests":%d,"us":%d,"errors":%d,"p50":%.1f,"p99":%.1f}', summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status,
    latency:percentile(50), latency:percentile(99)))
end
