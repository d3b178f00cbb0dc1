//! A pot's end: its closing, its payout with all that may go wrong there, and its settlement.

use wolo_domain::evidence::payouts::{self, Evidence, Failure, Record};
use wolo_domain::payouts::{PayoutOrder, PayoutStage};

use crate::books::{Beginning, Books, Gift, Plan};
use crate::gift;
use crate::sabotage::Sabotage;
use crate::wave::INSUFFICIENT_FUNDS;
use crate::world::{Again, Here, NoAnswer};

/// How long an attempt is waited for.
const PATIENCE: i64 = 40;
const UNKNOWN_AFTER: i64 = 900;
const RETRY: i64 = 20;
const RECHECK: i64 = 60;
const FLOAT_RETRY: i64 = 900;
/// So long the same key is good for another call.
const SAME_KEY: i64 = 20 * 3_600;
/// So old is the first call of an order of which finance may find that it was never paid.
const NEVER_PAID_AFTER: i64 = 72 * 3_600;

#[derive(Debug)]
enum Answer {
    Succeeded,
    Refused { code: String },
    FloatShort,
    Unclear,
}

/// What finance decides about a payout that waits for a person.
enum Decision {
    AskAgain,
    Found(String),
    NeverPaid,
}

/// From the closing on.
pub(crate) async fn end_of_pot(here: Here, closes_at: i64) {
    here.sleep(closes_at - here.now()).await;
    here.step(PATIENCE, |here, _| close(here)).await;
    here.step(3_600, |here, _| end_pages(here)).await;
    here.sleep(3_600).await;
    pay_out_and_settle(here).await;
}

/// What is done again, too, when somebody ended the process and another one takes the pot up: the books say how far it is.
pub(crate) async fn pay_out_and_settle(here: Here) {
    if let Some((order, amount)) = plan(&here).await {
        send_until_paid(&here, order, amount).await;
    }
    here.step(PATIENCE, |here, _| async move { here.book(Books::settle).await }).await;
    here.world().ended = true;
}

async fn close(here: Here) -> Result<(), Again> {
    let close = |books: &mut Books, now| {
        books.close(now);
        Ok(())
    };
    here.book(close).await
}

/// Ends the pages of gifts that wait, and tells their processes, or settles those that have none.
async fn end_pages(here: Here) -> Result<(), Again> {
    let waiting: Vec<_> = {
        let world = here.world();
        let mended = world.books.mended;
        let waits = |gift: &&Gift| gift.stage.expire().is_ok() || (mended && gift.stage.refund().is_ok());
        let gifts = world.books.gifts.iter().filter(waits);
        gifts.map(|gift| (gift.id, gift.page)).collect()
    };
    for (id, page) in waiting {
        if let Some((page, _)) = page {
            here.call(move |wave, _| wave.end_page(page)).await?;
        }
        let task = here.0.borrow().listeners.get(&id).and_then(|listener| listener.task);
        if let Some(task) = task {
            let mut world = here.world();
            world.listeners.entry(id).or_default().heard = true;
            world.wake(task);
        } else if gift::settle(here.clone(), id).await? == gift::Settlement::RefundDue {
            gift::give_back(here.clone(), id).await?;
        }
    }
    Ok(())
}

async fn plan(here: &Here) -> Option<(PayoutOrder, i64)> {
    loop {
        match here.step(PATIENCE, |here, _| async move { here.book(|books, _| books.plan()).await }).await {
            Plan::Nothing | Plan::Paid => return None,
            Plan::Ready { order, amount } => return Some((order, amount)),
            Plan::FeesPending => {
                if here.step(PATIENCE, |here, _| book_fees(here)).await == 0 {
                    here.sleep(RECHECK).await;
                }
            }
            Plan::GiftsPending => here.sleep(RECHECK).await,
        }
    }
}

async fn book_fees(here: Here) -> Result<usize, Again> {
    let lines = here.call(|wave, _| wave.fees()).await?;
    let mut booked = 0;
    for (transaction, fee) in lines {
        booked += usize::from(here.book(|books, _| books.book_fee(&transaction, fee)).await?);
    }
    Ok(booked)
}

async fn send_until_paid(here: &Here, first: PayoutOrder, amount: i64) {
    let (mut order, mut hint) = (first, None);
    let sabotage = here.0.borrow().sabotage;
    loop {
        match send_until_known(here, order, amount, hint.take()).await {
            Answer::Succeeded => return,
            Answer::FloatShort => here.sleep(FLOAT_RETRY).await,
            Answer::Refused { code } => {
                if code == INSUFFICIENT_FUNDS {
                    here.sleep(FLOAT_RETRY).await;
                } else {
                    // Finance puts right what the code says, and orders anew.
                    let seconds = here.world().chance.between(60, 3_600);
                    here.sleep(seconds).await;
                }
                order = order.next();
            }
            Answer::Unclear => {
                here.step(PATIENCE, move |here, _| async move {
                    here.book(|books, _| books.lose_sight(order)).await
                })
                .await;
                if sabotage == Sabotage::NewKeyAfterUnknown {
                    order = order.next();
                    continue;
                }
                match decide(here, order).await {
                    Decision::AskAgain => {}
                    Decision::Found(id) => hint = Some(id),
                    Decision::NeverPaid => {
                        let ruled_out = here.step(PATIENCE, |here, _| rule_out(here, order, amount)).await;
                        if matches!(ruled_out, Answer::Refused { .. }) {
                            order = order.next();
                        }
                    }
                }
            }
        }
    }
}

/// A person looks into Wave's portal, sooner or later, and names what stands there, or has Wave asked again.
async fn decide(here: &Here, order: PayoutOrder) -> Decision {
    let seconds = here.world().chance.between(60, 3_600);
    here.sleep(seconds).await;
    let shown = {
        let world = &mut *here.world();
        let now = world.now;
        world.wave.in_portal(&order.key(), now)
    };
    let names_it = here.world().chance.one_in(2);
    match shown {
        Some(record) if names_it => Decision::Found(record.wave_payout_id),
        None if names_it => {
            // Nothing is there, and after so long nothing comes any more.
            let wait = match here.0.borrow().sabotage {
                Sabotage::NeverPaidAtOnce => 0,
                _ => here.0.borrow().books.may_be_ruled_out_in(NEVER_PAID_AFTER, here.now()),
            };
            here.sleep(wait).await;
            Decision::NeverPaid
        }
        _ => Decision::AskAgain,
    }
}

/// Finance says that the order was never paid: believed when it is old enough, and when neither the statement (which shows what
/// the portal shows) nor the search has it.
async fn rule_out(here: Here, order: PayoutOrder, amount: i64) -> Result<Answer, Again> {
    if let Err(answer) = known(&here, order) {
        return Ok(answer);
    }
    let at_once = here.0.borrow().sabotage == Sabotage::NeverPaidAtOnce;
    let wait = here.0.borrow().books.may_be_ruled_out_in(NEVER_PAID_AFTER, here.now());
    let Ok(records) = records(&here, order).await else { return Ok(Answer::Unclear) };
    if let Some(evidence) = payouts::of_records(&records, xof(amount)) {
        return book(&here, order, evidence).await;
    }
    let reference = order.key();
    let Ok(line) = here.call(move |wave, now| wave.in_portal(&reference, now)).await else {
        return Ok(Answer::Unclear);
    };
    if !at_once && (wait > 0 || line.is_some()) {
        return Ok(Answer::Unclear);
    }
    let code = "never_paid".to_owned();
    here.book(|books, _| books.record_refusal(order, &code)).await?;
    Ok(Answer::Refused { code })
}

async fn send_until_known(here: &Here, order: PayoutOrder, amount: i64, hint: Option<String>) -> Answer {
    if hint.is_some() {
        return here.step(PATIENCE, |here, _| find(here, order, amount, hint.clone())).await;
    }
    let give_up_at = here.now() + UNKNOWN_AFTER;
    loop {
        let sent = here.step(PATIENCE, |here, attempt| send(here, order, amount, attempt)).await;
        if !matches!(sent, Answer::Unclear) {
            return sent;
        }
        let found = here.step(PATIENCE, |here, _| find(here, order, amount, None)).await;
        if !matches!(found, Answer::Unclear) || here.now() >= give_up_at {
            return found;
        }
        here.sleep(RETRY).await;
    }
}

/// What the row says about an order whose end is known; else whether Wave may have executed it.
fn known(here: &Here, order: PayoutOrder) -> Result<bool, Answer> {
    let world = here.world();
    let Some(payout) = &world.books.payout else { return Ok(false) };
    match (&payout.refusal_code, payout.stage) {
        (_, PayoutStage::Succeeded) => Err(Answer::Succeeded),
        (Some(code), _) if payout.order_number == order.number => Err(Answer::Refused { code: code.clone() }),
        _ => Ok(payout.order_number == order.number && payout.begun > 0),
    }
}

async fn send(here: Here, order: PayoutOrder, amount: i64, attempt: u32) -> Result<Answer, Again> {
    match known(&here, order) {
        Err(answer) => Ok(answer),
        Ok(false) => first_time(here, order, amount, attempt).await,
        Ok(true) => again(here, order, amount, attempt).await,
    }
}

/// As the step reckons it.
const fn covers(balance: i64, amount: i64) -> bool {
    balance > amount + amount / 50
}

async fn first_time(here: Here, order: PayoutOrder, amount: i64, attempt: u32) -> Result<Answer, Again> {
    let balance = here.call(|wave, _| wave.balance).await?;
    if !covers(balance, amount) {
        return Ok(Answer::FloatShort);
    }
    match here.book(|books, now| books.begin_order(order, now)).await? {
        Beginning::Begun { again: false, begun } => call_first(here, order, amount, attempt, begun).await,
        // Somebody was quicker, and what Wave says to us now proves nothing about what it did for them.
        Beginning::Begun { again: true, .. } => again(here, order, amount, attempt).await,
        Beginning::Refused { code } => Ok(Answer::Refused { code }),
        Beginning::Succeeded => Ok(Answer::Succeeded),
    }
}

/// `mine` is how often the order had been begun when this attempt had.
async fn call_first(
    here: Here,
    order: PayoutOrder,
    amount: i64,
    attempt: u32,
    mine: u32,
) -> Result<Answer, Again> {
    let take_back = async || {
        let take_back = |books: &mut Books, _| {
            books.take_back_beginning(order);
            Ok(())
        };
        here.book(take_back).await
    };
    if let Some(answer) = earlier(&here, order, amount).await? {
        if matches!(answer, Answer::Unclear) {
            take_back().await?;
        }
        return Ok(answer);
    }
    here.0.borrow().tell(|| format!("sends order {}", order.number));
    let evidence = match call(&here, order, amount, attempt).await {
        Ok(Ok(record)) => payouts::of_record(&record, xof(amount)),
        Ok(Err(refused)) => match payouts::of_first_failure(&refused) {
            Evidence::Refused { code } => {
                here.book(|books, _| books.record_refused_call(order, &code, mine)).await?;
                return Ok(Answer::Refused { code });
            }
            other => other,
        },
        // Proven not to have happened.
        Err(NoAnswer::NotSent) => {
            take_back().await?;
            return Err(Again);
        }
        Err(NoAnswer::Perhaps) => payouts::of_first_failure(&answerless()),
    };
    book(&here, order, evidence).await
}

async fn again(here: Here, order: PayoutOrder, amount: i64, attempt: u32) -> Result<Answer, Again> {
    match records(&here, order).await {
        Ok(records) => {
            if let Some(evidence) = payouts::of_records(&records, xof(amount)) {
                return book(&here, order, evidence).await;
            }
        }
        Err(_) => return Ok(Answer::Unclear),
    }
    if here.0.borrow().books.key_is_older_than(SAME_KEY, here.now()) {
        return Ok(Answer::Unclear);
    }
    match here.call(|wave, _| wave.balance).await {
        Ok(balance) if covers(balance, amount) => {}
        Ok(_) | Err(_) => return Ok(Answer::Unclear),
    }
    match here.book(|books, now| books.begin_order(order, now)).await? {
        Beginning::Begun { again: true, .. } => {}
        // Whoever had begun was proven not to have got anywhere, meanwhile.
        Beginning::Begun { again: false, begun } => {
            return call_first(here, order, amount, attempt, begun).await;
        }
        Beginning::Refused { code } => return Ok(Answer::Refused { code }),
        Beginning::Succeeded => return Ok(Answer::Succeeded),
    }
    if let Some(answer) = earlier(&here, order, amount).await? {
        return Ok(answer);
    }
    here.0.borrow().tell(|| format!("sends order {}", order.number));
    let evidence = match call(&here, order, amount, attempt).await {
        Ok(Ok(record)) => payouts::of_record(&record, xof(amount)),
        Ok(Err(refused)) => payouts::of_repeated_failure(&refused),
        Err(_) => payouts::of_repeated_failure(&answerless()),
    };
    book(&here, order, evidence).await
}

/// Asks once more about the orders before this one, which all count as refused.
async fn earlier(here: &Here, order: PayoutOrder, amount: i64) -> Result<Option<Answer>, Again> {
    // An order after an unknown one was never looked back from, or the wrong rule would be stopped here.
    if here.0.borrow().sabotage == Sabotage::NewKeyAfterUnknown {
        return Ok(None);
    }
    for before in order.earlier() {
        let Ok(records) = records(here, before).await else { return Ok(Some(Answer::Unclear)) };
        match payouts::of_records(&records, xof(amount)) {
            None | Some(Evidence::Refused { .. }) => {}
            Some(alive) => return Ok(Some(book(here, order, alive).await?)),
        }
    }
    Ok(None)
}

async fn find(here: Here, order: PayoutOrder, amount: i64, hint: Option<String>) -> Result<Answer, Again> {
    if let Err(answer) = known(&here, order) {
        return Ok(answer);
    }
    let Ok(records) = records_or_named(&here, order, hint).await else { return Ok(Answer::Unclear) };
    let not_found = match here.0.borrow().sabotage {
        Sabotage::NotFoundIsProof => Evidence::Refused { code: "not-found".to_owned() },
        _ => Evidence::none("Wave shows nothing under our reference; that alone is no proof"),
    };
    book(&here, order, payouts::of_records(&records, xof(amount)).unwrap_or(not_found)).await
}

async fn book(here: &Here, order: PayoutOrder, evidence: Evidence) -> Result<Answer, Again> {
    here.0.borrow().tell(|| format!("of order {} is known: {evidence:?}", order.number));
    match evidence {
        Evidence::Paid(receipt) => {
            here.book(|books, _| books.record_success(order, &receipt)).await?;
            Ok(Answer::Succeeded)
        }
        Evidence::Refused { code } => {
            here.book(|books, _| books.record_refusal(order, &code)).await?;
            Ok(Answer::Refused { code })
        }
        Evidence::None { .. } => Ok(Answer::Unclear),
    }
}

async fn call(
    here: &Here,
    order: PayoutOrder,
    amount: i64,
    attempt: u32,
) -> Result<Result<Record, Failure>, NoAnswer> {
    let by_attempt = here.0.borrow().sabotage == Sabotage::KeyOfTheAttempt;
    let reference = order.key();
    let key = if by_attempt { format!("{reference}/{attempt}/{}", here.now()) } else { reference.clone() };
    here.call(move |wave, now| wave.send(&key, &reference, amount, now)).await
}

async fn records(here: &Here, order: PayoutOrder) -> Result<Vec<Record>, NoAnswer> {
    let reference = order.key();
    here.call(move |wave, now| wave.payouts_of(&reference, now)).await
}

/// By our reference, or the one that somebody read in Wave's portal.
async fn records_or_named(
    here: &Here,
    order: PayoutOrder,
    hint: Option<String>,
) -> Result<Vec<Record>, NoAnswer> {
    let Some(id) = hint else { return records(here, order).await };
    let reference = order.key();
    here.call(move |wave, now| {
        let shown = wave.in_portal(&reference, now).filter(|record| record.wave_payout_id == id);
        shown.into_iter().collect()
    })
    .await
}

fn answerless() -> Failure {
    Failure::Answerless { why: "no answer came".to_owned() }
}

fn xof(francs: i64) -> wolo_domain::money::Xof {
    wolo_domain::money::Xof::new(francs)
}
