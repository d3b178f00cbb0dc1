//! What is done about a guardian's consent, and who hears of it: the processes of the minor's pots.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use temporalio_client::Client;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::consents::{self, NewConsent, NewGiving};
use wolo_database::{Pool, clearance, pots};
use wolo_domain::consents::token_hash;
use wolo_domain::dakar;
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;
use wolo_workflows::pot_lifecycle::Wish;
use wolo_workflows::steps::consents::{
    AskConsent, AskConsentStep, Asking, EndConsent, EndConsentStep, Ending, FindConsent, FindConsentStep,
    GiveConsent, GiveConsentStep, GiveUpPots, GiveUpPotsStep, Giving, HandOver, HandOverStep, HandedPot,
    HandingOver, Standing, WithdrawConsent, WithdrawConsentStep, Withdrawing,
};

use crate::alive::while_doing;
use crate::clearance::tell_the_pots;
use crate::pots::give_up;

pub struct ConsentSteps {
    pool: Pool,
}

impl ConsentSteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    async fn give_up_pots_of(
        &self,
        client: &Client,
        minor: UserId,
        at: DateTime<Utc>,
    ) -> Result<(), ActivityError> {
        for pot in clearance::to_give_up(&self.pool, minor, at).await? {
            // Somebody may have been asked anew, and have consented, while this was tried.
            if consents::standing(&self.pool, minor).await?.is_some_and(|one| one.stage.is_given()) {
                return Ok(());
            }
            let wish =
                Wish { by: "consent".to_owned(), reason: "the guardian's consent has ended".to_owned() };
            // Of one that pays out, or is over, there is nothing to give up. Without a process it is written down, and the next
            // process goes on giving back.
            if give_up(client, pot, wish).await?.is_none() {
                pots::cancel(&self.pool, pot, at).await?;
            }
        }
        Ok(())
    }
}

fn comes_of_age_at(born: BirthDate) -> DateTime<Utc> {
    dakar::start_of(born.comes_of_age_on())
}

fn standing(known: consents::Standing) -> Standing {
    Standing {
        consent: known.consent,
        stage: known.stage,
        requested_at: known.requested_at,
        answer_by: known.answer_by,
        guardian: known.guardian,
        minor_name: known.minor_name,
        comes_of_age_at: comes_of_age_at(known.minor_born),
        case: known.case,
    }
}

#[activities]
impl ConsentSteps {
    #[activity(definition = FindConsentStep)]
    pub async fn find(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: FindConsent,
    ) -> Result<Option<Standing>, ActivityError> {
        Ok(consents::standing(&self.pool, input.minor).await?.map(standing))
    }

    #[activity(definition = AskConsentStep)]
    pub async fn ask(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: AskConsent,
    ) -> Result<Asking, ActivityError> {
        let AskConsent { consent, minor, guardian, token, rules, at } = input;
        let new = NewConsent { id: consent, minor, guardian, token_hash: token_hash(&token) };
        Ok(match consents::ask(&self.pool, &new, &rules, at).await? {
            consents::Asking::Asked(known) => Asking::Asked { standing: standing(known) },
            consents::Asking::AlreadyAsked(known) => Asking::AlreadyAsked { standing: standing(known) },
            consents::Asking::AlreadyGiven => Asking::AlreadyGiven,
            consents::Asking::TooMany { until } => Asking::TooMany { until },
            consents::Asking::NotAMinor => Asking::NotAMinor,
            consents::Asking::GuardianIsMinor => Asking::GuardianIsMinor,
            consents::Asking::OwnPhone => Asking::OwnPhone,
            consents::Asking::OwnMailbox => Asking::OwnMailbox,
            consents::Asking::PersonUnknown => Asking::PersonUnknown,
            consents::Asking::Unfit => Asking::Unfit,
        })
    }

    #[activity(definition = GiveConsentStep)]
    pub async fn give(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: GiveConsent,
    ) -> Result<Giving, ActivityError> {
        let GiveConsent { minor, consent, agreement, born, at } = input;
        let new = NewGiving { minor, consent, agreement, born };
        Ok(match consents::give(&self.pool, &new, at).await? {
            consents::Giving::Given { pots, minors_of_guardian } => {
                tell_the_pots(&ctx.client(), &pots).await?;
                Giving::Given { minors_of_guardian }
            }
            consents::Giving::AlreadyGiven { same } => Giving::AlreadyGiven { same },
            consents::Giving::Over { stage } => Giving::Over { stage },
            consents::Giving::GuardianIsMinor => Giving::GuardianIsMinor,
            consents::Giving::OtherConsent => Giving::OtherConsent,
            consents::Giving::UnknownText => Giving::UnknownText,
            consents::Giving::TooLittle => Giving::TooLittle,
        })
    }

    #[activity(definition = WithdrawConsentStep)]
    pub async fn withdraw(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: WithdrawConsent,
    ) -> Result<Withdrawing, ActivityError> {
        let WithdrawConsent { minor, consent, rules, at } = input;
        Ok(match consents::withdraw(&self.pool, minor, consent, &rules, at).await? {
            consents::Withdrawing::Withdrawn { return_by, pots } => {
                tell_the_pots(&ctx.client(), &pots).await?;
                Withdrawing::Withdrawn { return_by }
            }
            consents::Withdrawing::NotGiven { stage } => Withdrawing::NotGiven { stage },
            consents::Withdrawing::OtherConsent => Withdrawing::OtherConsent,
        })
    }

    #[activity(definition = EndConsentStep)]
    pub async fn end(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: EndConsent,
    ) -> Result<Ending, ActivityError> {
        let EndConsent { minor, consent, end, at } = input;
        Ok(match consents::end(&self.pool, minor, consent, end, at).await? {
            consents::Ending::Over { stage, pots } => {
                tell_the_pots(&ctx.client(), &pots).await?;
                Ending::Over { stage }
            }
            consents::Ending::InForce { stage } => Ending::InForce { stage },
            consents::Ending::OtherConsent => Ending::OtherConsent,
        })
    }

    #[activity(definition = HandOverStep)]
    pub async fn hand_over(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: HandOver,
    ) -> Result<HandingOver, ActivityError> {
        let HandOver { consent, at } = input;
        Ok(match consents::hand_over(&self.pool, consent, at).await? {
            consents::HandingOver::HandedOver { pots } => {
                let ids: Vec<_> = pots.iter().map(|handed| handed.pot).collect();
                tell_the_pots(&ctx.client(), &ids).await?;
                let pots = pots.into_iter().map(|handed| HandedPot { pot: handed.pot, title: handed.title });
                HandingOver::HandedOver { pots: pots.collect() }
            }
            consents::HandingOver::StillMinor { born, case } => {
                HandingOver::StillMinor { comes_of_age_at: comes_of_age_at(born), case }
            }
            consents::HandingOver::Over { stage } => HandingOver::Over { stage },
        })
    }

    #[activity(definition = GiveUpPotsStep)]
    pub async fn give_up_pots(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: GiveUpPots,
    ) -> Result<(), ActivityError> {
        while_doing(&ctx, self.give_up_pots_of(&ctx.client(), input.minor, input.at)).await
    }
}
