//! What the Hetzner Cloud API says and hears: the fields of it that we use.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr};

pub(super) type Labels = BTreeMap<String, String>;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Server {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) created: Timestamp,
    #[serde(default)]
    pub(super) labels: Labels,
    #[serde(rename = "server_type")]
    pub(super) kind: Named,
    pub(super) location: Named,
    pub(super) public_net: PublicNet,
    #[serde(default)]
    pub(super) protection: Protection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Running,
    Initializing,
    Starting,
    Stopping,
    Off,
    Deleting,
    Migrating,
    Rebuilding,
    /// Hetzner's own word for it, and whatever it may add.
    #[serde(other)]
    Unknown,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PublicNet {
    pub(super) ipv4: Option<Ipv4>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ipv4 {
    pub(super) ip: Ipv4Addr,
}

/// Both have to have the same value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Protection {
    pub(super) delete: bool,
    pub(super) rebuild: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Action {
    pub(super) id: u64,
    pub(super) command: String,
    pub(super) status: Progress,
    pub(super) error: Option<ActionError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Progress {
    Running,
    Success,
    Error,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ActionError {
    pub(super) code: String,
    pub(super) message: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Order<'a> {
    pub(super) name: String,
    pub(super) server_type: &'a str,
    pub(super) location: &'a str,
    pub(super) image: &'a str,
    pub(super) labels: Labels,
    pub(super) user_data: &'a str,
    pub(super) public_net: OrderedNet,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ssh_keys: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) firewalls: Vec<OrderedFirewall>,
}

/// The edge comes by IPv4. Nothing of ours speaks IPv6, so nothing of ours answers there.
#[derive(Debug, Serialize)]
pub(super) struct OrderedNet {
    pub(super) enable_ipv4: bool,
    pub(super) enable_ipv6: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct OrderedFirewall {
    pub(super) firewall: u64,
}

/// The answer to an [`Order`].
#[derive(Debug, Deserialize)]
pub(super) struct Ordered {
    pub(super) server: Server,
    pub(super) action: Action,
    #[serde(default)]
    pub(super) next_actions: Vec<Action>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OneServer {
    pub(super) server: Server,
}

#[derive(Debug, Deserialize)]
pub(super) struct OneAction {
    pub(super) action: Action,
}

#[derive(Debug, Deserialize)]
pub(super) struct Servers {
    pub(super) servers: Vec<Server>,
    pub(super) meta: Option<Meta>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    pub(super) pagination: Pagination,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pagination {
    pub(super) next_page: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) error: Reason,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reason {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) details: Option<Details>,
}

impl Reason {
    /// What an `invalid_input` complains about.
    pub(super) fn fields(&self) -> Vec<&str> {
        let fields = self.details.iter().flat_map(|it| &it.fields);
        fields.map(|it| it.name.as_str()).collect()
    }
}

/// Other codes have details of other shapes, which we do not read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    pub(super) fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Field {
    pub(super) name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_as_hetzner_writes_it() {
        let json = r#"{"server": {
            "id": 4711, "name": "wrk-a-1", "status": "running", "locked": false,
            "created": "2026-11-21T10:00:00+00:00",
            "labels": {"worker": "wrk_a-1"},
            "public_net": {"ipv4": {"ip": "192.0.2.7", "blocked": false}, "ipv6": null},
            "protection": {"delete": true, "rebuild": true},
            "server_type": {"id": 1, "name": "cpx22"}, "location": {"name": "nbg1"}}}"#;
        let OneServer { server } = serde_json::from_str(json).unwrap();
        assert_eq!(server.status, Status::Running);
        assert_eq!(server.created, "2026-11-21T10:00:00Z".parse().unwrap());
        assert_eq!(server.public_net.ipv4.unwrap().ip, Ipv4Addr::new(192, 0, 2, 7));
        assert_eq!(server.protection, Protection { delete: true, rebuild: true });
        assert_eq!((&*server.kind.name, &*server.location.name), ("cpx22", "nbg1"));
    }

    #[test]
    fn a_state_that_is_newer_than_this_list_is_unknown() {
        let status: Status = serde_json::from_str(r#""hibernating""#).unwrap();
        assert_eq!(status, Status::Unknown);
    }

    #[test]
    fn a_refusal_is_read_whatever_its_details() {
        let cases = [
            (
                r#"{"error":{"code":"x","message":"m","details":{"fields":[{"name":"image","messages":["no"]}]}}}"#,
                vec!["image"],
            ),
            (
                r#"{"error":{"code":"x","message":"m","details":{"limits":[{"name":"servers"}]}}}"#,
                vec![],
            ),
            (r#"{"error":{"code":"x","message":"m"}}"#, vec![]),
            (r#"{"error":{"code":"x","message":"m","details":null}}"#, vec![]),
        ];
        for (json, fields) in cases {
            let refusal: Refusal = serde_json::from_str(json).unwrap();
            assert_eq!(refusal.error.fields(), fields, "{json}");
            assert_eq!(refusal.error.code, "x", "{json}");
        }
    }
}
