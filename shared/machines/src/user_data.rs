//! What a machine that joins by an activation runs first.
//!
//! It is the boot script that every worker runs, with the machine's settings and the activation
//! before it. A machine that AWS sold fetches the script with its role; this one has no role until
//! the script has made it join.
//!
//! The activation is the one secret that user data may hold. Whoever is root on the machine could
//! read it, as could any container that reached the metadata service, which the firewall prevents;
//! by then it is used up, and it never lives longer than an hour.

use crate::{errors::Failure, nodes::Activation};
use std::collections::BTreeMap;

/// As much as Hetzner takes.
const MAX_BYTES: usize = 32 * 1024;

const BOOT: &str = include_str!("../../../infra-cdk/assets/worker/boot.sh");

/// Settings of a worker, as the boot script and the heartbeat read them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings(BTreeMap<String, String>);

/// A setting that cannot be one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no setting of a worker: neither its name nor its value may be empty or odd")]
pub(crate) struct OddSetting(String);

impl Settings {
    pub(crate) fn new(settings: BTreeMap<String, String>) -> Result<Self, OddSetting> {
        match settings.iter().find(|(name, value)| !is_name(name) || !is_value(value)) {
            Some((name, _)) => Err(OddSetting(name.clone())),
            None => Ok(Self(settings)),
        }
    }

    /// One assignment a line, for a shell to read. What AWS's own tools look for is exported.
    fn lines(&self) -> String {
        let line = |(name, value): (&String, &String)| {
            let export = if name.starts_with("AWS_") { "export " } else { "" };
            format!("{export}{name}={}\n", quoted(value))
        };
        self.0.iter().map(line).collect()
    }
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_')
        && name.starts_with(|it: char| it.is_ascii_uppercase())
}

/// Anything on one line.
fn is_value(value: &str) -> bool {
    !value.is_empty() && !value.contains(char::is_control)
}

/// As one word of shell.
fn quoted(value: &str) -> String {
    // It fails on a NUL alone, which is a control character.
    shlex::try_quote(value).map_or_else(|_| "''".to_owned(), Into::into)
}

/// The script for one machine. Fails if it is longer than Hetzner takes.
pub(crate) fn render(settings: &Settings, activation: &Activation) -> Result<String, Failure> {
    let script = format!(
        "#!/bin/bash\n\
         set -euo pipefail\n\
         cat >/etc/1mins-worker.env <<'END'\n{settings}END\n\
         (umask 077 && cat >/etc/1mins-activation.env) <<'END'\n{activation}END\n\
         boot=/opt/worker/boot.sh\n\
         if [[ ! -x \"$boot\" ]]; then\n\
         boot=/run/1mins-boot.sh\n\
         cat >\"$boot\" <<'END_OF_BOOT'\n{BOOT}END_OF_BOOT\n\
         fi\n\
         exec bash \"$boot\"\n",
        settings = settings.lines(),
        activation = lines_of(activation),
    );
    if script.len() > MAX_BYTES {
        let too_long = format!("the user data is {} bytes long, {MAX_BYTES} may be", script.len());
        return Err(Failure::refused("hetzner", too_long));
    }
    Ok(script)
}

fn lines_of(activation: &Activation) -> String {
    let Activation { id, code } = activation;
    format!("ACTIVATION_ID={}\nACTIVATION_CODE={}\n", quoted(id), quoted(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, OddSetting> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Settings::new(pairs.iter().map(owned).collect())
    }

    fn activation() -> Activation {
        Activation { id: "3a5f1c6e-0000".into(), code: "C0de+/x'y".into() }
    }

    #[test]
    fn a_machine_gets_its_settings_its_activation_and_the_boot_script() {
        let settings = settings(&[
            ("HEARTBEAT_TABLE", "1mins-production-fleet"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AGENT_IMAGE_S3", "s3://images/agent image.tar.zst"),
        ]);
        let script = render(&settings.unwrap(), &activation()).unwrap();
        let (head, rest) = script.split_once("cat >\"$boot\"").unwrap();
        let expected = "\
#!/bin/bash
set -euo pipefail
cat >/etc/1mins-worker.env <<'END'
AGENT_IMAGE_S3='s3://images/agent image.tar.zst'
export AWS_DEFAULT_REGION=us-east-1
HEARTBEAT_TABLE=1mins-production-fleet
END
(umask 077 && cat >/etc/1mins-activation.env) <<'END'
ACTIVATION_ID=3a5f1c6e-0000
ACTIVATION_CODE=\"C0de+/x'y\"
END
boot=/opt/worker/boot.sh
if [[ ! -x \"$boot\" ]]; then
boot=/run/1mins-boot.sh
";
        assert_eq!(head, expected);
        assert!(rest.contains(BOOT), "the boot script is in it");
        let end = "END_OF_BOOT\nfi\nexec bash \"$boot\"\n";
        assert!(rest.ends_with(end), "it ends by running it");
        assert!(!BOOT.contains("END_OF_BOOT"), "and cannot end before");
    }

    /// A shell is the judge of what a shell makes of it.
    #[test]
    fn a_shell_reads_back_what_was_meant() {
        let odd = r#"a 'b' "c" $HOME `id` \ #d"#;
        let settings = settings(&[("ODD", odd), ("PLAIN", "x")]).unwrap();
        let script = format!("{}{}", settings.lines(), lines_of(&activation()));
        let output = std::process::Command::new("bash")
            .args([
                "-c",
                &format!("{script}\nprintf '%s\\n' \"$ODD\" \"$PLAIN\" \"$ACTIVATION_CODE\""),
            ])
            .output()
            .unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        assert_eq!(lines.lines().collect::<Vec<_>>(), [odd, "x", "C0de+/x'y"]);
    }

    #[test]
    fn what_would_break_out_of_a_line_is_refused_by_name() {
        let cases = [
            ("a second line", "OK", "x\nEND"),
            ("nothing", "EMPTY", ""),
            ("a lower-case name", "path", "x"),
            ("a command for a name", "A;B", "x"),
            ("no name", "", "x"),
        ];
        for (case, name, value) in cases {
            assert_eq!(settings(&[(name, value)]), Err(OddSetting(name.to_owned())), "{case}");
        }
    }

    #[test]
    fn what_is_longer_than_hetzner_takes_is_refused() {
        let long = "x".repeat(MAX_BYTES);
        let refused = render(&settings(&[("LONG", &long)]).unwrap(), &activation());
        assert!(refused.unwrap_err().to_string().contains("bytes long"));
    }

    #[test]
    fn nobody_reads_the_code_in_a_log() {
        assert!(!format!("{:?}", activation()).contains("C0de"));
    }
}
