//! Where scripts run: the folder and the tools of `place`, the variables that name the servers, and
//! a network namespace, where the servers are far away.
//!
//! Scripts are constants, the same on every machine: addresses are variables of the shell.

use std::{ffi::OsStr, process::Command};

use servers::server::{PASSWORD, Server, USER};

use crate::place::Place;

/// The longest a script may run, in seconds, for timeout(1).
const PATIENCE: &str = "900";

/// `PASSWORD` as rclone wants to be told it (`rclone obscure`).
const OBSCURED: &str = "OzzsbN30cdJyKLWwPne2Cf9o2iN4cQ";

/// See above.
pub struct Stage<'a> {
    /// The tools and the folder.
    pub place: &'a Place,
    /// Measured runs of each contender.
    pub runs: usize,
    within: Option<String>,
    variables: Vec<(String, String)>,
}

impl<'a> Stage<'a> {
    /// On this machine, with no servers.
    pub fn new(place: &'a Place) -> Self {
        let login = ("LOGIN".to_owned(), format!("{USER}:{PASSWORD}"));
        Self { place, runs: place.scale.runs, within: None, variables: vec![login] }
    }

    /// In the network namespace of that name.
    pub fn within(mut self, namespace: &str) -> Self {
        self.within = Some(namespace.to_owned());
        self
    }

    /// With no more runs than that.
    pub fn at_most(mut self, runs: usize) -> Self {
        self.runs = self.runs.min(runs);
        self
    }

    /// A variable of the scripts.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The server at `host`: `$A` is its URL without a slash at the end, `$A_HOST` and `$A_PORT` its
    /// parts.
    pub fn server(self, name: &str, server: &Server, host: &str) -> Self {
        let (url, port) = (server.url_at(host, ""), server.port.to_string());
        let stage = self.with(name, &url).with(&format!("{name}_HOST"), host);
        stage.with(&format!("{name}_PORT"), &port).for_rclone(name, host, &port)
    }

    /// rclone knows servers by such variables; `$A` is its remote `a:`.
    fn for_rclone(self, name: &str, host: &str, port: &str) -> Self {
        let settings = [("TYPE", "ftp"), ("HOST", host), ("PORT", port), ("USER", USER)];
        settings.into_iter().chain([("PASS", OBSCURED)]).fold(self, |stage, (what, value)| {
            stage.with(&format!("RCLONE_CONFIG_{name}_{what}"), value)
        })
    }

    /// A command that finds the tools, and the account of the servers; it is ended when it takes far
    /// too long.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.place.command("timeout");
        command.args(["-k", "5", PATIENCE]);
        if let Some(namespace) = &self.within {
            command.args(["ip", "netns", "exec", namespace]);
        }
        command.arg(program).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}
