//! Transfers.

use chassis::call::Call;
use chassis::pages::{Page, cut, size};
use contracts::inventory as pb;
use contracts::validate::Path;
use vocab::ProductId;

use super::convert::{effective, etag, optional_id, own_id, transfer};
use super::reads::locations;
use super::{Rpc, Told};
use crate::app::{End, Going};
use crate::db::{ListCursor, TransferList};
use crate::domain::command::Step;

impl Rpc {
    pub(super) async fn create_transfer(
        &self,
        call: &Call,
        request: pb::CreateTransferRequest,
    ) -> Told<pb::CreateTransferResponse> {
        let plan = transfer::plan(&request.transfer.unwrap_or_default())?;
        let planned = self.app.create_transfer(call, plan).await?;
        Ok(pb::CreateTransferResponse {
            transfer: Some(transfer::transfer(call.tenant, &planned)),
        })
    }

    pub(super) async fn ship_transfer(
        &self,
        call: &Call,
        request: pb::ShipTransferRequest,
    ) -> Told<pb::ShipTransferResponse> {
        let shipments = request.shipments.iter().map(transfer::shipment);
        let going = Going {
            id: own_id("transfer_id", &request.transfer_id)?,
            step: Step::Ship(shipments.collect::<Result<_, _>>()?),
            effective_at: effective(request.effective_time.as_ref())?,
            etag: etag(&request.etag),
        };
        Ok(pb::ShipTransferResponse {
            transfer: self.gone(call, going, End::Source).await?,
        })
    }

    pub(super) async fn receive_transfer(
        &self,
        call: &Call,
        request: pb::ReceiveTransferRequest,
    ) -> Told<pb::ReceiveTransferResponse> {
        let arrivals = request.arrivals.iter().map(transfer::arrival);
        let going = Going {
            id: own_id("transfer_id", &request.transfer_id)?,
            step: Step::Receive(arrivals.collect::<Result<_, _>>()?),
            effective_at: effective(request.effective_time.as_ref())?,
            etag: etag(&request.etag),
        };
        Ok(pb::ReceiveTransferResponse {
            transfer: self.gone(call, going, End::Destination).await?,
        })
    }

    pub(super) async fn complete_transfer(
        &self,
        call: &Call,
        request: pb::CompleteTransferRequest,
    ) -> Told<pb::CompleteTransferResponse> {
        let lost = request.remainder() == pb::TransferRemainder::Lost;
        let going = Going {
            id: own_id("transfer_id", &request.transfer_id)?,
            step: Step::Complete { lost },
            effective_at: None,
            etag: etag(&request.etag),
        };
        Ok(pb::CompleteTransferResponse {
            transfer: self.gone(call, going, End::Destination).await?,
        })
    }

    pub(super) async fn cancel_transfer(
        &self,
        call: &Call,
        request: pb::CancelTransferRequest,
    ) -> Told<pb::CancelTransferResponse> {
        let going = Going {
            id: own_id("transfer_id", &request.transfer_id)?,
            step: Step::Cancel(request.reason),
            effective_at: None,
            etag: etag(&request.etag),
        };
        Ok(pb::CancelTransferResponse {
            transfer: self.gone(call, going, End::Source).await?,
        })
    }

    async fn gone(&self, call: &Call, going: Going, end: End) -> Told<Option<pb::Transfer>> {
        let after = self.app.step_transfer(call, going, end).await?;
        Ok(Some(transfer::transfer(call.tenant, &after)))
    }

    pub(super) async fn transfer(
        &self,
        call: &Call,
        request: pb::GetTransferRequest,
    ) -> Told<pb::GetTransferResponse> {
        let id = own_id("transfer_id", &request.transfer_id)?;
        let found = self.app.transfer(call, id).await?;
        Ok(pb::GetTransferResponse {
            transfer: Some(transfer::transfer(call.tenant, &found)),
        })
    }

    pub(super) async fn list_transfers(
        &self,
        call: &Call,
        request: pb::ListTransfersRequest,
    ) -> Told<pb::ListTransfersResponse> {
        let filters = pb::ListTransfersRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let list = TransferList {
            locations: locations(&request.location_ids)?,
            states: request.states().filter_map(transfer::state_of).collect(),
            product: product(&request.product_id)?,
            varying: request.variance_only,
            after: page.open(&request.page_token)?,
            limit: size(request.page_size) + 1,
        };
        let mut found = self.app.list_transfers(call, list).await?;
        let last = cut(&mut found, size(request.page_size)).map(|it| ListCursor {
            at: it.created_at,
            id: it.id.uuid(),
        });
        let transfers = found.iter().map(|it| transfer::transfer(call.tenant, it));
        Ok(pb::ListTransfersResponse {
            transfers: transfers.collect(),
            next_page_token: page.seal(last.as_ref())?,
        })
    }
}

fn product(text: &str) -> Told<Option<ProductId>> {
    let root = Path::Root;
    optional_id(&root.field("product_id"), text)
}
