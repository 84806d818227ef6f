"""Tables from CloudFormation keep their time to live and their point-in-time recovery."""

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

# The second is what the CDK's `TableV2` becomes.
TABLE_TYPES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")


def apply():
    """Stock drops both settings, so nothing ever expires and a check of recovery fails."""
    for table_type in TABLE_TYPES:
        _wrap(provisioners._RESOURCE_HANDLERS[table_type])


def _wrap(handlers):
    create, update = handlers["create"], handlers["update"]

    def create_table(logical_id, props, stack_name):
        result = create(logical_id, props, stack_name)
        apply_settings(result[0], props)
        return result

    def update_table(physical_id, old_props, new_props, *rest, **named):
        result = update(physical_id, old_props, new_props, *rest, **named)
        apply_settings(result[0] if isinstance(result, tuple) else physical_id, new_props)
        return result

    handlers["create"], handlers["update"] = create_table, update_table


def apply_settings(table, props):
    expiry = props.get("TimeToLiveSpecification")
    if expiry:
        dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": {
            "AttributeName": expiry["AttributeName"], "Enabled": is_true(expiry.get("Enabled"))}})
    replicas = props.get("Replicas") or [{}]
    recovery = (props.get("PointInTimeRecoverySpecification")
                or replicas[0].get("PointInTimeRecoverySpecification"))
    if recovery:
        enabled = is_true(recovery.get("PointInTimeRecoveryEnabled"))
        dynamodb._update_continuous_backups({
            "TableName": table,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled}})


def is_true(value):
    """Templates write booleans either way."""
    return value is True or value == "true"
