-- What answers each host: a shared dictionary, filled from text in the form of tenant-ports.conf.
--
-- Text is checked as a whole before any of it is used, and nothing is ever emptied first: a host
-- that stays routed is routed at every moment.
local M = {}

local routes = ngx.shared.routes
local meta = ngx.shared.routes_meta

local HEADER = "^# routes incarnation=(%d+) epoch=(%d+) sequence=(%d+) count=(%d+)$"
local ROW = '^"([%l%d][%l%d%.%-]*)" ([^%s;]+);$'
local UPSTREAM = "^%d+%.%d+%.%d+%.%d+:%d+$"
local PAGE = "^page:%l+$"
local WITHDRAWN = "-"

-- Returns the stamp and a table of targets by host, or nil and what is wrong.
local function parse(text)
    local lines = text:gmatch("([^\n]*)\n")
    local incarnation, epoch, sequence, count = (lines() or ""):match(HEADER)
    if not count then
        return nil, "no header"
    end
    local targets, seen = {}, 0
    for line in lines do
        local host, target = line:match(ROW)
        if not host or targets[host] then
            return nil, "malformed row " .. (seen + 1)
        end
        if not (target:match(UPSTREAM) or target:match(PAGE) or target == WITHDRAWN) then
            return nil, "malformed target in row " .. (seen + 1)
        end
        targets[host] = target
        seen = seen + 1
    end
    if seen ~= tonumber(count) then
        return nil, "truncated: " .. seen .. " rows of " .. count
    end
    return incarnation .. "." .. epoch .. "." .. sequence, targets
end

-- Sets what `targets` says. safe_set fails rather than push out another route.
local function set(targets)
    for host, target in pairs(targets) do
        if target == WITHDRAWN then
            routes:delete(host)
        else
            local ok, err = routes:safe_set(host, target)
            if not ok then
                return nil, err
            end
        end
    end
    return true
end

-- Makes `text` the whole table. Returns true, or nil and what is wrong.
function M.replace(text)
    local stamp, targets = parse(text)
    if not stamp then
        return nil, targets
    end
    local ok, err = set(targets)
    if not ok then
        return nil, err
    end
    for _, host in ipairs(routes:get_keys(0)) do
        if not targets[host] then
            routes:delete(host)
        end
    end
    meta:set("stamp", stamp)
    return true
end

-- Applies the changes in `text`, which lead from the table called `base` to another.
function M.change(base, text)
    if base ~= M.name() then
        return nil, "conflict"
    end
    local stamp, targets = parse(text)
    if not stamp then
        return nil, targets
    end
    local ok, err = set(targets)
    if not ok then
        return nil, err
    end
    meta:set("stamp", stamp)
    return true
end

function M.of(host)
    return routes:get(host)
end

-- Which life of nginx this is, and which table it serves. A restart changes the one, and a push
-- the other.
function M.name()
    return (meta:get("generation") or "") .. "/" .. (meta:get("stamp") or "")
end

-- Loads the last known good table, so that a restarted nginx serves at once, without the agent.
-- After a reload the dictionary is still there, and newer than the file at best.
function M.start(path)
    local first = meta:add("generation", tostring(math.floor(ngx.now() * 1000)))
    if not first then
        return
    end
    local file = io.open(path, "r")
    if not file then
        ngx.log(ngx.WARN, "no last known good routes yet: ", path)
        return
    end
    local ok, err = M.replace(file:read("*a"))
    file:close()
    if not ok then
        ngx.log(ngx.ERR, "last known good routes are not used: ", err)
    end
end

return M
