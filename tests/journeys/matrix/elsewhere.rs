//! Every rpc of operators, asked about a service that is not served there.

use tonic::Code;

use super::bed::{Bed, tenant};
use super::example::Examples;
use super::foreign::everything;
use super::nothing_found;
use super::seeds::seed;
use super::served::SUBJECTS;

/// A service that no other serves in its place.
const ELSEWHERE: &str = "planning";

#[tokio::test(flavor = "multi_thread")]
async fn no_operator_is_answered_about_another_service() {
    let bed = Bed::start().await;
    let examples = Examples::of(&bed.surface.pool);
    let mut found = Vec::new();
    for subject in SUBJECTS {
        let seeded = seed(&bed, subject, tenant(1)).await;
        let operator = bed.shown(&bed.staff(subject, tenant(1)));
        let mut rpcs = bed.rpcs(subject);
        rpcs.retain(|it| it.name.starts_with("retail.ops."));
        assert!(!rpcs.is_empty());
        let of = (ELSEWHERE, subject.seeding.fixed);
        for asked in everything(&rpcs, &examples) {
            let bytes = asked.bytes(&examples, of, &seeded);
            let way = bed.inside(subject);
            let answer = way.ask(&asked.rpc.path(), &operator, &bytes).await;
            let told = (answer.code, answer.reason.as_str());
            if told != (Code::InvalidArgument, "SERVICE_NOT_HERE") {
                found.push(format!("{}: {}", asked.name(), answer.told()));
            }
        }
    }
    bed.running.end().await.unwrap();
    nothing_found(&found);
}
