//! Firm holds of orders.

use chassis::call::Call;
use contracts::inventory as pb;
use vocab::FulfillmentId;

use super::convert::{asked, effective, hold, own_id};
use super::{Rpc, Told};
use crate::app::{Adoption, FirmAsked};

impl Rpc {
    pub(super) async fn hold_stock_for_order(
        &self,
        call: &Call,
        request: pb::HoldStockForOrderRequest,
    ) -> Told<pb::HoldStockForOrderResponse> {
        let preference = request.preference.as_ref();
        let whole = pb::ReservePolicy::AllOrNothing;
        let adopt = request.adopt.as_ref().map(|it| {
            let id = own_id("adopt.reservation_id", &it.reservation_id)?;
            Ok::<_, chassis::fault::Fault>(Adoption {
                id,
                epoch: it.epoch,
            })
        });
        let wanted = FirmAsked {
            order: own_id("order_id", &request.order_id)?,
            ordinal: request.ordinal,
            fingerprint: request.fingerprint.clone(),
            asked: asked::asked(&request.lines, preference, whole)?,
            adopt: adopt.transpose()?,
        };
        let granted = self.app.hold_firm(call, wanted).await?;
        Ok(pb::HoldStockForOrderResponse {
            reservation: Some(hold::hold(call.tenant, &granted, None)),
        })
    }

    pub(super) async fn commit_order_hold(
        &self,
        call: &Call,
        request: pb::CommitOrderHoldRequest,
    ) -> Told<pb::CommitOrderHoldResponse> {
        let order = own_id("order_id", &request.order_id)?;
        let fulfillment: FulfillmentId = own_id("fulfillment_id", &request.fulfillment_id)?;
        let at = effective(request.effective_time.as_ref())?;
        let what = (asked::parts(&request.parts)?, at);
        let step = (order, fulfillment.to_string());
        let committed = self.app.commit_firm(call, step, what).await?;
        Ok(pb::CommitOrderHoldResponse {
            reservation: Some(hold::hold(call.tenant, &committed, None)),
        })
    }

    pub(super) async fn release_order_hold(
        &self,
        call: &Call,
        request: pb::ReleaseOrderHoldRequest,
    ) -> Told<pb::ReleaseOrderHoldResponse> {
        let order = own_id("order_id", &request.order_id)?;
        let what = (asked::parts(&request.parts)?, request.reason.clone());
        let step = (order, request.release_key.clone());
        let released = self.app.release_firm(call, step, what).await?;
        Ok(pb::ReleaseOrderHoldResponse {
            reservation: Some(hold::hold(call.tenant, &released, None)),
        })
    }
}
