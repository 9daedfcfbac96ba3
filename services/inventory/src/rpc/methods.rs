//! The methods of the contract, one by one: open, hand on, answer. What each does stands in the
//! module of its subject; what is not served yet stands at the end.

use chassis::call::Call;
use contracts::inventory as pb;
use contracts::inventory::inventory_service_server::InventoryService;
use contracts::inventory::order_hold_service_server::OrderHoldService;
use futures_util::stream::BoxStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::{Answer, Rpc, unserved};

/// Writes a service: streams by hand, then methods that are served, those that bear another name
/// here, and those that are not served.
macro_rules! methods {
    (
        $service:ident { $($by_hand:tt)* }
        served { $($name:ident($request:ident) -> $answer:ident;)* }
        called { $($given:ident as $own:ident($wanted:ident) -> $told:ident;)* }
        unserved { $($not:ident($asked:ident) -> $missing:ident;)* }
    ) => {
        #[async_trait]
        impl $service for Rpc {
            $($by_hand)*

            $(
                async fn $name(&self, request: Request<pb::$request>) -> Answer<pb::$answer> {
                    let (call, request) = Call::open(request)?;
                    Ok(Response::new(Rpc::$name(self, &call, request).await?))
                }
            )*

            $(
                async fn $given(&self, request: Request<pb::$wanted>) -> Answer<pb::$told> {
                    let (call, request) = Call::open(request)?;
                    Ok(Response::new(Rpc::$own(self, &call, request).await?))
                }
            )*

            $(
                async fn $not(&self, _: Request<pb::$asked>) -> Answer<pb::$missing> {
                    unserved()
                }
            )*
        }
    };
}

methods! {
    InventoryService {
        type WatchStockStream = BoxStream<'static, Result<pb::WatchStockResponse, Status>>;

        async fn watch_stock(
            &self,
            request: Request<pb::WatchStockRequest>,
        ) -> Answer<Self::WatchStockStream> {
            let (call, request) = Call::open(request)?;
            Ok(Response::new(Rpc::watch_stock(self, call, request).await?))
        }

        async fn import_opening_stock(
            &self,
            request: Request<Streaming<pb::ImportOpeningStockRequest>>,
        ) -> Answer<pb::ImportOpeningStockResponse> {
            let (call, rows) = Call::open_stream(request)?;
            Ok(Response::new(Rpc::import_opening_stock(self, call, rows).await?))
        }
    }
    served {
        reserve_stock(ReserveStockRequest) -> ReserveStockResponse;
        extend_reservation(ExtendReservationRequest) -> ExtendReservationResponse;
        commit_reservation(CommitReservationRequest) -> CommitReservationResponse;
        release_reservation(ReleaseReservationRequest) -> ReleaseReservationResponse;
        list_reservations(ListReservationsRequest) -> ListReservationsResponse;
        list_shortfalls(ListShortfallsRequest) -> ListShortfallsResponse;
        list_discrepancies(ListDiscrepanciesRequest) -> ListDiscrepanciesResponse;
        receive_stock(ReceiveStockRequest) -> ReceiveStockResponse;
        adjust_stock(AdjustStockRequest) -> AdjustStockResponse;
        move_stock(MoveStockRequest) -> MoveStockResponse;
        list_stock_positions(ListStockPositionsRequest) -> ListStockPositionsResponse;
        why_stock(WhyStockRequest) -> WhyStockResponse;
        batch_get_availability(BatchGetAvailabilityRequest) -> BatchGetAvailabilityResponse;
        list_stock_transactions(ListStockTransactionsRequest) -> ListStockTransactionsResponse;
        list_stock_events(ListStockEventsRequest) -> ListStockEventsResponse;
        list_stock_policies(ListStockPoliciesRequest) -> ListStockPoliciesResponse;
        update_stock_policy(UpdateStockPolicyRequest) -> UpdateStockPolicyResponse;
        update_allocation_policy(UpdateAllocationPolicyRequest) -> UpdateAllocationPolicyResponse;
        explain_allocation(ExplainAllocationRequest) -> ExplainAllocationResponse;
        record_stock_facts(RecordStockFactsRequest) -> RecordStockFactsResponse;
        create_transfer(CreateTransferRequest) -> CreateTransferResponse;
        ship_transfer(ShipTransferRequest) -> ShipTransferResponse;
        receive_transfer(ReceiveTransferRequest) -> ReceiveTransferResponse;
        complete_transfer(CompleteTransferRequest) -> CompleteTransferResponse;
        cancel_transfer(CancelTransferRequest) -> CancelTransferResponse;
        list_transfers(ListTransfersRequest) -> ListTransfersResponse;
        batch_import_opening_stock(BatchImportOpeningStockRequest)
            -> BatchImportOpeningStockResponse;
        list_stock_imports(ListStockImportsRequest) -> ListStockImportsResponse;
    }
    called {
        get_reservation as reservation(GetReservationRequest) -> GetReservationResponse;
        get_shortfall as shortfall(GetShortfallRequest) -> GetShortfallResponse;
        get_discrepancy as discrepancy(GetDiscrepancyRequest) -> GetDiscrepancyResponse;
        get_stock_position as stock_position(GetStockPositionRequest) -> GetStockPositionResponse;
        get_product_stock as product_stock(GetProductStockRequest) -> GetProductStockResponse;
        get_transfer as transfer(GetTransferRequest) -> GetTransferResponse;
        get_stock_policy as stock_policy(GetStockPolicyRequest) -> GetStockPolicyResponse;
        get_allocation_policy as allocation_policy(GetAllocationPolicyRequest)
            -> GetAllocationPolicyResponse;
        get_stock_import as stock_import(GetStockImportRequest) -> GetStockImportResponse;
    }
    unserved {
        resolve_shortfall(ResolveShortfallRequest) -> ResolveShortfallResponse;
    }
}

methods! {
    OrderHoldService {}
    served {
        hold_stock_for_order(HoldStockForOrderRequest) -> HoldStockForOrderResponse;
        commit_order_hold(CommitOrderHoldRequest) -> CommitOrderHoldResponse;
        release_order_hold(ReleaseOrderHoldRequest) -> ReleaseOrderHoldResponse;
    }
    called {}
    unserved {}
}
