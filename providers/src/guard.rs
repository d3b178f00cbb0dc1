//! Keeps one provider's trouble to itself: no more than so many calls at once, and none at all for a moment when the
//! last ones have all failed.
//!
//! A call that is turned away here was never sent, and says so; its caller comes again, as after any outage. A refusal
//! is an answer, and a provider that answers is well.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Semaphore;
use tower::util::ServiceFn;
use tower::{Service as _, ServiceExt as _, service_fn};
use tower_resilience_circuitbreaker::classifier::FnClassifier;
use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerConfigError, CircuitBreakerError, CircuitBreakerHandle,
    CircuitBreakerLayer, CircuitState,
};

use crate::wire::{ProviderError, Sent};

/// So many failures in a row open the breaker, however long they take to come.
const FAILURES: usize = 5;

/// How long a call waits for its place before it is turned away.
const PATIENCE: Duration = Duration::from_secs(2);

type Call<T> = BoxFuture<'static, Result<T, ProviderError>>;
type Classifier<T> = FnClassifier<fn(&Result<T, ProviderError>) -> bool>;
type Breaker<T> = CircuitBreaker<ServiceFn<fn(Call<T>) -> Call<T>>, Classifier<T>>;

/// Whether calls to a provider are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// They are.
    Closed,
    /// None is: the last ones have all failed.
    Open,
    /// One is, to see whether the provider is well again.
    HalfOpen,
}

impl BreakerState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// Stands before all calls to one provider. Clones are the same guard.
pub(crate) struct Guard<T> {
    places: Arc<Semaphore>,
    breaker: Breaker<T>,
    handle: CircuitBreakerHandle<Classifier<T>>,
}

impl<T> Clone for Guard<T> {
    fn clone(&self) -> Self {
        Self {
            places: Arc::clone(&self.places),
            breaker: self.breaker.clone(),
            handle: CircuitBreakerHandle::clone(&self.handle),
        }
    }
}

impl<T> fmt::Debug for Guard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({:?})", self.handle.state())
    }
}

impl<T: Send + 'static> Guard<T> {
    /// An open breaker turns everything away for as long as the pause, and then lets one call try.
    pub(crate) fn new(
        provider: &'static str,
        at_once: usize,
        pause: Duration,
    ) -> Result<Self, CircuitBreakerConfigError> {
        let (layer, handle) = CircuitBreakerLayer::builder()
            .consecutive_failures(FAILURES)
            .wait_duration_in_open(pause)
            .permitted_calls_in_half_open(1)
            .on_state_transition(move |_, state| match state {
                CircuitState::Open => tracing::warn!(provider, "a provider is in trouble; its calls pause"),
                CircuitState::HalfOpen => {}
                CircuitState::Closed => tracing::info!(provider, "a provider is well again"),
            })
            .failure_classifier(is_trouble::<T> as fn(&Result<T, ProviderError>) -> bool)
            .build_with_handle()?;
        let make: fn(Call<T>) -> Call<T> = std::convert::identity;
        let breaker = layer.layer_fn(service_fn(make));
        Ok(Self { places: Arc::new(Semaphore::new(at_once)), breaker, handle })
    }

    /// Makes the call, if it may be made.
    pub(crate) async fn call(&self, call: Call<T>) -> Result<T, ProviderError> {
        // Nobody closes the semaphore; a call without a place is turned away either way.
        let Ok(Ok(_place)) = tokio::time::timeout(PATIENCE, self.places.acquire()).await else {
            return Err(turned_away());
        };
        let mut breaker = self.breaker.clone();
        let answer = match breaker.ready().await {
            Ok(ready) => ready.call(call).await,
            Err(error) => Err(error),
        };
        answer.map_err(|error| match error {
            CircuitBreakerError::OpenCircuit => turned_away(),
            CircuitBreakerError::Inner(error) => error,
        })
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.handle.state() {
            CircuitState::Closed => BreakerState::Closed,
            CircuitState::Open => BreakerState::Open,
            CircuitState::HalfOpen => BreakerState::HalfOpen,
        }
    }
}

fn is_trouble<T>(answer: &Result<T, ProviderError>) -> bool {
    matches!(answer, Err(ProviderError::Unreachable { .. }))
}

fn turned_away() -> ProviderError {
    ProviderError::Unreachable { sent: Sent::No, status: None, source: None }
}
