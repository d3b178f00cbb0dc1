//! The outside world, really started.

mod facts;
mod postgres;
mod processes;
mod temporal;
mod tools;
mod with_postgres;
mod world;
