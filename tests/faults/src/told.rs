//! What the faulty server tells of sizes, beside the fault: the number in its 150, and SIZE. MLST and listings
//! are right.

use crate::cell::{Job, SIZE};

/// SIZE.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Size {
    Right,
    Absent,
    OneMore,
    OneLess,
    Half,
}

/// One way of telling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Told {
    /// Whether the 150 to RETR has a number.
    number: bool,
    size: Size,
}

impl Told {
    /// Both are told, and right.
    pub const USUAL: Self = Self { number: true, size: Size::Right };

    /// All other ways that make a difference to a job.
    pub fn odd(job: Job) -> Vec<Self> {
        let sizes = [Size::Right, Size::Absent, Size::OneMore, Size::OneLess, Size::Half];
        let numbers: &[bool] = if job.is_download() { &[true, false] } else { &[true] };
        let ways =
            numbers.iter().flat_map(|number| sizes.map(|size| Self { number: *number, size }));
        ways.filter(|way| *way != Self::USUAL).collect()
    }

    /// What a cell's name has of it.
    pub fn name(self) -> String {
        let number = if self.number { "" } else { "/no-number" };
        let size = match self.size {
            Size::Right => "",
            Size::Absent => "/size-absent",
            Size::OneMore => "/size-one-more",
            Size::OneLess => "/size-one-less",
            Size::Half => "/size-half",
        };
        format!("{number}{size}")
    }

    /// Lines of the server.
    pub fn lines(self) -> Vec<String> {
        let number = if self.number { "" } else { "announces plain\n" };
        let size = match self.size {
            Size::Right => "",
            Size::Absent => "without SIZE\n",
            Size::OneMore => "size-by SIZE plus 1\n",
            Size::OneLess => "size-by SIZE minus 1\n",
            Size::Half => "size-by SIZE half\n",
        };
        vec![number.to_owned(), size.to_owned()]
    }

    /// Whether SIZE is not told, or wrong.
    pub fn is_wrong(self) -> bool {
        self.size != Size::Right
    }

    /// Whether a transfer that stopped behind `after` bytes looks like a whole one: SIZE tells just these.
    /// Under a 226 a download that brought more than SIZE tells may be of a file that grew.
    pub fn hides(self, job: Job, after: usize, under_226: bool) -> bool {
        match (job.is_download(), self.size(SIZE)) {
            (false, _) => self.size(after) == Some(SIZE),
            (true, _) if self.number => false,
            (true, None) => under_226,
            (true, Some(told)) => told == after || under_226 && told < after,
        }
    }

    /// SIZE of a file of so many bytes.
    fn size(self, bytes: usize) -> Option<usize> {
        match self.size {
            Size::Right => Some(bytes),
            Size::Absent => None,
            Size::OneMore => Some(bytes + 1),
            Size::OneLess => Some(bytes.saturating_sub(1)),
            Size::Half => Some(bytes / 2),
        }
    }
}
