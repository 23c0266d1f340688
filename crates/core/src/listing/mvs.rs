//! What LIST of MVS (OS/390, z/OS) answers outside its Unix directories: data sets, members of a
//! library, load modules, and with `SITE FILETYPE=JES` jobs and their spool files. The heading says
//! which of them follows, so there is a reader with a memory.

use super::Line;

mod dataset;
mod job;
mod member;

/// What the lines below a heading are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Table {
    Datasets,
    Members,
    Modules,
    Jobs,
    SpoolFiles,
}

/// The words of the headings; that of data sets has more or fewer columns by LISTLEVEL.
const HEADINGS: [(Table, &str); 4] = [
    (Table::Members, "Name VV.MM Created Changed Size Init Mod Id"),
    (Table::Modules, "Name Size TTR Alias-of AC --------- Attributes --------- Amode Rmode"),
    (Table::Jobs, "JOBNAME JOBID OWNER STATUS CLASS"),
    (Table::SpoolFiles, "ID STEPNAME PROCSTEP C DDNAME BYTE-COUNT"),
];

/// Columns of data sets.
const DATASET_COLUMNS: [&str; 11] = [
    "Volume", "Unit", "Referred", "Ext", "Tracks", "Used", "Recfm", "Lrecl", "BlkSz", "Dsorg",
    "Dsname",
];

/// Reads the lines of one listing of MVS.
///
/// Names are as RETR and CWD take them: of data sets as sent, and in quotes if they are sent so,
/// since without them the server would put the current qualifiers before; of members the member
/// alone; of jobs the job's identifier, and of spool files that and a number (`JOB00079.2`).
#[derive(Clone, Debug, Default)]
pub struct Reader {
    table: Option<Table>,
    /// The job whose spool files are to follow.
    job: Option<[u8; 8]>,
}

impl Reader {
    /// Reads one line, given without its line end. Lines that bear too few marks of their own, such
    /// as members without statistics, are known only below their heading. `None` for other lines.
    pub fn read<'a>(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        if let Some(table) = heading(line) {
            self.table = Some(table);
            return Some(Line::Noise);
        }
        let entry = match self.table {
            Some(Table::Datasets) => dataset::without_columns(line),
            Some(Table::Members) => member::bare(line),
            Some(Table::Modules) => member::module(line),
            Some(Table::Jobs) => return self.job(line),
            Some(Table::SpoolFiles) => job::spool_file(line, self.job).or_else(|| job::job(line)),
            None => None,
        };
        let entry = entry
            .or_else(|| dataset::parse(line))
            .or_else(|| member::with_statistics(line))
            .or_else(|| job::summary(line));
        let spool = self.table == Some(Table::SpoolFiles);
        entry.map(Line::Entry).or_else(|| (spool && job::is_noise(line)).then_some(Line::Noise))
    }

    /// A line below the heading of jobs; which job it was matters if its files follow.
    fn job<'a>(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        let Some(entry) = job::job(line) else { return job::is_noise(line).then_some(Line::Noise) };
        self.job = entry.name.as_ref().try_into().ok();
        Some(Line::Entry(entry))
    }
}

/// What a heading announces; `None` if the line is no heading.
fn heading(line: &[u8]) -> Option<Table> {
    let words = || line.split(|&b| b == b' ').filter(|word| !word.is_empty());
    let known = HEADINGS.iter().find(|(_, text)| words().eq(text.split(' ').map(str::as_bytes)));
    if let Some((table, _)) = known {
        return Some(*table);
    }
    // Every column in its order, the first, the last and most of the others present.
    let mut columns = DATASET_COLUMNS.iter();
    let ordered = words().all(|word| columns.any(|column| column.as_bytes() == word));
    let ends = words().next() == Some(b"Volume") && columns.len() == 0;
    let last = words().next_back() == Some(b"Dsname");
    (ordered && ends && last && words().count() > 7).then_some(Table::Datasets)
}

/// Whether a word may name a member, a qualifier, a volume, a user: one to eight of the capitals,
/// digits and national characters. Those are other bytes on servers in other languages.
fn is_name(word: &[u8]) -> bool {
    let allowed = |&b: &u8| {
        b.is_ascii_uppercase() || b.is_ascii_digit() || b"@#$-{".contains(&b) || b >= 0xA0
    };
    (1..=8).contains(&word.len()) && word.iter().all(allowed)
}

/// Whether a word may name a member, a job or a step: such a name begins with no digit.
fn is_word(word: &[u8]) -> bool {
    is_name(word) && !word.first().is_some_and(|&b| b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests;
