//! From what was typed to what will be done.

use std::io;

use anyhow::ensure;
use ftp_core::listing::Kind;
use ftp_core::prepare::{self, Operand};
use ftp_core::report::Report;
use ftp_core::servers::Servers;
use ftp_core::sys;

use crate::args::{Args, TOOL};
use crate::format::{Form, Shape};

/// What will be done.
pub struct Plan {
    pub report: Report,
    pub servers: Servers,
    pub operands: Vec<Operand>,
    pub shape: Shape,
    pub hidden: bool,
    pub recursive: bool,
    pub unsorted: bool,
    /// The only kinds to show, where some were named.
    pub types: Option<Vec<Kind>>,
}

pub fn build(args: Args) -> anyhow::Result<Plan> {
    let charset = prepare::charset(&args.session)?;
    let operands = prepare::operands(&args.session, &args.urls, charset)?;
    ensure!(!operands.is_empty() || args.session.files_from.is_some(), "no URL given");
    let other_form = args.long || args.session.null;
    ensure!(!(args.json && other_form), "--json excludes -l and -0");
    let origins = operands.iter().map(|operand| &operand.address.origin);
    let servers = prepare::servers(&args.session, charset, origins)?;
    Ok(Plan {
        report: prepare::report(TOOL.name, &args.session, charset),
        servers,
        operands,
        shape: shape(&args, charset),
        hidden: args.all,
        recursive: args.recursive,
        unsorted: args.unsorted,
        types: args.types,
    })
}

fn shape(args: &Args, charset: ftp_core::charset::Charset) -> Shape {
    let form = match (args.json, args.long) {
        (true, _) => Form::Json,
        (false, true) => Form::Long,
        (false, false) => Form::Names,
    };
    Shape {
        form,
        urls: args.url,
        classify: args.classify,
        nul: args.session.null,
        terminal: sys::is_terminal(&io::stdout()) && !args.session.null,
        charset,
    }
}
