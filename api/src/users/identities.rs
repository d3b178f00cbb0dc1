//! Whose word opens an account beside its holder's own contacts, and taking it away.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::Context;
use wolo_database::accounts::identities::{self, Linked, Unlinking};
use wolo_domain::accounts::IdentityProvider;

use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::problem::{Code, Problem};
use crate::state::App;

/// The providers whose word opens the account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Identities {
    identities: Vec<LinkedIdentity>,
}

/// What the provider calls its holder is told to nobody.
#[derive(Serialize, ToSchema)]
struct LinkedIdentity {
    #[schema(value_type = schemas::IdentityProvider)]
    provider: IdentityProvider,
    linked_at: DateTime<Utc>,
}

refusals!(NotListed: User::REFUSALS);
refusals!(NotUnlinked: User::REFUSALS, &[Code::IdentityUnknown, Code::LastWayIn]);

/// The providers whose word opens the account, the first that was linked first.
#[utoipa::path(get, path = "/api/users/identities", operation_id = "accounts.identities", tag = "accounts",
    security(("bearer" = [])),
    responses((status = 200, description = "The providers.", body = Identities), NotListed))]
pub(crate) async fn list(State(app): State<App>, User(user): User) -> Result<Json<Identities>, Problem> {
    let mut tx = Context::gate().begin(&app.pool).await?;
    let found = identities::of_user(&mut *tx, user).await?;
    let identities =
        found.into_iter().map(|Linked { provider, linked_at }| LinkedIdentity { provider, linked_at });
    Ok(Json(Identities { identities: identities.collect() }))
}

/// Lets a provider's word open the account no more. Refused where nothing else would open it.
#[utoipa::path(delete, path = "/api/users/identities/{provider}", operation_id = "accounts.unlink_identity", tag = "accounts",
    params(("provider" = inline(schemas::IdentityProvider), Path, description = "The provider.")),
    security(("bearer" = [])),
    responses((status = 204, description = "Done."), NotUnlinked))]
pub(crate) async fn unlink(
    State(app): State<App>,
    User(user): User,
    provider: Result<Path<IdentityProvider>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::new(Code::IdentityUnknown);
    let Path(provider) = provider.map_err(|_| unknown())?;
    let mut tx = Context::gate().begin(&app.pool).await?;
    match identities::unlink(&mut tx, user, provider).await? {
        Unlinking::Unlinked => wolo_database::commit(tx).await?,
        Unlinking::NotLinked => return Err(unknown()),
        Unlinking::LastWayIn => return Err(Problem::new(Code::LastWayIn)),
    }
    Ok(StatusCode::NO_CONTENT)
}
