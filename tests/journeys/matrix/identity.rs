//! Every rpc with every identity that is not to be believed, over TCP and in memory.

use std::collections::BTreeMap;

use chassis::token::forged::{self, Forged};
use futures_util::StreamExt as _;
use futures_util::stream;
use tonic::Code;
use vocab::{Clock, TenantId, UserId};

use super::bed::{Bed, Who, tenant};
use super::served::{SUBJECTS, Subject};
use super::surface::Rpc;
use super::wire::{Answer, Shown, Way};
use super::{AT_ONCE, nothing_found};

/// The least that the list of forgeries must have.
const FORGERIES_MIN: usize = 150;

/// The header in which a service names a tenant.
const TENANT: &str = "x-tenant-id";
const DENIED: (Code, &str) = (Code::PermissionDenied, "PERMISSION_MISSING");
const MISSING: (Code, &str) = (Code::InvalidArgument, "TENANT_MISSING");

/// What a caller sends, and what it is.
struct Mutant {
    name: String,
    shown: Shown,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rpc_believes_a_forged_identity() {
    let bed = Bed::start().await;
    let mut found = Vec::new();
    for subject in SUBJECTS {
        for way in bed.ways(subject).await {
            found.extend(against(&bed, subject, &way).await);
        }
    }
    bed.running.end().await.unwrap();
    nothing_found(&found);
}

/// Asks every rpc of a service everything, and returns what was believed.
async fn against(bed: &Bed, subject: &Subject, way: &Way) -> Vec<String> {
    let mut mutants: BTreeMap<Option<String>, Vec<Mutant>> = BTreeMap::new();
    let rpcs = bed.rpcs(subject);
    let mut calls = Vec::new();
    for rpc in &rpcs {
        let of = mutants.entry(rpc.permission.clone());
        of.or_insert_with(|| forgeries(bed, rpc));
    }
    for rpc in &rpcs {
        let mutants = &mutants[&rpc.permission];
        assert!(mutants.len() >= FORGERIES_MIN, "{}", mutants.len());
        let nobody = way.ask(&rpc.path(), &Shown::default(), &[]).await;
        let good = way.ask(&rpc.path(), &bed.shown(&entitled(rpc)), &[]).await;
        assert_ne!(
            good.code,
            Code::Unauthenticated,
            "{} and a good token",
            rpc.name
        );
        calls.extend(mutants.iter().map(|it| (rpc, it, nobody.clone())));
    }
    let judged = stream::iter(calls).map(async |(rpc, mutant, nobody)| {
        let answer = way.ask(&rpc.path(), &mutant.shown, &[]).await;
        let wrong = wrong(rpc, &answer, &nobody)?;
        let Mutant { name, .. } = mutant;
        Some(format!("{} {}, {name}: {wrong}", rpc.name, way.name()))
    });
    let judged: Vec<Option<String>> = judged.buffer_unordered(AT_ONCE).collect().await;
    judged.into_iter().flatten().collect()
}

/// Whoever is not believed is refused; of an rpc for everybody they are nobody.
fn wrong(rpc: &Rpc, answer: &Answer, nobody: &Answer) -> Option<String> {
    let right = match rpc.permission {
        Some(_) => {
            let refused = answer.code == Code::Unauthenticated && answer.reason == "TOKEN_INVALID";
            refused && answer.messages.is_empty()
        }
        None => answer.told() == nobody.told() && answer.messages == nobody.messages,
    };
    (!right).then(|| answer.told())
}

/// Somebody who may call an rpc.
fn entitled(rpc: &Rpc) -> Who {
    Who::staff(tenant(1), rpc.permission.clone())
}

fn forgeries(bed: &Bed, rpc: &Rpc) -> Vec<Mutant> {
    let now = Clock::system().now();
    let all = forged::all(&bed.signer, &entitled(rpc).grant(), now).unwrap();
    let mutant = |it: Forged| {
        let headers = it.headers().into_iter();
        Mutant {
            name: it.name.clone(),
            shown: Shown(
                headers
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
            ),
        }
    };
    all.into_iter().map(mutant).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_opens_no_other_tenant_and_nothing_that_it_does_not_list() {
    let bed = Bed::start().await;
    let mut found = Vec::new();
    for subject in SUBJECTS {
        for way in bed.ways(subject).await {
            for rpc in bed.rpcs(subject) {
                found.extend(misused(&bed, &way, &rpc).await);
            }
        }
    }
    bed.running.end().await.unwrap();
    nothing_found(&found);
}

/// What somebody may try with a token that is believed, and how it is refused.
async fn misused(bed: &Bed, way: &Way, rpc: &Rpc) -> Vec<String> {
    let Some(permission) = &rpc.permission else {
        return Vec::new();
    };
    let staff = bed.shown(&entitled(rpc));
    let powerless = Who::staff(tenant(1), Vec::<String>::new());
    let service = bed.shown_by_service(&powerless);
    let near = bed.shown(&Who::staff(tenant(1), near(permission)));
    let other = tenant(2).to_string();
    let abroad = service.clone().and(TENANT, other.clone());
    let mut cases = vec![
        (
            "another tenant named",
            staff.clone().and(TENANT, other),
            DENIED,
        ),
        ("permissions that are almost it", near, DENIED),
        ("a service without the right", service, DENIED),
        ("a service without the right elsewhere", abroad, DENIED),
        ("nothing listed", bed.shown(&powerless), DENIED),
    ];
    let named = misnamed(&staff).into_iter();
    cases.extend(named.map(|(name, shown)| (name, shown, MISSING)));
    let mut found = Vec::new();
    for (name, shown, (code, reason)) in cases {
        let answer = way.ask(&rpc.path(), &shown, &[]).await;
        if (answer.code, answer.reason.as_str()) != (code, reason) {
            let told = answer.told();
            found.push(format!("{} {}, {name}: {told}", rpc.name, way.name()));
        }
    }
    found
}

/// Permissions that are almost one.
fn near(permission: &str) -> [String; 7] {
    let noun = permission.split('.').next().unwrap();
    [
        permission.to_uppercase(),
        format!("{permission}s"),
        noun.to_owned(),
        format!("{noun}.*"),
        "*".to_owned(),
        format!("{permission} "),
        String::new(),
    ]
}

/// Headers that name a tenant, and none.
fn misnamed(staff: &Shown) -> Vec<(&'static str, Shown)> {
    let (own, other) = (tenant(1).to_string(), tenant(2).to_string());
    let nil = TenantId::from_uuid(uuid::Uuid::nil()).to_string();
    let user = UserId::at(1, [1; 10]).to_string();
    let named = |names: &[&str]| {
        let all = names.iter();
        all.fold(staff.clone(), |shown, it| shown.and(TENANT, *it))
    };
    vec![
        ("no tenant named", named(&[""])),
        ("a word named as tenant", named(&["demo"])),
        ("a tenant in capitals", named(&[&own.to_uppercase()])),
        ("the nil tenant named", named(&[&nil])),
        ("all tenants named", named(&["*"])),
        (
            "tenants named as a list",
            named(&[&format!("{own},{other}")]),
        ),
        ("its tenant named twice", named(&[&own, &own])),
        ("two tenants named", named(&[&own, &other])),
        ("a user of the same tenant", named(&[&user])),
    ]
}
