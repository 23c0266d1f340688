//! A tree, as `cp -R` copies it: directories in order and once, empty ones too; files are handed out.

use ftp_core::charset::Charset;
use ftp_core::error::Cause;
use ftp_core::listing::Kind;
use ftp_core::newer::Known;
use ftp_core::path::RemotePath;
use ftp_core::report::Report;
use ftp_core::servers::Server;
use ftp_core::sources::{self, Source};
use ftp_core::walk::{Item, Onward, Step, Sweep, walk};
use ftp_core::wire::{Next, Type};

use crate::args::Links;
use crate::run::{Failed, Job, Pipe};
use crate::sink::Sink;

impl Pipe<'_> {
    /// # Errors
    /// The root cannot be listed, or the connection to the source is lost.
    pub fn tree(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        source: &Source,
        kind: Type,
    ) -> Result<(), Cause> {
        let roots = self.targets(server, report, source);
        let walked = walk(server, &source.path, Sweep::EVERYTHING, &mut |server, step| {
            server.fix_charset();
            sources::adopt_charset(server, report);
            match &step {
                Step::Enter(item) => self.directory(server, report, (item, &roots)),
                Step::Leaf(item) => self.leaf(server, report, (item, &roots), kind),
                Step::Leave { item, whole } => self.run.gone.left(server.origin(), item, *whole),
                Step::Approach(item) => self.begin_directory(server, (item, &roots)),
                Step::Failed(failure) => {
                    self.forget_directories();
                    sources::failed_in_tree(report, server.origin(), failure);
                }
            }
            Ok(Onward::In)
        });
        self.forget_directories();
        walked
    }

    /// Asks for a directory before it is listed at the source, so that nobody waits for it. What the
    /// names mean may not be known before, and what goes wrong shows when it is entered.
    fn begin_directory(&mut self, server: &Server, (item, roots): (&Item, &[Option<RemotePath>])) {
        let (name, charset) = (item.relative(), server.charset());
        if charset == Charset::Auto && !name.is_ascii() {
            return;
        }
        for (sink, root) in self.sinks.iter_mut().zip(roots) {
            let dir = root.as_ref().and_then(|root| sink.below(root, &name, charset).ok());
            if let Some(dir) = dir {
                sink.begin_directory(dir);
            }
        }
    }

    fn forget_directories(&mut self) {
        self.sinks.iter_mut().for_each(Sink::forget_directory);
    }

    fn directory(
        &mut self,
        server: &Server,
        report: &mut Report,
        (item, roots): (&Item, &[Option<RemotePath>]),
    ) {
        let mut roots = roots.iter();
        self.at_each(server, report, &item.path, &mut |sink| {
            let Some(root) = roots.next().and_then(Option::as_ref) else { return Ok(()) };
            if item.below.is_empty() {
                sink.prepare(root)?;
            }
            let dir = sink.below(root, &item.relative(), server.charset())?;
            sink.directory(&dir)
        });
    }

    fn leaf(
        &mut self,
        server: &mut Server,
        report: &mut Report,
        (item, roots): (&Item, &[Option<RemotePath>]),
        kind: Type,
    ) {
        let from = &item.path;
        match item.entry.kind {
            Kind::Other => {
                let cause = Cause::Operand("neither a file nor a directory".into());
                return self.failed(server, report, from, Failed::Source(cause));
            }
            Kind::Link if self.how.links == Links::Skip => {
                self.run.gone.stays(server.origin(), from);
                report.begin(server.origin().url_of(from), None);
                return report.skipped(&format!("{}: a link", report.shown(from.as_bytes())));
            }
            _ => {}
        }
        let mut roots = roots.iter();
        let to = self.at_each(server, report, from, &mut |sink| {
            let root = roots.next().and_then(Option::as_ref);
            root.map(|root| sink.below(root, &item.relative(), server.charset())).transpose()
        });
        let to = to.into_iter().map(Option::flatten).collect();
        let (next, known) = (Next::Transfer, Known::listed(item.version()));
        self.hand_out(server, report, Job { from, to, kind, next, known });
    }
}
