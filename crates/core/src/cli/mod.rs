//! What the five tools see of the command line: one table of flags each, and what was typed.
//! Nothing here resolves, opens or prints; `lexopt` is named only in this folder.

mod complete;
mod faults;
mod flag;
mod help;
mod hosts;
mod man;
mod operands;
mod options;
mod parse;
mod session_flags;
mod values;

pub use flag::{Flag, Operands, Section, Spec, Takes, Tool, keep, on, put};
pub use hosts::{HostFlags, flags_of, read_hosts};
pub use operands::{EmptyItem, split_list};
pub use options::options;
pub use parse::{Parsed, UsageError, VARIABLE as OPTIONS};
pub use session_flags::{SessionArgs, effective_charset};
pub use values::{charset as encoding, lanes};

#[cfg(test)]
mod tests;
