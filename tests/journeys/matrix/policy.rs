//! Every rpc with every role: whoever holds its permission passes the policy, whoever does not is
//! refused by it, whatever else they hold.
//!
//! Roles are made from the descriptors: one for each permission alone, one for all permissions but
//! one, and those that read, shop and run things.

use futures_util::StreamExt as _;
use futures_util::stream;
use tonic::Code;

use super::bed::{Bed, Who, tenant};
use super::served::{SUBJECTS, Subject};
use super::surface::Rpc;
use super::wire::{Answer, Shown, Way};
use super::{AT_ONCE, nothing_found};

/// A role: its name and what it may do.
struct Role {
    name: String,
    permissions: Vec<String>,
}

impl Role {
    fn holds(&self, rpc: &Rpc) -> bool {
        let asked = rpc.permission.as_ref();
        asked.is_none_or(|it| self.permissions.contains(it))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_opens_to_exactly_the_roles_with_its_permission() {
    let bed = Bed::start().await;
    let mut found = Vec::new();
    for subject in SUBJECTS {
        let [tcp, memory] = bed.ways(subject).await;
        let roles = every_role(&bed);
        found.extend(against(&bed, subject, &memory, &roles).await);
        let some = few_roles(&bed, &bed.rpcs(subject));
        found.extend(against(&bed, subject, &tcp, &some).await);
    }
    bed.running.end().await.unwrap();
    nothing_found(&found);
}

/// A role for each permission that anything asks for, and those of people.
fn every_role(bed: &Bed) -> Vec<Role> {
    let alone = bed.surface.permissions().into_iter().map(|it| Role {
        name: format!("{it} alone"),
        permissions: vec![it],
    });
    alone.chain(of_people(bed)).collect()
}

/// For each permission of a service all others, and those of people.
fn few_roles(bed: &Bed, rpcs: &[Rpc]) -> Vec<Role> {
    let all = bed.surface.permissions();
    let mut asked: Vec<String> = rpcs.iter().filter_map(|it| it.permission.clone()).collect();
    asked.sort();
    asked.dedup();
    // A token has room for the permissions of one service and some more, not for all.
    let near = |it: &String| asked.contains(it) || it.len().is_multiple_of(3);
    let near: Vec<String> = all.into_iter().filter(near).collect();
    let without = asked.iter().map(|one| Role {
        name: format!("all but {one}"),
        permissions: near.iter().filter(|it| *it != one).cloned().collect(),
    });
    without.chain(of_people(bed)).collect()
}

/// Roles that read, or write, or hold nothing.
fn of_people(bed: &Bed) -> Vec<Role> {
    let everything = bed
        .surface
        .of(&["catalog", "inventory", "store", "order", "ops", "auth"]);
    let of = |name: &str, wanted: &dyn Fn(&Rpc) -> bool| {
        let rpcs = everything.iter().filter(|it| wanted(it));
        let mut permissions: Vec<String> = rpcs.filter_map(|it| it.permission.clone()).collect();
        permissions.sort();
        permissions.dedup();
        Role {
            name: name.to_owned(),
            permissions,
        }
    };
    vec![
        of("a reader", &|it| it.reads),
        of("a writer", &|it| !it.reads),
        of("an operator", &|it| it.name.starts_with("retail.ops.")),
        of("nobody", &|_| false),
    ]
}

async fn against(bed: &Bed, subject: &Subject, way: &Way, roles: &[Role]) -> Vec<String> {
    let rpcs = bed.rpcs(subject);
    let shown: Vec<(&Role, Shown)> = roles
        .iter()
        .map(|it| {
            (
                it,
                bed.shown(&Who::staff(tenant(1), it.permissions.clone())),
            )
        })
        .collect();
    let calls: Vec<(&Rpc, &(&Role, Shown))> = rpcs
        .iter()
        .flat_map(|rpc| shown.iter().map(move |it| (rpc, it)))
        .collect();
    let passes = calls.iter().filter(|(rpc, (role, _))| role.holds(rpc));
    assert!(passes.count() >= rpcs.len(), "some pass everywhere");
    let judged = stream::iter(calls).map(async |(rpc, (role, shown))| {
        let answer = way.ask(&rpc.path(), shown, &[]).await;
        let wrong = wrong(rpc, role.holds(rpc), &answer)?;
        Some(format!(
            "{} {}, {}: {wrong}",
            rpc.name,
            way.name(),
            role.name
        ))
    });
    let judged: Vec<Option<String>> = judged.buffer_unordered(AT_ONCE).collect().await;
    judged.into_iter().flatten().collect()
}

/// The policy names the permission that it misses. Whatever else refuses later names another, or
/// nothing, and means that the policy was passed.
fn wrong(rpc: &Rpc, holds: bool, answer: &Answer) -> Option<String> {
    let by_policy = answer.code == Code::PermissionDenied
        && answer.reason == "PERMISSION_MISSING"
        && answer.permission == rpc.permission;
    let known = answer.code != Code::Unauthenticated && answer.code != Code::Internal;
    let right = by_policy != holds && known;
    let quiet = holds || answer.messages.is_empty();
    (!right || !quiet).then(|| answer.told())
}
