//! What a guardian's link belongs to, and whether it is the guardian who has it.

use wolo_database::consents::{self, Consent, Event, Reached};
use wolo_database::identities::{self, Case, Filter};
use wolo_database::{Context, Page, accounts};
use wolo_domain::consents::{ConsentStage, Proof, token_hash};
use wolo_domain::people::first_name;

use super::door::Door;
use crate::problem::{Code, Problem};
use crate::state::App;

/// Of one consent there are fewer.
const MOST_CASES: u32 = 100;

/// A consent, as whoever has its link sees it.
pub(super) struct Visit {
    pub(super) consent: Consent,
    /// A first name: whoever has the link need not be the guardian.
    pub(super) minor: String,
    pub(super) reached: Reached,
    pub(super) history: Vec<Event>,
    /// In which identities are looked into; nothing before it was opened.
    pub(super) case: Option<Case>,
    /// How it is known that it is the guardian; nothing before they have shown a code.
    proof: Option<Proof>,
}

impl Visit {
    pub(super) async fn of(app: &App, door: &Door) -> Result<Self, Problem> {
        let unknown = || Problem::new(Code::ConsentUnknown);
        if door.token.is_empty() {
            return Err(unknown());
        }
        let hash = token_hash(&door.token);
        let link = hex::encode(hash);
        // Whom the link is about is read by the code that lets people in: nobody has said yet who they are.
        let mut tx = Context::gate().with_consent(&link).begin(&app.pool).await?;
        let consent = consents::of_link(&mut *tx, &hash).await?.ok_or_else(unknown)?;
        let reached = consents::reached(&mut *tx, consent.id).await?.ok_or_else(unknown)?;
        let minor = accounts::account(&mut *tx, consent.minor).await?.ok_or_else(unknown)?;
        let history = consents::events(&mut *tx, consent.id).await?;
        let proof = match &door.session {
            Some(session) => {
                let session = app.credentials.keyed.guardian_session(session);
                consents::session(&mut *tx, &session, consent.id).await?
            }
            None => None,
        };
        let filter = Filter { subject: Some(consent.minor), ..Filter::default() };
        let cases = identities::list(&mut *tx, filter, Page::first(MOST_CASES)).await?;
        let last = cases.into_iter().rfind(|entry| entry.consent == Some(consent.id));
        let case = match last {
            Some(entry) => identities::case(&mut tx, entry.case).await?,
            None => None,
        };
        Ok(Self { consent, minor: first_name(&minor.name).to_owned(), reached, history, case, proof })
    }

    /// Where it stands. What nobody has answered in time is over, whether or not its process has said so yet.
    pub(super) fn stage(&self) -> ConsentStage {
        let stage = self.consent.stage;
        let is_late = self.consent.answer_by.is_some_and(|until| App::now() >= until);
        stage.by_silence().filter(|_| is_late).map_or(stage, ConsentStage::from)
    }

    pub(super) fn is_the_guardian(&self) -> bool {
        self.proof.is_some()
    }

    /// How it is known that it is the guardian, of a consent about which there is still something to say.
    pub(super) fn proved(&self) -> Result<Proof, Problem> {
        self.proof.ok_or_else(|| Problem::new(Code::GuardianUnproved))
    }

    /// Refuses what is over.
    pub(super) fn in_force(&self) -> Result<(), Problem> {
        if self.stage().is_in_force() { Ok(()) } else { Err(Problem::new(Code::ConsentOver)) }
    }
}
