-- The control socket: the agent asks which table is served, replaces it, or changes it.
local routes = require("routes")

local M = {}

local function answer(status, text)
    ngx.status = status
    ngx.header["Content-Type"] = "text/plain"
    ngx.print(text)
    return ngx.exit(ngx.HTTP_OK)
end

local function body()
    ngx.req.read_body()
    local text = ngx.req.get_body_data()
    if text then
        return text
    end
    local path = ngx.req.get_body_file()
    local file = path and io.open(path, "r")
    if not file then
        return ""
    end
    text = file:read("*a")
    file:close()
    return text
end

function M.handle()
    local method = ngx.req.get_method()
    local ok, err = true, nil
    if method == "PUT" then
        ok, err = routes.replace(body())
    elseif method == "PATCH" then
        ok, err = routes.change(ngx.var.http_x_base, body())
    elseif method ~= "GET" then
        return answer(405, "GET, PUT or PATCH\n")
    end
    if ok then
        return answer(200, routes.name())
    elseif err == "conflict" then
        return answer(409, routes.name())
    elseif err == "no memory" then
        return answer(507, "the dictionary of routes is full\n")
    end
    ngx.log(ngx.ERR, "routes refused: ", err)
    return answer(400, err .. "\n")
end

return M
