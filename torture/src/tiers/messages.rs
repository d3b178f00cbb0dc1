//! Very many messages, every twentieth with something going wrong on its way, while people say STOP: nobody is told the same thing
//! twice, nobody hears anything after their STOP was acknowledged, and nobody misses what must be heard.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use temporalio_client::WorkflowCountOptions;
use uuid::Uuid;
use wolo_domain::ids::UserId;
use wolo_domain::money::Xof;
use wolo_domain::notices::{NoticeRules, Says};
use wolo_sandbox::emulator::Delivery;
use wolo_sandbox::faults::{Fault, RetryAfter, WebhookFault, WebhookFaultRule};
use wolo_sandbox::telling::Attempt;
use wolo_sandbox::whatsapp::{Endpoint, FaultRule, Sent, Status};
use wolo_workflows::notice_delivery::{NoticeInput, NoticePatience};
use wolo_workflows::steps::notices::Message;

use crate::chance::Chance;
use crate::people::{People, millis};
use crate::report::Report;
use crate::stage::{Stage, comes_about};
use crate::stories::{LONG, Scene};

/// Messages of one person, from which a STOP takes the rest.
const OF_A_PERSON: usize = 10;
/// Messages begun at once.
const AT_ONCE: usize = 16;
/// No more than so many on their way, so that what is waited for seconds is not waited for because of the crowd.
const ON_THEIR_WAY: usize = 400;
/// Of a hundred messages so many have something go wrong.
const BENT: usize = 5;
/// So many people say STOP each time that others are begun.
const STOPS: usize = 2;

/// What a message is told apart by in the book of the provider: this, and so many digits.
const WORD: &str = "fête ";
const DIGITS: usize = 6;

/// One message.
struct Due {
    word: String,
    phone: String,
    must_be_heard: bool,
    input: NoticeInput,
}

impl Due {
    fn new(number: usize, user: UserId, must_be_heard: bool) -> Self {
        let word = format!("{WORD}{number:0DIGITS$}");
        let (pot, sum) = (word.clone(), Xof::new(25_000));
        let says = if must_be_heard {
            Says::PayoutSent { pot, amount: sum }
        } else {
            Says::PotClosed { pot, gifts: 3, sum }
        };
        let event = Uuid::new_v4().simple().to_string();
        let input = NoticeInput {
            message: Message { user: Some(user), ..Message::new(event, user.to_string(), says) },
            expires: None,
            rules: NoticeRules { quiet_from: 0, quiet_until: 0, a_day: 1_000 },
            patience: NoticePatience { receipt_seconds: 20, code_receipt_seconds: 20, unknown_seconds: 45 },
        };
        Self { word, phone: String::new(), must_be_heard, input }
    }
}

pub async fn messages(seed: u64, count: usize) -> Result<Report> {
    let began = Instant::now();
    let stage = Stage::start().await?;
    let receipts = format!("http://{}/api/notifications/receipts/whatsapp", stage.front.address());
    stage.whatsapp.register_webhook(&receipts);
    let people = People::before(&stage)?;
    let scene = Scene { stage, people };
    let stage = &scene.stage;
    let mut report = Report::new("messages", seed);
    report.trials = count;
    let mut chance = Chance::new(seed);
    let due = due(&scene, count, &mut chance).await?;
    let telling = Instant::now();
    let stops = tell(&scene, &due, &mut chance, &mut report).await?;
    let rest = comes_about(LONG, async || Ok((running(stage).await? == 0).then_some(())));
    if rest.await.is_none() {
        report.stuck = running(stage).await?;
        report.found.push(format!("{} messages have not come to their end", report.stuck));
    }
    report.more.insert("messages_per_1000_s", (count as u64 * 1_000_000 / millis(telling).max(1)).into());
    let told =
        Told { sent: stage.whatsapp.book().messages().to_vec(), deliveries: stage.whatsapp.deliveries() };
    judge(&told, &due, &stops, &mut report)?;
    report.took_s = began.elapsed().as_secs();
    scene.stage.shutdown().await?;
    Ok(report)
}

/// Whoever has written to us within the day may be written to freely, and needs no template.
async fn meet(stage: &Stage, people: &People) -> Result<(UserId, String)> {
    let user = people.born(stage).await?;
    let row = wolo_database::people::user(&stage.pool, user).await?.context("there is no such person")?;
    let phone = row.phone.context("a phone")?.reveal().to_owned();
    let said = stage.whatsapp.write(&phone, "Bonjour");
    let heard = comes_about(LONG, async || Ok(acknowledged(&stage.whatsapp.deliveries(), &said)));
    heard.await.context("nobody hears what people write")?;
    Ok((user, phone))
}

/// When our API had taken what somebody has said.
fn acknowledged(deliveries: &[Delivery], said: &str) -> Option<DateTime<Utc>> {
    let attempts = deliveries.iter().filter(|one| one.body.contains(said)).flat_map(|one| &one.attempts);
    let taken = |attempt: &&Attempt| attempt.status.is_some_and(|status| (200..300).contains(&status));
    attempts.filter(taken).map(|attempt| attempt.when).min()
}

/// Every other message can be missed, and the others must be heard.
async fn due(scene: &Scene, count: usize, chance: &mut Chance) -> Result<Vec<Due>> {
    let crowd: Vec<(UserId, String)> = stream::iter(0..count.div_ceil(OF_A_PERSON))
        .map(|_| meet(&scene.stage, &scene.people))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut due: Vec<_> = (0..count)
        .map(|number| {
            let (user, phone) = &crowd[number % crowd.len()];
            Due { phone: phone.clone(), ..Due::new(number, *user, chance.percent(50)) }
        })
        .collect();
    chance.shuffle(&mut due);
    Ok(due)
}

/// Begins all messages, and has people say STOP on the way. Answers what those said, and who.
async fn tell(
    scene: &Scene,
    due: &[Due],
    chance: &mut Chance,
    report: &mut Report,
) -> Result<BTreeMap<String, String>> {
    let stage = &scene.stage;
    let mut stops = BTreeMap::new();
    for (done, some) in due.chunks(ON_THEIR_WAY / 2).enumerate() {
        for one in some {
            if chance.percent(BENT) {
                report.count(bend(stage, one, chance), 1);
            }
        }
        for one in some.iter().take(STOPS) {
            stops.entry(one.phone.clone()).or_insert_with(|| stage.whatsapp.write(&one.phone, "STOP"));
        }
        let begun = stream::iter(some).map(|one| scene.begin(one.input.clone()));
        begun.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        let rest = async || Ok((running(stage).await? < ON_THEIR_WAY / 2).then_some(()));
        ensure!(comes_about(LONG, rest).await.is_some(), "messages do not come to their end");
        eprintln!("{} of {}", ((done + 1) * ON_THEIR_WAY / 2).min(due.len()), due.len());
    }
    Ok(stops)
}

/// One thing goes wrong: a call, or the news of what became of it.
fn bend(stage: &Stage, one: &Due, chance: &mut Chance) -> String {
    if chance.percent(60) {
        let (kind, fault) = of_a_call(chance);
        stage.whatsapp.fault(FaultRule::once(Endpoint::Messages, fault).about(one.word.clone()));
        return kind.to_owned();
    }
    let fault = of_a_receipt(chance);
    let kind = format!("receipt {}", fault.name());
    let about = Some(one.input.message.notice.to_string());
    stage.whatsapp.webhook_fault(WebhookFaultRule { about, ..WebhookFaultRule::once(fault) });
    kind
}

fn of_a_call(chance: &mut Chance) -> (&'static str, Fault) {
    match chance.below(8) {
        0 => ("slow", Fault::Delay { millis: 2_000 }),
        1 => ("429", Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(1)) }),
        2 => ("500 before", Fault::ErrorBefore { status: 500 }),
        3 => ("503 after", Fault::ErrorAfter { status: 503 }),
        4 => ("lost request", Fault::LostRequest),
        5 => ("lost reply", Fault::LostReply),
        6 => ("half a reply", Fault::MalformedReply),
        _ => ("stalled reply", Fault::StalledReply),
    }
}

fn of_a_receipt(chance: &mut Chance) -> WebhookFault {
    match chance.below(5) {
        0 => WebhookFault::Duplicate { copies: 3 },
        1 => WebhookFault::Late { millis: 3_000 },
        2 => WebhookFault::Lost,
        3 => WebhookFault::Forged,
        _ => WebhookFault::Reordered,
    }
}

async fn running(stage: &Stage) -> Result<usize> {
    let open = "WorkflowType = 'NoticeDelivery' and ExecutionStatus = 'Running'";
    Ok(stage.control.client().count_workflows(open, WorkflowCountOptions::default()).await?.count())
}

/// The provider's own book: what it has sent, and what it has told us.
struct Told {
    sent: Vec<Sent>,
    deliveries: Vec<Delivery>,
}

fn judge(told: &Told, due: &[Due], stops: &BTreeMap<String, String>, report: &mut Report) -> Result<()> {
    let mut taken: BTreeMap<&str, Vec<&Sent>> = BTreeMap::new();
    for sent in &told.sent {
        if let Some(word) = word_in(&sent.text) {
            taken.entry(word).or_default().push(sent);
        }
    }
    let mut stopped: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
    for (phone, said) in stops {
        let heard = acknowledged(&told.deliveries, said);
        stopped.insert(phone, heard.with_context(|| format!("the STOP of {phone} was never acknowledged"))?);
    }
    let (mut after_a_stop, mut heard) = (0_usize, 0_usize);
    for one in due {
        let sent = taken.get(one.word.as_str()).map_or(&[][..], Vec::as_slice);
        heard += usize::from(!sent.is_empty());
        let arrived = sent.iter().filter(|sent| sent.status != Status::Failed).count();
        if arrived > 1 {
            report.duplicated += 1;
            report.found.push(format!("\"{}\" was sent {arrived} times", one.word));
        }
        let stop = stopped.get(one.phone.as_str());
        if let Some(late) = sent.iter().find(|sent| stop.is_some_and(|stop| sent.at > *stop)) {
            after_a_stop += 1;
            report.found.push(format!(
                "\"{}\" was sent {:?} after a STOP",
                one.word,
                stop.map(|stop| late.at - *stop)
            ));
        }
        if one.must_be_heard && stop.is_none() && arrived == 0 {
            report.lost += 1;
            report.found.push(format!("\"{}\" was not sent", one.word));
        }
    }
    report.wrong += after_a_stop;
    report.more.insert("sent", heard.into());
    report.more.insert("stops", stopped.len().into());
    report.more.insert("sent_after_a_stop", after_a_stop.into());
    Ok(())
}

/// What a message is told apart by.
fn word_in(text: &str) -> Option<&str> {
    let begins = text.find(WORD)?;
    text.get(begins..begins + WORD.len() + DIGITS)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use wolo_sandbox::telling::DeliveryState;

    use super::*;

    const PHONE: &str = "+221771234567";

    fn due(number: usize, must_be_heard: bool) -> Due {
        Due { phone: PHONE.to_owned(), ..Due::new(number, UserId::from_uuid(Uuid::max()), must_be_heard) }
    }

    fn sent(due: &Due, at: DateTime<Utc>) -> Sent {
        Sent {
            id: Uuid::new_v4().to_string(),
            to: PHONE.to_owned(),
            kind: "text".to_owned(),
            reference: None,
            template: None,
            text: format!("Votre cagnotte « {} » est close.", due.word),
            at,
            status: Status::Delivered,
            code: None,
        }
    }

    fn verdict(told: &Told, due: &[Due], stops: &BTreeMap<String, String>) -> (usize, usize, usize) {
        let mut report = Report::new("messages", 1);
        judge(told, due, stops, &mut report).expect("a verdict");
        (report.lost, report.duplicated, report.wrong)
    }

    #[test]
    fn what_is_missed_what_is_said_twice_and_what_is_said_after_a_stop_is_found() {
        let now = Utc::now();
        let (first, second) = (due(1, true), due(2, false));
        let told = |sent| Told { sent, deliveries: Vec::new() };
        let nobody = BTreeMap::new();
        let both = [first, second];
        let once = vec![sent(&both[0], now)];
        assert_eq!(verdict(&told(once.clone()), &both, &nobody), (0, 0, 0));
        assert_eq!(verdict(&told(vec![]), &both, &nobody), (1, 0, 0));
        assert_eq!(verdict(&told([once.clone(), once.clone()].concat()), &both, &nobody), (0, 1, 0));
        let stops = BTreeMap::from([(PHONE.to_owned(), "wamid.stop".to_owned())]);
        let heard = |when| Told {
            sent: once.clone(),
            deliveries: vec![Delivery {
                number: 0,
                event: "messages",
                url: String::new(),
                body: "{\"id\":\"wamid.stop\"}".to_owned(),
                state: DeliveryState::Delivered,
                fault: None,
                attempts: vec![Attempt { when, status: Some(200) }],
            }],
        };
        assert_eq!(verdict(&heard(now + TimeDelta::seconds(1)), &both, &stops), (0, 0, 0));
        assert_eq!(verdict(&heard(now - TimeDelta::seconds(1)), &both, &stops), (0, 0, 1));
    }
}
