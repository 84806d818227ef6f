-- Hosts that somebody came to while their instance is asleep, for the agent to tell.
--
-- Only hosts that have a route are ever noted, each once a minute: whoever knows one can wake it, and nobody
-- can flood the platform with more than that.
local M = {}

local wakes = ngx.shared.wakes

local QUEUE = "queue"
-- A host that is told is not told again for so long.
local QUIET_S = 60
-- At one look of the agent; the others wait for the next.
local MOST = 50

-- What does not fit is not noted: the visitor's page asks again.
function M.note(host)
    if wakes:safe_add("host:" .. host, true, QUIET_S) then
        wakes:rpush(QUEUE, host)
    end
end

-- Takes the hosts that were noted, a line each.
function M.take()
    local lines = {}
    for _ = 1, MOST do
        local host = wakes:lpop(QUEUE)
        if not host then
            break
        end
        lines[#lines + 1] = host .. "\n"
    end
    return table.concat(lines)
end

-- GET on the control socket. Who takes them and cannot tell them loses them for a minute, no more.
function M.handle()
    ngx.header["Content-Type"] = "text/plain"
    ngx.print(M.take())
end

return M
