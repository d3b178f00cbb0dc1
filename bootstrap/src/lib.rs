//! What every binary needs before it can do its work: settings, telemetry, the connection to Temporal with encrypted
//! payloads, taking connections of others, and an orderly end.
//!
//! This crate knows no rule of the product and depends on nothing else of ours. It refuses to start a program on
//! settings that it does not understand completely, and it keeps secrets out of `Debug`, errors and logs.

pub mod codec;
pub mod connections;
mod sealing;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod temporal;
pub mod traces;

pub use sealing::Seal;
pub use settings::Settings;
pub use shutdown::Shutdown;
