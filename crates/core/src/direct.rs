//! One file from server to server without passing through here: by the one server that has both names,
//! or from one to the other (FXP) where they let each other in. What they refuse, or break, is left to
//! the relay.

use crate::error::Cause;
use crate::relay::{Relay, RelayError, Relayed};
use crate::servers::Server;
use crate::site_copy::{self, Copied};
use crate::wire::{Begun, Indirect, Pair, Route, Type, Wants, Way};

/// Whether servers may send to each other.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fxp {
    /// Where they do.
    #[default]
    Auto,
    /// Not at all: all bytes pass through here.
    Never,
    /// Only so: what they refuse is an error.
    Always,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sent {
    /// The file is there.
    Whole {
        /// Its bytes, and whether the destination has counted them.
        relayed: Relayed,
        /// By which way it came.
        by: &'static str,
    },
    /// Its bytes have to pass through here; the destination may have some of them already.
    Not {
        /// Whether it may.
        begun: bool,
    },
}

/// Has the servers send a file to each other, if `fxp` and both of them allow it and its size can
/// be had: without one, nobody here could tell that it is whole.
///
/// # Errors
/// A refused file, a lost connection, or, with [`Fxp::Always`], whatever keeps the servers apart.
pub fn send(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
    fxp: Fxp,
) -> Result<Sent, RelayError> {
    if fxp == Fxp::Never {
        return Ok(Sent::Not { begun: false });
    }
    let sent = try_send((source, sink), job)?;
    match sent {
        Sent::Not { .. } if fxp == Fxp::Always => {
            if sent == (Sent::Not { begun: true }) && !job.keeps {
                sink.remove_half(job.to);
            }
            let text = "the two servers do not send it to each other (--fxp=auto relays it)";
            Err(RelayError::Sink(Cause::Operand(text.into())))
        }
        sent => Ok(sent),
    }
}

fn try_send(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
) -> Result<Sent, RelayError> {
    if job.kind == Type::Ascii || job.keeps && is_there(sink, job)? {
        return Ok(Sent::Not { begun: false });
    }
    if source.is_same_account(sink) {
        match site_copy::copy(sink, job.from, job.to).map_err(RelayError::Sink)? {
            Copied::Whole(count) => {
                let relayed = Relayed { count, counted: true };
                return Ok(Sent::Whole { relayed, by: "by the server itself" });
            }
            Copied::Not { begun: true } => return Ok(Sent::Not { begun: true }),
            Copied::Not { begun: false } => {}
        }
    }
    if source.facts().fxp == Route::Shut {
        return Ok(Sent::Not { begun: false });
    }
    let Some(size) = size(source, job).map_err(RelayError::Source)? else {
        return Ok(Sent::Not { begun: false });
    };
    let Some(way) = way((&mut *source, &mut *sink), job)? else {
        source.learn(|facts| facts.fxp = Route::Shut);
        return Ok(Sent::Not { begun: false });
    };
    source.learn(|facts| facts.fxp = Route::By(way));
    match pair((&mut *source, &mut *sink), job)?.send(way, job.from, job.to) {
        Ok(()) => agree(sink, job, size),
        Err(Indirect { cause, begun, .. }) => {
            if !is_about_the_file(&cause) {
                source.learn(|facts| facts.fxp = Route::Shut);
            }
            source.try_again();
            sink.try_again();
            Ok(Sent::Not { begun })
        }
    }
}

/// Whether there is something at the destination that may be gone on with.
fn is_there(sink: &mut Server, job: &Relay<'_>) -> Result<bool, RelayError> {
    let size = sink.session(Wants::default()).and_then(|session| session.size(job.to));
    Ok(size.map_err(RelayError::Sink)?.is_some_and(|size| size > 0))
}

/// The size of the file. Where the source will listen, the question for its port goes with it.
fn size(source: &mut Server, job: &Relay<'_>) -> Result<Option<u64>, Cause> {
    let listens = source.facts().fxp == Route::By(Way::SourceListens);
    let features = !job.from.as_bytes().is_ascii();
    let session = source.session(Wants { features, data: listens })?;
    if listens { session.size_before_transfer(job.from) } else { session.size(job.from) }
}

fn way(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
) -> Result<Option<Way>, RelayError> {
    if let Route::By(way) = source.facts().fxp {
        return Ok(Some(way));
    }
    pair((source, sink), job)?.way().map_err(|failed| match failed.at_sink {
        true => RelayError::Sink(failed.cause),
        false => RelayError::Source(failed.cause),
    })
}

fn pair<'s>(
    (source, sink): (&'s mut Server, &'s mut Server),
    job: &Relay<'_>,
) -> Result<Pair<'s>, RelayError> {
    let source = source.session(Wants::to_ask(job.from)).map_err(RelayError::Source)?;
    let half = sink.half(job.to);
    let sink = sink.session(Wants::to_ask(job.to)).map_err(RelayError::Sink)?;
    let begun = || -> Begun { Box::new(move || half.begun()) };
    Ok(Pair { source, sink, begun: (!job.keeps).then(begun) })
}

/// Whether a refusal has nothing to do with the way the file was to take.
fn is_about_the_file(cause: &Cause) -> bool {
    matches!(cause, Cause::Refused(reply) if matches!(reply.code(), 450 | 452 | 532 | 550..=553))
}

/// Both servers say that it is done; now the sizes have to agree. What is too short is finished by
/// the relay, what is too long was another file.
fn agree(sink: &mut Server, job: &Relay<'_>, want: u64) -> Result<Sent, RelayError> {
    let stored = sink.session(Wants::default()).and_then(|session| session.size(job.to));
    match stored.map_err(RelayError::Sink)? {
        Some(got) if got != want => Ok(Sent::Not { begun: got < want }),
        told => {
            let relayed = Relayed { count: want, counted: told.is_some() };
            Ok(Sent::Whole { relayed, by: "server to server" })
        }
    }
}
