//! What others tell has happened to goods: by call, or by their events.

use chassis::call::Call;
use chassis::fault::Fault;
use journal::Recorded;
use sha2::{Digest, Sha256};
use vocab::{LocationId, ProductId};

use super::{App, unexpected};
use crate::domain::command::{RecordFacts, ToldFact, ToldKind};
use crate::domain::fact::Told;
use crate::domain::levels::Bucket;
use crate::domain::refusal::NotHeld;
use crate::domain::{Answer, Command, Mark, Place};

impl App {
    /// Books facts that were told, each once, and answers their entries.
    pub async fn record_facts(
        &self,
        call: &Call,
        command: RecordFacts,
    ) -> Result<Vec<Recorded>, Fault> {
        let places = command.facts.iter().map(|it| it.place);
        let (locations, products): (Vec<LocationId>, Vec<ProductId>) =
            places.map(|it| (it.location, it.product)).unzip();
        self.known_at(call, locations).await?;
        self.counted(call, products).await?;
        if let Some(it) = command
            .facts
            .iter()
            .find(|it| !it.told.goods.lot.is_empty())
        {
            let lot = it.told.goods.lot.clone();
            return Err(NotHeld::LotUnknown(it.place.product, lot).into());
        }
        let command = Command::RecordFacts(Box::new(command));
        match self.submit(call, command).await? {
            Answer::Entries(names) => self.entries(call, names).await,
            other => Err(unexpected(&other)),
        }
    }
}

/// A fact under the name that its document gives it, with a digest of what it tells.
pub fn told_fact(place: Place, kind: ToldKind, told: Told) -> ToldFact {
    let sort = told.reference.kind.to_string();
    let key = digest(&[&sort, &told.reference.id, &told.fact_key]);
    let kind_name = match kind {
        ToldKind::Sale => "sale",
        ToldKind::Return(Bucket::Sellable) => "return to the shelf",
        ToldKind::Return(Bucket::Damaged) => "return of damaged goods",
        ToldKind::Return(Bucket::Quarantined) => "return",
        ToldKind::Restock => "restock",
        ToldKind::Scrap => "scrap",
    };
    let (place_name, quantity) = (place.to_string(), told.quantity.to_string());
    let items = told.goods.serials.join(" ");
    let content = digest(&[kind_name, &place_name, &quantity, &told.goods.lot, &items]);
    ToldFact {
        key,
        content,
        place,
        kind,
        told,
    }
}

/// The first bits of a digest of some texts; where one ends and the next begins is part of it.
fn digest(parts: &[&str]) -> Mark {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let whole: [u8; 32] = hash.finalize().into();
    let mut bits = [0; 16];
    bits.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    Mark(bits)
}
