//! Names and numbers of the closed kinds, as columns and compact forms hold them.

use journal::Unreadable;
use prost::Message;

use crate::domain::price::{ActorKind, PriceState};
use crate::domain::product::{Climate, ProductState, Unit};

/// Reads a compact form.
pub fn read<M: Message + Default>(bytes: &[u8]) -> Result<M, Unreadable> {
    M::decode(bytes).map_err(Unreadable::because)
}

/// The names that columns hold.
pub mod names {
    use crate::domain::product::Unit;

    /// The name of a unit.
    pub fn unit(unit: Unit) -> &'static str {
        match unit {
            Unit::Each => "EACH",
            Unit::Gram => "GRAM",
            Unit::Millilitre => "MILLILITRE",
            Unit::Millimetre => "MILLIMETRE",
        }
    }
}

/// Reads the name of a unit.
pub fn unit_of(name: &str) -> Result<Unit, Unreadable> {
    match name {
        "EACH" => Ok(Unit::Each),
        "GRAM" => Ok(Unit::Gram),
        "MILLILITRE" => Ok(Unit::Millilitre),
        "MILLIMETRE" => Ok(Unit::Millimetre),
        other => Err(unknown("unit", other)),
    }
}

/// Reads the name of a product's state.
pub fn state_of(name: &str) -> Result<ProductState, Unreadable> {
    match name {
        "DRAFT" => Ok(ProductState::Draft),
        "ACTIVE" => Ok(ProductState::Active),
        "ARCHIVED" => Ok(ProductState::Archived),
        other => Err(unknown("state", other)),
    }
}

/// Reads the name of a price's state.
pub fn price_state_of(name: &str) -> Result<PriceState, Unreadable> {
    match name {
        "SCHEDULED" => Ok(PriceState::Scheduled),
        "CURRENT" => Ok(PriceState::Current),
        "PAST" => Ok(PriceState::Past),
        "CANCELLED" => Ok(PriceState::Cancelled),
        other => Err(unknown("price state", other)),
    }
}

/// Reads the number of a kind of actor.
pub fn actor_of(number: i16) -> Result<ActorKind, Unreadable> {
    let kind = ActorKind::of(number.into());
    kind.ok_or_else(|| unknown("kind of actor", number))
}

/// The number of a climate; 0 for none.
pub fn climate_number(climate: Option<Climate>) -> i32 {
    match climate {
        None => 0,
        Some(Climate::Ambient) => 1,
        Some(Climate::Chilled) => 2,
        Some(Climate::Frozen) => 3,
    }
}

/// Reads the number of a climate.
pub fn climate_of(number: i32) -> Result<Option<Climate>, Unreadable> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(Climate::Ambient)),
        2 => Ok(Some(Climate::Chilled)),
        3 => Ok(Some(Climate::Frozen)),
        other => Err(unknown("climate", other)),
    }
}

fn unknown(what: &str, found: impl std::fmt::Display) -> Unreadable {
    Unreadable(format!("the {what} {found} is not known"))
}
