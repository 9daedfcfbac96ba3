//! What a call takes along to whomever it calls.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use vocab::TenantId;

use crate::call::{CAUSATION_HEADER, CORRELATION_HEADER, Call, TENANT_HEADER};
use crate::deadline::{Deadline, GRPC_TIMEOUT};
use crate::telemetry::TraceContext;

/// The most digits of a timeout, as the protocol of gRPC says.
const DIGITS_MAX: u128 = 99_999_999;

/// The part of a call that goes on with the calls which it makes.
#[derive(Clone, Debug)]
pub struct Onward {
    /// When nobody waits any more.
    pub deadline: Deadline,
    /// For which tenant; none for work that belongs to no tenant.
    pub tenant: Option<TenantId>,
    /// The span that it is part of, where the current one is not traced.
    pub trace: Option<TraceContext>,
    /// The piece of work that it belongs to.
    pub correlation: Arc<str>,
    /// What caused it.
    pub causation: Arc<str>,
}

impl Onward {
    /// Work that a service begins by itself and that belongs to no tenant yet.
    pub fn within(budget: Duration) -> Self {
        Self {
            deadline: Deadline::within(budget),
            tenant: None,
            trace: None,
            correlation: Arc::default(),
            causation: Arc::default(),
        }
    }

    /// The same for a tenant.
    #[must_use]
    pub fn of_tenant(self, tenant: TenantId) -> Self {
        Self {
            tenant: Some(tenant),
            ..self
        }
    }

    /// Writes how long the answer of an outgoing call is waited for.
    pub(super) fn write_timeout(timeout: Duration, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::try_from(timeout_text(timeout)) {
            headers.insert(GRPC_TIMEOUT, value);
        }
    }

    /// Writes the other headers of an outgoing call; what its maker wrote there by hand is gone.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let tenant = self.tenant.map(|it| it.to_string());
        let texts = [
            (TENANT_HEADER, tenant),
            (CORRELATION_HEADER, filled(&self.correlation)),
            (CAUSATION_HEADER, filled(&self.causation)),
        ];
        for (name, text) in texts {
            let name = HeaderName::from_static(name);
            headers.remove(&name);
            if let Some(value) = text.and_then(|it| HeaderValue::try_from(it).ok()) {
                headers.insert(name, value);
            }
        }
    }
}

impl From<&Call> for Onward {
    /// What it causes is caused by its own attempt, or else by what caused it.
    fn from(call: &Call) -> Self {
        let attempt = call.attempt.as_ref();
        let causation = attempt.map(|it| it.request_id.to_string());
        let causation = causation.as_deref().unwrap_or(&call.causation);
        Self {
            deadline: call.deadline,
            tenant: Some(call.tenant).filter(|it| !it.uuid().is_nil()),
            trace: call.trace.clone(),
            correlation: call.correlation.as_str().into(),
            causation: causation.into(),
        }
    }
}

fn filled(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|it| !it.is_empty())
}

/// Microseconds as long as they fit, milliseconds beyond, never more than there is.
fn timeout_text(timeout: Duration) -> String {
    let (micros, millis) = (timeout.as_micros(), timeout.as_millis());
    if micros <= DIGITS_MAX {
        format!("{micros}u")
    } else {
        format!("{}m", millis.min(DIGITS_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_written_as_it_is_read_and_never_longer() {
        for micros in [
            1,
            999,
            1_000_000,
            99_999_999,
            100_000_000,
            9_999_999_999_999,
        ] {
            let timeout = Duration::from_micros(micros);
            let mut headers = HeaderMap::new();
            Onward::write_timeout(timeout, &mut headers);
            let read = Deadline::of_headers(&headers, Duration::ZERO).unwrap();
            assert!(read.left() <= timeout, "{micros}");
            assert!(
                read.left() + Duration::from_millis(50) > timeout.min(Duration::from_secs(99_999))
            );
        }
    }

    #[test]
    fn what_is_empty_or_no_header_is_left_out_and_nothing_stands_twice() {
        let mut onward = Onward::within(Duration::from_secs(1));
        onward.correlation = "order 7".into();
        onward.causation = "line\nbreak".into();
        let mut headers = HeaderMap::new();
        headers.insert(
            TENANT_HEADER,
            HeaderValue::from_static("ten_of_somebody_else"),
        );
        onward.write(&mut headers);
        onward.write(&mut headers);
        assert_eq!(headers.len(), 1);
        assert_eq!(headers[CORRELATION_HEADER], "order 7");
    }
}
