//! Facts and answers as bytes: prost messages with ids in sixteen bytes, as services write them.

use journal::Unreadable;
use prost::Message;
use uuid::Uuid;
use vocab::{LocationId, Moment, ProductId, ReservationId};

use super::ledger::{Answer, Fact, Line, Place, Reservation};

#[derive(Clone, PartialEq, Message)]
struct LineMessage {
    #[prost(bytes = "vec", tag = "1")]
    product_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    location_id: Vec<u8>,
    #[prost(int64, tag = "3")]
    quantity: i64,
}

#[derive(Clone, PartialEq, Message)]
struct HoldMessage {
    #[prost(bytes = "vec", tag = "1")]
    reservation_id: Vec<u8>,
    #[prost(int64, tag = "2")]
    quantity: i64,
}

#[derive(Clone, PartialEq, Message)]
struct HeldMessage {
    #[prost(message, optional, tag = "1")]
    place: Option<LineMessage>,
    #[prost(message, repeated, tag = "2")]
    holds: Vec<HoldMessage>,
    #[prost(int64, tag = "3")]
    reserved_after: i64,
}

#[derive(Clone, PartialEq, Message)]
struct PlacedMessage {
    #[prost(bytes = "vec", tag = "1")]
    reservation_id: Vec<u8>,
    #[prost(message, repeated, tag = "2")]
    lines: Vec<LineMessage>,
    #[prost(int64, tag = "3")]
    expires_at_micros: i64,
}

/// Returns the name of a fact's kind and its bytes.
pub fn write(fact: &Fact) -> (&'static str, Vec<u8>) {
    match fact {
        Fact::Received(line) => ("stock_received", line_message(line).encode_to_vec()),
        Fact::Held(place, holds, after) => {
            let holds = holds.iter().map(|(id, quantity)| HoldMessage {
                reservation_id: id.uuid().into_bytes().to_vec(),
                quantity: *quantity,
            });
            let held = HeldMessage {
                place: Some(line_message(&Line {
                    place: *place,
                    quantity: 0,
                })),
                holds: holds.collect(),
                reserved_after: *after,
            };
            ("stock_held", held.encode_to_vec())
        }
        Fact::Placed(id, reservation) => {
            let placed = PlacedMessage {
                reservation_id: id.uuid().into_bytes().to_vec(),
                lines: reservation.lines.iter().map(line_message).collect(),
                expires_at_micros: reservation.expires_at.micros(),
            };
            ("reservation_placed", placed.encode_to_vec())
        }
    }
}

/// Reads a fact.
pub fn read(kind: &str, payload: &[u8]) -> Result<Fact, Unreadable> {
    match kind {
        "stock_received" => Ok(Fact::Received(line(&decoded(payload)?)?)),
        "stock_held" => {
            let held: HeldMessage = decoded(payload)?;
            let place = line(&held.place.unwrap_or_default())?.place;
            let holds = held.holds.iter();
            let holds = holds.map(|it| Ok((reservation(&it.reservation_id)?, it.quantity)));
            let holds = holds.collect::<Result<_, Unreadable>>()?;
            Ok(Fact::Held(place, holds, held.reserved_after))
        }
        "reservation_placed" => {
            let placed: PlacedMessage = decoded(payload)?;
            let id = reservation(&placed.reservation_id)?;
            let lines = placed.lines.iter().map(line);
            let lines = lines.collect::<Result<_, Unreadable>>()?;
            let expires_at = moment(placed.expires_at_micros)?;
            Ok(Fact::Placed(id, Reservation { lines, expires_at }))
        }
        other => Err(Unreadable::because(format!("no kind of fact: {other}"))),
    }
}

/// Returns the bytes of an answer.
pub fn write_answer(answer: Answer) -> Vec<u8> {
    answer.0.micros().to_be_bytes().to_vec()
}

/// Reads an answer.
pub fn read_answer(bytes: &[u8]) -> Result<Answer, Unreadable> {
    let micros = bytes.try_into().map_err(Unreadable::because)?;
    Ok(Answer(moment(i64::from_be_bytes(micros))?))
}

fn line_message(line: &Line) -> LineMessage {
    LineMessage {
        product_id: line.place.product.uuid().into_bytes().to_vec(),
        location_id: line.place.location.uuid().into_bytes().to_vec(),
        quantity: line.quantity,
    }
}

fn line(message: &LineMessage) -> Result<Line, Unreadable> {
    let place = Place {
        product: ProductId::from_uuid(id(&message.product_id)?),
        location: LocationId::from_uuid(id(&message.location_id)?),
    };
    Ok(Line {
        place,
        quantity: message.quantity,
    })
}

fn reservation(bytes: &[u8]) -> Result<ReservationId, Unreadable> {
    id(bytes).map(ReservationId::from_uuid)
}

fn id(bytes: &[u8]) -> Result<Uuid, Unreadable> {
    Uuid::from_slice(bytes).map_err(Unreadable::because)
}

fn moment(micros: i64) -> Result<Moment, Unreadable> {
    Moment::from_micros(micros).map_err(Unreadable::because)
}

fn decoded<M: Message + Default>(payload: &[u8]) -> Result<M, Unreadable> {
    M::decode(payload).map_err(Unreadable::because)
}
