//! Timed holds.

use chassis::call::Call;
use chassis::fault::Fault;
use contracts::inventory as pb;
use contracts::inventory::release_reservation_request::Target;
use contracts::validate::Path;
use uuid::Uuid;

use super::convert::{asked, etag, hold, own_id, ttl, unfit};
use super::{Rpc, Told};
use crate::app::Ending;
use crate::domain::command::Extend;

/// What a missing hold is called.
const RESERVATION: &str = "retail.inventory.v1.Reservation";

impl Rpc {
    pub(super) async fn reserve_stock(
        &self,
        call: &Call,
        request: pb::ReserveStockRequest,
    ) -> Told<pb::ReserveStockResponse> {
        let preference = request.preference.as_ref();
        let asked = asked::asked(&request.lines, preference, request.policy())?;
        let reference = request.reference.as_ref().map(hold::reference_of);
        let ttl = ttl(request.ttl.as_ref())?;
        let wanted = (reference.unwrap_or_default(), asked);
        let granted = self.app.reserve(call, wanted, ttl).await?;
        Ok(pb::ReserveStockResponse {
            reservation: Some(hold::hold(call.tenant, &granted, None)),
        })
    }

    pub(super) async fn extend_reservation(
        &self,
        call: &Call,
        request: pb::ExtendReservationRequest,
    ) -> Told<pb::ExtendReservationResponse> {
        let command = Extend {
            id: own_id("reservation_id", &request.reservation_id)?,
            ttl: ttl(request.ttl.as_ref())?.unwrap_or_default(),
            epoch: request.epoch,
            etag: etag(&request.etag),
        };
        let extended = self.app.extend(call, command).await?;
        Ok(pb::ExtendReservationResponse {
            reservation: Some(hold::hold(call.tenant, &extended, None)),
        })
    }

    pub(super) async fn commit_reservation(
        &self,
        call: &Call,
        request: pb::CommitReservationRequest,
    ) -> Told<pb::CommitReservationResponse> {
        let ending = Ending {
            id: own_id("reservation_id", &request.reservation_id)?,
            epoch: Some(request.epoch),
            parts: asked::parts(&request.parts)?,
            reason: String::new(),
            etag: etag(&request.etag),
        };
        let committed = self.app.commit(call, ending).await?;
        Ok(pb::CommitReservationResponse {
            reservation: Some(hold::hold(call.tenant, &committed, None)),
        })
    }

    pub(super) async fn release_reservation(
        &self,
        call: &Call,
        request: pb::ReleaseReservationRequest,
    ) -> Told<pb::ReleaseReservationResponse> {
        let (id, tombstone) = match &request.target {
            Some(Target::ReservationId(text)) => (own_id("reservation_id", text)?, false),
            Some(Target::ReserveRequest(text)) => {
                (self.app.hold_of_request(call, request_id(text)?), true)
            }
            None => return Err(no_target()),
        };
        let ending = Ending {
            id,
            epoch: (request.epoch > 0).then_some(request.epoch),
            parts: asked::parts(&request.parts)?,
            reason: request.reason,
            etag: etag(&request.etag),
        };
        let released = self.app.release(call, ending, tombstone).await?;
        Ok(pb::ReleaseReservationResponse {
            reservation: Some(hold::hold(call.tenant, &released, None)),
        })
    }

    pub(super) async fn reservation(
        &self,
        call: &Call,
        request: pb::GetReservationRequest,
    ) -> Told<pb::GetReservationResponse> {
        let id = own_id("reservation_id", &request.reservation_id)?;
        let found = self.app.reservation(call, id).await?;
        let (found, now) = found.ok_or_else(|| Fault::missing(RESERVATION, id.to_string()))?;
        Ok(pb::GetReservationResponse {
            reservation: Some(hold::hold(call.tenant, &found, Some(now))),
        })
    }
}

fn request_id(text: &str) -> Result<Uuid, Fault> {
    let root = Path::Root;
    let read = Uuid::try_parse(text);
    read.map_err(|_| {
        unfit(
            &root.field("reserve_request"),
            "string.uuid",
            "must be a UUID",
        )
    })
}

fn no_target() -> Fault {
    let root = Path::Root;
    unfit(&root.field("target"), "required", "must be set")
}
