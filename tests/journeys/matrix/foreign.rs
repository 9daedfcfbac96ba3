//! Every rpc, asked by one tenant for what another one has: nothing is told and nothing changes.
//!
//! Whether a request could have reached anything at all is seen by who owns it: they are answered
//! otherwise.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use testbed::eventually;
use tonic::Code;
use vocab::TenantId;

use super::bed::{Bed, tenant};
use super::example::{Examples, Fixed, Named, Values};
use super::nothing_found;
use super::seeds::kit::{FIXED, OF_NOBODY};
use super::seeds::{Seeded, seed};
use super::served::{SUBJECTS, Subject};
use super::surface::Rpc;
use super::tables;
use super::wire::{Answer, Shown, Way};
use crate::SOON;

/// What an rpc is asked: a request, made for whoever's ids there are.
#[derive(Clone)]
pub struct Asked {
    pub rpc: Rpc,
    /// Fields beyond those that must be there.
    with: Vec<String>,
    /// Kinds of ids that the request names, of those that belong to a tenant.
    names: Vec<String>,
}

impl Asked {
    /// The rpc, and the last field that was added.
    pub fn name(&self) -> String {
        let last = self.with.last().and_then(|it| it.rsplit('.').next());
        format!("{} {}", self.rpc.name, last.unwrap_or("-"))
    }

    /// Whether it is meant by the name of an rpc, or of one with its last field.
    fn is(&self, name: &str) -> bool {
        self.rpc.name == name || self.name() == name
    }

    /// Whether the request holds an id in a field of this name.
    pub fn contains(&self, examples: &Examples, field: &str) -> bool {
        let ids = examples.ids(&self.rpc);
        let mut present = ids
            .iter()
            .filter(|it| it.with.iter().all(|with| self.with.contains(with)));
        present.any(|it| it.field == field)
    }

    /// Whether the request names something that a tenant has.
    pub fn names_something(&self) -> bool {
        !self.names.is_empty()
    }

    /// The bytes of the request to a service, with fixed values where examples are of no use.
    pub fn bytes(
        &self,
        examples: &Examples,
        (service, fixed): (&str, &[Fixed]),
        seeded: &Seeded,
    ) -> Vec<u8> {
        let fixed: Vec<Fixed> = fixed.iter().chain(FIXED).copied().collect();
        let values = Values {
            service,
            ids: &seeded.ids,
            mark: &seeded.mark,
            fixed: &fixed,
            creates: self.rpc.creates(),
        };
        examples.request(&self.rpc, &values, &self.with)
    }
}

/// Everything that rpcs can be asked for.
pub fn everything(rpcs: &[Rpc], examples: &Examples) -> Vec<Asked> {
    let mut all = Vec::new();
    for rpc in rpcs {
        let named = examples.ids(rpc);
        let mut choices: Vec<Vec<String>> = vec![Vec::new()];
        choices.extend(named.iter().map(|it| it.with.clone()));
        choices.sort();
        choices.dedup();
        let own = |it: &&Named| !OF_NOBODY.contains(&it.prefix.as_str());
        for with in choices {
            let present = named
                .iter()
                .filter(own)
                .filter(|it| it.with.iter().all(|field| with.contains(field)));
            all.push(Asked {
                rpc: rpc.clone(),
                names: present.map(|it| it.prefix.clone()).collect(),
                with,
            });
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_id_that_a_request_names_is_made_or_explained() {
    let bed = Bed::start().await;
    let examples = Examples::of(&bed.surface.pool);
    let mut found = Vec::new();
    for subject in SUBJECTS {
        let seeded = seed(&bed, subject, tenant(1)).await;
        let mut elsewhere: BTreeSet<&str> =
            subject.seeding.elsewhere.iter().map(|it| it.0).collect();
        for asked in everything(&bed.rpcs(subject), &examples) {
            for prefix in examples.ids(&asked.rpc).iter().map(|it| it.prefix.as_str()) {
                if !seeded.ids.contains_key(prefix) && !elsewhere.contains(prefix) {
                    found.push(format!(
                        "{} names {prefix}_…, which nothing makes",
                        asked.name()
                    ));
                }
            }
        }
        elsewhere.retain(|it| seeded.ids.contains_key(*it));
        found.extend(elsewhere.iter().map(|it| format!("{it} is made by now")));
    }
    bed.running.end().await.unwrap();
    found.sort();
    found.dedup();
    nothing_found(&found);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rpc_tells_or_changes_what_another_tenant_has() {
    let bed = Bed::start().await;
    let examples = Examples::of(&bed.surface.pool);
    let mut found = Vec::new();
    for subject in SUBJECTS {
        let theirs = seed(&bed, subject, tenant(1)).await;
        let mut asked = everything(&bed.rpcs(subject), &examples);
        asked.retain(|it| !is_apart(subject, it));
        let owner = bed.shown(&bed.staff(subject, tenant(1)));
        let stranger = bed.shown(&bed.staff(subject, tenant(2)));
        let case = Case {
            bed: &bed,
            subject,
            examples: &examples,
        };
        let both = [&owner, &stranger];
        found.extend(case.blind_reads(&asked, &theirs, both).await);
        let before = settled(&bed, subject, tenant(1)).await;
        // What a stranger writes down themselves is told to them afterwards.
        asked.sort_by_key(|it| case.is_own(it));
        let own = asked.partition_point(|it| !case.is_own(it));
        let mut told = Vec::new();
        for part in [&asked[..own], &asked[own..]] {
            for way in bed.ways(subject).await {
                let (wrong, heard) = case.strange(&way, part, (&theirs, &stranger)).await;
                found.extend(wrong);
                told.extend(heard.into_iter().map(|it| (way.name(), it)));
            }
        }
        let first = told.first().map(|(way, _)| *way);
        told.retain(|(way, _)| Some(*way) == first);
        let told: Vec<String> = told.into_iter().map(|(_, it)| it).collect();
        let after = sums(&bed, subject, tenant(1)).await;
        found.extend(changed(&before, &after));
        found.extend(case.blind_writes(&asked, &told, &owner).await);
    }
    bed.running.end().await.unwrap();
    nothing_found(&found);
}

/// The ids of a tenant that a request does not name.
fn secret<'a>(of: &'a Seeded, request: &'a [u8]) -> impl Iterator<Item = &'a str> {
    let named = move |id: &str| request.windows(id.len()).any(|it| it == id.as_bytes());
    let own = of
        .ids
        .iter()
        .filter(|it| !OF_NOBODY.contains(&it.0.as_str()));
    own.map(|it| it.1.as_str()).filter(move |it| !named(it))
}

fn is_apart(subject: &Subject, asked: &Asked) -> bool {
    let apart = subject.seeding.apart;
    apart.iter().any(|(rpc, _)| *rpc == asked.rpc.name)
}

/// One service under proof.
struct Case<'a> {
    bed: &'a Bed,
    subject: &'a Subject,
    examples: &'a Examples,
}

impl Case<'_> {
    fn request(&self, asked: &Asked, ids: &Seeded) -> Vec<u8> {
        let of = (self.subject.name, self.subject.seeding.fixed);
        asked.bytes(self.examples, of, ids)
    }

    async fn ask(&self, way: &Way, asked: &Asked, ids: &Seeded, shown: &Shown) -> Answer {
        let bytes = self.request(asked, ids);
        way.ask(&asked.rpc.path(), shown, &bytes).await
    }

    /// Asks as a stranger; returns what is wrong, and what each was answered.
    async fn strange(
        &self,
        way: &Way,
        asked: &[Asked],
        (theirs, stranger): (&Seeded, &Shown),
    ) -> (Vec<String>, Vec<String>) {
        let (mut found, mut heard) = (Vec::new(), Vec::new());
        for it in asked {
            let answer = self.ask(way, it, theirs, stranger).await;
            let wrong = self.wrong(it, &answer, theirs);
            found.extend(wrong.map(|wrong| format!("{} {}: {wrong}", it.name(), way.name())));
            heard.push(self.heard(it, &answer));
        }
        (found, heard)
    }

    /// What is wrong with an answer to a stranger. What they named themselves may be repeated to
    /// them.
    fn wrong(&self, asked: &Asked, answer: &Answer, theirs: &Seeded) -> Option<String> {
        if answer.says(&theirs.mark) {
            let told = answer.told();
            return Some(format!("tells what another tenant wrote: {told}"));
        }
        let request = self.request(asked, theirs);
        if let Some(id) = secret(theirs, &request).find(|it| answer.says(it)) {
            return Some(format!("tells of {id}, which another tenant has"));
        }
        let acted = answer.code == Code::Ok && !asked.rpc.reads && !asked.names.is_empty();
        if acted && !self.is_own(asked) && !self.is_counted(asked) {
            return Some("did something with what another tenant has".to_owned());
        }
        match (answer.code, answer.reason.as_str()) {
            (
                Code::Internal | Code::Unknown | Code::Unauthenticated | Code::PermissionDenied,
                _,
            )
            | (_, "VALIDATION_FAILED") => Some(format!("was not asked: {}", answer.told())),
            _ => None,
        }
    }

    /// Whether an rpc acts on what its caller has, whatever ids it is given.
    fn is_own(&self, asked: &Asked) -> bool {
        let own = self.subject.seeding.own;
        own.iter().any(|(it, _)| asked.is(it))
    }

    /// Whether an rpc answers everybody, with another number.
    fn is_counted(&self, asked: &Asked) -> bool {
        let counted = self.subject.seeding.counted;
        counted.iter().any(|it| asked.is(it))
    }

    /// What is compared between owner and stranger.
    fn heard(&self, asked: &Asked, answer: &Answer) -> String {
        match self.is_counted(asked) {
            true => format!("{} {:?}", answer.told(), answer.messages),
            false => answer.told(),
        }
    }

    fn is_alike(&self, asked: &Asked) -> bool {
        let name = asked.name();
        let alike = self
            .subject
            .seeding
            .alike
            .iter()
            .chain(super::seeds::kit::ALIKE);
        alike
            .into_iter()
            .any(|(rpc, field, _)| name == format!("{rpc} {field}"))
    }

    /// Reads that tell their owner nothing of what they have: those would tell a stranger nothing
    /// whatever they did. An answer of numbers alone tells them something if it is another one than
    /// the stranger's.
    async fn blind_reads(
        &self,
        all: &[Asked],
        own: &Seeded,
        [owner, stranger]: [&Shown; 2],
    ) -> Vec<String> {
        let way = self.bed.inside(self.subject);
        let mut blind = Vec::new();
        for asked in all.iter().filter(|it| it.rpc.reads) {
            let tells = async || {
                let answer = self.ask(&way, asked, own, owner).await;
                let request = self.request(asked, own);
                let mut seen =
                    answer.says(&own.mark) || secret(own, &request).any(|it| answer.says(it));
                if !seen && !self.is_alike(asked) {
                    let [one, two] = [
                        self.ask(&way, asked, own, stranger).await,
                        self.ask(&way, asked, own, stranger).await,
                    ];
                    let steady = one.messages == two.messages;
                    seen = answer.code == Code::Ok && steady && answer.messages != one.messages;
                }
                seen.then_some(()).ok_or_else(|| answer.told())
            };
            let patience = if self.is_alike(asked) {
                SOON / 100
            } else {
                SOON / 4
            };
            let told = eventually(patience, "the owner is told", tells).await;
            match (told, self.is_alike(asked)) {
                (Err(told), false) => blind.push(format!("{} is blind: {told}", asked.name())),
                (Ok(()), true) => blind.push(format!("{} is not blind any more", asked.name())),
                _ => {}
            }
        }
        blind
    }

    /// Rpcs that are said to act on what their caller has, and never do.
    fn refused(&self, all: &[Asked], told: &[String]) -> Vec<String> {
        let own = self.subject.seeding.own.iter().map(|(rpc, _)| *rpc);
        let acts = |rpc: &str| {
            let mut of = all.iter().zip(told).filter(|(it, _)| it.is(rpc));
            of.any(|(_, told)| told.starts_with("Ok"))
        };
        let refused = own.filter(|rpc| !acts(rpc));
        refused
            .map(|rpc| format!("{rpc} refuses strangers"))
            .collect()
    }

    /// Writes that answer their owner as they answer a stranger. Each gets rows of its own, because
    /// those are changed.
    async fn blind_writes(&self, all: &[Asked], told: &[String], owner: &Shown) -> Vec<String> {
        let way = self.bed.inside(self.subject);
        let mut blind = self.refused(all, told);
        for (asked, stranger) in all.iter().zip(told) {
            if asked.rpc.reads || asked.names.is_empty() || self.is_own(asked) {
                continue;
            }
            let own = seed(self.bed, self.subject, tenant(1)).await;
            let answer = self.ask(&way, asked, &own, owner).await;
            match (
                self.heard(asked, &answer) == *stranger,
                self.is_alike(asked),
            ) {
                (true, false) => blind.push(format!("{} is blind: {stranger}", asked.name())),
                (false, true) => blind.push(format!("{} is not blind any more", asked.name())),
                _ => {}
            }
        }
        blind
    }
}

type Sums = Vec<(String, String)>;

/// The same, once projections have followed.
async fn settled(bed: &Bed, subject: &Subject, of: TenantId) -> Sums {
    let calm = async || {
        let before = sums(bed, subject, of).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let after = sums(bed, subject, of).await;
        let changed = changed(&before, &after);
        if changed.is_empty() {
            Ok(after)
        } else {
            Err(changed.join(", "))
        }
    };
    eventually(SOON, "projections are calm", calm)
        .await
        .unwrap()
}

/// What the rows of a tenant come to, table by table.
async fn sums(bed: &Bed, subject: &Subject, of: TenantId) -> Sums {
    let database = &bed.databases[subject.name];
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let mut sums = Vec::new();
    for table in tables::of_tenants(database).await {
        let sum = table.sum(&mut admin, of).await;
        sums.push((table.name, sum));
    }
    sums
}

fn changed(before: &Sums, after: &Sums) -> Vec<String> {
    let pairs = before.iter().zip(after).filter(|(then, now)| then != now);
    pairs
        .map(|((name, _), _)| format!("rows of another tenant changed in {name}"))
        .collect()
}
