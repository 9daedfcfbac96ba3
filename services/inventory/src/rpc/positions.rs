//! Places in the lists of inventory, as page tokens hold them.

use chassis::pages::Position;
use uuid::Uuid;
use vocab::{LocationId, Moment, ProductId};

use crate::db::{EntryCursor, ListCursor, PositionCursor};
use crate::domain::Place;

impl Position for PositionCursor {
    fn write(&self) -> Vec<u8> {
        let (product, location) = (self.place.product.uuid(), self.place.location.uuid());
        (self.number, (product, location)).write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (number, (product, location)) = <(i64, (Uuid, Uuid))>::read(bytes)?;
        let product = ProductId::from_uuid(product);
        Some(Self {
            number,
            place: Place::new(product, LocationId::from_uuid(location)),
        })
    }
}

impl Position for EntryCursor {
    fn write(&self) -> Vec<u8> {
        (self.at, self.position).write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, position) = <(Moment, i64)>::read(bytes)?;
        Some(Self { at, position })
    }
}

impl Position for ListCursor {
    fn write(&self) -> Vec<u8> {
        (self.at, self.id).write()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, id) = <(Moment, Uuid)>::read(bytes)?;
        Some(Self { at, id })
    }
}
