//! Codes of EC2.

use super::Verdict;

/// None of this type, of its disk or of an address, here and now.
const SOLD_OUT: &[&str] = &[
    "InsufficientAddressCapacity",
    "InsufficientCapacity",
    "InsufficientCapacityOnHost",
    "InsufficientFreeAddressesInSubnet",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "InsufficientReservedInstanceCapacity",
    "InsufficientVolumeCapacity",
    "InvalidFleetConfiguration",
    "InvalidInstanceType",
    "PrivateIpAddressLimitExceeded",
    "ReservationCapacityExceeded",
    "SpotMaxPriceTooLow",
    "UnfulfillableCapacity",
    "Unsupported",
    "UnsupportedHostConfiguration",
    "UnsupportedInstanceTypeOnHost",
    "VolumeTypeNotAvailableInZone",
];

/// No more for this account.
const OVER_QUOTA: &[&str] = &[
    "AddressLimitExceeded",
    "AttachmentLimitExceeded",
    "HostLimitExceeded",
    "InstanceLimitExceeded",
    "MaxFleetCountExceeded",
    "MaxIOPSLimitExceeded",
    "MaxSpotFleetRequestCountExceeded",
    "MaxSpotInstanceCountExceeded",
    "NetworkInterfaceLimitExceeded",
    "ResourceCountLimitExceeded",
    "ResourceLimitExceeded",
    "TargetCapacityLimitExceededException",
    "VcpuLimitExceeded",
    "VolumeIOPSLimit",
    "VolumeLimitExceeded",
];

/// Asking again would be answered the same: we may not, or the request is wrong.
const REFUSED: &[&str] = &[
    "AccessDenied",
    "AuthFailure",
    "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
    "Blocked",
    "EncryptedVolumesNotSupported",
    "IdempotentInstanceTerminated",
    "IdempotentParameterMismatch",
    "InstanceCreditSpecification.NotSupported",
    "InvalidAMIID.Malformed",
    "InvalidAMIID.NotFound",
    "InvalidAMIID.Unavailable",
    "InvalidAvailabilityZone",
    "InvalidBlockDeviceMapping",
    "InvalidCharacter",
    "InvalidGroup.NotFound",
    "InvalidGroupId.Malformed",
    "InvalidIamInstanceProfileArn.Malformed",
    "InvalidInput",
    "InvalidInstanceID.Malformed",
    "InvalidKeyPair.NotFound",
    "InvalidLaunchTemplateId.Malformed",
    "InvalidLaunchTemplateId.NotFound",
    "InvalidLaunchTemplateId.NotFoundException",
    "InvalidLaunchTemplateId.VersionNotFound",
    "InvalidParameter",
    "InvalidParameterCombination",
    "InvalidParameterDependency",
    "InvalidParameterValue",
    "InvalidRequest",
    "InvalidSecurityGroupID.NotFound",
    "InvalidSnapshot.NotFound",
    "InvalidSpotFleetRequestConfig",
    "InvalidSubnet",
    "InvalidSubnetID.Malformed",
    "InvalidSubnetID.NotFound",
    "InvalidTagKey.Malformed",
    "InvalidUserData.Malformed",
    "InvalidZone.NotFound",
    "MalformedQueryString",
    "MissingAction",
    "MissingAuthenticationToken",
    "MissingParameter",
    "NoSuchVersion",
    "OptInRequired",
    "PendingVerification",
    "SecurityGroupsPerInstanceLimitExceeded",
    "TagLimitExceeded",
    "UnauthorizedOperation",
    "UnknownParameter",
    "UnknownVolumeType",
    "UnsupportedOperation",
    "UnsupportedProtocol",
    "ValidationError",
];

/// What `code` means. `None`: there was no answer.
pub(crate) fn ec2(code: Option<&str>) -> Verdict {
    match code {
        Some(code) if SOLD_OUT.contains(&code) => Verdict::InsufficientCapacity,
        Some(code) if OVER_QUOTA.contains(&code) => Verdict::OverQuota,
        Some(code) if REFUSED.contains(&code) => Verdict::Refused,
        Some("InvalidInstanceID.NotFound") => Verdict::Gone,
        Some("OperationNotPermitted") => Verdict::Protected,
        Some("IncorrectInstanceState" | "IncorrectState") => Verdict::WrongState,
        // Throttled, their own fault, no answer, or a code that is newer than these lists.
        _ => Verdict::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The documented codes, all of them that a request about machines can meet.
    const TABLE: [(Verdict, &str); 7] = [
        (
            Verdict::InsufficientCapacity,
            "InsufficientAddressCapacity InsufficientCapacity InsufficientCapacityOnHost \
             InsufficientFreeAddressesInSubnet InsufficientHostCapacity \
             InsufficientInstanceCapacity InsufficientReservedInstanceCapacity \
             InsufficientVolumeCapacity InvalidFleetConfiguration InvalidInstanceType \
             PrivateIpAddressLimitExceeded ReservationCapacityExceeded SpotMaxPriceTooLow \
             UnfulfillableCapacity Unsupported UnsupportedHostConfiguration \
             UnsupportedInstanceTypeOnHost VolumeTypeNotAvailableInZone",
        ),
        (
            Verdict::OverQuota,
            "AddressLimitExceeded AttachmentLimitExceeded HostLimitExceeded InstanceLimitExceeded \
             MaxFleetCountExceeded MaxIOPSLimitExceeded MaxSpotFleetRequestCountExceeded \
             MaxSpotInstanceCountExceeded NetworkInterfaceLimitExceeded \
             ResourceCountLimitExceeded ResourceLimitExceeded \
             TargetCapacityLimitExceededException VcpuLimitExceeded VolumeIOPSLimit \
             VolumeLimitExceeded",
        ),
        (
            Verdict::Refused,
            "AccessDenied AuthFailure AuthFailure.ServiceLinkedRoleCreationNotPermitted Blocked \
             EncryptedVolumesNotSupported IdempotentInstanceTerminated \
             IdempotentParameterMismatch InstanceCreditSpecification.NotSupported \
             InvalidAMIID.Malformed InvalidAMIID.NotFound InvalidAMIID.Unavailable \
             InvalidAvailabilityZone InvalidBlockDeviceMapping InvalidCharacter \
             InvalidGroup.NotFound InvalidGroupId.Malformed \
             InvalidIamInstanceProfileArn.Malformed InvalidInput InvalidInstanceID.Malformed \
             InvalidKeyPair.NotFound InvalidLaunchTemplateId.Malformed \
             InvalidLaunchTemplateId.NotFound InvalidLaunchTemplateId.NotFoundException \
             InvalidLaunchTemplateId.VersionNotFound InvalidParameter InvalidParameterCombination \
             InvalidParameterDependency InvalidParameterValue InvalidRequest \
             InvalidSecurityGroupID.NotFound InvalidSnapshot.NotFound \
             InvalidSpotFleetRequestConfig InvalidSubnet InvalidSubnetID.Malformed \
             InvalidSubnetID.NotFound InvalidTagKey.Malformed InvalidUserData.Malformed \
             InvalidZone.NotFound MalformedQueryString MissingAction MissingAuthenticationToken \
             MissingParameter NoSuchVersion OptInRequired PendingVerification \
             SecurityGroupsPerInstanceLimitExceeded TagLimitExceeded UnauthorizedOperation \
             UnknownParameter UnknownVolumeType UnsupportedOperation UnsupportedProtocol \
             ValidationError",
        ),
        (Verdict::Gone, "InvalidInstanceID.NotFound"),
        (Verdict::Protected, "OperationNotPermitted"),
        (Verdict::WrongState, "IncorrectInstanceState IncorrectState"),
        (
            Verdict::Unavailable,
            "BandwidthLimitExceeded InternalError InternalFailure RequestExpired \
             RequestLimitExceeded ServerInternal ServiceUnavailable Unavailable NewerThanThisList",
        ),
    ];

    #[test]
    fn codes_mean_what_ec2_says_they_mean() {
        let mut seen = BTreeSet::new();
        for (expected, codes) in TABLE {
            for code in codes.split_whitespace() {
                assert_eq!(ec2(Some(code)), expected, "{code}");
                assert!(seen.insert(code), "{code} is there twice");
            }
        }
        let untested = [SOLD_OUT, OVER_QUOTA, REFUSED].concat();
        let untested = untested.into_iter().filter(|it| !seen.contains(it));
        assert_eq!(untested.collect::<Vec<_>>(), Vec::<&str>::new());
        assert_eq!(ec2(None), Verdict::Unavailable, "no answer");
    }
}
