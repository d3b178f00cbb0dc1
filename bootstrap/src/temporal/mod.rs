//! The connection to Temporal, made the same way by every binary, with payloads encrypted.
//!
//! It refuses to wait for a server that is not there: whoever starts a process has a health check and a restart policy,
//! and a clear sentence now is worth more than a retry in silence.

mod metrics;

use std::collections::HashMap;
use std::time::Duration;

use temporalio_client::errors::ClientConnectError;
use temporalio_client::request_extensions::NoRetryOnMatching;
use temporalio_client::tonic::{Code, IntoRequest as _, Request, Status};
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, GrpcCompression, RetryOptions, TlsOptions,
};
use temporalio_common::protos::temporal::api::operatorservice::v1::{
    AddSearchAttributesRequest, ListSearchAttributesRequest,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::GetSystemInfoRequest;
use temporalio_common::telemetry::metrics::TemporalMeter;
use tokio::time::timeout;

use crate::codec::{self, CodecError};
use crate::{settings, traces};

pub use metrics::{Metrics, MetricsError};
pub use temporalio_common::protos::temporal::api::enums::v1::IndexedValueType;

/// To have a TCP (and TLS) connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For connecting as a whole, the first question to the server included.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long the SDK repeats a call by itself when the server is in trouble. Longer outages are told to the caller.
const RETRY_LIMIT: Duration = Duration::from_secs(10);
/// How long a readiness probe waits.
const PROBE_LIMIT: Duration = Duration::from_secs(1);

/// Why there is no connection. The address holds no secret: settings refuse one that does.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("Temporal cannot be reached at {address}; is it running there?")]
    Unreachable {
        address: String,
        #[source]
        source: ClientConnectError,
    },
    #[error("Temporal at {address} did not answer within {} seconds", CONNECT_LIMIT.as_secs())]
    TimedOut { address: String },
    #[error("what answers at {address} is not a Temporal server that we can use")]
    Refused {
        address: String,
        #[source]
        source: ClientConnectError,
    },
    #[error("the payload keys cannot be used")]
    Keys(#[from] CodecError),
}

/// Connects and makes sure that a Temporal server answers. The namespace is not looked at here.
pub async fn connect(settings: &settings::Temporal) -> Result<Client, ConnectError> {
    connected(settings, None).await
}

/// The same, with every call counted.
pub async fn connect_counted(
    settings: &settings::Temporal,
    metrics: &Metrics,
) -> Result<Client, ConnectError> {
    connected(settings, Some(metrics.meter())).await
}

async fn connected(
    settings: &settings::Temporal,
    meter: Option<TemporalMeter>,
) -> Result<Client, ConnectError> {
    let converter = codec::data_converter(&settings.payload_keys)?;
    let address = settings.address.to_string();
    let tls = (settings.address.scheme() == "https").then(TlsOptions::default);
    let options = ConnectionOptions::new(settings.address.clone())
        .identity(identity())
        .maybe_metrics_meter(meter)
        .connect_timeout(CONNECT_TIMEOUT)
        .maybe_tls_options(tls)
        .retry_options(RetryOptions::builder().max_elapsed_time(Some(RETRY_LIMIT)).build())
        // Ciphertext does not compress.
        .grpc_compression(GrpcCompression::None)
        .build();

    let connection = match timeout(CONNECT_LIMIT, Connection::connect(options)).await {
        Err(_) => return Err(ConnectError::TimedOut { address }),
        Ok(Err(source)) => return Err(classify(address, source)),
        Ok(Ok(connection)) => connection,
    };
    let options = ClientOptions::new(&settings.namespace).data_converter(converter);
    let options = options.plugins(traces::plugin()).build();
    Client::new(connection, options).map_err(|error| ConnectError::Refused { address, source: error.into() })
}

fn classify(address: String, source: ClientConnectError) -> ConnectError {
    let unreachable = match &source {
        ClientConnectError::TonicTransportError(_) | ClientConnectError::DnsResolutionError { .. } => true,
        ClientConnectError::SystemInfoCallError(status) => status.code() == Code::Unavailable,
        _ => false,
    };
    if unreachable {
        ConnectError::Unreachable { address, source }
    } else {
        ConnectError::Refused { address, source }
    }
}

/// How this process signs its work in histories: the program's name and a random part. The usual default, user and host
/// name, would put a person's machine into every history.
fn identity() -> String {
    let program = std::env::current_exe().ok();
    let program =
        program.as_deref().and_then(|path| path.file_stem()).and_then(|stem| stem.to_str()).unwrap_or("wolo");
    let mut random = [0_u8; 4];
    // Without randomness the name alone still tells programs apart.
    let _ = aws_lc_rs::rand::fill(&mut random);
    format!("{program}/{}", hex::encode(random))
}

/// Why the search attributes are not as they should be.
#[derive(Debug, thiserror::Error)]
pub enum SearchAttributeError {
    #[error("Temporal did not let us look at or add search attributes")]
    Server(#[source] Box<Status>),
    #[error("the search attribute {name} exists with another type ({found:?} instead of {wanted:?})")]
    OtherType { name: String, wanted: IndexedValueType, found: IndexedValueType },
}

/// Makes sure that the client's namespace has these search attributes. Safe to repeat, and to run from several processes
/// at once. An attribute of the name and another type is an error, because queries would silently find nothing.
pub async fn ensure_search_attributes(
    client: &Client,
    wanted: &[(&str, IndexedValueType)],
) -> Result<(), SearchAttributeError> {
    let existing = existing_attributes(client).await?;
    for &(name, kind) in wanted {
        match existing.get(name).map(|found| IndexedValueType::try_from(*found).unwrap_or_default()) {
            Some(found) if found == kind => {}
            Some(found) => {
                return Err(SearchAttributeError::OtherType { name: name.to_owned(), wanted: kind, found });
            }
            None => add_attribute(client, name, kind).await?,
        }
    }
    Ok(())
}

async fn existing_attributes(client: &Client) -> Result<HashMap<String, i32>, SearchAttributeError> {
    let request = ListSearchAttributesRequest { namespace: client.options().namespace.clone() };
    match client.connection().operator_service().list_search_attributes(request.into_request()).await {
        Ok(reply) => Ok(reply.into_inner().custom_attributes),
        // Some test servers can add but not list.
        Err(status) if status.code() == Code::Unimplemented => Ok(HashMap::new()),
        Err(status) => Err(SearchAttributeError::Server(Box::new(status))),
    }
}

/// One at a time: in a batch, one that exists would keep the others out.
async fn add_attribute(
    client: &Client,
    name: &str,
    kind: IndexedValueType,
) -> Result<(), SearchAttributeError> {
    let request = AddSearchAttributesRequest {
        search_attributes: HashMap::from([(name.to_owned(), kind.into())]),
        namespace: client.options().namespace.clone(),
    };
    match client.connection().operator_service().add_search_attributes(request.into_request()).await {
        Ok(_) => Ok(()),
        // Another process was quicker.
        Err(status) if status.code() == Code::AlreadyExists => Ok(()),
        Err(status) => Err(SearchAttributeError::Server(Box::new(status))),
    }
}

/// Temporal cannot be used at the moment.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    #[error("Temporal did not answer within a second")]
    TimedOut,
    #[error("Temporal does not answer")]
    Server(#[source] Box<Status>),
}

/// One question to the server, not repeated, answered within a second: for a readiness check. Liveness must not depend
/// on it, or an outage of Temporal restarts everything else too.
pub async fn probe(client: &Client) -> Result<(), NotReady> {
    let mut request = Request::new(GetSystemInfoRequest::default());
    request.set_timeout(PROBE_LIMIT);
    request.extensions_mut().insert(NoRetryOnMatching { predicate: |_| true });
    let mut service = client.connection().workflow_service();
    match timeout(PROBE_LIMIT, service.get_system_info(request)).await {
        Err(_) => Err(NotReady::TimedOut),
        Ok(Err(status)) => Err(NotReady::Server(Box::new(status))),
        Ok(Ok(_)) => Ok(()),
    }
}
