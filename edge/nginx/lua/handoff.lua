-- Hands a browser over from the site to an instance's chat. The site posts a ticket here; the API
-- exchanges it for a session, kept in a cookie of this host for five minutes; with that cookie the
-- chat's page gets what pairs the browser, once. The gateway's token passes through here and goes to
-- the instance alone.
local cookies = require("cookies")
local pages = require("pages")
local routes = require("routes")

local M = {}

local SESSION = "__Host-chat"
local SESSION_S = 300
-- Says that this browser was handed over before. It opens nothing.
local MARKER = "__Host-chat-opened"
local MARKER_S = 365 * 24 * 3600

local OPENED = "/.well-known/1mins/opened"

-- Tickets and sessions as the API makes them; nothing else is worth asking it about.
local SECRET = "^[%w_-]+$"
local SECRET_LEN = 43

local app_url, key

-- Reads the key by which the API knows the edge; without it nginx must not start.
function M.load(app, key_file)
    local file = assert(io.open(key_file, "r"))
    key = file:read("*a"):gsub("%s+$", "")
    file:close()
    assert(#key >= 32, "the edge's key has less than 32 bytes: " .. key_file)
    app_url = app
end

function M.key()
    return key
end

-- The instance behind this host, if one is; otherwise answers with a page.
local function instance()
    local target = routes.of(ngx.var.host)
    if not target then
        return nil, pages.serve("unknown")
    end
    local page = target:match("^page:(%l+)$")
    if page then
        return nil, pages.serve(page)
    end
    return target
end

local function see_other(url)
    ngx.header["WWW-Authenticate"] = nil
    ngx.header["Cache-Control"] = "no-store"
    ngx.header["Referrer-Policy"] = "no-referrer"
    return ngx.redirect(url, ngx.HTTP_SEE_OTHER)
end

-- Where a chat is opened again, by a click: whatever went wrong here, the ticket may be used up.
function M.back_to_site()
    local id = ngx.var.host:match("^[^.]*%-(%w+)%.")
    if id then
        return see_other(app_url .. "/projects/prj_" .. id .. "?chat=expired")
    end
    return see_other(app_url .. "/open?host=" .. ngx.var.host)
end

local function is_secret(text)
    return type(text) == "string" and #text == SECRET_LEN and text:find(SECRET) ~= nil
end

-- Who could post a ticket of their own from anywhere would lead somebody into a chat that is not
-- theirs. The site tells nobody where its visitors come from, so its forms have the origin "null";
-- the browser still says whether they come from under our domain.
local function is_foreign_form()
    local origin = ngx.var.http_origin
    return origin ~= app_url and not (origin == "null" and ngx.var.http_sec_fetch_site == "same-site")
end

-- Before the API is asked about the ticket of the site's form. Tickets, sessions and routed hosts are
-- plain characters, which need no quoting where nginx puts them into JSON.
function M.take_ticket()
    if not instance() then
        return
    end
    if ngx.req.get_method() ~= "POST" then
        -- Somebody went back, or reloaded.
        return see_other("/")
    end
    if is_foreign_form() then
        return pages.serve("foreign_form")
    end
    ngx.req.read_body()
    local form = ngx.req.get_post_args(2) or {}
    if not is_secret(form.ticket) then
        return M.back_to_site()
    end
    ngx.var.ticket = form.ticket
end

-- After the API has taken the ticket.
function M.open()
    local session = ngx.var.chat_session
    if not is_secret(session) then
        return M.back_to_site()
    end
    ngx.header["Set-Cookie"] = {
        cookies.baked(SESSION, session, SESSION_S),
        cookies.baked(MARKER, "1", MARKER_S),
    }
    return see_other(OPENED)
end

-- A browser that keeps no cookies ends here and not in a circle.
function M.opened()
    if not instance() then
        return
    end
    if cookies.value(MARKER) then
        return see_other("/")
    end
    return pages.serve("no_cookies")
end

local function is_somebody_elses_page()
    local site = ngx.var.http_sec_fetch_site
    return site ~= nil and site ~= "same-origin"
end

-- The chat's page asks this when the gateway does not know its browser. This is before the API is
-- asked about the session.
function M.show_session()
    local target = instance()
    if not target then
        return
    end
    local session = cookies.value(SESSION)
    if ngx.req.get_method() ~= "GET" or is_somebody_elses_page() or not is_secret(session) then
        return M.refuse()
    end
    ngx.var.upstream = target
    ngx.var.chat_session = session
end

-- Says what the gateway itself would say. The next visit begins at the site.
function M.refuse()
    ngx.header["WWW-Authenticate"] = nil
    if ngx.req.get_method() == "GET" and not is_somebody_elses_page() then
        ngx.header["Set-Cookie"] = cookies.baked(MARKER, "", 0)
    end
    return pages.serve("not_found")
end

-- The chat's page, under the addresses that people keep. Others may be an extension's own pages.
local function is_chat(path)
    return path == "/" or path == "/chat" or path:sub(1, 6) == "/chat/"
end

-- Whether a person opens the chat in a browser that was never handed over: such a browser would end
-- before a question for a token. Programs and sockets bring their own and are let through.
local function is_first_visit()
    local var = ngx.var
    return var.request_method == "GET"
        and is_chat(var.uri)
        and var.http_sec_fetch_mode == "navigate"
        and var.http_sec_fetch_dest == "document"
        and (var.http_accept or ""):find("text/html", 1, true) ~= nil
        and not cookies.value(MARKER)
end

-- Sends first visits to the site. Returns true if this is one.
function M.begin_at_site()
    if not is_first_visit() then
        return false
    end
    see_other(app_url .. "/open?host=" .. ngx.var.host)
    return true
end

-- These cookies are between the browser and the edge.
function M.keep_cookies_from_instance()
    local header = ngx.var.http_cookie
    if not header or not header:find(SESSION, 1, true) then
        return
    end
    local rest = cookies.without(header, { [SESSION] = true, [MARKER] = true })
    if rest == "" then
        ngx.req.clear_header("Cookie")
    else
        ngx.req.set_header("Cookie", rest)
    end
end

return M
