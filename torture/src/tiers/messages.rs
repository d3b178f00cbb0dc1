//! Very many messages, every twentieth with something going wrong on its way, while people say STOP: nobody is told the same thing
//! twice, nobody hears anything after their STOP was acknowledged, and nobody misses what must be heard.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
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
use crate::judge::Verdict;
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
/// Of a hundred of those so many go out, and nothing at all is heard of them.
const UNHEARD: usize = 10;
/// What was handed over before a STOP was heard arrives no later than this after it.
const ON_ITS_WAY: TimeDelta = TimeDelta::seconds(1);
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
    let went = tell(&scene, &due, &mut chance, &mut report).await?;
    // The engine's index lags behind.
    let rest = comes_about(LONG, async || {
        Ok((counted(stage, ALL).await? == count && counted(stage, RUNNING).await? == 0).then_some(()))
    });
    if rest.await.is_none() {
        report.stuck = counted(stage, RUNNING).await?.max(1);
        report.found.push(format!("{} messages have not come to their end", report.stuck));
    }
    report.more.insert("messages_per_1000_s", (count as u64 * 1_000_000 / millis(telling).max(1)).into());
    let told =
        Told { sent: stage.whatsapp.book().messages().to_vec(), deliveries: stage.whatsapp.deliveries() };
    ensure!(told.deliveries.iter().any(|one| one.fault.is_some()), "nothing has gone wrong");
    let (verdict, figures) = judge(&told, &due, &went)?;
    report.judged(&verdict);
    report.more.insert("reached", figures.reached.into());
    report.more.insert("said_again_unheard", figures.said_again.into());
    report.more.insert("stops", went.stops.len().into());
    report.more.insert("longest_after_a_stop_ms", figures.overlap.num_milliseconds().into());
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

/// What happened to whom.
#[derive(Default)]
struct Went {
    /// Phone to what was said from it.
    stops: BTreeMap<String, String>,
    /// Messages that went out, and of which nothing was heard.
    unheard: BTreeSet<String>,
}

/// Begins all messages, and has people say STOP on the way.
async fn tell(scene: &Scene, due: &[Due], chance: &mut Chance, report: &mut Report) -> Result<Went> {
    let stage = &scene.stage;
    let mut went = Went::default();
    for (done, some) in due.chunks(ON_THEIR_WAY / 2).enumerate() {
        for one in some {
            if chance.percent(BENT) {
                if chance.percent(UNHEARD) {
                    bend(stage, one, Fault::LostReply);
                    bend_receipts(stage, one, WebhookFaultRule::always(WebhookFault::Lost));
                    went.unheard.insert(one.word.clone());
                    report.count("lost reply and no receipt", 1);
                } else {
                    report.count(bend_somehow(stage, one, chance), 1);
                }
            }
        }
        for one in some.iter().take(STOPS) {
            went.stops.entry(one.phone.clone()).or_insert_with(|| stage.whatsapp.write(&one.phone, "STOP"));
        }
        let begun = stream::iter(some).map(|one| scene.begin(one.input.clone()));
        begun.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        let rest = async || Ok((counted(stage, RUNNING).await? < ON_THEIR_WAY / 2).then_some(()));
        ensure!(comes_about(LONG, rest).await.is_some(), "messages do not come to their end");
        eprintln!("{} of {}", ((done + 1) * ON_THEIR_WAY / 2).min(due.len()), due.len());
    }
    Ok(went)
}

/// One thing goes wrong: a call, or the news of what became of it.
fn bend_somehow(stage: &Stage, one: &Due, chance: &mut Chance) -> String {
    if chance.percent(60) {
        let (kind, fault) = of_a_call(chance);
        bend(stage, one, fault);
        return kind.to_owned();
    }
    let fault = of_a_receipt(chance);
    let kind = format!("receipt {}", fault.name());
    bend_receipts(stage, one, WebhookFaultRule::once(fault));
    kind
}

fn bend(stage: &Stage, one: &Due, fault: Fault) {
    stage.whatsapp.fault(FaultRule::once(Endpoint::Messages, fault).about(one.word.clone()));
}

fn bend_receipts(stage: &Stage, one: &Due, rule: WebhookFaultRule) {
    stage
        .whatsapp
        .webhook_fault(WebhookFaultRule { about: Some(one.input.message.notice.to_string()), ..rule });
}

fn of_a_call(chance: &mut Chance) -> (&'static str, Fault) {
    match chance.below(8) {
        0 => ("slow", Fault::Delay { millis: 500 }),
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

const ALL: &str = "WorkflowType = 'NoticeDelivery'";
const RUNNING: &str = "WorkflowType = 'NoticeDelivery' and ExecutionStatus = 'Running'";

async fn counted(stage: &Stage, which: &str) -> Result<usize> {
    Ok(stage.control.client().count_workflows(which, WorkflowCountOptions::default()).await?.count())
}

/// The provider's own book: what it has sent, and what it has told us.
struct Told {
    sent: Vec<Sent>,
    deliveries: Vec<Delivery>,
}

/// What came of it, beside what was found.
#[derive(Default)]
struct Figures {
    /// Messages that somebody has at least once.
    reached: usize,
    /// Of those that nothing was heard of: said once more, because they must be heard.
    said_again: usize,
    /// How long after a STOP what was on its way has still arrived.
    overlap: TimeDelta,
}

fn judge(told: &Told, due: &[Due], went: &Went) -> Result<(Verdict, Figures)> {
    let mut taken: BTreeMap<&str, Vec<&Sent>> = BTreeMap::new();
    for sent in told.sent.iter().filter(|sent| sent.status != Status::Failed) {
        if let Some(word) = word_in(&sent.text) {
            taken.entry(word).or_default().push(sent);
        }
    }
    let stopped = stopped(&told.deliveries, went)?;
    let (mut verdict, mut figures) = (Verdict::default(), Figures::default());
    for one in due {
        let sent = taken.get(one.word.as_str()).map_or(&[][..], Vec::as_slice);
        figures.reached += usize::from(!sent.is_empty());
        let may_be_said_again = one.must_be_heard && went.unheard.contains(&one.word);
        match sent.len() {
            2 if may_be_said_again => figures.said_again += 1,
            often @ 2.. => verdict.duplicated.push(format!("\"{}\" was sent {often} times", one.word)),
            _ => {}
        }
        let Some(stopped) = stopped.get(one.phone.as_str()) else {
            if one.must_be_heard && sent.is_empty() {
                verdict.lost.push(format!("\"{}\" was not sent", one.word));
            }
            continue;
        };
        for late in sent.iter().map(|sent| sent.at - *stopped).filter(|late| *late > TimeDelta::zero()) {
            figures.overlap = figures.overlap.max(late);
            if late > ON_ITS_WAY {
                verdict.wrong.push(format!("\"{}\" was sent {late} after a STOP", one.word));
            }
        }
    }
    Ok((verdict, figures))
}

/// When the STOP of each phone was taken. Looked up once: it goes through everything that the provider has told us.
fn stopped<'a>(deliveries: &[Delivery], went: &'a Went) -> Result<BTreeMap<&'a str, DateTime<Utc>>> {
    let taken = went.stops.iter().map(|(phone, said)| {
        let taken = acknowledged(deliveries, said);
        Ok((phone.as_str(), taken.with_context(|| format!("the STOP of {phone} was never acknowledged"))?))
    });
    taken.collect()
}

/// What a message is told apart by.
fn word_in(text: &str) -> Option<&str> {
    let begins = text.find(WORD)?;
    text.get(begins..begins + WORD.len() + DIGITS)
}

#[cfg(test)]
mod tests {
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

    fn verdict(told: &Told, due: &[Due], went: &Went) -> (usize, usize, usize) {
        let (verdict, _) = judge(told, due, went).expect("a verdict");
        (verdict.lost.len(), verdict.duplicated.len(), verdict.wrong.len())
    }

    #[test]
    fn what_is_missed_what_is_said_twice_and_what_is_said_after_a_stop_is_found() {
        let now = Utc::now();
        let (first, second) = (due(1, true), due(2, false));
        let told = |sent| Told { sent, deliveries: Vec::new() };
        let nobody = Went::default();
        let both = [first, second];
        let once = vec![sent(&both[0], now)];
        assert_eq!(verdict(&told(once.clone()), &both, &nobody), (0, 0, 0));
        assert_eq!(verdict(&told(vec![]), &both, &nobody), (1, 0, 0));
        let twice = told([once.clone(), once.clone()].concat());
        assert_eq!(verdict(&twice, &both, &nobody), (0, 1, 0));
        let unheard = Went { unheard: [both[0].word.clone()].into(), ..Went::default() };
        assert_eq!(verdict(&twice, &both, &unheard), (0, 0, 0));
        let stops = [(PHONE.to_owned(), "wamid.stop".to_owned())].into();
        let stopped = Went { stops, ..Went::default() };
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
        assert_eq!(verdict(&heard(now - ON_ITS_WAY), &both, &stopped), (0, 0, 0));
        assert_eq!(verdict(&heard(now - ON_ITS_WAY * 2), &both, &stopped), (0, 0, 1));
    }
}
