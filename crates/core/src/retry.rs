//! How often a lost connection is tried again, how long to wait before, and which causes pass. What
//! goes on afterwards, and where, is for those who transfer.

use std::thread;
use std::time::Duration;

use crate::error::Cause;
use crate::waits::Waits;

/// The first wait; each further one is four times as long.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The first wait for a place at a server that is full: its guests need time to leave.
const FIRST_WAIT_FOR_A_PLACE: Duration = Duration::from_secs(1);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The tries of one transfer. Only those that brought nothing count.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    most: u32,
    in_vain: u32,
    first_wait: Duration,
    waits: Waits,
}

impl Tries {
    /// `most` is how many tries in a row may bring nothing (`--retries`).
    pub fn new(most: u32, waits: Waits) -> Self {
        Self { most, in_vain: 0, first_wait: FIRST_WAIT, waits }
    }

    /// The same for a place at a server that has too many guests.
    pub fn for_a_place(most: u32, waits: Waits) -> Self {
        Self { first_wait: FIRST_WAIT_FOR_A_PLACE, ..Self::new(most, waits) }
    }

    /// The last try moved bytes.
    pub fn progressed(&mut self) {
        self.in_vain = 0;
    }

    /// Waits and says whether to try again. The wait is a random part off its time, so that many
    /// processes which lost one server do not come back at once.
    pub fn again(&mut self) -> bool {
        if self.in_vain >= self.most {
            return false;
        }
        let wait = wait(self.first_wait, self.in_vain).mul_f64(0.5 + fastrand::f64() / 2.0);
        thread::sleep(self.waits.of(wait));
        self.in_vain += 1;
        true
    }
}

fn wait(first: Duration, in_vain: u32) -> Duration {
    let factor = 4_u32.saturating_pow(in_vain);
    first.saturating_mul(factor).min(LONGEST_WAIT)
}

/// Whether trying again may help. `reached` tells whether the server was there in this run: a host
/// that never answered is more likely mistyped than away.
pub fn may_pass(cause: &Cause, reached: bool) -> bool {
    match cause {
        Cause::TimedOut(..) | Cause::Lost(..) | Cause::TurnedAway(_) | Cause::Protocol(_) => {
            reached
        }
        Cause::Proxy(_, cause) => may_pass(cause, reached),
        Cause::WrongSize { .. } | Cause::Mixed => true,
        Cause::Refused(reply) | Cause::RefusedLate(reply) | Cause::BadVerdict(reply) => {
            is_passing(reply.code())
        }
        _ => false,
    }
}

/// The 4yz that speak of the moment (RFC 959 §4.2.1): no service now, no data connection, a broken
/// one, a file that is busy, an error in processing. A full disk (452) does not pass by itself.
fn is_passing(code: u16) -> bool {
    matches!(code, 421 | 425 | 426 | 450 | 451)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Phase;

    #[test]
    fn waits_grow_to_a_bound() {
        let waits: Vec<_> =
            [0, 1, 2, 3, 4, u32::MAX].map(|n| wait(FIRST_WAIT, n).as_millis()).into();
        assert_eq!(waits, [250, 1000, 4000, 16_000, 30_000, 30_000]);
    }

    #[test]
    fn only_tries_in_vain_count() {
        let mut tries = Tries::new(1, Waits::default());
        for _ in 0..3 {
            assert!(tries.again());
            tries.progressed();
        }
        assert!(tries.again());
        assert!(!tries.again());
        assert!(!Tries::new(0, Waits::default()).again());
    }

    #[test]
    fn a_host_that_never_answered_is_not_tried_again() {
        let lost = |phase| Cause::Lost(phase, std::io::ErrorKind::ConnectionRefused.into());
        assert!(!may_pass(&lost(Phase::Connect), false) && may_pass(&lost(Phase::Connect), true));
        assert!(may_pass(&lost(Phase::Data), true));
        assert!(!may_pass(&Cause::Local(std::io::ErrorKind::StorageFull.into()), true));
        assert!(is_passing(426) && !is_passing(452) && !is_passing(550));
    }
}
