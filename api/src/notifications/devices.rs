//! `GET, POST /api/notifications/devices`, `DELETE /api/notifications/devices/{id}`: phones that take push messages.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_database::Context;
use wolo_database::notices::{self, Platform};

use crate::body::{self, Body};
use crate::caller::{User, account};
use crate::contract::{refusals, schemas};
use crate::fields::{Fields, Lines};
use crate::problem::{Code, Problem};
use crate::state::App;

const TOKEN_CHARS: usize = 4096;

/// Phones that take push messages.
#[derive(Serialize, ToSchema)]
pub(crate) struct Devices {
    devices: Vec<Device>,
}

/// A phone. What reaches it is not told.
#[derive(Serialize, ToSchema)]
pub(crate) struct Device {
    id: Uuid,
    #[schema(value_type = schemas::Platform)]
    platform: Platform,
    created_at: DateTime<Utc>,
}

impl From<notices::Device> for Device {
    fn from(device: notices::Device) -> Self {
        Self { id: device.id, platform: device.platform, created_at: device.created_at }
    }
}

/// A phone as it presents itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDevice {
    /// What Firebase knows the phone by.
    #[schema(min_length = 1, max_length = 4096)]
    token: String,
    #[schema(value_type = schemas::Platform)]
    platform: Platform,
}

refusals!(NotListed: User::REFUSALS);
refusals!(NotAdded: User::REFUSALS, body::REFUSALS, &[Code::AccountUnknown]);
refusals!(NotRemoved: User::REFUSALS, &[Code::DeviceUnknown]);

/// The caller's phones that take push messages.
#[utoipa::path(get, path = "/api/notifications/devices", operation_id = "notifications.devices", tag = "notifications",
    security(("bearer" = [])),
    responses((status = 200, description = "The phones.", body = Devices), NotListed))]
pub(crate) async fn list(State(app): State<App>, User(user): User) -> Result<Json<Devices>, Problem> {
    let mut tx = Context::user(user).begin(&app.pool).await?;
    let devices = notices::devices_of(&mut *tx, user).await?;
    Ok(Json(Devices { devices: devices.into_iter().map(Device::from).collect() }))
}

/// Adds a phone. It is nobody else's from then on; of more than ten the oldest goes.
#[utoipa::path(post, path = "/api/notifications/devices", operation_id = "notifications.add_device", tag = "notifications",
    request_body = NewDevice,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The phone, which may have been there.", body = Device, links(
            ("remove" = (operation_id = "notifications.remove_device", parameters(("id" = "$response.body#/id")))),
        )),
        NotAdded,
    ))]
pub(crate) async fn add(
    State(app): State<App>,
    User(user): User,
    Body { value: wanted, .. }: Body<NewDevice>,
) -> Result<Json<Device>, Problem> {
    let mut fields = Fields::default();
    let token = fields.some_text("token", wanted.token, TOKEN_CHARS, Lines::One);
    fields.check()?;
    account(&app, user).await?;
    let mut tx = Context::user(user).with_device(&token).begin(&app.pool).await?;
    let device = notices::add_device(&mut tx, user, &token, wanted.platform).await?;
    wolo_database::commit(tx).await?;
    Ok(Json(device.into()))
}

/// Takes a phone away. Nothing more is pushed to it.
#[utoipa::path(delete, path = "/api/notifications/devices/{id}", operation_id = "notifications.remove_device",
    tag = "notifications",
    params(("id" = Uuid, Path, description = "The phone.")),
    security(("bearer" = [])),
    responses((status = 204, description = "Done."), NotRemoved))]
pub(crate) async fn remove(
    State(app): State<App>,
    User(user): User,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::new(Code::DeviceUnknown);
    let Path(id) = id.map_err(|_| unknown())?;
    let mut tx = Context::user(user).begin(&app.pool).await?;
    if !notices::remove_device(&mut tx, user, id).await? {
        return Err(unknown());
    }
    wolo_database::commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
