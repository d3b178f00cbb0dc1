//! The outside world, really started.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

mod facts;
mod fcm;
mod inbox;
mod orange;
mod postgres;
mod processes;
mod receiver;
mod redis;
mod sendgrid;
mod smtp;
mod social;
mod temporal;
mod tools;
mod twilio;
mod wave;
mod whatsapp;
mod with_postgres;
mod world;
