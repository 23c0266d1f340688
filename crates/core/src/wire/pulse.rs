//! NOOP during a transfer, against firewalls that drop a silent control connection; and its replies.
//!
//! A server may answer a NOOP at once, after the transfer (vsftpd, which reads no command before its
//! end), with an error, or never. None of them may be taken for the verdict or for the answer to a later
//! command, so they are counted, and what is open after the verdict is waited for with a PWD, whose
//! answer looks like no other.

use std::time::{Duration, Instant};

use super::control::Control;

/// The NOOPs of a session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Noops {
    /// How many were sent during transfers and not answered yet.
    pub(super) open: usize,
    /// When something was said last on the control connection, as far as transfers know.
    pub(super) last: Option<Instant>,
}

/// What keeps a control connection alive during one transfer.
pub struct Pulse<'a> {
    control: &'a mut Control,
    noops: &'a mut Noops,
    every: Option<Duration>,
}

impl<'a> Pulse<'a> {
    pub(super) fn new(
        control: &'a mut Control,
        noops: &'a mut Noops,
        every: Option<Duration>,
    ) -> Self {
        noops.last.get_or_insert_with(Instant::now);
        Self { control, noops, every }
    }

    /// Whether it ever sends anything.
    pub fn beats(&self) -> bool {
        self.every.is_some()
    }

    /// Sends a NOOP when it is time. That it cannot be sent shows at the end of the transfer.
    pub fn beat(&mut self) {
        let due = |every| self.noops.last.is_none_or(|last| last.elapsed() >= every);
        if self.every.is_some_and(due) {
            self.noops.last = Some(Instant::now());
            if self.control.beat().is_ok() {
                self.noops.open += 1;
            }
        }
    }
}
