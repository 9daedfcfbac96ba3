//! Which holds miss the units that a shortfall took.

use vocab::ReservationId;

use super::Place;
use super::reservation::{Reference, Reservation};

/// A hold that a shortfall took units from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Whose units are meant.
    pub id: ReservationId,
    /// Its document.
    pub reference: Reference,
    /// Whether a document ends it, and not the clock.
    pub firm: bool,
    /// Units of it that are missing.
    pub quantity: i64,
}

/// The holds that miss what is open at a place: timed before firm, the youngest first, until they
/// make it up. `holds` are all live ones, the youngest first.
pub fn touched(holds: &[Reservation], place: Place, open: i64) -> Vec<Touched> {
    let mut left = open;
    let mut touched = Vec::new();
    let timed = holds.iter().filter(|it| !it.is_firm());
    for hold in timed.chain(holds.iter().filter(|it| it.is_firm())) {
        let held = hold.lines.iter().flat_map(|it| &it.allocations);
        let here: i64 = held
            .filter(|it| it.place() == place)
            .map(|it| it.quantity)
            .sum();
        let quantity = here.min(left);
        if quantity > 0 {
            left -= quantity;
            touched.push(Touched {
                id: hold.id,
                reference: hold.reference.clone(),
                firm: hold.is_firm(),
                quantity,
            });
        }
    }
    touched
}
