//! `wolo bench words`: how many messages one core makes out of their templates, channel by channel, kinds in turns. What
//! counts is the processor's time: others may have the core in between.

use std::hint::black_box;

use anyhow::{Context as _, Result};
use serde_json::json;
use wolo_activities::words::{Words, WordsError};
use wolo_domain::contacts::Language;
use wolo_domain::notices::{Channel, Kind, Says};

use super::goals::{self, Goal};
use super::{process, warn_of_debug_build};
use crate::output::{self, Format};

const A_SECOND_GOAL: u64 = 20_000;
const OPT_OUT: &str = "https://wolo.example/opt-out";

/// Measures and prints.
pub(crate) fn words(count: u32, format: Format) -> Result<()> {
    warn_of_debug_build();
    let words = Words::new()?;
    let samples = Kind::ALL.map(Says::sample);
    let mut figures = Vec::new();
    for channel in Channel::ALL {
        let before = process::cpu_ms(std::process::id())?;
        for says in samples.iter().cycle().take(count as usize) {
            make(&words, says, channel).context("a message could not be worded")?;
        }
        let took_ms = process::cpu_ms(std::process::id())? - before;
        let a_second = u64::from(count) * 1_000 / took_ms.max(1);
        figures.push((channel, a_second));
    }
    let goals: Vec<_> = figures
        .iter()
        .map(|(channel, a_second)| Goal {
            name: channel.to_string(),
            found: format!("{a_second} messages a second"),
            wanted: format!("at least {A_SECOND_GOAL}"),
            ok: *a_second >= A_SECOND_GOAL,
        })
        .collect();
    if format.json {
        let figures: serde_json::Map<_, _> =
            figures.iter().map(|(channel, a_second)| (channel.to_string(), json!(a_second))).collect();
        output::json(&json!({
            "count": count, "messages_a_second": figures, "goals": goals,
            "debug_build": cfg!(debug_assertions),
        }))?;
    } else {
        goals::say(&goals);
    }
    goals::all_met(&goals)
}

fn make(words: &Words, says: &Says, channel: Channel) -> Result<(), WordsError> {
    match channel {
        Channel::WhatsApp => drop(black_box(words.whatsapp(says, Language::French)?)),
        Channel::Sms => drop(black_box(words.sms(says, Language::French)?)),
        Channel::Email => drop(black_box(words.email(says, Language::French, Some(OPT_OUT))?)),
        Channel::Push => drop(black_box(words.push(says, Language::French)?)),
    }
    Ok(())
}
