//! What happens to goods: they come in, are set right, and change their condition.

use chassis::call::Call;
use chassis::fault::Fault;
use journal::Recorded;
use vocab::{LocationId, ProductId};

use super::{App, unexpected};
use crate::domain::command::{Adjust, MoveUnits, Receive};
use crate::domain::position::Position;
use crate::domain::refusal::NotHeld;
use crate::domain::{Answer, Command};

impl App {
    /// Books goods that came in, and answers the entries, line by line.
    pub async fn receive(&self, call: &Call, command: Receive) -> Result<Vec<Recorded>, Fault> {
        let places = command.lines.iter().map(|it| it.0);
        let (locations, products): (Vec<_>, Vec<_>) =
            places.map(|it| (it.location, it.product)).unzip();
        self.counted_at(call, locations).await?;
        self.counted(call, products).await?;
        let command = Command::Receive(Box::new(command));
        match self.submit(call, command).await? {
            Answer::Entries(names) => self.entries(call, names).await,
            other => Err(unexpected(&other)),
        }
    }

    /// Sets a number right, and answers the position after it, with the entry.
    pub async fn adjust(
        &self,
        call: &Call,
        command: Adjust,
    ) -> Result<(Position, Recorded), Fault> {
        let place = command.place;
        self.counted_at(call, [place.location]).await?;
        self.counted(call, [place.product]).await?;
        let command = Command::Adjust(Box::new(command));
        let answer = self.submit(call, command).await?;
        self.position_after(call, answer).await
    }

    /// Moves units between conditions, and answers the position after it, with the entry.
    pub async fn move_units(
        &self,
        call: &Call,
        command: MoveUnits,
    ) -> Result<(Position, Recorded), Fault> {
        let place = command.place;
        self.counted_at(call, [place.location]).await?;
        self.counted(call, [place.product]).await?;
        let command = Command::Move(Box::new(command));
        let answer = self.submit(call, command).await?;
        self.position_after(call, answer).await
    }

    async fn position_after(
        &self,
        call: &Call,
        answer: Answer,
    ) -> Result<(Position, Recorded), Fault> {
        let Answer::Position(position, entry) = answer else {
            return Err(unexpected(&answer));
        };
        let mut entries = self.entries(call, vec![entry]).await?;
        let entry = entries.pop();
        let entry = entry.ok_or_else(|| Fault::bug("an entry of the ledger is missing"))?;
        Ok((*position, entry))
    }

    /// Refuses products that nobody told of, and bundles, which have no stock of their own.
    pub(super) async fn counted(
        &self,
        call: &Call,
        ids: impl IntoIterator<Item = ProductId>,
    ) -> Result<(), Fault> {
        let ids: Vec<ProductId> = ids.into_iter().collect();
        let known = self.known.products(call.tenant, ids.clone()).await?;
        let unknown = ids
            .iter()
            .find(|id| known.get(id).is_none_or(|it| it.bundle));
        match unknown {
            Some(id) => Err(NotHeld::ProductUnknown(*id).into()),
            None => Ok(()),
        }
    }

    /// Refuses locations that nobody told of. What happens at a closed one still happens.
    async fn counted_at(
        &self,
        call: &Call,
        ids: impl IntoIterator<Item = LocationId>,
    ) -> Result<(), Fault> {
        let ids: Vec<LocationId> = ids.into_iter().collect();
        let known = self.known.locations(call.tenant, ids.clone()).await?;
        match ids.iter().find(|id| !known.contains_key(id)) {
            Some(id) => Err(NotHeld::LocationUnknown(*id).into()),
            None => Ok(()),
        }
    }
}
