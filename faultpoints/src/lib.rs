//! Named points at which a process can be made to die, as it would if the machine lost its power just there.
//!
//! What survives a crash is decided by where it falls: before a commit, between a call and the record of its answer, after
//! the record and before the engine hears of it. The harness in `torture` makes each of these happen. A point is armed from
//! outside, by a file of its name in the folder that `WOLO_FAULTPOINTS` names, so that a running process can be struck and
//! only one of several is: whoever takes the file away first dies of it, by SIGKILL, without a word.
//!
//! Without the feature `armed` a point is nothing and nothing of this is in a binary; a test of `wolo` looks. What this
//! crate refuses to do: to fail, delay or change anything. A point that is not armed is not there.

#[cfg(feature = "armed")]
mod armed;
mod trap;

#[cfg(feature = "armed")]
pub use armed::{pass, reach, within};
pub use trap::{Struck, Trap};

/// Whether points can strike in this build.
pub const ARMED: bool = cfg!(feature = "armed");
/// Names the folder of traps, to a process that has points.
pub const VARIABLE: &str = "WOLO_FAULTPOINTS";

/// Passes a point, of which there is none in this build.
#[cfg(not(feature = "armed"))]
pub const fn reach(_point: &str) {}
