//! What those may do who work here. Each handler's signature says who: see [`crate::caller::Staff`].

mod cases;
mod codec;
mod consents;
mod holds;
mod payouts;
mod services;
mod stuck;

pub(crate) use cases::{
    __path_approve_case, __path_ask_for_more, __path_assign_case, __path_list_cases, __path_look_at_document,
    __path_reject_case, __path_show_case, __path_take_case, approve_case, ask_for_more, assign_case,
    list_cases, look_at_document, reject_case, show_case, take_case,
};
pub(crate) use codec::{
    __path_decode, __path_decode_in_development, __path_encode, BODY_LIMIT as PAYLOADS_LIMIT, NAMESPACE,
    decode, decode_in_development, encode,
};
pub(crate) use consents::{
    __path_list as __path_list_consents, __path_show as __path_show_consent, list as list_consents,
    show as show_consent,
};
pub(crate) use holds::{__path_hold, __path_release, hold, release};
pub(crate) use payouts::{__path_approve, approve};
pub(crate) use services::{__path_services, services, severity, worst_states};
pub(crate) use stuck::{__path_stuck, page_of, standstill, stuck};
