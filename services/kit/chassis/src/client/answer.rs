//! The body of an answer, watched to its end: deadline, verdict, and who is busy with it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;
use tonic::Status;
use tonic::body::Body;

use super::failure;
use super::trial::Trial;
use crate::deadline::Deadline;

/// A body that ends its trial with its trailers, and itself with the deadline.
pub(super) struct Answer {
    body: Body,
    trial: Trial,
    /// Nothing once a stream has begun: what it waits for then is no answer of the peer.
    deadline: Option<Deadline>,
    sleep: Option<Pin<Box<Sleep>>>,
    streams: bool,
}

impl Answer {
    /// Watches an answer whose head has arrived.
    pub(super) fn watch(
        response: Response<Body>,
        mut trial: Trial,
        deadline: Deadline,
        streams: bool,
    ) -> Response<Body> {
        judge_head(&response, &mut trial);
        let (head, body) = response.into_parts();
        let answer = Self {
            body,
            trial,
            deadline: Some(deadline),
            sleep: None,
            streams,
        };
        Response::from_parts(head, Body::new(answer))
    }

    fn seen(&mut self, frame: &Frame<Bytes>) {
        if let Some(trailers) = frame.trailers_ref() {
            judge(trailers, &mut self.trial);
        } else if self.streams {
            self.deadline = None;
            self.sleep = None;
            self.trial.succeeded();
        }
    }

    /// Ends it when the deadline comes first. The rest of the body is dropped: that tells the peer.
    fn poll_deadline(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let sleep = || Box::pin(tokio::time::sleep(deadline.left()));
        let sleep = self.sleep.get_or_insert_with(sleep);
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.trial.ran_out();
        self.body = Body::empty();
        Poll::Ready(Some(Err(failure::late(self.trial.peer()))))
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending => self.poll_deadline(cx),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Ok(frame))) => {
                self.seen(&frame);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(cause))) => {
                self.trial.broke();
                self.body = Body::empty();
                Poll::Ready(Some(Err(failure::unreachable(self.trial.peer(), cause))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer that is over with its head says so there.
fn judge_head(response: &Response<Body>, trial: &mut Trial) {
    if response.headers().contains_key("grpc-status") {
        return judge(response.headers(), trial);
    }
    match response.status() {
        StatusCode::OK => (),
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => trial.broke(),
        _ => trial.answered(&Status::unknown("no answer of gRPC")),
    }
}

fn judge(headers: &HeaderMap, trial: &mut Trial) {
    match Status::from_header_map(headers) {
        Some(status) if status.code() != tonic::Code::Ok => trial.answered(&status),
        Some(_) | None => trial.succeeded(),
    }
}
