//! What functions find in their environment once they are deployed, as the stacks say.

use serde_json::Value;
use std::collections::BTreeMap;

const STACK: &str =
    include_str!("../../../infra-cdk/test/__snapshots__/OneMins-prod-ControlPlane.json");
/// In the place of what only a deployment knows.
const UNKNOWN: &str = "bench";
/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// The variables of `function`, none of which leads anywhere. A program that is no function has none.
pub(super) fn variables(function: &str) -> BTreeMap<String, String> {
    let stack: Value = serde_json::from_str(STACK).expect("a template is JSON");
    let name = format!("1mins-prod-{function}");
    let resources = stack["Resources"].as_object().into_iter().flatten();
    let properties = resources.map(|(_, resource)| &resource["Properties"]);
    let found = properties.filter(|it| it["FunctionName"] == name.as_str());
    let variables = found.filter_map(|it| it["Environment"]["Variables"].as_object()).flatten();
    variables.map(|(name, value)| (name.clone(), made_up(value))).collect()
}

fn made_up(value: &Value) -> String {
    let parts = value["Fn::Join"][1].as_array();
    match (value, parts) {
        (Value::String(text), _) => text.replace("https://", NOWHERE),
        (_, Some(parts)) => parts.iter().map(made_up).collect(),
        _ => UNKNOWN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_stack_leaves_to_the_deployment_is_made_up_and_leads_nowhere() {
        let cases = [
            (json!("plain"), "plain"),
            (json!({ "Ref": "MailQueue" }), "bench"),
            (
                json!({ "Fn::Join": ["", ["arn:", { "Ref": "AWS::Partition" }, ":x"]] }),
                "arn:bench:x",
            ),
            (json!("https://api.example/v1"), "http://127.0.0.1:9/api.example/v1"),
        ];
        for (value, expected) in cases {
            assert_eq!(made_up(&value), expected, "{value}");
        }
    }

    #[test]
    fn each_function_has_its_own() {
        assert_eq!(variables("webhook-intake")["LEDGER_TABLE"], "bench");
        assert!(!variables("webhook-intake").contains_key("FLEET_TABLE"));
        assert_eq!(variables("nobody"), BTreeMap::new());
    }
}
