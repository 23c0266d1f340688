//! What must hold on every server, one function a case, over all five tools.
//!
//! Each case meets an empty served folder, an empty second server and an empty local folder.
use crate::{
    server::{Need, Server},
    tools::Tools,
};

/// One case.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The behaviour as a sentence.
    pub name: &'static str,
    /// What it needs of the server beyond the common.
    pub needs: &'static [Need],
    /// Runs it; an error is the whole story.
    pub run: fn(&Server, &Tools) -> Result<(), String>,
}

pub fn all() -> impl Iterator<Item = &'static Case> {
    std::iter::empty()
}
