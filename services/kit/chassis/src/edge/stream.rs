//! The answer of an rpc that streams: bounded in time, and watched until its end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame};
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::body::Body;
use tonic::{Code, Status};

use super::watch::Watch;
use super::{Shared, faults};
use crate::contract::Contract;
use crate::deadline::Deadline;
use crate::fault::Fault;

type Polled = Poll<Option<Result<Frame<Bytes>, Status>>>;

/// Until when a stream may go on.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    pub deadline: Deadline,
    /// Whether the caller named it. If not, it bounds the first message alone.
    pub named: bool,
}

/// A stream of messages on its way out.
pub(super) struct Flow {
    body: Body,
    sleep: Option<Pin<Box<Sleep>>>,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    named: bool,
    watch: Watch,
    of: (Arc<Shared>, Arc<Contract>),
    ended: bool,
}

impl Flow {
    pub fn new(body: Body, bound: Bound, watch: Watch, of: (Arc<Shared>, Arc<Contract>)) -> Self {
        Self {
            body,
            sleep: Some(Box::pin(tokio::time::sleep(bound.deadline.left()))),
            closing: Box::pin(of.0.closing.clone().cancelled_owned()),
            named: bound.named,
            watch,
            of,
            ended: false,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Polled {
        if self.ended {
            return Poll::Ready(None);
        }
        let late = self.sleep.as_mut();
        if late.is_some_and(|sleep| sleep.as_mut().poll(context).is_ready()) {
            return self.fail(Fault::late());
        }
        if self.closing.as_mut().poll(context).is_ready() {
            return self.fail(Fault::unavailable("server"));
        }
        let body = AssertUnwindSafe(|| Pin::new(&mut self.body).poll_frame(context));
        match catch_unwind(body) {
            Err(panic) => {
                let fault = self.of.0.panicked(&*panic);
                self.fail(fault)
            }
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                self.passed(&frame);
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(polled) => polled,
        }
    }

    fn passed(&mut self, frame: &Frame<Bytes>) {
        if frame.is_data() && !self.named {
            self.sleep = None;
        }
        if let Some(trailers) = frame.trailers_ref() {
            let status = Status::from_header_map(trailers);
            self.end(&status.unwrap_or_else(|| Status::ok("")));
        }
    }

    /// Ends the stream with a fault, as a handler would have.
    fn fail(&mut self, fault: Fault) -> Polled {
        let status = Status::from(fault);
        let mut trailers = HeaderMap::new();
        let written = status.add_header(&mut trailers);
        self.end(&status);
        match written {
            Ok(()) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn end(&mut self, status: &Status) {
        self.ended = true;
        if status.code() != Code::Ok {
            faults::settle_end(&self.of.0, &self.of.1, status);
        }
        self.watch.done(status.code());
    }
}

impl http_body::Body for Flow {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let dispatch = self.of.0.dispatch.clone();
        let span = self.watch.span().clone();
        tracing::dispatcher::with_default(&dispatch, || {
            let _inside = span.enter();
            self.poll(context)
        })
    }
}

impl Drop for Flow {
    /// The caller went away, or the connection did.
    fn drop(&mut self) {
        if !self.ended {
            self.watch.done(Code::Cancelled);
        }
    }
}
