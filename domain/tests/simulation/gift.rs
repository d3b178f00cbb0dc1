//! A gift's process and its steps, effect by effect as the real ones do them.

use wolo_domain::donations::DonationStage;
use wolo_domain::evidence::gifts::{Evidence, Paid, of_record};
use wolo_domain::ids::DonationId;
use wolo_domain::money::Xof;

use crate::books::Requesting;
use crate::wave::Page;
use crate::world::{Again, Here, Listener, NoAnswer, instant};

/// How long an attempt is waited for.
const PATIENCE: i64 = 20;
const GRACE: i64 = 120;
const LONGEST_PAUSE: i64 = 3_600;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    Confirmed,
    Expired,
    RefundDue,
    Suspended,
    StillOpen,
}

impl From<NoAnswer> for Again {
    fn from(_: NoAnswer) -> Self {
        Self
    }
}

/// The whole life: a page, a wait for proof, and the way back for what came too late.
pub(crate) async fn process(here: Here, id: DonationId, amount: i64) {
    listen(&here, id);
    let opened = here.step(PATIENCE, |here, attempt| open_page(here, id, amount, attempt > 1)).await;
    if let Some(until) = opened {
        settle_when_known(&here, id, until).await;
    }
    let mut world = here.world();
    world.listeners.entry(id).or_default().task = None;
}

/// Wave spoke of a gift whose process had ended: it is looked at again.
pub(crate) async fn taken_up_again(here: Here, id: DonationId) {
    listen(&here, id);
    here.world().listeners.entry(id).or_default().heard = true;
    let until = here.now();
    settle_when_known(&here, id, until).await;
    here.world().listeners.entry(id).or_default().task = None;
}

fn listen(here: &Here, id: DonationId) {
    let task = here.task();
    here.world().listeners.insert(id, Listener { heard: false, task: Some(task) });
}

async fn settle_when_known(here: &Here, id: DonationId, until: i64) {
    let (mut ask_at, mut pause) = (until + GRACE, GRACE);
    loop {
        let is_told = || here.0.borrow().listeners.get(&id).is_some_and(|listener| listener.heard);
        while !is_told() && here.now() < ask_at {
            here.until(ask_at).await;
        }
        let was_due = here.now() >= ask_at;
        here.world().listeners.entry(id).or_default().heard = false;
        match here.step(PATIENCE, |here, _| settle(here, id)).await {
            Settlement::RefundDue => return here.step(PATIENCE, |here, _| give_back(here, id)).await,
            Settlement::StillOpen if was_due => {
                ask_at = here.now() + pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Settlement::StillOpen => {}
            _ => return,
        }
    }
}

/// When the page ends that can be paid; `None` when the gift is refused.
async fn open_page(
    here: Here,
    id: DonationId,
    amount: i64,
    tried_before: bool,
) -> Result<Option<i64>, Again> {
    let asked_before = match here.book(|books, _| Ok(books.request(id, amount))).await? {
        Requesting::New => false,
        Requesting::Asked => true,
        Requesting::HasPage { until } => return Ok(Some(until)),
        Requesting::Refused => return Ok(None),
    };
    if tried_before || asked_before {
        let takes_gifts = here.book(|books, _| Ok(books.pot.takes_donations())).await?;
        let pages = pages_of(&here, id).await?;
        let paid = pages.iter().find(|page| page.paid.is_some());
        let open = || pages.iter().find(|page| page.open && page.amount == amount);
        let kept = if takes_gifts { paid.or_else(open) } else { paid };
        for surplus in pages.iter().filter(|page| page.open && kept.is_none_or(|kept| kept.id != page.id)) {
            let surplus = surplus.id;
            here.call(move |wave, _| wave.end_page(surplus)).await?;
        }
        if let Some(kept) = kept {
            return attach(&here, id, kept).await;
        }
        if !takes_gifts {
            here.book(|books, _| books.expire(id)).await?;
            return Ok(None);
        }
    }
    let reference = id.to_string();
    let page = here.call(move |wave, now| wave.make_page(&reference, amount, now)).await?;
    attach(&here, id, &page).await
}

async fn pages_of(here: &Here, id: DonationId) -> Result<Vec<Page>, Again> {
    let reference = id.to_string();
    Ok(here.call(move |wave, now| wave.pages_of(&reference, now)).await?)
}

async fn attach(here: &Here, id: DonationId, page: &Page) -> Result<Option<i64>, Again> {
    let (ours, until) = (page.id, page.expires_at);
    let (attached, until) = here.book(|books, _| books.attach(id, ours, until)).await?;
    if attached != ours {
        here.call(move |wave, _| wave.end_page(ours)).await?;
    }
    Ok(Some(until))
}

/// What became of it: Wave's own record decides, read at the moment of asking.
pub(crate) async fn settle(here: Here, id: DonationId) -> Result<Settlement, Again> {
    let (stage, page) = {
        let world = here.world();
        let Some(gift) = world.books.gift(id) else { return Ok(Settlement::Expired) };
        (gift.stage, gift.page)
    };
    let page = match (page, stage) {
        (Some((page, _)), DonationStage::Requested | DonationStage::Expired) => page,
        (None, DonationStage::Requested) => {
            return Ok(settlement(here.book(|books, _| books.expire(id)).await?));
        }
        (_, ended) => return Ok(settlement(ended)),
    };
    if here.0.borrow().sabotage == crate::sabotage::Sabotage::BelieveTheWebhook {
        let paid = here.world().wave.pages[page].amount;
        let (transaction, at) = (format!("T{page}"), instant(here.now()));
        let paid = Paid { transaction, amount: Xof::new(paid), at };
        return Ok(settlement(here.book(|books, _| books.confirm(id, &paid)).await?));
    }
    let record = here.call(move |wave, now| wave.page(page, now)).await?;
    match of_record(&record, id) {
        Evidence::Paid(paid) => Ok(settlement(here.book(|books, _| books.confirm(id, &paid)).await?)),
        Evidence::Ended => Ok(settlement(here.book(|books, _| books.expire(id)).await?)),
        Evidence::StillOpen => Ok(Settlement::StillOpen),
        Evidence::Contradicts(_) => Err(Again),
    }
}

fn settlement(stage: DonationStage) -> Settlement {
    match stage {
        DonationStage::Requested => Settlement::StillOpen,
        DonationStage::Confirmed => Settlement::Confirmed,
        DonationStage::Expired => Settlement::Expired,
        DonationStage::RefundDue | DonationStage::Refunded => Settlement::RefundDue,
        DonationStage::Suspended => Settlement::Suspended,
    }
}

/// The intent, the call, the result.
pub(crate) async fn give_back(here: Here, id: DonationId) -> Result<(), Again> {
    let Some(page) = here.book(|books, _| books.begin_refund(id)).await? else { return Ok(()) };
    here.call(move |wave, _| wave.refund(page)).await?;
    here.book(|books, _| books.record_refund(id)).await
}
