//! The body of a request, cut off where a message says that it is too large.
//!
//! Each message of gRPC says its length before its bytes, so a large one is refused before it is
//! read, whatever limit the generated server has.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use tonic::Status;
use tonic::body::Body;

use super::limits;

/// One flag and the length of the message as four bytes.
const PREFIX: usize = 5;
/// How long a refused call may take to send what it has begun to.
const DISCARD_MAX: Duration = Duration::from_millis(500);

/// Limits every message of a body.
pub(super) fn limited(body: Body, most: usize) -> Body {
    Body::new(Limited {
        body,
        most,
        prefix: Vec::with_capacity(PREFIX),
        rest: 0,
    })
}

/// Reads a body to its end and keeps nothing of it, for a call that is refused. An answer before
/// the end would reset the stream, and what the peer had sent by then would count as its mistake:
/// HTTP/2 ends a connection after some of those, and with it the calls of all others.
pub(super) async fn discard(mut body: Body) {
    let reading = async {
        let mut rest = limits::BULK_MAX_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let read = frame.data_ref().map_or(0, Bytes::len);
            match rest.checked_sub(read) {
                Some(less) => rest = less,
                None => return,
            }
        }
    };
    if tokio::time::timeout(DISCARD_MAX, reading).await.is_err() {
        tracing::debug!("a refused call was still sending");
    }
}

struct Limited {
    body: Body,
    most: usize,
    /// What has come of the next prefix.
    prefix: Vec<u8>,
    /// Bytes of the present message that are still to come.
    rest: usize,
}

impl Limited {
    /// Follows the lengths through some bytes; false at a message that is too large.
    fn follow(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let skipped = self.rest.min(bytes.len());
            self.rest -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let wanted = if self.rest == 0 {
                PREFIX - self.prefix.len()
            } else {
                0
            };
            let (head, tail) = bytes.split_at(wanted.min(bytes.len()));
            self.prefix.extend_from_slice(head);
            bytes = tail;
            if let [_, a, b, c, d] = self.prefix.as_slice() {
                let length = u32::from_be_bytes([*a, *b, *c, *d]);
                self.rest = usize::try_from(length).unwrap_or(usize::MAX);
                self.prefix.clear();
                if self.rest > self.most {
                    return false;
                }
            }
        }
        true
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(bytes) = frame.data_ref()
            && !self.follow(bytes)
        {
            let fault = limits::too_large();
            return Poll::Ready(Some(Err(fault.into())));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
