//! The rpcs of `retail.ops.v1.OpsService` on the wire: each opens the call, asks and answers.
//!
//! Who may do what was judged before a request comes here, by the edge.

use std::pin::Pin;

use chassis::call::Call;
use chassis::fault::Fault;
use contracts::ops as pb;
use contracts::ops::ops_service_server::{OpsService, OpsServiceServer};
use futures_util::{Stream, StreamExt};
use journal::Submission;
use tonic::{Request, Response, Status};

use super::{Asker, Ops};

/// The generated server of one owner, to be added to what it serves.
pub fn served(ops: Ops) -> OpsServiceServer<OpsServer> {
    OpsServiceServer::new(OpsServer(ops))
}

/// The answers of one owner as handlers.
#[derive(Clone)]
pub struct OpsServer(Ops);

impl From<&Call> for Asker {
    /// Who calls is who asks, under the same request ids as in the journal.
    fn from(call: &Call) -> Self {
        let submission = Submission::from(call);
        Self {
            tenant: submission.tenant,
            principal: submission.principal,
            actor: submission.actor,
            deadline: submission.deadline,
            attempt: submission.attempt,
        }
    }
}

/// What is answered by one message.
type Answered<T> = Result<Response<T>, Status>;

fn answered<T>(answer: Result<T, Fault>) -> Answered<T> {
    answer.map(Response::new).map_err(Status::from)
}

#[tonic::async_trait]
impl OpsService for OpsServer {
    type TailEventsStream =
        Pin<Box<dyn Stream<Item = Result<pb::TailEventsResponse, Status>> + Send>>;

    async fn tail_events(
        &self,
        request: Request<pb::TailEventsRequest>,
    ) -> Answered<Self::TailEventsStream> {
        let (call, message) = Call::open(request)?;
        let tail = self.0.tail_events(&Asker::from(&call), message).await?;
        Ok(Response::new(Box::pin(
            tail.map(|it| it.map_err(Status::from)),
        )))
    }

    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Answered<pb::ListEventsResponse> {
        let (call, message) = Call::open(request)?;
        answered(self.0.list_events(&Asker::from(&call), message).await)
    }

    async fn get_event(
        &self,
        request: Request<pb::GetEventRequest>,
    ) -> Answered<pb::GetEventResponse> {
        let (call, message) = Call::open(request)?;
        answered(self.0.find_event(&Asker::from(&call), message).await)
    }

    async fn fetch_stream(
        &self,
        request: Request<pb::FetchStreamRequest>,
    ) -> Answered<pb::FetchStreamResponse> {
        let (call, message) = Call::open(request)?;
        answered(self.0.fetch_stream(&Asker::from(&call), message).await)
    }

    async fn list_projections(
        &self,
        request: Request<pb::ListProjectionsRequest>,
    ) -> Answered<pb::ListProjectionsResponse> {
        let (call, message) = Call::open(request)?;
        answered(self.0.list_projections(&Asker::from(&call), message).await)
    }

    async fn get_projection(
        &self,
        request: Request<pb::GetProjectionRequest>,
    ) -> Answered<pb::GetProjectionResponse> {
        let (_, message) = Call::open(request)?;
        answered(self.0.find_projection(message).await)
    }

    async fn rebuild_projection(
        &self,
        request: Request<pb::RebuildProjectionRequest>,
    ) -> Answered<pb::RebuildProjectionResponse> {
        let (call, message) = Call::open(request)?;
        answered(
            self.0
                .rebuild_projection(&Asker::from(&call), message)
                .await,
        )
    }

    async fn list_consumers(
        &self,
        request: Request<pb::ListConsumersRequest>,
    ) -> Answered<pb::ListConsumersResponse> {
        let (call, message) = Call::open(request)?;
        answered(self.0.list_consumers(&Asker::from(&call), message).await)
    }

    async fn get_consumer(
        &self,
        request: Request<pb::GetConsumerRequest>,
    ) -> Answered<pb::GetConsumerResponse> {
        let (call, message) = Call::open(request)?;
        answered(self.0.find_consumer(&Asker::from(&call), message).await)
    }

    async fn list_dead_letters(
        &self,
        request: Request<pb::ListDeadLettersRequest>,
    ) -> Answered<pb::ListDeadLettersResponse> {
        let (call, message) = Call::open(request)?;
        answered(self.0.list_dead_letters(&Asker::from(&call), message).await)
    }

    async fn get_dead_letter(
        &self,
        request: Request<pb::GetDeadLetterRequest>,
    ) -> Answered<pb::GetDeadLetterResponse> {
        let (call, message) = Call::open(request)?;
        answered(self.0.find_dead_letter(&Asker::from(&call), message).await)
    }

    async fn redrive_dead_letter(
        &self,
        request: Request<pb::RedriveDeadLetterRequest>,
    ) -> Answered<pb::RedriveDeadLetterResponse> {
        let (call, message) = Call::open(request)?;
        answered(
            self.0
                .redrive_dead_letter(&Asker::from(&call), message)
                .await,
        )
    }

    async fn redrive_consumer(
        &self,
        request: Request<pb::RedriveConsumerRequest>,
    ) -> Answered<pb::RedriveConsumerResponse> {
        let (call, message) = Call::open(request)?;
        answered(self.0.redrive_consumer(&Asker::from(&call), message).await)
    }

    async fn resync_dead_letter(
        &self,
        request: Request<pb::ResyncDeadLetterRequest>,
    ) -> Answered<pb::ResyncDeadLetterResponse> {
        let (call, message) = Call::open(request)?;
        answered(
            self.0
                .resync_dead_letter(&Asker::from(&call), message)
                .await,
        )
    }

    async fn get_relay_status(
        &self,
        request: Request<pb::GetRelayStatusRequest>,
    ) -> Answered<pb::GetRelayStatusResponse> {
        let (_, message) = Call::open(request)?;
        answered(self.0.relay_status(message).await)
    }

    async fn start_verification(
        &self,
        request: Request<pb::StartVerificationRequest>,
    ) -> Answered<pb::StartVerificationResponse> {
        let (call, message) = Call::open(request)?;
        answered(
            self.0
                .start_verification(&Asker::from(&call), message)
                .await,
        )
    }

    async fn get_verification(
        &self,
        request: Request<pb::GetVerificationRequest>,
    ) -> Answered<pb::GetVerificationResponse> {
        let (_, message) = Call::open(request)?;
        answered(self.0.find_verification(message).await)
    }

    async fn list_verifications(
        &self,
        request: Request<pb::ListVerificationsRequest>,
    ) -> Answered<pb::ListVerificationsResponse> {
        let (call, message) = Call::open(request)?;
        answered(
            self.0
                .list_verifications(&Asker::from(&call), message)
                .await,
        )
    }

    async fn list_verification_differences(
        &self,
        request: Request<pb::ListVerificationDifferencesRequest>,
    ) -> Answered<pb::ListVerificationDifferencesResponse> {
        let (call, message) = Call::open(request)?;
        answered(
            self.0
                .list_verification_differences(&Asker::from(&call), message)
                .await,
        )
    }

    async fn cancel_verification(
        &self,
        request: Request<pb::CancelVerificationRequest>,
    ) -> Answered<pb::CancelVerificationResponse> {
        let (_, message) = Call::open(request)?;
        answered(self.0.cancel_verification(message).await)
    }

    async fn get_service_info(
        &self,
        request: Request<pb::GetServiceInfoRequest>,
    ) -> Answered<pb::GetServiceInfoResponse> {
        let (_, message) = Call::open(request)?;
        answered(self.0.service_info(message).await)
    }
}
