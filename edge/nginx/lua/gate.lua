-- Who is let through to which instance.
local handoff = require("handoff")
local pages = require("pages")
local routes = require("routes")
local wakes = require("wakes")

local M = {}

-- Not the public's: an instance's administration, and the handing over of browsers, of which the
-- edge does its part in locations of its own.
local CLOSED = { "/api/v1/", "/.well-known/openclaw/", "/.well-known/1mins/" }

local function closed(path)
    -- With a slash behind it, so that the folder itself is closed too.
    path = path:lower() .. "/"
    for _, prefix in ipairs(CLOSED) do
        if path:sub(1, #prefix) == prefix then
            return true
        end
    end
    return false
end

-- The instance gets the path as it was sent, and reads it as browsers do: "//host/path" names
-- another host, and a backslash is a slash. Such a path would be another one there than here.
local function ambiguous(raw)
    local path = raw:match("^[^?#]*")
    return path:sub(1, 1) ~= "/" or path:sub(2, 2) == "/" or path:find("\\", 1, true) ~= nil
end

-- Sets $upstream, or answers with a page or with the way to the site.
function M.admit()
    if ambiguous(ngx.var.request_uri) then
        return pages.serve("bad_request")
    end
    local target = routes.of(ngx.var.host)
    if not target then
        return pages.serve("unknown")
    end
    local page = target:match("^page:(%l+)$")
    if page then
        if page == "asleep" then
            wakes.note(ngx.var.host)
        end
        return pages.serve(page)
    end
    if closed(ngx.var.uri) then
        return pages.serve("not_found")
    end
    if handoff.begin_at_site() then
        return
    end
    handoff.keep_cookies_from_instance()
    ngx.var.upstream = target
end

-- From http to https; hosts that are not ours are told so here already.
function M.redirect(app_host, port_suffix)
    local host = ngx.var.host
    if host ~= app_host and not routes.of(host) then
        return pages.serve("unknown")
    end
    return ngx.redirect("https://" .. host .. port_suffix .. ngx.var.request_uri, 308)
end

return M
