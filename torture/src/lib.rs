//! The harness that kills: the whole world runs in real processes, is struck where it hurts, and is judged by Wave's book.
//!
//! Two APIs and two workers of this very program run beside a Postgres, a Temporal server with its file, and the emulator of
//! Wave, which keeps an exact book of its own. Stories are told on that stage while processes die at named boundaries, or
//! anywhere; while the engine forgets, the database falls, connections break in the moment of a commit. When all has come to
//! rest the judge compares.
//!
//! The seed decides what is chosen: which story, which boundary, which fault. What the machine does between two choices is
//! its own; a seed that failed makes the same choices again, and not the same nanoseconds.
//!
//! It refuses to run without fault points (`--features faultpoints`), and to touch anything but what it has started.

pub mod boundaries;
pub mod chance;
mod evidence;
pub mod havoc;
pub mod judge;
pub mod mischief;
pub mod patience;
pub mod people;
mod points;
pub mod report;
pub mod stage;
pub mod stories;
pub mod tiers;
pub mod trial;
