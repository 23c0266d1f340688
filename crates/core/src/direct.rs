//! One file from server to server without passing through here: by the one server that has both names,
//! or from one to the other (FXP) where they let each other in. What they refuse, or break, is left to
//! the relay.

use std::panic::resume_unwind;
use std::thread;

use crate::ending::Stake;
use crate::error::Cause;
use crate::newer::Version;
use crate::path::RemotePath;
use crate::relay::{Relay, RelayError, Relayed};
use crate::resume::Found;
use crate::servers::{Half, Server};
use crate::site_copy::{self, Copied};
use crate::sizes;
use crate::stage;
use crate::stored::Placement;
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
        /// What the destination had before, where it was asked.
        before: Option<Version>,
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
        return Ok(Sent::Not { begun: false, before: None });
    }
    let mut refused = None;
    let sent = try_send((source, &mut *sink), job, &mut refused)?;
    match sent {
        Sent::Not { begun, .. } if fxp == Fxp::Always => {
            if begun && job.placement != Placement::Kept {
                sink.remove_half(job.to);
            }
            let text = "the two servers do not send it to each other (--fxp=auto relays it)";
            Err(refused.unwrap_or(RelayError::Sink(Cause::Operand(text.into()))))
        }
        sent => Ok(sent),
    }
}

/// The same, and what was `refused` of the file itself, whatever way it is to take.
fn try_send(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
    refused: &mut Option<RelayError>,
) -> Result<Sent, RelayError> {
    let one_account = source.is_same_account(sink);
    if job.kind == Type::Ascii || !one_account && source.facts().fxp == Route::Shut {
        return Ok(Sent::Not { begun: false, before: None });
    }
    let (version, before) = versions((&mut *source, &mut *sink), job)?;
    let is_part = before.is_none_or(|before| before.size.is_some_and(|size| size > 0));
    let Some(size) = version.size.filter(|_| job.placement != Placement::Kept || !is_part) else {
        return Ok(Sent::Not { begun: false, before });
    };
    let landing = Landing::of(job, before);
    if one_account {
        match site_copy::copy(sink, job.from, (landing.path(), size)).map_err(RelayError::Sink)? {
            Copied::Whole => return landing.publish(sink, (job, version), "by the server itself"),
            Copied::Not { begun: true } => return Ok(landing.give_up(sink)),
            Copied::Not { begun: false } => {}
        }
    }
    if source.facts().fxp == Route::Shut {
        return Ok(Sent::Not { begun: false, before });
    }
    let Some(way) = way((&mut *source, &mut *sink), job)? else {
        source.learn(|facts| facts.fxp = Route::Shut);
        return Ok(Sent::Not { begun: false, before });
    };
    source.learn(|facts| facts.fxp = Route::By(way));
    let sent = {
        let mut both = pair((&mut *source, &mut *sink), job, &landing)?;
        both.send(way, job.from, landing.path())
    };
    match sent {
        Ok(()) => landing.publish(sink, (job, version), "server to server"),
        Err(Indirect { at_sink, cause, begun }) => {
            match is_about_the_file(&cause) {
                true if at_sink => *refused = Some(RelayError::Sink(cause)),
                true => *refused = Some(RelayError::Source(cause)),
                false => source.learn(|facts| facts.fxp = Route::Shut),
            }
            source.try_again();
            sink.try_again();
            Ok(if begun { landing.give_up(sink) } else { Sent::Not { begun: false, before } })
        }
    }
}

/// Where a file goes that does not pass through here. No server waits with its STOR until the other one has said that it
/// sends the file, so where something has its name already it goes under a staging name.
struct Landing<'a> {
    to: &'a RemotePath,
    staging: Option<RemotePath>,
    /// What is at `to`, where that is known.
    before: Option<Version>,
    retries: u32,
}

impl<'a> Landing<'a> {
    fn of(job: &Relay<'a>, before: Option<Version>) -> Self {
        let is_free = before.is_some_and(|before| before.is_nothing());
        let stages = job.placement == Placement::InPlace && !is_free;
        let staging = stages.then(|| stage::temporary(job.to));
        Self { to: job.to, staging, before, retries: job.retries }
    }

    fn path(&self) -> &RemotePath {
        self.staging.as_ref().unwrap_or(self.to)
    }

    /// The file is there under the landing's path, as both servers say: its size has to agree, and it gets its name. What
    /// is too short is finished by the relay, what is too long was another file.
    fn publish(
        self,
        sink: &mut Server,
        (job, version): (&Relay<'_>, Version),
        by: &'static str,
    ) -> Result<Sent, RelayError> {
        // Both have said that they are done, which counts where the size is not to be had.
        let told = sink.mended(self.retries, |sink| {
            sizes::told_alone(sink.session(Wants::to_ask(job.to))?, self.path())
        });
        let told = told.unwrap_or(None);
        let count = version.size.unwrap_or_default();
        if told.is_some_and(|told| told != count) {
            return Ok(self.give_up(sink));
        }
        if let Some(staging) = &self.staging {
            match stage::publish(sink, staging, self.to, self.retries) {
                // A file that may not be renamed can be written through here.
                Err(Cause::Refused(_)) => {
                    return Ok(Sent::Not { begun: false, before: self.before });
                }
                published => published.map_err(RelayError::Sink)?,
            }
        }
        let source = Found { version, proven: true };
        let counted = told.is_some();
        let relayed = Relayed { count, counted, source, inherited: false };
        Ok(Sent::Whole { relayed, by })
    }

    /// It did not come whole: under a staging name it is removed, else the relay goes on with it.
    fn give_up(self, sink: &mut Server) -> Sent {
        match &self.staging {
            Some(staging) => {
                sink.remove_half(staging);
                Sent::Not { begun: false, before: self.before }
            }
            None => Sent::Not { begun: true, before: self.before },
        }
    }

    /// That a signal removes it, once the server has begun to write it.
    fn stake(&self, half: Half) -> Option<Stake> {
        match (&self.staging, self.before) {
            (Some(_), _) => Some(half.begun()),
            (None, Some(before)) => Some(half.begun_over(before)),
            (None, None) => None,
        }
    }
}

/// What the source says of the file, and the destination of the one that it has: both are asked at once. Where the
/// source will listen, the question for its port goes with it.
fn versions(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
) -> Result<(Version, Option<Version>), RelayError> {
    let listens = source.facts().fxp == Route::By(Way::SourceListens);
    thread::scope(|scope| {
        let at_sink = scope.spawn(|| match job.before {
            Some(before) => Ok(Some(before)),
            None => sink.session(Wants::to_ask(job.to))?.version_at(job.to),
        });
        let wants = Wants { data: listens, ..Wants::to_ask(job.from) };
        let version = match job.known.version.is_known() {
            true => Ok(job.known.version),
            false => source.session(wants).and_then(|session| match listens {
                true => session.size_and_time(job.from),
                false => Ok(session.version_at(job.from)?.unwrap_or_default()),
            }),
        };
        let before = at_sink.join().unwrap_or_else(|panic| resume_unwind(panic));
        let version = version.map_err(RelayError::Source)?;
        Ok((version, before.map_err(RelayError::Sink)?))
    })
}

fn way(
    (source, sink): (&mut Server, &mut Server),
    job: &Relay<'_>,
) -> Result<Option<Way>, RelayError> {
    if let Route::By(way) = source.facts().fxp {
        return Ok(Some(way));
    }
    let landing = Landing::of(job, None);
    pair((source, sink), job, &landing)?.way().map_err(|failed| match failed.at_sink {
        true => RelayError::Sink(failed.cause),
        false => RelayError::Source(failed.cause),
    })
}

fn pair<'s>(
    (source, sink): (&'s mut Server, &'s mut Server),
    job: &Relay<'_>,
    landing: &'s Landing<'_>,
) -> Result<Pair<'s>, RelayError> {
    let source = source.session(Wants::to_ask(job.from)).map_err(RelayError::Source)?;
    let half = sink.half(landing.path());
    let sink = sink.session(Wants::to_ask(job.to)).map_err(RelayError::Sink)?;
    let begun = || -> Begun { Box::new(move || landing.stake(half)) };
    Ok(Pair { source, sink, begun: (job.placement != Placement::Kept).then(begun) })
}

/// Whether a refusal has nothing to do with the way the file was to take.
fn is_about_the_file(cause: &Cause) -> bool {
    matches!(cause, Cause::Refused(reply) if matches!(reply.code(), 450 | 452 | 532 | 550..=553))
}
