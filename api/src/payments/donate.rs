//! `POST /api/payments/donate`

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use wolo_bootstrap::settings::Rules;
use wolo_control::donations::{CheckoutOutcome, DonationInput, DonationRequest, Donor};
use wolo_control::{AskError, ids};
use wolo_database::{Context, donations};
use wolo_domain::donations::{DonationRefusal, DonationStage};
use wolo_domain::ids::{DonationId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::people::NAME_CHARS;

use crate::asker::Asker;
use crate::body::{self, Body};
use crate::caller::{MaybeUser, account};
use crate::contract::{refusals, schemas};
use crate::fields::{Fields, Lines};
use crate::idempotency::{Done, Key, Once};
use crate::limits::{Class, Tally};
use crate::pots::{Reference, Viewer, find_access, not_open};
use crate::problem::{self, Code, Problem, Words};
use crate::rules;
use crate::state::App;

/// Between two looks whether the same request has been answered.
const A_MOMENT: Duration = Duration::from_millis(100);

/// What the database keeps of a message, whatever the settings allow.
const MESSAGE_CHARS: usize = 500;

/// What somebody wants to give.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "pot": "pot_0193a5c2f0f07c3ab1d2e3f405162738", "amount": 5000, "name": "Moussa", "message": "Bon anniversaire !",
}))]
pub(crate) struct Gift {
    /// The secret part of its link, or the id of a public one.
    #[schema(pattern = "^(pot_[0-9a-f]{32}|[A-Za-z0-9_-]{16,64})$")]
    pub(crate) pot: String,
    /// Whole francs, within the bounds that `amount_too_small` and `amount_too_large` name.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub(crate) amount: i64,
    /// One line.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(crate) name: Option<String>,
    /// As +221771234567, or 771234567 for Senegal.
    #[serde(default)]
    #[schema(example = "+221771234567")]
    pub(crate) phone: Option<String>,
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(crate) message: Option<String>,
    /// The name is not shown.
    #[serde(default)]
    #[schema(default = false)]
    pub(crate) anonymous: bool,
}

/// A gift that waits for its giver, or where it has come to since.
#[derive(Serialize, ToSchema)]
#[schema(as = AskedGift)]
struct Asked {
    #[schema(value_type = schemas::DonationId)]
    donation: DonationId,
    #[schema(value_type = schemas::PotId)]
    pot: PotId,
    #[schema(value_type = schemas::Francs)]
    amount: Xof,
    #[schema(value_type = schemas::DonationStage)]
    stage: DonationStage,
    /// To be opened in the browser of the system, never in a web view.
    #[schema(format = Uri, required = true)]
    wave_launch_url: Option<String>,
    #[schema(required = true)]
    expires_at: Option<DateTime<Utc>>,
    #[schema(format = Uri)]
    status_url: String,
    /// The process behind it.
    #[schema(pattern = "^donation/don_[0-9a-f]{32}$")]
    process: String,
}

/// What becomes of a gift that is not begun, whoever asks for it.
pub(crate) const REFUSALS: &[Code] = &[
    Code::PotUnknown,
    Code::PotNotOpen,
    Code::PotHeld,
    Code::OwnPot,
    Code::AmountTooSmall,
    Code::AmountTooLarge,
    Code::AnonymousNotAllowed,
    Code::MessagesNotAllowed,
    Code::RefusedByWave,
];

refusals!(NotBegun: MaybeUser::REFUSALS, Key::REFUSALS, body::REFUSALS, problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    REFUSALS, &[Code::AccountUnknown]);

/// Begins a gift and answers where it can be paid.
#[utoipa::path(post, path = "/api/payments/donate", operation_id = "payments.donate", tag = "payments",
    params(Key),
    request_body = Gift,
    security((), ("bearer" = [])),
    responses(
        (status = 201, description = "The gift, and where it can be paid.", body = Asked, links(
            ("status" = (operation_id = "payments.status", parameters(("id" = "$response.body#/donation")))),
        )),
        NotBegun,
    ))]
pub(crate) async fn donate(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    key: Key,
    asker: Asker,
    tally: Tally,
    Body { value: gift, bytes }: Body<Gift>,
) -> Result<Response, Problem> {
    let wait = Duration::ZERO;
    Giving { app: &app, user, key: &key, asker: &asker, tally: &tally, gift, bytes: &bytes, wait }
        .begin()
        .await
}

/// A gift that is asked for: by an app, or with the form of a pot's page. Both come through here.
pub(crate) struct Giving<'a> {
    pub(crate) app: &'a App,
    pub(crate) user: Option<UserId>,
    pub(crate) key: &'a Key,
    pub(crate) asker: &'a Asker,
    pub(crate) tally: &'a Tally,
    pub(crate) gift: Gift,
    /// What tells this request from another under the same key.
    pub(crate) bytes: &'a [u8],
    /// How long the answer to the same request is waited for that is still under way.
    pub(crate) wait: Duration,
}

impl Giving<'_> {
    pub(crate) async fn begin(self) -> Result<Response, Problem> {
        let Self { app, user, key, asker, tally, gift, bytes, wait } = self;
        let reference = Reference::read(&gift.pot)?;
        let (amount, donor) = gift.read(app, user)?;
        if let Some(phone) = &donor.phone {
            tally.phone(&app.limits, Class::Money, phone).await?;
        }
        let access = find_access(app, Context::caller(user), &reference).await?;
        // Who cannot see a pot cannot give to it; its owner learns from the process that nobody gives to themselves.
        if !Viewer::of(&access, user, &reference).may_see(&access) {
            return Err(Problem::new(Code::PotUnknown));
        }
        if let Some(user) = user {
            account(app, user).await?;
        }
        let pot_id = access.pot.to_string();
        let give_up = Instant::now() + wait;
        loop {
            let once = Once {
                app,
                asker,
                key,
                scope: user.map_or_else(|| format!("anonymous/{pot_id}"), |user| user.to_string()),
                request: [b"payments.donate", pot_id.as_bytes(), bytes],
            };
            let donor = donor.clone();
            let begun = once
                .run(|turn| begin(app, access.pot, DonationId::from_uuid(turn.subject), amount, donor))
                .await;
            match begun {
                Err(problem) if problem.code() == Code::KeyInFlight && Instant::now() < give_up => {
                    tokio::time::sleep(A_MOMENT).await;
                }
                begun => return begun,
            }
        }
    }
}

/// The longest message, in characters.
pub(crate) fn longest_message(numbers: &Rules) -> usize {
    usize::try_from(numbers.message_max_chars).unwrap_or(MESSAGE_CHARS).min(MESSAGE_CHARS)
}

impl Gift {
    fn read(self, app: &App, user: Option<UserId>) -> Result<(Xof, Donor), Problem> {
        let numbers = &app.settings.rules;
        let most = longest_message(numbers);
        let mut fields = Fields::default();
        let donor = Donor {
            user,
            name: fields.text("name", self.name, NAME_CHARS, Lines::One),
            phone: fields.phone("phone", self.phone.as_deref()),
            message: fields.text("message", self.message, most, Lines::Many),
            anonymous: self.anonymous,
        };
        fields.check()?;
        // The same rule in the same words as the process's; asking it here saves starting one for nothing.
        let amount = Xof::new(self.amount);
        rules::of_donations(numbers).check(amount).map_err(refusal)?;
        Ok((amount, donor))
    }
}

async fn begin(
    app: &App,
    pot: PotId,
    donation: DonationId,
    amount: Xof,
    donor: Donor,
) -> Result<Done, Problem> {
    let numbers = &app.settings.rules;
    let rules = rules::of_donations(numbers);
    let input = DonationInput {
        request: DonationRequest { donation, pot, amount, donor, rules },
        grace_seconds: numbers.checkout_grace_seconds.into(),
        longest_pause_seconds: rules::longest_pause_seconds(numbers),
        refund: rules::refund_patience(numbers),
    };
    let asked = Asked {
        donation,
        pot,
        amount,
        stage: DonationStage::Requested,
        wave_launch_url: None,
        expires_at: None,
        status_url: app.link(&format!("/api/payments/status/{donation}")),
        process: ids::donation(donation),
    };
    let outcome = match app.control.open_checkout(input, app.settings.api.patience).await {
        Err(AskError::Ended) => return ended(app, asked).await,
        outcome => outcome?,
    };
    match outcome {
        CheckoutOutcome::Opened(checkout) => Done::new(
            StatusCode::CREATED,
            &Asked {
                wave_launch_url: Some(checkout.wave_launch_url),
                expires_at: Some(checkout.expires_at),
                ..asked
            },
        ),
        CheckoutOutcome::Refused { refusal: why } => Err(refusal(why)),
    }
}

/// The gift has ended before this answer could be given: its row tells the rest. A gift that was refused has none, and
/// its process remembers why.
async fn ended(app: &App, asked: Asked) -> Result<Done, Problem> {
    let mut tx = Context::visitor().with_donation(asked.donation).begin(&app.pool).await?;
    let gift = donations::donation(&mut *tx, asked.donation).await?;
    drop(tx);
    let Some(gift) = gift else {
        let status = app.control.donation_status(asked.donation).await?;
        return Err(match status.checkout {
            Some(CheckoutOutcome::Refused { refusal: why }) => refusal(why),
            _ => Problem::new(Code::NotYet),
        });
    };
    if let Some(wave_code) = gift.refusal_code {
        return Err(refusal(DonationRefusal::RefusedByWave { wave_code }));
    }
    let expires_at = gift.checkout.map(|checkout| checkout.expires_at);
    Done::new(StatusCode::CREATED, &Asked { stage: gift.stage, expires_at, ..asked })
}

/// Each refusal with a code of its own. Why a pot is held is not said: it tells something about a person.
fn refusal(why: DonationRefusal) -> Problem {
    match why {
        DonationRefusal::AmountTooSmall { smallest } => {
            let words = Words::new(
                format!("Un cadeau est d'au moins {smallest}."),
                format!("A gift is at least {smallest}."),
            )
            .wolof(format!("Li gëna néew ngir kado mooy {smallest}."));
            Problem::new(Code::AmountTooSmall).detail(words.clone()).at("amount", words)
        }
        DonationRefusal::AmountTooLarge { largest } => {
            let words = Words::new(
                format!("Un cadeau est d'au plus {largest}."),
                format!("A gift is at most {largest}."),
            )
            .wolof(format!("Li gëna bari ngir kado mooy {largest}."));
            Problem::new(Code::AmountTooLarge).detail(words.clone()).at("amount", words)
        }
        DonationRefusal::PotUnknown => Problem::new(Code::PotUnknown),
        DonationRefusal::PotNotOpen { stage } => not_open(stage),
        DonationRefusal::PotHeld { .. } => Problem::new(Code::PotHeld),
        DonationRefusal::OwnPot => Problem::new(Code::OwnPot),
        DonationRefusal::AnonymousNotAllowed => Problem::new(Code::AnonymousNotAllowed),
        DonationRefusal::MessagesNotAllowed => Problem::new(Code::MessagesNotAllowed),
        DonationRefusal::RefusedByWave { wave_code } => {
            tracing::warn!(wave_code, "Wave refused to open a checkout");
            Problem::new(Code::RefusedByWave)
        }
    }
}
