//! What those may do who work here. Each handler's signature says who: see [`crate::caller::Staff`].

mod holds;
mod payouts;
mod services;

pub(crate) use holds::{__path_hold, __path_release, hold, release};
pub(crate) use payouts::{__path_approve, approve};
pub(crate) use services::{__path_services, services, severity, worst_states};
