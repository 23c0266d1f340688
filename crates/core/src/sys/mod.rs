//! The system calls the standard library lacks, under names that say what they are for. The only
//! door to rustix. What a kernel cannot do here is an answer, not an error.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
use linux as platform;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod other;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use other as platform;

mod folder;
mod portable;
mod signals;

pub use folder::{Folder, Opening, Seen, Sort, seen};
pub use platform::{Pipe, quick_ack, seal, send_file, splice, tee, widen};
pub use portable::{
    Descriptor, Ready, descriptor, is_terminal, keep_alive, may_have_been_closed,
    narrow_on_loopback, peek, read, terminate, try_lock, user, wait, wait_any, write,
};
pub use signals::{SIGPIPE, answer_when_asked, die_of_broken_pipe, tidy_on_death};

/// What one call inside the kernel came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fast {
    /// So many bytes moved; 0 is the end of the source.
    Moved(usize),
    /// These two descriptors cannot do it; nothing moved, use read and write.
    Unsupported,
}
