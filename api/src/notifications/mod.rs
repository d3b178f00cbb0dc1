//! Messages to people: those that somebody was sent, the phones that they come to, wanting no more of them, and what the
//! providers that carry them tell.
//!
//! What a message says is nowhere here, and nothing here sends one.

mod devices;
mod list;
mod opt_out;
mod receipts;
mod titles;

pub(crate) use devices::{
    __path_add as __path_add_device, __path_list as __path_list_devices,
    __path_remove as __path_remove_device, add as add_device, list as list_devices, remove as remove_device,
};
pub(crate) use list::{__path_list, list};
pub(crate) use opt_out::{__path_ask as __path_ask_opt_out, __path_opt_out, ask as ask_opt_out, opt_out};
pub(crate) use receipts::{
    __path_orange, __path_sendgrid, __path_twilio, __path_whatsapp, __path_whatsapp_handshake,
    AT_ONCE as RECEIPTS_AT_ONCE, LIMITS, orange, sendgrid, twilio, whatsapp, whatsapp_handshake,
};
