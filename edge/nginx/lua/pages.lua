-- What visitors see when no instance answers: a page for people, a problem document for programs.
local M = {}

-- retry_s becomes Retry-After; pages with `refresh` also reload by themselves then.
local PAGES = {
    provisioning = {
        status = 503, retry_s = 3, refresh = true, tone = "busy",
        title = "Getting ready",
        text = "This assistant is being set up with a private OpenClaw of its own. That usually "
            .. "takes less than a minute, and this page then opens it by itself.",
    },
    failed = {
        status = 503, retry_s = 60, tone = "bad",
        title = "Setup did not finish",
        text = "This assistant could not be started, and nothing is running. If it is yours, open "
            .. "your dashboard: it says why, and starts it again.",
        dashboard = true,
    },
    asleep = {
        status = 503, retry_s = 3, refresh = true, tone = "busy",
        title = "Waking up",
        text = "Nobody has talked to this assistant for a while, so it was asleep. It is getting up "
            .. "now, with all that it knew. That usually takes less than a minute, and this page then "
            .. "opens it by itself.",
    },
    stopped = {
        status = 503, tone = "calm",
        title = "Switched off",
        text = "The owner has stopped this assistant. Everything it knows is kept, and it can be "
            .. "started again from the dashboard.",
        dashboard = true,
    },
    suspended = {
        status = 403, tone = "bad",
        title = "Paused",
        text = "This assistant is paused at the moment. If it is yours, your dashboard says what "
            .. "is needed to bring it back. Nothing has been deleted.",
        dashboard = true,
    },
    unknown = {
        status = 404, tone = "calm",
        title = "Nobody lives here",
        text = "There is no assistant at this address. Check it for a slip of the finger, or ask "
            .. "whoever gave it to you.",
    },
    not_found = {
        status = 404, tone = "calm",
        title = "Page not found",
        text = "There is nothing at this path.",
    },
    bad_request = {
        status = 400, tone = "bad",
        title = "Address not understood",
        text = "The path of this address can be read in two ways, so it is not passed on. Two "
            .. "slashes in a row or a backslash are the usual reason.",
    },
    foreign_form = {
        status = 403, tone = "bad",
        title = "Not from here",
        text = "A chat is opened from your dashboard, and this came from another page. Nothing was "
            .. "opened.",
        dashboard = true,
    },
    no_cookies = {
        status = 403, tone = "calm",
        title = "Cookies are off",
        text = "Your browser did not keep the cookie that signs you in here. Allow cookies for this "
            .. "address, then open the chat from your dashboard again.",
        dashboard = true,
    },
    down = {
        status = 502, retry_s = 5, refresh = true, tone = "busy",
        title = "Not answering",
        text = "This assistant is switched on but does not answer just now. It may be restarting, "
            .. "which takes a few seconds. The page tries again by itself.",
    },
    api_down = {
        status = 502, retry_s = 5, tone = "bad",
        title = "Service not answering",
        text = "The platform does not answer just now. Please try again in a few seconds.",
    },
}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(text)
    return (text:gsub('[&<>"]', ESCAPES))
end

local template, dashboard_url

-- Reads the template once; a template that is missing must not let nginx start.
function M.load(path, dashboard)
    local file = assert(io.open(path, "r"))
    template = file:read("*a")
    file:close()
    dashboard_url = dashboard
end

-- People get a page unless they ask for JSON and not for HTML.
local function wants_json()
    local accept = ngx.var.http_accept or ""
    return accept:find("json", 1, true) ~= nil and accept:find("text/html", 1, true) == nil
end

local function problem(name, page)
    return string.format(
        '{"type":"about:blank","title":"%s","status":%d,"detail":"%s","state":"%s"}\n',
        page.title, page.status, page.text, name
    )
end

local function html(page)
    local values = {
        title = page.title,
        text = page.text,
        tone = page.tone,
        host = escape(ngx.var.host),
        refresh = page.refresh
            and '<meta http-equiv="refresh" content="' .. page.retry_s .. '">' or "",
        action = page.dashboard
            and '<a class="action" href="' .. escape(dashboard_url) .. '">Open your dashboard</a>' or "",
    }
    return (template:gsub("{{(%l+)}}", values))
end

-- Ends the request with the page called `name`; one that nobody has written yet is "stopped".
function M.serve(name)
    local page = PAGES[name] or PAGES.stopped
    local json = name == "api_down" or wants_json()
    ngx.status = page.status
    ngx.header["Content-Type"] = json and "application/problem+json" or "text/html; charset=utf-8"
    ngx.header["Cache-Control"] = "no-store"
    ngx.header["Vary"] = "Accept"
    ngx.header["Retry-After"] = page.retry_s
    ngx.header["X-Content-Type-Options"] = "nosniff"
    ngx.header["Referrer-Policy"] = "no-referrer"
    ngx.header["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; "
        .. "frame-ancestors 'none'; base-uri 'none'"
    ngx.print(json and problem(name, page) or html(page))
    return ngx.exit(ngx.HTTP_OK)
end

return M
