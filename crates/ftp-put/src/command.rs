//! The output of a command as what is put: it gets its name only when the command has succeeded.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use ftp_core::error::{Cause, Failure};
use ftp_core::newer::Version;
use ftp_core::path::RemotePath;
use ftp_core::producer::Producer;
use ftp_core::resend::Source;
use ftp_core::stamp::Existing;

use crate::run::{Input, Put};

impl Put<'_> {
    /// Runs a command and puts its output. It is started before anybody connects, as in a pipeline:
    /// one that cannot be started troubles no server, and one that takes its time works while we log
    /// in.
    pub fn command(
        &mut self,
        program: &OsStr,
        arguments: &[OsString],
        to: &RemotePath,
    ) -> Result<(), Failure> {
        let Existing::Goes(found) = self.existing(to, Version::default())? else { return Ok(()) };
        let what = program.as_bytes();
        let failed = |error| Failure::new(what, Cause::Local(error));
        let started = Producer::start(program, arguments);
        let (mut producer, output) =
            started.map_err(|error| failed(io::Error::other(format!("cannot be run: {error}"))))?;
        let done = self.prepare(to).and_then(|()| {
            let source = Source::Stream(output.as_fd());
            let input = Input { what, source, modified: None, producer: Some(&mut producer) };
            self.send(input, (to, found))
        });
        let stopped = producer.stop(output);
        if let (Err(Failure { cause: Cause::Local(_), .. }), Err(error)) = (&done, stopped) {
            // The input was wrong, and this may be why.
            self.settle(Err(failed(error)));
        }
        done
    }

    /// All that the command wrote is on the server under the temporary name: waits for the command
    /// to vouch for it.
    pub fn vouched(
        &mut self,
        producer: Option<&mut Producer>,
        temporary: &RemotePath,
    ) -> Result<(), Cause> {
        let Some(Err(error)) = producer.map(Producer::finish) else { return Ok(()) };
        self.server.remove_half(temporary);
        Err(Cause::Local(io::Error::other(format!("{error}, so nothing is put"))))
    }
}
