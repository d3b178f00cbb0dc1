//! The outside world on one machine.
//!
//! WOLO lives between Postgres, a Temporal server and the providers that move money and messages. This crate finds
//! or fetches those programs, starts them, and stands in for the providers, so that `wolo dev`, `wolo demo` and every
//! test meet the same world over the same protocols. No container and no root is needed.
//!
//! It refuses three things: to run a fetched program whose hash is not pinned here, to leave a process behind however
//! its owner ends, and to know anything about our own processes (of our crates it depends on `wolo-domain` alone).

mod clock;
pub mod emulator;
pub mod faults;
pub mod fcm;
pub mod folders;
pub mod inbox;
mod line;
pub mod orange;
mod pages;
pub mod phones;
pub mod ports;
pub mod postgres;
pub mod processes;
pub mod redis;
pub mod sendgrid;

mod serving;
pub mod smtp;
pub mod social;
pub mod telling;
pub mod temporal;
pub mod tools;
pub mod twilio;
pub mod wave;
pub mod whatsapp;
pub mod world;

pub use postgres::Postgres;
pub use redis::Redis;
pub use temporal::Temporal;
pub use world::World;
