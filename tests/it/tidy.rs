//! Who may depend on whom.

use serde_json::Value;
use std::{collections::BTreeMap, process::Command};

/// The crates of the workspace with their normal dependencies, and where each lies.
fn workspace() -> BTreeMap<String, (String, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("a workspace has packages");
    packages.iter().map(summary).collect()
}

fn summary(package: &Value) -> (String, (String, Vec<String>)) {
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let dependencies = package["dependencies"].as_array().expect("a list");
    let normal = dependencies.iter().filter(|it| it["kind"].is_null());
    let names = normal.map(|it| text(&it["name"])).collect();
    (text(&package["name"]), (text(&package["manifest_path"]), names))
}

#[test]
fn dependencies_point_one_way() {
    let allowed: [(&str, &[&str]); 7] = [
        ("domain", &[]),
        ("contracts", &["domain"]),
        ("ports", &["domain", "contracts"]),
        ("adapters", &["domain", "contracts", "ports"]),
        ("machines", &["domain", "ports"]),
        ("testkit", &["domain", "contracts", "ports"]),
        ("runtime", &[]),
    ];
    let workspace = workspace();
    for (name, may) in allowed {
        let ours = workspace[name].1.iter().filter(|it| workspace.contains_key(*it));
        for dependency in ours {
            assert!(may.contains(&dependency.as_str()), "{name} depends on {dependency}");
        }
    }
}

#[test]
fn the_rules_know_neither_clock_nor_network_nor_cloud() {
    let workspace = workspace();
    for name in ["domain", "ports"] {
        for dependency in &workspace[name].1 {
            let outside = ["tokio", "reqwest", "lambda_runtime"].contains(&dependency.as_str());
            assert!(!outside && !dependency.starts_with("aws"), "{name} depends on {dependency}");
        }
    }
}

#[test]
fn no_function_depends_on_a_function_or_on_the_testkit() {
    let workspace = workspace();
    let is_function = |name: &str| workspace[name].0.contains("/functions/");
    for (name, (_, dependencies)) in workspace.iter().filter(|(name, _)| is_function(name)) {
        for dependency in dependencies.iter().filter(|it| workspace.contains_key(*it)) {
            assert!(!is_function(dependency), "{name} depends on {dependency}");
            assert_ne!(dependency, "testkit", "{name}");
        }
    }
}
