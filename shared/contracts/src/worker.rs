//! What the control plane asks of a worker: the command line of `/opt/worker/bin/instance`, and what
//! its exit codes mean. `infra-cdk/assets/worker` is the other end.

use domain::{
    capacity::Capacity,
    health::Sight,
    id::{BlankId, InstanceId, ProjectId},
    worker::Holder,
};
use serde::{Deserialize, Deserializer};
use std::time::Duration;

mod inspect;
mod rest;

pub use inspect::{Exec, LogsAnswer, ReadLogs, read_exec, read_logs};
pub use rest::{
    Archive, BackupAnswer, Packed, Resize, Restart, Restore, Resume, TakeBackup, read_archive,
    read_backup,
};

const PROGRAM: &str = "/opt/worker/bin/instance";

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// The command line is not one that the worker understands.
    Misused,
    /// The gateway's own validator refused the configuration.
    BadConfiguration,
    /// The backup is not the one that was asked for, or is none.
    BadBackup,
    /// There is no such blank to take over, or no such instance.
    Gone,
    /// The gateway ended, instead of starting.
    Crashed,
    /// A later generation, or an undo, was here first.
    Fenced,
    /// Not yet. Ask again.
    NotYet,
    Unknown(i32),
}

impl From<i32> for Exit {
    /// The codes of sysexits.h where one fits.
    fn from(code: i32) -> Self {
        match code {
            0 => Self::Done,
            64 => Self::Misused,
            65 => Self::BadConfiguration,
            66 => Self::BadBackup,
            69 => Self::Gone,
            70 => Self::Crashed,
            73 => Self::Fenced,
            75 => Self::NotYet,
            other => Self::Unknown(other),
        }
    }
}

/// Everything about a launch that is not a secret.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    pub holder: &'a Holder,
    pub instance: &'a InstanceId,
    /// Only grows for a project. The worker refuses what is lower than what it has seen.
    pub generation: u32,
    pub port: u16,
    pub limits: Capacity,
    pub heap_mib: u32,
    pub image: &'a str,
    /// Opens the configuration for a few minutes.
    pub bundle_url: &'a str,
    /// Who may speak for a visitor.
    pub edge_cidr: &'a str,
    /// The one private `address:port` that an instance may reach.
    pub model_egress: &'a str,
    /// The version of what `bundle_url` opens. Only grows for a project. The worker refuses to put a
    /// lower one in the place of what it has.
    pub configuration: u32,
    /// What the volume starts from, if this launch makes it. `None`: from nothing.
    pub restore: Option<Restore<'a>>,
}

/// CPUs lent while a gateway boots and for its first chat: both are CPU-bound, and twice as fast with two.
const BOOT_CPUS: &str = "2";

impl Launch<'_> {
    pub fn argv(&self) -> Vec<String> {
        let mut line = argv(
            "launch",
            &[
                ("project", self.holder.to_string()),
                ("instance", self.instance.to_string()),
                ("generation", self.generation.to_string()),
                ("port", self.port.to_string()),
                ("memory-mib", self.limits.memory_mib.to_string()),
                ("cpus", cpus(self.limits.cpu_millis)),
                ("boot-cpus", BOOT_CPUS.to_owned()),
                ("heap-mib", self.heap_mib.to_string()),
                ("image", self.image.to_owned()),
                ("bundle-url", self.bundle_url.to_owned()),
                ("edge-cidr", self.edge_cidr.to_owned()),
                ("model-egress", self.model_egress.to_owned()),
                ("configuration", self.configuration.to_string()),
            ],
        );
        line.extend(self.restore.iter().flat_map(Restore::flags));
        line
    }
}

/// A project takes a warm blank over. Everything about it that is not a secret.
#[derive(Clone, Debug)]
pub struct Adopt<'a> {
    pub project: &'a ProjectId,
    pub instance: &'a InstanceId,
    pub generation: u32,
    pub blank: &'a BlankId,
    pub limits: Capacity,
    pub bundle_url: &'a str,
    pub edge_cidr: &'a str,
    pub model_egress: &'a str,
    pub configuration: u32,
}

impl Adopt<'_> {
    pub fn argv(&self) -> Vec<String> {
        argv(
            "adopt",
            &[
                ("project", self.project.to_string()),
                ("instance", self.instance.to_string()),
                ("generation", self.generation.to_string()),
                ("blank", self.blank.to_string()),
                ("memory-mib", self.limits.memory_mib.to_string()),
                ("cpus", cpus(self.limits.cpu_millis)),
                ("boot-cpus", BOOT_CPUS.to_owned()),
                ("bundle-url", self.bundle_url.to_owned()),
                ("edge-cidr", self.edge_cidr.to_owned()),
                ("model-egress", self.model_egress.to_owned()),
                ("configuration", self.configuration.to_string()),
            ],
        )
    }
}

/// An instance that runs takes another configuration over, without a restart.
#[derive(Clone, Debug)]
pub struct Configure<'a> {
    pub project: &'a ProjectId,
    pub generation: u32,
    /// Whose validator looks at it first.
    pub image: &'a str,
    pub bundle_url: &'a str,
    pub configuration: u32,
    /// How long the gateway may take to take it over.
    pub wait: Duration,
}

impl Configure<'_> {
    pub fn argv(&self) -> Vec<String> {
        argv(
            "configure",
            &[
                ("project", self.project.to_string()),
                ("generation", self.generation.to_string()),
                ("image", self.image.to_owned()),
                ("bundle-url", self.bundle_url.to_owned()),
                ("configuration", self.configuration.to_string()),
                ("wait", self.wait.as_secs().to_string()),
            ],
        )
    }
}

/// The version of the configuration that an instance has, as `launch`, `adopt` and `configure` answer.
pub fn read_configuration(answer: &str) -> Option<u32> {
    #[derive(Deserialize)]
    struct Answer {
        configuration: u32,
    }
    serde_json::from_str::<Answer>(answer).ok().map(|it| it.configuration)
}

/// Waits until Docker answers and `image` is loaded, for at most `wait`.
pub fn ready(image: &str, wait: Duration) -> Vec<String> {
    argv("ready", &[("wait", wait.as_secs().to_string()), ("image", image.to_owned())])
}

/// Waits until the gateway has started and obeys its configuration, for at most `wait`. From then on a
/// blank has the CPUs that it is sold with; a project keeps the lent ones for its first chat, two minutes.
pub fn await_started(
    holder: &Holder,
    generation: u32,
    limits: Capacity,
    wait: Duration,
) -> Vec<String> {
    waiting("await", holder, generation, limits, wait)
}

/// Like [`await_started`]; in between it makes the first chats fast and removes their traces.
pub fn warm(holder: &Holder, generation: u32, limits: Capacity, wait: Duration) -> Vec<String> {
    waiting("warm", holder, generation, limits, wait)
}

fn waiting(
    verb: &str,
    holder: &Holder,
    generation: u32,
    limits: Capacity,
    wait: Duration,
) -> Vec<String> {
    argv(
        verb,
        &[
            ("project", holder.to_string()),
            ("generation", generation.to_string()),
            ("cpus", cpus(limits.cpu_millis)),
            ("wait", wait.as_secs().to_string()),
        ],
    )
}

/// Asks the gateway to begin nothing new for two minutes, if nothing is under way.
pub fn quiesce(project: &ProjectId, generation: u32) -> Vec<String> {
    argv("quiesce", &[("project", project.to_string()), ("generation", generation.to_string())])
}

/// What `quiesce` prints: whether nothing is under way. `None` if it says neither.
pub fn read_quiesce(answer: &str) -> Option<bool> {
    #[derive(Deserialize)]
    struct Answer {
        quiet: bool,
    }
    serde_json::from_str::<Answer>(answer).ok().map(|it| it.quiet)
}

/// Removes what this generation launched, its volume too if this generation made it, and refuses
/// it from then on.
pub fn remove(holder: &Holder, generation: u32) -> Vec<String> {
    argv(
        "remove",
        &[
            ("project", holder.to_string()),
            ("generation", generation.to_string()),
            ("purge", "yes".to_owned()),
        ],
    )
}

/// What the worker says of an instance, in its heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listed {
    pub holder: Holder,
    pub generation: u32,
    /// How it is. `None`: the worker had no time to look, or says what we do not understand.
    #[serde(default, rename = "health", deserialize_with = "if_understood")]
    pub sight: Option<Sight>,
}

/// It is there all the same: what is not listed is taken to be gone.
fn if_understood<'de, D: Deserializer<'de>>(sight: D) -> Result<Option<Sight>, D::Error> {
    let sight = serde_json::Value::deserialize(sight)?;
    Ok(serde_json::from_value(sight).ok())
}

/// What `instance health` and `instance list` print. What is in it and none of ours is passed over: a single odd container
/// must not make a worker look silent. `None` if it is no list at all.
pub fn read_list(json: &str) -> Option<Vec<Listed>> {
    let listed: Vec<serde_json::Value> = serde_json::from_str(json).ok()?;
    Some(listed.into_iter().filter_map(|it| serde_json::from_value(it).ok()).collect())
}

fn argv(verb: &str, flags: &[(&str, String)]) -> Vec<String> {
    [PROGRAM.to_owned(), verb.to_owned()].into_iter().chain(words(flags)).collect()
}

fn words(flags: &[(&str, String)]) -> impl Iterator<Item = String> {
    flags.iter().flat_map(|(flag, value)| [format!("--{flag}"), value.clone()])
}

fn cpus(millis: u32) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeats_list_of_instances_is_read_leniently() {
        let json = r#"[{"holder":"prj_a","instance":"ins_a-2","generation":2,"state":"running","port":18789,"restarts":0,"oom":false},{"holder":"blk_b","generation":1},
            {"holder":"prj_odd","generation":null},{"holder":"somebody","generation":1}]"#;
        let listed = read_list(json).unwrap();
        let all: Vec<_> = listed.iter().map(|it| (it.holder.as_str(), it.generation)).collect();
        assert_eq!(all, [("prj_a", 2), ("blk_b", 1)]);
        assert_eq!(read_list("{}"), None);
    }

    #[test]
    fn how_an_instance_is_may_be_missing_and_never_hides_that_it_is_there() {
        let well = r#"{"run":"running","up_s":9,"silent_s":0,"exit":137,"deaths":1,"ooms":0,"memory_mib":900,"disk_mib":null}"#;
        let cases = [
            (
                well,
                Some(Sight {
                    up_s: 9,
                    exit: Some(137),
                    deaths: 1,
                    memory_mib: Some(900),
                    ..Sight::WELL
                }),
            ),
            (r#"{"run":"dreaming"}"#, None),
            ("null", None),
        ];
        for (health, expected) in cases {
            let json = format!(r#"[{{"holder":"prj_a","generation":2,"health":{health}}}]"#);
            let listed = read_list(&json).unwrap();
            assert_eq!(listed.len(), 1, "{health}");
            assert_eq!(listed[0].sight, expected, "{health}");
        }
    }

    #[test]
    fn an_answer_says_which_configuration_there_is_or_nothing_of_it() {
        let said = r#"{"launched":true,"fresh":false,"configuration":7}"#;
        assert_eq!(read_configuration(said), Some(7));
        for silent in ["", "{}", r#"{"configuration":null}"#, "nonsense"] {
            assert_eq!(read_configuration(silent), None, "{silent}");
        }
    }

    #[test]
    fn thousandths_of_a_cpu_read_as_docker_wants_them() {
        for (millis, expected) in [(750, "0.750"), (2000, "2.000"), (1005, "1.005")] {
            assert_eq!(cpus(millis), expected);
        }
    }
}
