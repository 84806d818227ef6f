//! Where the running system is: flags, else the process environment, else the file that the start
//! script wrote, else the usual places on this machine.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// Each value overrides the file `$ONEMINS_HOME/run/env`.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Where the system is (default: $ONEMINS_HOME/run/env)")]
pub struct EnvironmentOptions {
    /// Directory of this machine's state [default: ~/.cache/1mins]
    #[arg(long, env = "ONEMINS_HOME", hide_env_values = true)]
    pub home: Option<PathBuf>,
    /// Address of the application
    #[arg(long, env = "APP_URL", hide_env_values = true)]
    pub app_url: Option<String>,
    /// Domain under which instances get their names
    #[arg(long, env = "DOMAIN", hide_env_values = true)]
    pub domain: Option<String>,
    /// IP address of the edge, for every name under the domain
    #[arg(long, env = "EDGE_ADDR", hide_env_values = true)]
    pub edge_addr: Option<String>,
    /// Certificate authority of the edge, PEM
    #[arg(long, env = "CA_FILE", hide_env_values = true)]
    pub ca_file: Option<PathBuf>,
    /// Address of the mailbox
    #[arg(long, env = "MAILBOX_URL", hide_env_values = true)]
    pub mailbox_url: Option<String>,
    /// Address of the payment provider
    #[arg(long, env = "DODO_URL", hide_env_values = true)]
    pub dodo_url: Option<String>,
    /// Address of the language model
    #[arg(long, env = "MODEL_URL", hide_env_values = true)]
    pub model_url: Option<String>,
    /// Address of Google's stand-in
    #[arg(long, env = "GOOGLE_URL", hide_env_values = true)]
    pub google_url: Option<String>,
    /// Address of Hetzner's stand-in
    #[arg(long, env = "HETZNER_URL", hide_env_values = true)]
    pub hetzner_url: Option<String>,
    /// Address of the AWS engine
    #[arg(long, env = "AWS_ENDPOINT_URL", hide_env_values = true)]
    pub aws_endpoint_url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    pub home: PathBuf,
    pub app_url: String,
    pub domain: String,
    pub edge_address: IpAddr,
    /// `None`: the system's own certificate authorities suffice.
    pub ca_file: Option<PathBuf>,
    pub mailbox_url: String,
    pub dodo_url: String,
    pub model_url: String,
    pub google_url: String,
    pub hetzner_url: String,
    pub aws_endpoint_url: String,
}

#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    #[error("`{}` has a line that is not KEY=VALUE: `{line}`", path.display())]
    Line { path: PathBuf, line: String },
    #[error("cannot read `{}`", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("EDGE_ADDR `{0}` is not an IP address")]
    EdgeAddress(String),
    #[error("there is no home directory; set ONEMINS_HOME")]
    Homeless,
}

impl EnvironmentOptions {
    pub fn find(self) -> Result<Environment, EnvironmentError> {
        let home = match self.home {
            Some(home) => home,
            None => std::env::home_dir().ok_or(EnvironmentError::Homeless)?.join(".cache/1mins"),
        };
        let file = read(&home.join("run/env"))?;
        let choose = |option: Option<String>, key: &str, usual: &str| {
            option.or_else(|| file.get(key).cloned()).unwrap_or_else(|| usual.to_owned())
        };
        let domain = choose(self.domain, "DOMAIN", "1mins.localhost");
        let port = file.get("EDGE_PORT").map_or("8443", String::as_str);
        let app_url = choose(self.app_url, "APP_URL", &format!("https://{domain}:{port}"));
        let edge = choose(self.edge_addr, "EDGE_ADDR", "127.0.0.1");
        let own_ca = || Some(home.join("run/tls/ca.pem")).filter(|path| path.exists());
        Ok(Environment {
            app_url: app_url.trim_end_matches('/').to_owned(),
            edge_address: parse_address(&edge)?,
            ca_file: self
                .ca_file
                .or_else(|| file.get("CA_FILE").map(PathBuf::from))
                .or_else(own_ca),
            mailbox_url: choose(self.mailbox_url, "MAILBOX_URL", "http://127.0.0.1:4581"),
            dodo_url: choose(self.dodo_url, "DODO_URL", "http://127.0.0.1:4580"),
            model_url: choose(self.model_url, "MODEL_URL", "http://127.0.0.1:4582"),
            google_url: choose(self.google_url, "GOOGLE_URL", "http://localhost:4584"),
            hetzner_url: choose(self.hetzner_url, "HETZNER_URL", "http://127.0.0.1:4583"),
            aws_endpoint_url: choose(
                self.aws_endpoint_url,
                "AWS_ENDPOINT_URL",
                "http://172.17.0.1:4570",
            ),
            domain,
            home,
        })
    }
}

impl Environment {
    /// Log files of this machine, to point at when something went wrong.
    pub fn logs(&self) -> Vec<PathBuf> {
        let folders = ["run", "run/log"].map(|it| std::fs::read_dir(self.home.join(it)));
        let entries = folders.into_iter().flatten().flatten();
        let mut logs: Vec<PathBuf> = entries.filter_map(|it| Some(it.ok()?.path())).collect();
        logs.retain(|path| path.extension().is_some_and(|it| it == "log"));
        logs.sort();
        logs
    }
}

/// With or without a port, which belongs to the URL.
fn parse_address(text: &str) -> Result<IpAddr, EnvironmentError> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    text.parse()
        .or_else(|_| text.parse::<SocketAddr>().map(|it| it.ip()))
        .map_err(|_| EnvironmentError::EdgeAddress(text.to_owned()))
}

fn read(path: &Path) -> Result<BTreeMap<String, String>, EnvironmentError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(EnvironmentError::Unreadable { path: path.to_owned(), source }),
    };
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#'));
    lines
        .map(|line| {
            let (key, value) =
                line.strip_prefix("export ").unwrap_or(line).split_once('=').ok_or_else(|| {
                    EnvironmentError::Line { path: path.to_owned(), line: line.into() }
                })?;
            Ok((key.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_with(name: &str, env: &str) -> PathBuf {
        let home = std::env::temp_dir().join(format!("1mins-{name}-{}", std::process::id()));
        std::fs::create_dir_all(home.join("run")).unwrap();
        std::fs::write(home.join("run/env"), env).unwrap();
        home
    }

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_usual_place() {
        let file = "# written by the start script\nDODO_URL=http://file\nMODEL_URL='http://model'\n\
                    EDGE_PORT=9443\nEDGE_ADDR=127.0.0.2:9443\n";
        let home = home_with("flags", file);
        let dodo_url = Some("http://flag".to_owned());
        let options =
            EnvironmentOptions { home: Some(home.clone()), dodo_url, ..Default::default() };
        let found = options.find().unwrap();
        assert_eq!(found.dodo_url, "http://flag");
        assert_eq!(found.model_url, "http://model");
        assert_eq!(found.mailbox_url, "http://127.0.0.1:4581");
        assert_eq!(found.app_url, "https://1mins.localhost:9443");
        assert_eq!(found.edge_address, IpAddr::from([127, 0, 0, 2]));
        std::fs::remove_dir_all(home).unwrap();
    }

    #[test]
    fn a_line_that_is_no_assignment_is_named() {
        let home = home_with("line", "APP_URL\n");
        let options = EnvironmentOptions { home: Some(home.clone()), ..Default::default() };
        let error = options.find().unwrap_err();
        assert!(error.to_string().contains("`APP_URL`"), "{error}");
        std::fs::remove_dir_all(home).unwrap();
    }
}
