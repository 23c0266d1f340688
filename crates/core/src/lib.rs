//! What the five FTP tools share: everything that is not one tool's own.
//!
//! In scope:
//!
//! * FTP addresses, names as bytes, and the encodings they are written in
//! * replies, feature lists and directory listings, read from byte slices
//! * sessions: connecting, TLS, logging in, commands, data connections
//! * moving bytes between servers, local files and pipes, inside the kernel where that can be
//! * trees and patterns on servers
//! * the command line the tools have in common, and how they report what went wrong
//!
//! Out of scope:
//!
//! * what one tool does with all this: its own flags, its plan and its loop are in its own crate
//! * other protocols: no SFTP, and of HTTP only what a proxy wants to hear
//! * being a library for others: the modules are public for the five tools, and change with them
//!
//! The layers, lowest first. A file uses only files that stand before it; `tests/layers.rs` holds
//! that, and `docs/ARCHITECTURE.md` draws it file by file.
//!
//! * data, pure: [`mod@line`], [`choices`], [`path`], [`secret`], [`time`], [`crlf`], [`charset`], [`reply`],
//!   [`pattern`], [`url`], [`no_proxy`], [`proxy`], [`netrc`], [`window`], [`checksum`], [`json`]
//! * meaning, pure: [`error`], [`crowd`], [`hints`], [`newer`], [`names`], [`features`], [`login`], [`listing`]
//! * the system: [`sys`], [`place`], [`partial`], [`local`], [`spill`], [`merge`], [`kept`], [`met`], [`producer`], [`ask`], [`ending`], [`waits`], [`rate`], [`pace`], [`meter`], [`seam`],
//!   [`flow`], [`copy`], [`fan`], [`rewind`], [`turns`]
//! * the wire: [`wire`]
//! * the work, without flags and printing: [`deliver`], [`look`], [`parents`], [`retry`],
//!   [`servers`], [`sizes`], [`refusals`], [`pool`], [`resume`], [`segments`], [`begun`], [`stored`], [`resend`], [`stage`], [`relay`], [`site_copy`], [`spread`], [`direct`], [`clock`], [`stamp`], [`verify`], [`endless`], [`walk`], [`expand`]
//! * the face: [`progress`], [`record`], [`report`], [`cli`], [`prepare`], [`sources`], [`workers`], [`face`]

pub mod ask;
pub mod begun;
pub mod charset;
pub mod checksum;
pub mod choices;
pub mod cli;
pub mod clock;
pub mod copy;
pub mod crlf;
pub mod crowd;
pub mod deliver;
pub mod direct;
pub mod ending;
pub mod endless;
pub mod error;
pub mod expand;
pub mod face;
pub mod fan;
pub mod features;
pub mod flow;
pub mod hints;
pub mod json;
pub mod kept;
pub mod line;
pub mod listing;
pub mod local;
pub mod login;
pub mod look;
pub mod merge;
pub mod met;
pub mod meter;
pub mod names;
pub mod netrc;
pub mod newer;
pub mod no_proxy;
pub mod pace;
pub mod parents;
pub mod partial;
pub mod path;
pub mod pattern;
pub mod place;
pub mod pool;
pub mod prepare;
pub mod producer;
pub mod progress;
pub mod proxy;
pub mod rate;
pub mod record;
pub mod refusals;
pub mod relay;
pub mod reply;
pub mod report;
pub mod resend;
pub mod resume;
pub mod retry;
pub mod rewind;
pub mod seam;
pub mod secret;
pub mod segments;
pub mod servers;
pub mod site_copy;
pub mod sizes;
pub mod sources;
pub mod spill;
pub mod spread;
pub mod stage;
pub mod stamp;
pub mod stored;
pub mod sys;
pub mod time;
pub mod turns;
pub mod url;
pub mod verify;
pub mod waits;
pub mod walk;
pub mod window;
pub mod wire;
pub mod workers;
