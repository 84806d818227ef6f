//! Codes of the Hetzner Cloud API, and of the actions that it has running.

use super::Verdict;

/// What `code` means, under this status. `fields` are those that an `invalid_input` complains about.
pub(crate) fn hetzner(status: u16, code: &str, fields: &[&str]) -> Verdict {
    match code {
        "resource_unavailable"
        | "placement_error"
        | "invalid_server_type"
        | "primary_ip_unavailable"
        | "no_space_left_in_location" => Verdict::InsufficientCapacity,
        "resource_limit_exceeded" => Verdict::OverQuota,
        // A type that was withdrawn, or is not sold in this place, is refused as bad input.
        "invalid_input" if fields.iter().any(|it| OF_AN_OFFERING.contains(it)) => {
            Verdict::InsufficientCapacity
        }
        "invalid_input"
        | "json_error"
        | "unauthorized"
        | "token_readonly"
        | "forbidden"
        | "method_not_allowed"
        | "unsupported_error"
        | "deprecated_api_endpoint"
        | "resource_locked"
        | "firewall_resource_not_found" => Verdict::Refused,
        "not_found" => Verdict::Gone,
        "uniqueness_error" => Verdict::Taken,
        "protected" => Verdict::Protected,
        "server_not_stopped" | "locked" => Verdict::WrongState,
        "conflict"
        | "maintenance"
        | "rate_limit_exceeded"
        | "robot_unavailable"
        | "server_error"
        | "service_error"
        | "bad_gateway"
        | "unavailable"
        | "timeout"
        | "unknown_error"
        | "action_failed" => Verdict::Unavailable,
        // Newer than this list, or no JSON at all: a proxy's page.
        _ => hetzner_status(status),
    }
}

/// Fields of a request in which an offering is named.
const OF_AN_OFFERING: [&str; 2] = ["server_type", "location"];

fn hetzner_status(status: u16) -> Verdict {
    match status {
        404 => Verdict::Gone,
        412 => Verdict::InsufficientCapacity,
        408 | 409 | 423 | 429 => Verdict::Unavailable,
        400..500 => Verdict::Refused,
        _ => Verdict::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented codes, all of them that a request about servers or actions can meet.
    #[test]
    fn codes_mean_what_hetzner_says_they_mean() {
        let cases = [
            (400, "json_error", Verdict::Refused),
            (401, "unauthorized", Verdict::Refused),
            (401, "token_readonly", Verdict::Refused),
            (403, "forbidden", Verdict::Refused),
            (403, "maintenance", Verdict::Unavailable),
            (403, "resource_limit_exceeded", Verdict::OverQuota),
            (404, "not_found", Verdict::Gone),
            (405, "method_not_allowed", Verdict::Refused),
            (409, "uniqueness_error", Verdict::Taken),
            (409, "conflict", Verdict::Unavailable),
            (410, "deprecated_api_endpoint", Verdict::Refused),
            (412, "resource_unavailable", Verdict::InsufficientCapacity),
            (422, "invalid_input", Verdict::Refused),
            (422, "invalid_server_type", Verdict::InsufficientCapacity),
            (422, "service_error", Verdict::Unavailable),
            (422, "placement_error", Verdict::InsufficientCapacity),
            (422, "unsupported_error", Verdict::Refused),
            (422, "server_not_stopped", Verdict::WrongState),
            (423, "locked", Verdict::WrongState),
            (423, "protected", Verdict::Protected),
            (423, "resource_locked", Verdict::Refused),
            (429, "rate_limit_exceeded", Verdict::Unavailable),
            (500, "server_error", Verdict::Unavailable),
            (502, "bad_gateway", Verdict::Unavailable),
            (503, "unavailable", Verdict::Unavailable),
            (504, "timeout", Verdict::Unavailable),
            (200, "action_failed", Verdict::Unavailable),
            (200, "unknown_error", Verdict::Unavailable),
            (422, "newer_than_this_list", Verdict::Refused),
            (412, "", Verdict::InsufficientCapacity),
            (404, "", Verdict::Gone),
            (429, "", Verdict::Unavailable),
            (503, "", Verdict::Unavailable),
        ];
        for (status, code, expected) in cases {
            assert_eq!(hetzner(status, code, &[]), expected, "{status} {code}");
        }
    }

    #[test]
    fn a_type_that_hetzner_does_not_know_here_is_one_to_pass_over() {
        let cases = [
            ("withdrawn", "server_type", Verdict::InsufficientCapacity),
            ("not sold here", "location", Verdict::InsufficientCapacity),
            ("our own mistake", "user_data", Verdict::Refused),
        ];
        for (case, field, expected) in cases {
            assert_eq!(hetzner(422, "invalid_input", &[field]), expected, "{case}");
        }
    }
}
