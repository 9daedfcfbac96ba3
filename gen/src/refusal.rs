//! The answer to a request that breaks its contract's rules.
//!
//! INVALID_ARGUMENT with one ErrorInfo (VALIDATION_FAILED) and a BadRequest that names field, rule
//! and text, together below 4 KiB: details travel in a header, and larger ones break clients.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::common::ErrorReason;
use crate::validate::{Violation, Violations};

/// The domain of the reasons that every rpc shares.
pub const COMMON_DOMAIN: &str = "retail.common";

/// The name of a shared reason as ErrorInfo carries it, without the enum's prefix.
pub fn reason_name(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

impl From<&Violations> for Status {
    fn from(found: &Violations) -> Self {
        let left_out = found.left_out();
        let mut metadata = HashMap::new();
        if left_out > 0 {
            metadata.insert("violations_left_out".to_owned(), left_out.to_string());
        }
        let mut details = ErrorDetails::new();
        details
            .set_error_info(
                reason_name(ErrorReason::ValidationFailed),
                COMMON_DOMAIN,
                metadata,
            )
            .set_bad_request(found.list().iter().map(field_violation).collect::<Vec<_>>());
        let count = found.list().len() + left_out;
        let text = match found.list() {
            [only] if left_out == 0 && only.field.is_empty() => only.text.to_owned(),
            [only] if left_out == 0 => format!("{}: {}", shortened(&only.field), only.text),
            _ => format!("{count} rules of the contract are broken"),
        };
        Self::with_error_details(Code::InvalidArgument, text, details)
    }
}

fn field_violation(violation: &Violation) -> FieldViolation {
    let mut field = FieldViolation::new(violation.field.as_str(), violation.text);
    violation.rule.clone_into(&mut field.reason);
    field
}

/// The start of a path; a map's key can make it long.
fn shortened(path: &str) -> String {
    path.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::StatusExt;

    use crate::order::{CreateOrderRequest, Order, OrderLine};
    use crate::validate::{Path, Validate, Violations};

    #[test]
    fn a_broken_rule_is_answered_with_field_rule_and_text() {
        let order = Order {
            lines: vec![OrderLine::default()],
            ..Default::default()
        };
        let request = CreateOrderRequest {
            order: Some(order),
            ..Default::default()
        };
        let status = Status::from(&request.validate().unwrap_err());
        let info = status.get_details_error_info().unwrap();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            ("VALIDATION_FAILED", "retail.common")
        );
        let fields = status.get_details_bad_request().unwrap().field_violations;
        let line = fields
            .iter()
            .find(|it| it.field == "order.lines[0].product_id")
            .unwrap();
        assert_eq!(
            (line.reason.as_str(), line.description.as_str()),
            ("required", "value is required")
        );
    }

    #[test]
    fn the_answer_stays_below_four_kibibytes_and_says_what_it_left_out() {
        let mut found = Violations::default();
        for length in [10, 900, 60, 3_000, 200].into_iter().cycle().take(500) {
            let key = "é".repeat(length);
            found.add(
                &Path::Root.field("labels").key(&key),
                "map.max_pairs",
                "must be right",
            );
        }
        let status = Status::from(&found);
        assert!(
            status.details().len() <= 4_096,
            "{}",
            status.details().len()
        );
        assert!(status.message().len() <= 200);
        let info = status.get_details_error_info().unwrap();
        let left_out: usize = info.metadata["violations_left_out"].parse().unwrap();
        let fields = status.get_details_bad_request().unwrap().field_violations;
        assert!(fields.len() <= Violations::MOST);
        assert_eq!(left_out + fields.len(), 500);
    }

    #[test]
    fn twenty_violations_of_usual_length_fit() {
        let order = Order {
            lines: vec![OrderLine::default(); 30],
            ..Default::default()
        };
        let request = CreateOrderRequest {
            order: Some(order),
            ..Default::default()
        };
        let status = Status::from(&request.validate().unwrap_err());
        let fields = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(fields.len(), Violations::MOST);
        assert!(
            status.details().len() <= 4_096,
            "{}",
            status.details().len()
        );
    }
}
