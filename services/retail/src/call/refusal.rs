//! A refusal in words: its code, its stable reason, each field that is wrong, when to come again.

use std::process::ExitCode;

use chassis::fault::StatusView;
use tonic::Status;

use crate::print::remark;

/// Prints it to standard error, and fails.
pub fn print(status: &Status) -> ExitCode {
    for line in lines(status) {
        remark(&line);
    }
    ExitCode::FAILURE
}

fn lines(status: &Status) -> Vec<String> {
    let mut lines = vec![format!("{:?}: {}", status.code(), status.message())];
    let Some(view) = StatusView::of(status) else {
        return lines;
    };
    if !view.reason.is_empty() {
        lines.push(format!("  reason: {} ({})", view.reason, view.domain));
    }
    let mut metadata: Vec<_> = view.metadata.into_iter().collect();
    metadata.sort();
    lines.extend(
        metadata
            .into_iter()
            .map(|(name, value)| format!("  {name}: {value}")),
    );
    for (field, text, rule) in view.violations {
        lines.push(format!("  {field}: {text} ({rule})"));
    }
    if let Some(after) = view.retry_after {
        lines.push(format!("  try again in {} ms", after.as_millis()));
    }
    if let Some(trace) = view.trace_id {
        lines.push(format!("  trace: {trace}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt};

    use super::lines;

    #[test]
    fn a_refusal_names_its_reason_and_every_field() {
        let mut details = ErrorDetails::new();
        let metadata = [("limit".to_owned(), "64".to_owned())];
        details.set_error_info("VALIDATION_FAILED", "retail.catalog", metadata);
        details.add_bad_request_violation("product.sku", "must be at most 64 characters");
        let status = Status::with_error_details(Code::InvalidArgument, "1 field", details);
        let text = lines(&status).join("\n");
        for wanted in [
            "InvalidArgument: 1 field",
            "VALIDATION_FAILED",
            "product.sku",
            "limit: 64",
        ] {
            assert!(text.contains(wanted), "{text}");
        }
    }
}
