-- Cookies by their exact names: nginx's own variables do not care for case, and two names that differ
-- in case alone are protected differently by browsers.
local M = {}

local function each(header)
    return (header or ""):gmatch("%s*([^;]+)")
end

-- The value of the cookie called `name`, or nil.
function M.value(name)
    for pair in each(ngx.var.http_cookie) do
        local key, value = pair:match("^([^=]+)=(.*)$")
        if key == name then
            return (value:gsub("%s+$", ""))
        end
    end
    return nil
end

-- What is left of a Cookie header without the cookies in the set `names`.
function M.without(header, names)
    local kept = {}
    for pair in each(header) do
        if not names[pair:match("^[^=]*")] then
            kept[#kept + 1] = pair
        end
    end
    return table.concat(kept, "; ")
end

-- For Set-Cookie. By its prefix `__Host-` a cookie is this very host's: no neighbour can set or read it.
function M.baked(name, value, max_age_s)
    return name .. "=" .. value .. "; Max-Age=" .. max_age_s .. "; Path=/; Secure; HttpOnly; SameSite=Lax"
end

return M
