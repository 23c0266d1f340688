//! The cells of the matrix: which job meets which fault, and what must come of it. Values only; they
//! are played in `play` and judged in `judge`.

/// Bytes of the file that every cell moves: a prime number of them repeated, so that no part of it fits
/// at another place.
pub const PATTERN: usize = 997;

/// How often the pattern is repeated.
pub const TIMES: usize = 301;

/// Bytes of the file.
pub const SIZE: usize = PATTERN * TIMES;

use crate::fault::{Fault, faults};
use crate::told::Told;

/// What is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Job {
    GetFile,
    GetStdout,
    PutFile,
    PutStdin,
    PutAtomic,
    PipeSource,
    PipeSink,
}

impl Job {
    pub const ALL: [Self; 7] = [
        Self::GetFile,
        Self::GetStdout,
        Self::PutFile,
        Self::PutStdin,
        Self::PutAtomic,
        Self::PipeSource,
        Self::PipeSink,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::GetFile => "get-file",
            Self::GetStdout => "get-stdout",
            Self::PutFile => "put-file",
            Self::PutStdin => "put-stdin",
            Self::PutAtomic => "put-atomic",
            Self::PipeSource => "pipe-source",
            Self::PipeSink => "pipe-sink",
        }
    }

    /// The command whose transfer the fault meets.
    pub fn verb(self) -> &'static str {
        if self.is_download() { "RETR" } else { "STOR" }
    }

    /// Whether the fault meets a server that sends the file.
    pub fn is_download(self) -> bool {
        matches!(self, Self::GetFile | Self::GetStdout | Self::PipeSource)
    }
}

/// How a cell must end. Nothing wrong may be left under a final name in any case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Must {
    /// With exit code 0 and all bytes.
    Survive,
    /// With another exit code.
    Fail,
    /// With either, as long as the exit code is true.
    BeTrue,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Cell {
    pub job: Job,
    pub tls: bool,
    pub fault: Fault,
    pub always: bool,
    pub told: Told,
}

impl Cell {
    /// A name that stays the same from version to version.
    pub fn name(&self) -> String {
        let often = if self.always { "always" } else { "once" };
        let tls = if self.tls { "tls" } else { "plain" };
        format!("{}/{tls}/{}/{often}{}", self.job.name(), self.fault.name, self.told.name())
    }

    pub fn must(&self) -> Must {
        let must = match self.always {
            true => self.fault.always.unwrap_or(Must::BeTrue),
            false => self.fault.once,
        };
        // Where sizes are told wrong a tool may survive, and need not.
        match must {
            Must::Survive if self.told.is_wrong() => Must::BeTrue,
            must => must,
        }
    }

    /// Whether the numbers that are told agree with a file that is not whole.
    fn deceives(&self) -> bool {
        let fault = &self.fault;
        let hides = |after| self.told.hides(self.job, after, fault.is_careless());
        fault.stops_at().is_some_and(hides)
    }

    /// The lines that lay the fault over the server.
    pub fn lines(&self) -> String {
        let nth = if self.always { "" } else { "nth 1" };
        let faults = self.fault.lines.iter().map(|line| line.replace("{nth}", nth) + "\n");
        self.told.lines().into_iter().chain(faults).collect()
    }
}

/// All cells.
pub fn all() -> Vec<Cell> {
    let mut cells = Vec::new();
    for job in Job::ALL {
        for fault in faults(job) {
            let often = [Some(false), fault.always.map(|_| true)];
            let kinds = [false, true].into_iter().flat_map(|tls| often.map(|often| (tls, often)));
            for (tls, always) in kinds.filter_map(|(tls, often)| Some((tls, often?))) {
                cells.push(Cell { job, tls, fault: fault.clone(), always, told: Told::USUAL });
            }
        }
        cells.extend(oddly_told(job));
    }
    cells
}

/// Faults of servers that tell numbers otherwise, in the clear and once: each fault that breaks off with each
/// way of telling, and of the others each with one of the ways in turn.
fn oddly_told(job: Job) -> Vec<Cell> {
    let (ways, mut turn) = (Told::odd(job), 0);
    let mut cells = Vec::new();
    for fault in faults(job) {
        let all = fault.breaks_off();
        let of_fault = ways.iter().cycle().skip(turn).take(if all { ways.len() } else { 1 });
        turn += usize::from(!all);
        let cell = |told: &Told| Cell {
            job,
            tls: false,
            fault: fault.clone(),
            always: false,
            told: *told,
        };
        cells.extend(of_fault.map(cell).filter(|cell| !cell.deceives()));
    }
    cells
}
