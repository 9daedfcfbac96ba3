//! The columns of the ledger.

use std::borrow::Cow;

use journal::{Column, Kind, Row, Store, Table, Unreadable, Value};
use uuid::Uuid;
use vocab::{LocationId, ProductId};

use super::facts;
use super::ledger::{Answer, Fact, Key, Line, Place, Position, Reservation, State, Stock};

/// Bytes of one stored line: product, location, quantity.
const LINE_BYTES: usize = 40;

const TABLES: &[Table] = &[
    Table::aggregate(
        "position",
        &[
            Column::new("product_id", Kind::Uuid),
            Column::new("location_id", Kind::Uuid),
        ],
        &[
            Column::new("on_hand", Kind::BigInt),
            Column::new("reserved", Kind::BigInt),
        ],
    ),
    Table::aggregate(
        "reservation",
        &[Column::new("reservation_id", Kind::Uuid)],
        &[
            Column::new("lines", Kind::Bytes),
            Column::new("expires_at", Kind::Moment),
        ],
    ),
];

impl Store<Stock> for Stock {
    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn key(&self, key: &Key) -> Vec<Value> {
        match key {
            Key::Position(place) => vec![place.product.into(), place.location.into()],
            Key::Reservation(id) => vec![(*id).into()],
        }
    }

    fn encode(&self, _: &Key, state: &State) -> Vec<Value> {
        match state {
            State::Position(it) => vec![it.on_hand.into(), it.reserved.into()],
            State::Reservation(it) => vec![packed(&it.lines).into(), it.expires_at.into()],
        }
    }

    fn decode(&self, key: &Key, row: &mut Row) -> Result<State, Unreadable> {
        Ok(match key {
            Key::Position(_) => State::Position(Position {
                on_hand: row.bigint()?,
                reserved: row.bigint()?,
            }),
            Key::Reservation(_) => State::Reservation(Reservation {
                lines: unpacked(&row.bytes()?)?,
                expires_at: row.moment()?,
            }),
        })
    }

    fn fact(&self, fact: &Fact) -> (Cow<'static, str>, Vec<u8>) {
        let (kind, bytes) = facts::write(fact);
        (Cow::Borrowed(kind), bytes)
    }

    fn read_fact(&self, kind: &str, payload: &[u8]) -> Result<Fact, Unreadable> {
        facts::read(kind, payload)
    }

    fn answer(&self, answer: &Answer) -> Vec<u8> {
        facts::write_answer(*answer)
    }

    fn read_answer(&self, bytes: &[u8]) -> Result<Answer, Unreadable> {
        facts::read_answer(bytes)
    }
}

/// Packs lines into the column of a reservation.
pub fn packed(lines: &[Line]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(lines.len() * LINE_BYTES);
    for line in lines {
        bytes.extend(line.place.product.uuid().as_bytes());
        bytes.extend(line.place.location.uuid().as_bytes());
        bytes.extend(line.quantity.to_be_bytes());
    }
    bytes
}

fn unpacked(bytes: &[u8]) -> Result<Vec<Line>, Unreadable> {
    let lines = bytes.chunks(LINE_BYTES).map(|line| {
        let (product, rest) = line.split_at_checked(16)?;
        let (location, quantity) = rest.split_at_checked(16)?;
        let place = Place {
            product: ProductId::from_uuid(Uuid::from_slice(product).ok()?),
            location: LocationId::from_uuid(Uuid::from_slice(location).ok()?),
        };
        let quantity = i64::from_be_bytes(quantity.try_into().ok()?);
        Some(Line { place, quantity })
    });
    let lines: Option<Vec<Line>> = lines.collect();
    lines.ok_or_else(|| Unreadable::because("lines of an odd length"))
}
