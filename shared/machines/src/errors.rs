//! Every error code of EC2 that we know, classified once.

/// What an error code asks of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// None of this kind now: try the next offering.
    InsufficientCapacity,
    /// Asking again cannot help.
    Refused,
    /// Ask again.
    Unavailable,
}

pub(crate) fn verdict(code: Option<&str>) -> Verdict {
    match code {
        Some(
            "InsufficientInstanceCapacity"
            | "InsufficientHostCapacity"
            | "InsufficientCapacity"
            | "SpotMaxPriceTooLow"
            | "MaxSpotInstanceCountExceeded"
            | "VcpuLimitExceeded"
            | "InstanceLimitExceeded"
            | "Unsupported"
            | "UnfulfillableCapacity",
        ) => Verdict::InsufficientCapacity,
        Some(
            "UnauthorizedOperation"
            | "AuthFailure"
            | "OptInRequired"
            | "PendingVerification"
            | "IdempotentParameterMismatch"
            | "InvalidParameterValue"
            | "InvalidParameterCombination"
            | "InvalidAMIID.NotFound"
            | "InvalidLaunchTemplateId.NotFound"
            | "InvalidSubnetID.NotFound"
            | "InvalidSecurityGroupID.NotFound",
        ) => Verdict::Refused,
        _ => Verdict::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_ec2_says_they_mean() {
        let cases = [
            ("out of stock", Some("InsufficientInstanceCapacity"), Verdict::InsufficientCapacity),
            ("our quota for this family", Some("VcpuLimitExceeded"), Verdict::InsufficientCapacity),
            ("we may not", Some("UnauthorizedOperation"), Verdict::Refused),
            ("throttled", Some("RequestLimitExceeded"), Verdict::Unavailable),
            ("their fault", Some("InternalError"), Verdict::Unavailable),
            ("no answer", None, Verdict::Unavailable),
        ];
        for (case, code, expected) in cases {
            assert_eq!(verdict(code), expected, "{case}");
        }
    }
}
