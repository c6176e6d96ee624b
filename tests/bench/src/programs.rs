//! What is measured: our functions, the same ones in TypeScript, and hello-worlds, each as it is deployed.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use serde::Serialize;

/// The programs that run functions.
#[derive(Clone, Debug)]
pub(crate) struct Runtimes {
    pub(crate) workerd: PathBuf,
    pub(crate) deno: PathBuf,
}

/// Where a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Runtime {
    Workerd,
    Deno,
}

impl Runtime {
    pub(crate) const ALL: [Self; 2] = [Self::Workerd, Self::Deno];
}

impl fmt::Display for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Workerd => "workerd",
            Self::Deno => "Deno",
        })
    }
}

/// Something that answers HTTP requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Program {
    /// A function of ours, in WebAssembly.
    Ours(String),
    /// The same in TypeScript.
    Baseline(String),
    /// A hello-world in Rust.
    RustHello,
    /// A hello-world in JavaScript.
    JsHello,
    /// A refusal by hand in JavaScript: the floor under ours.
    JsRefusal,
    /// So many upstream calls in JavaScript, and nothing else: the floor under a function that makes them.
    JsCalls(u8),
}

/// The functions that there are in TypeScript too.
pub(crate) const BASELINES: [&str; 3] = ["get-openvidu-token", "create-video-session", "zoom-oauth-callback"];

impl fmt::Display for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(name) => formatter.write_str(name),
            Self::Baseline(name) => write!(formatter, "{name} in TypeScript"),
            Self::RustHello => formatter.write_str("hello-world in Rust"),
            Self::JsHello => formatter.write_str("hello-world in JavaScript"),
            Self::JsRefusal => formatter.write_str("refusal in JavaScript"),
            Self::JsCalls(calls) => write!(formatter, "{calls} calls in JavaScript"),
        }
    }
}

/// The names of all functions of ours.
pub(crate) fn functions() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir("functions")? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

impl Program {
    /// All that is measured.
    pub(crate) fn all() -> Result<Vec<Self>> {
        let ours = functions()?.into_iter().map(Self::Ours);
        let baselines = BASELINES.map(|name| Self::Baseline(name.to_owned()));
        Ok([Self::JsHello, Self::RustHello].into_iter().chain(ours).chain(baselines).collect())
    }

    /// The modules of the Worker, the main one first.
    pub(crate) fn modules(&self) -> Vec<PathBuf> {
        let wasm_worker = |folder: PathBuf| vec![folder.join("index.js"), folder.join("index_bg.wasm")];
        match self {
            Self::Ours(name) => wasm_worker(Path::new("functions").join(name).join("build")),
            Self::RustHello => wasm_worker(PathBuf::from("tests/bench/hello/build")),
            Self::Baseline(name) => vec![format!("target/baseline/workerd/{name}.js").into()],
            Self::JsHello => vec!["target/baseline/workerd/hello.js".into()],
            Self::JsRefusal => vec!["target/baseline/workerd/refusal.js".into()],
            Self::JsCalls(_) => vec!["target/baseline/workerd/calls.js".into()],
        }
    }

    /// The module that Deno runs.
    pub(crate) fn deno_entry(&self) -> PathBuf {
        match self {
            Self::Ours(name) => format!("supabase/functions/{name}/index.ts").into(),
            Self::RustHello => "tests/bench/hello/deno.ts".into(),
            Self::Baseline(name) => format!("target/baseline/deno/{name}.js").into(),
            Self::JsHello => "target/baseline/deno/hello.js".into(),
            Self::JsRefusal => "target/baseline/deno/refusal.js".into(),
            Self::JsCalls(_) => "target/baseline/deno/calls.js".into(),
        }
    }

    /// The whole program as one module that serves nothing by itself.
    pub(crate) fn bundle(&self) -> PathBuf {
        match self {
            Self::Ours(name) => format!("supabase/functions/{name}/function.js").into(),
            Self::RustHello => "tests/bench/hello/build/function.js".into(),
            _ => self.modules().swap_remove(0),
        }
    }

    /// What is uploaded to Cloudflare, in bytes, each module gzipped.
    pub(crate) fn gzipped(&self) -> Result<usize> {
        let output = Command::new("node").arg("scripts/lib/gzipped.mjs").args(self.modules()).output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        printed.trim().parse().with_context(|| format!("{self}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}
