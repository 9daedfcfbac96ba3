//! Shortfalls, discrepancies, and the list of holds.

use chassis::call::Call;
use chassis::fault::Fault;
use chassis::pages::{Page, cut, size};
use contracts::inventory as pb;
use contracts::validate::Path;
use uuid::Uuid;
use vocab::{DiscrepancyId, Id, Kind, Moment, ReservationId, ShortfallId};

use super::convert::{hold, id, optional_id, own_id, trouble, unfit};
use super::{Rpc, Told};
use crate::app::HoldsAsked;
use crate::db::{HoldList, TroubleList};

const SHORTFALL: &str = "retail.inventory.v1.Shortfall";
const DISCREPANCY: &str = "retail.inventory.v1.Discrepancy";

impl Rpc {
    pub(super) async fn shortfall(
        &self,
        call: &Call,
        request: pb::GetShortfallRequest,
    ) -> Told<pb::GetShortfallResponse> {
        let id: ShortfallId = own_id("shortfall_id", &request.shortfall_id)?;
        let found = self.app.shortfalls(call, only(id)).await?;
        let found = found.first();
        let seen = found.filter(|it| call.may_see_location(it.row.place.location));
        let shown = seen.ok_or_else(|| Fault::missing(SHORTFALL, id.to_string()))?;
        Ok(pb::GetShortfallResponse {
            shortfall: Some(trouble::shortfall(call.tenant, shown)),
        })
    }

    pub(super) async fn list_shortfalls(
        &self,
        call: &Call,
        request: pb::ListShortfallsRequest,
    ) -> Told<pb::ListShortfallsResponse> {
        let filters = pb::ListShortfallsRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let (closed, open) = (pb::ShortfallState::Closed, pb::ShortfallState::Open);
        let mut list = TroubleList {
            products: ids("product_ids", &request.product_ids)?,
            locations: ids("location_ids", &request.location_ids)?,
            open: match request.states().collect::<Vec<_>>().as_slice() {
                all if all.contains(&open) == all.contains(&closed) => None,
                some => Some(some.contains(&open)),
            },
            behind: page.open(&request.page_token)?,
            ..TroubleList::default()
        };
        list.limit = size(request.page_size) + 1;
        let touching = touching(&request)?;
        let mut found = self.app.shortfalls(call, list).await?;
        let last = cut(&mut found, size(request.page_size));
        let last = last.map(|it| (it.row.opened_at, it.row.id.uuid()));
        let touched = |it: &&crate::app::ShortfallFound| {
            touching.is_none_or(|id| it.holds.iter().any(|hold| hold.id == id))
        };
        let shown = found.iter().filter(touched);
        Ok(pb::ListShortfallsResponse {
            shortfalls: shown
                .map(|it| trouble::shortfall(call.tenant, it))
                .collect(),
            next_page_token: page.seal(last.as_ref())?,
        })
    }

    pub(super) async fn discrepancy(
        &self,
        call: &Call,
        request: pb::GetDiscrepancyRequest,
    ) -> Told<pb::GetDiscrepancyResponse> {
        let id: DiscrepancyId = own_id("discrepancy_id", &request.discrepancy_id)?;
        let found = self.app.discrepancies(call, only(id)).await?;
        let found = found.first();
        let seen = found.filter(|it| call.may_see_location(it.place.location));
        let shown = seen.ok_or_else(|| Fault::missing(DISCREPANCY, id.to_string()))?;
        Ok(pb::GetDiscrepancyResponse {
            discrepancy: Some(trouble::discrepancy(call.tenant, shown)),
        })
    }

    pub(super) async fn list_discrepancies(
        &self,
        call: &Call,
        request: pb::ListDiscrepanciesRequest,
    ) -> Told<pb::ListDiscrepanciesResponse> {
        let filters = pb::ListDiscrepanciesRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let open = pb::DiscrepancyState::Open;
        let all = request.states.is_empty() || request.states().any(|it| it == open);
        let list = TroubleList {
            products: ids("product_ids", &request.product_ids)?,
            locations: ids("location_ids", &request.location_ids)?,
            open: Some(all),
            behind: page.open(&request.page_token)?,
            limit: size(request.page_size) + 1,
            ..TroubleList::default()
        };
        let mut found = self.app.discrepancies(call, list).await?;
        let last = cut(&mut found, size(request.page_size));
        let last = last.map(|it| (it.opened_at, it.id.uuid()));
        let shown = found.iter();
        Ok(pb::ListDiscrepanciesResponse {
            discrepancies: shown
                .map(|it| trouble::discrepancy(call.tenant, it))
                .collect(),
            next_page_token: page.seal(last.as_ref())?,
        })
    }

    pub(super) async fn list_reservations(
        &self,
        call: &Call,
        request: pb::ListReservationsRequest,
    ) -> Told<pb::ListReservationsResponse> {
        let filters = pb::ListReservationsRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let behind = page.open(&request.page_token)?;
        let asked = asked(&request, behind)?;
        let found = self.app.reservations(call, &asked).await?;
        let shown = found.holds.iter();
        Ok(pb::ListReservationsResponse {
            reservations: shown
                .map(|(it, now)| hold::hold(call.tenant, it, Some(*now)))
                .collect(),
            next_page_token: page.seal(found.behind.as_ref())?,
        })
    }
}

fn touching(request: &pb::ListShortfallsRequest) -> Told<Option<ReservationId>> {
    let root = Path::Root;
    optional_id(&root.field("reservation_id"), &request.reservation_id)
}

fn asked(
    request: &pb::ListReservationsRequest,
    behind: Option<(Moment, Uuid)>,
) -> Told<HoldsAsked> {
    let root = Path::Root;
    let before = request.expire_before.as_ref();
    let before = before.map(contracts::convert::moment).transpose();
    let at = root.field("expire_before");
    let text = "must lie between 1970 and 2200";
    let before: Option<Moment> = before.map_err(|_| unfit(&at, "timestamp.era", text))?;
    Ok(HoldsAsked {
        list: HoldList {
            reference: request.reference_id.clone(),
            states: request.states().filter_map(state).collect(),
            timed: match request.kind() {
                pb::ReservationKind::Unspecified => None,
                pb::ReservationKind::Timed => Some(true),
                pb::ReservationKind::Firm => Some(false),
            },
            before,
            behind,
            limit: 0,
        },
        product: optional_id(&root.field("product_id"), &request.product_id)?,
        locations: ids("location_ids", &request.location_ids)?,
        short_only: request.shortfall_only,
        size: usize::try_from(size(request.page_size)).unwrap_or_default(),
    })
}

fn state(wire: pb::ReservationState) -> Option<&'static str> {
    let name = wire.as_str_name().strip_prefix("RESERVATION_STATE_");
    name.filter(|it| *it != "UNSPECIFIED")
}

fn only<K: Kind>(id: Id<K>) -> TroubleList {
    TroubleList {
        id: Some(id.uuid()),
        limit: 1,
        ..TroubleList::default()
    }
}

fn ids<K: Kind>(name: &'static str, texts: &[String]) -> Told<Vec<Id<K>>> {
    let root = Path::Root;
    let at = root.field(name);
    texts.iter().map(|it| id(&at, it)).collect()
}
