//! The API over real HTTP, against a real Postgres, a real Temporal server, the Wave emulator and a real worker.
//! One world for all tests, one database, and people that no other test knows.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

mod access;
mod accounts;
mod analytics;
mod app;
mod auth;
mod browser;
mod cases;
mod certificates;
mod closing;
mod codec;
mod connections;
mod contract;
mod credits;
mod desk;
mod edge;
mod giving;
mod giving_on_page;
mod guardian;
mod guardians;
mod health;
mod identities;
mod joining;
mod keys;
mod limits;
mod live;
mod metrics;
mod minors_safe;
mod notifications;
mod pot_links;
mod pot_page;
mod pots;
mod reading;
mod receipts;
mod reply;
mod reports;
mod sabotage;
mod sharing;
mod social_login;
mod spending;
mod sponsorship;
mod staff;
mod status;
mod stuck;
mod webhook;
