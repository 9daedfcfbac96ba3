//! Every rpc, asked by somebody of the same tenant whose scope ends before what is asked for: a
//! foreign customer, a shopper among the staff, staff of another location.

use chassis::token::Signer;
use contracts::common::Scope;
use tonic::Code;
use vocab::{Clock, CustomerId, LocationId};

use super::bed::{Bed, Who, tenant};
use super::example::{Examples, Fixed};
use super::foreign::{Asked, everything};
use super::nothing_found;
use super::seeds::{Seeded, seed};
use super::served::SUBJECTS;
use super::surface::Rpc;
use super::wire::{Answer, Shown, Way};

/// A customer who owns nothing of what is seeded.
fn stranger() -> CustomerId {
    CustomerId::at(2, [8; 10])
}

/// A location at which nothing of what is seeded lies.
fn elsewhere() -> LocationId {
    LocationId::at(2, [8; 10])
}

/// How a call beyond the caller's scope must be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Refused by what the request names.
    Denied,
    /// As if it did not exist.
    Missing,
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_beyond_their_scope() {
    let bed = Bed::start().await;
    let examples = Examples::of(&bed.surface.pool);
    let mut found = Vec::new();
    for subject in SUBJECTS {
        let rpcs = bed.rpcs(subject);
        let beyond = Beyond {
            examples: &examples,
            service: (subject.name, subject.seeding.fixed),
            signer: &bed.signer,
            seeded: &seed(&bed, subject, tenant(1)).await,
        };
        let (judged, wrong) = beyond.judge(&bed.inside(subject), &rpcs).await;
        assert!(judged > 0, "{} has no rpc with a scope", subject.name);
        found.extend(wrong);
    }
    bed.running.end().await.unwrap();
    nothing_found(&found);
}

/// What is asked beyond the scopes of callers.
pub struct Beyond<'a> {
    pub examples: &'a Examples,
    pub service: (&'a str, &'a [Fixed]),
    pub signer: &'a Signer,
    pub seeded: &'a Seeded,
}

impl Beyond<'_> {
    /// Asks some rpcs everything that lies beyond the scope of somebody. Returns how much that was,
    /// and what was answered wrongly.
    pub async fn judge(&self, way: &Way, rpcs: &[Rpc]) -> (usize, Vec<String>) {
        let (mut judged, mut found) = (0, Vec::new());
        let all = everything(rpcs, self.examples);
        for asked in &all {
            for (who, bound) in callers(&asked.rpc) {
                if !reaches(asked, self.examples, bound) {
                    continue;
                }
                judged += 1;
                let token = self.signer.sign(&who.grant(), Clock::system().now());
                let shown = Shown::token(&token.unwrap());
                let bytes = asked.bytes(self.examples, self.service, self.seeded);
                let answer = way.ask(&asked.rpc.path(), &shown, &bytes).await;
                if let Some(wrong) = wrong(&asked.rpc, bound, &answer, self.seeded) {
                    let scope = asked.rpc.scope.as_str_name();
                    found.push(format!("{}, {scope}: {wrong}", asked.name()));
                }
            }
        }
        found.extend(self.unjudged(&all, rpcs));
        (judged, found)
    }

    /// Rpcs with an owner or a location for which no request was made.
    fn unjudged(&self, all: &[Asked], rpcs: &[Rpc]) -> Vec<String> {
        let bounded = rpcs.iter().filter(|it| !it.scope_field.is_empty());
        let judged = |rpc: &&Rpc| {
            let mut of = all.iter().filter(|it| it.rpc.name == rpc.name);
            of.any(|asked| {
                let mut bounds = callers(rpc).into_iter().map(|(_, bound)| bound);
                bounds.any(|bound| reaches(asked, self.examples, bound))
            })
        };
        let missed = bounded.filter(|it| !judged(it));
        missed
            .map(|it| format!("{} is asked nothing beyond its scope", it.name))
            .collect()
    }
}

/// Callers whose scope ends before what an rpc is about, all of whom hold its permission.
fn callers(rpc: &Rpc) -> Vec<(Who, Bound)> {
    let may = Who::staff(tenant(1), rpc.permission.clone());
    let shopper = may.clone().shopping_as(stranger());
    let bound = match rpc.scope_field.first().map(String::as_str) {
        Some("response") => Bound::Missing,
        _ => Bound::Denied,
    };
    match rpc.scope {
        Scope::Tenant => vec![(shopper, Bound::Denied)],
        Scope::Location => vec![(shopper, Bound::Denied), (may.at(&[elsewhere()]), bound)],
        Scope::Own => vec![(shopper, bound)],
        // Without a field such an rpc is about its caller alone.
        Scope::Self_ if rpc.scope_field.is_empty() => Vec::new(),
        Scope::Self_ => vec![(shopper, bound)],
        Scope::Everyone | Scope::Unspecified => Vec::new(),
    }
}

/// Whether a request names what its scope is judged by: the field itself, or the resource that
/// holds it.
fn reaches(asked: &Asked, examples: &Examples, bound: Bound) -> bool {
    let rpc = &asked.rpc;
    match (rpc.scope, bound, rpc.scope_field.as_slice()) {
        (Scope::Tenant, ..) => true,
        (Scope::Location, Bound::Denied, []) => true,
        (_, Bound::Denied, [_, field @ ..]) => {
            let Some(last) = field.last() else {
                return false;
            };
            asked.contains(examples, last)
        }
        (_, Bound::Missing, _) => asked.names_something(),
        _ => true,
    }
}

/// What is wrong with an answer beyond the caller's scope.
pub fn wrong(rpc: &Rpc, bound: Bound, answer: &Answer, seeded: &Seeded) -> Option<String> {
    let right = match bound {
        Bound::Denied => {
            answer.reason == "PERMISSION_MISSING" && answer.permission == rpc.permission
        }
        Bound::Missing => answer.code == Code::NotFound,
    };
    let tells = answer.says(&seeded.mark);
    (!right || tells).then(|| answer.told())
}
