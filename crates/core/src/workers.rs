//! The lanes of a tool that works at one server at a time: `-P N` in get, put and rm. Each lane has
//! its own sessions and its own report; the reports become one in the end.

use std::num::NonZeroU32;

use crate::pool::{Errand, Lane, Pool};
use crate::report::Report;
use crate::servers::{Server, Servers};
use crate::sources;
use crate::url::Origin;
use crate::wire::Wants;

/// How many pieces of work may wait for each of `lanes` that work at once: enough that they have
/// something to do while the lead moves a large file.
pub fn pool<J: Send>(lanes: NonZeroU32) -> Pool<J> {
    Pool::new(count(lanes), ROOM)
}

/// As [`pool`], for work that waits in memory anyway, and must be begun in order.
pub fn pool_in_order<J: Send>(lanes: NonZeroU32) -> Pool<J> {
    Pool::new(count(lanes), usize::MAX)
}

const ROOM: usize = 4096;

fn count(lanes: NonZeroU32) -> usize {
    usize::try_from(lanes.get()).unwrap_or(1)
}

/// What one piece of work is done with.
pub type Work<'w, J> = dyn Fn(&mut Server, &mut Report, J) + Sync + 'w;

/// One lane.
pub struct Worker<'w, J> {
    /// Its sessions.
    pub servers: Servers,
    /// How its work went.
    pub report: Report,
    work: &'w Work<'w, J>,
}

/// Lets the lead, who has `servers` and `report`, find the work in `find`, and all lanes of `pool` do it.
/// The report is that of all of them.
pub fn run<'w, J: Send>(
    pool: &Pool<J>,
    (servers, report): (Servers, Report),
    work: &'w Work<'w, J>,
    find: impl FnOnce(&mut Worker<'w, J>),
) -> Report {
    let lead = Worker { servers, report, work };
    let (mut report, others) = pool.run(lead, find);
    others.iter().for_each(|other| report.absorb(other));
    report
}

impl<J: Send> Lane<J> for Worker<'_, J> {
    type Left = Report;

    fn another(&self) -> Self {
        let (servers, report) = (self.servers.for_one_more(), self.report.another());
        Self { servers, report, work: self.work }
    }

    fn arrive(&mut self, origin: &Origin, wants: Wants) -> bool {
        self.servers.at(origin).is_ok_and(|server| server.arrive(wants))
    }

    fn work(&mut self, errand: Errand<J>) -> bool {
        let Errand { origin, work, .. } = errand;
        match self.servers.at(&origin) {
            Ok(server) => {
                (self.work)(server, &mut self.report, work);
                !server.is_gone()
            }
            Err(cause) => {
                sources::fail(&mut self.report, &origin, &[], cause);
                false
            }
        }
    }

    fn leave(self) -> Report {
        self.servers.quit();
        self.report
    }
}
