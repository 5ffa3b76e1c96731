//! The machine as a process sees it: its processor, its control group, the time that
//! its threads compute, and the counters of the host as metrics.
//!
//! A value that the system does not tell is absent, never zero.

mod cgroup;
mod clock;
mod collect;
mod cpu;
mod disk;
mod file;
mod limits;

pub use cgroup::{Cgroup, GroupMemory};
pub use clock::thread_time;
pub use collect::{HostSources, observe_host};
pub use cpu::Cpu;
pub use disk::available_bytes;
pub use file::FileIdentity;
pub use limits::open_files_limit;
