//! Every error code that we know of either provider, and of the service by which machines join,
//! classified once.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use ports::{
    Unavailable,
    machines::{BuyError, PowerError},
};
use std::{error::Error, fmt};

/// What an error code asks of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// None of this kind now, or none for us: try the next offering. A quota belongs here, since
    /// the next offering may count towards another one, or come from another provider.
    InsufficientCapacity,
    /// Asking again cannot help.
    Refused,
    /// There is no such thing, or no longer.
    Gone,
    /// The name is taken.
    Taken,
    /// It is protected against termination.
    Protected,
    /// Not in the state that it is in.
    WrongState,
    /// Ask again.
    Unavailable,
}

/// A call that was not fulfilled.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) verdict: Verdict,
    pub(crate) provider: &'static str,
    pub(crate) source: Box<dyn Error + Send + Sync>,
}

impl Failure {
    pub(crate) fn new(
        verdict: Verdict,
        provider: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { verdict, provider, source: source.into() }
    }

    /// Nothing is known about what was asked.
    pub(crate) fn unavailable(
        provider: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::new(Verdict::Unavailable, provider, source)
    }

    /// Asking again cannot help.
    pub(crate) fn refused(
        provider: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::new(Verdict::Refused, provider, source)
    }

    /// What AWS answered, or what happened instead of an answer.
    pub(crate) fn of_call<E, R>(
        provider: &'static str,
        classify: fn(Option<&str>) -> Verdict,
        error: SdkError<E, R>,
    ) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        let verdict = classify(error.code());
        match error.code() {
            Some(code) => {
                let said = format!("{code}: {}", error.message().unwrap_or("no reason given"));
                Self::new(verdict, provider, said)
            }
            None => Self::new(verdict, provider, error),
        }
    }

    /// What it means to somebody who wanted to buy. The reason for going on to the next offering is
    /// logged here, because the port does not carry it.
    pub(crate) fn buying(self, machine_type: &str) -> BuyError {
        match self.verdict {
            Verdict::InsufficientCapacity => {
                let Self { provider, source, .. } = self;
                tracing::warn!(provider, machine_type, reason = %source, "not to be had");
                BuyError::InsufficientCapacity { machine_type: machine_type.to_owned() }
            }
            Verdict::Refused | Verdict::Gone | Verdict::Taken | Verdict::Protected => {
                BuyError::Refused(self.source.to_string())
            }
            Verdict::WrongState | Verdict::Unavailable => BuyError::Unavailable(self.into()),
        }
    }

    /// What it means to somebody who wanted to switch a machine off or on.
    pub(crate) fn switching(self, machine_id: &str) -> PowerError {
        match self.verdict {
            Verdict::InsufficientCapacity => {
                PowerError::InsufficientCapacity { machine_id: machine_id.to_owned() }
            }
            Verdict::Refused | Verdict::Gone | Verdict::Taken | Verdict::Protected => {
                PowerError::Refused(self.source.to_string())
            }
            // It is on its way from one state to another, and will have arrived.
            Verdict::WrongState | Verdict::Unavailable => PowerError::Unavailable(self.into()),
        }
    }
}

impl From<Failure> for Unavailable {
    fn from(failure: Failure) -> Self {
        Self::new(failure.provider, failure.source)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

/// Codes of EC2. `None`: there was no answer.
pub(crate) fn ec2(code: Option<&str>) -> Verdict {
    match code {
        Some(
            "InsufficientInstanceCapacity"
            | "InsufficientHostCapacity"
            | "InsufficientCapacityOnHost"
            | "InsufficientCapacity"
            | "InsufficientFreeAddressesInSubnet"
            | "InsufficientReservedInstanceCapacity"
            | "InstanceLimitExceeded"
            | "InvalidFleetConfiguration"
            | "InvalidInstanceType"
            | "MaxFleetCountExceeded"
            | "MaxSpotFleetRequestCountExceeded"
            | "MaxSpotInstanceCountExceeded"
            | "ReservationCapacityExceeded"
            | "SpotMaxPriceTooLow"
            | "UnfulfillableCapacity"
            | "Unsupported"
            | "UnsupportedHostConfiguration"
            | "UnsupportedInstanceTypeOnHost"
            | "VcpuLimitExceeded"
            | "VolumeLimitExceeded",
        ) => Verdict::InsufficientCapacity,
        Some(
            "AccessDenied"
            | "AuthFailure"
            | "AuthFailure.ServiceLinkedRoleCreationNotPermitted"
            | "Blocked"
            | "IdempotentInstanceTerminated"
            | "IdempotentParameterMismatch"
            | "InvalidAMIID.Malformed"
            | "InvalidAMIID.NotFound"
            | "InvalidAMIID.Unavailable"
            | "InvalidBlockDeviceMapping"
            | "InvalidIamInstanceProfileArn.Malformed"
            | "InvalidInstanceID.Malformed"
            | "InvalidLaunchTemplateId.Malformed"
            | "InvalidLaunchTemplateId.NotFound"
            | "InvalidLaunchTemplateId.NotFoundException"
            | "InvalidLaunchTemplateId.VersionNotFound"
            | "InvalidParameter"
            | "InvalidParameterCombination"
            | "InvalidParameterValue"
            | "InvalidSecurityGroupID.NotFound"
            | "InvalidSubnetID.NotFound"
            | "InvalidUserData.Malformed"
            | "MissingParameter"
            | "OptInRequired"
            | "PendingVerification"
            | "UnauthorizedOperation"
            | "UnsupportedOperation"
            | "ValidationError",
        ) => Verdict::Refused,
        Some("InvalidInstanceID.NotFound") => Verdict::Gone,
        Some("OperationNotPermitted") => Verdict::Protected,
        Some("IncorrectInstanceState" | "IncorrectState") => Verdict::WrongState,
        // Throttled, their own fault, no answer, or a code that is newer than this list.
        _ => Verdict::Unavailable,
    }
}

/// Codes of SSM, which does for machines of other providers what EC2 does for its own: it lets them
/// take commands.
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

/// Codes of the Hetzner Cloud API, and of the actions that it has running. `fields` are those that
/// an `invalid_input` complains about.
pub(crate) fn hetzner(status: u16, code: &str, fields: &[&str]) -> Verdict {
    match code {
        "resource_unavailable"
        | "resource_limit_exceeded"
        | "placement_error"
        | "invalid_server_type"
        | "primary_ip_unavailable"
        | "no_space_left_in_location" => Verdict::InsufficientCapacity,
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

    #[test]
    fn codes_mean_what_ec2_says_they_mean() {
        let cases = [
            ("out of stock", Some("InsufficientInstanceCapacity"), Verdict::InsufficientCapacity),
            ("our quota for this family", Some("VcpuLimitExceeded"), Verdict::InsufficientCapacity),
            (
                "our quota for Spot",
                Some("MaxSpotInstanceCountExceeded"),
                Verdict::InsufficientCapacity,
            ),
            ("not in this zone", Some("Unsupported"), Verdict::InsufficientCapacity),
            ("we may not", Some("UnauthorizedOperation"), Verdict::Refused),
            ("Spot does not stop", Some("UnsupportedOperation"), Verdict::Refused),
            ("the token was for another", Some("IdempotentParameterMismatch"), Verdict::Refused),
            ("the token's machine is gone", Some("IdempotentInstanceTerminated"), Verdict::Refused),
            ("never was", Some("InvalidInstanceID.NotFound"), Verdict::Gone),
            ("termination protection", Some("OperationNotPermitted"), Verdict::Protected),
            ("still stopping", Some("IncorrectInstanceState"), Verdict::WrongState),
            ("throttled", Some("RequestLimitExceeded"), Verdict::Unavailable),
            ("their fault", Some("InternalError"), Verdict::Unavailable),
            ("down", Some("ServiceUnavailable"), Verdict::Unavailable),
            ("no answer", None, Verdict::Unavailable),
        ];
        for (case, code, expected) in cases {
            assert_eq!(ec2(code), expected, "{case}");
        }
    }

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

    /// The documented codes, all of them that a request about servers or actions can meet.
    #[test]
    fn codes_mean_what_hetzner_says_they_mean() {
        let cases = [
            (400, "json_error", Verdict::Refused),
            (401, "unauthorized", Verdict::Refused),
            (401, "token_readonly", Verdict::Refused),
            (403, "forbidden", Verdict::Refused),
            (403, "maintenance", Verdict::Unavailable),
            (403, "resource_limit_exceeded", Verdict::InsufficientCapacity),
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

    #[test]
    fn each_verdict_reaches_buyers_and_switchers_as_what_they_can_act_on() {
        let failure = |verdict| Failure::new(verdict, "ec2", "said so");
        let cases = [
            (Verdict::InsufficientCapacity, "capacity", "capacity"),
            (Verdict::Refused, "refused", "refused"),
            (Verdict::Gone, "refused", "refused"),
            (Verdict::Taken, "refused", "refused"),
            (Verdict::Protected, "refused", "refused"),
            (Verdict::WrongState, "unavailable", "unavailable"),
            (Verdict::Unavailable, "unavailable", "unavailable"),
        ];
        for (verdict, buying, switching) in cases {
            let told = failure(verdict).buying("m7i.large").to_string();
            assert!(told.contains(buying), "buying, {verdict:?}: {told}");
            let told = failure(verdict).switching("i-1").to_string();
            assert!(told.contains(switching), "switching, {verdict:?}: {told}");
        }
    }
}
