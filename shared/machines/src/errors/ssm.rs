//! Codes of SSM, which does for machines of other providers what EC2 does for its own: it lets them
//! take commands.

use super::Verdict;

/// What `code` means. `None`: there was no answer.
pub(crate) fn ssm(code: Option<&str>) -> Verdict {
    match code {
        Some(
            "AccessDeniedException"
            | "InvalidFilter"
            | "InvalidFilterKey"
            | "InvalidInstanceInformationFilterValue"
            | "InvalidParameters"
            | "UnrecognizedClientException"
            | "ValidationException",
        ) => Verdict::Refused,
        Some(
            "InvalidActivation" | "InvalidActivationId" | "InvalidInstanceId" | "InvalidResourceId",
        ) => Verdict::Gone,
        _ => Verdict::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_ssm_says_they_mean() {
        let cases = [
            ("we may not", Some("AccessDeniedException"), Verdict::Refused),
            ("the role is no role", Some("ValidationException"), Verdict::Refused),
            ("deleted before", Some("InvalidActivation"), Verdict::Gone),
            ("deregistered before", Some("InvalidInstanceId"), Verdict::Gone),
            ("throttled", Some("ThrottlingException"), Verdict::Unavailable),
            ("their fault", Some("InternalServerError"), Verdict::Unavailable),
            ("no answer", None, Verdict::Unavailable),
        ];
        for (case, code, expected) in cases {
            assert_eq!(ssm(code), expected, "{case}");
        }
    }
}
