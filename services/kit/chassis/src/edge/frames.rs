//! The body of a request, cut off where a message says that it is too large.
//!
//! Each message of gRPC says its length before its bytes, so a large one is refused before it is
//! read, whatever limit the generated server has.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use super::limits;

/// One flag and the length of the message as four bytes.
const PREFIX: usize = 5;

/// Limits every message of a body.
pub(super) fn limited(body: Body, most: usize) -> Body {
    Body::new(Limited {
        body,
        most,
        prefix: Vec::with_capacity(PREFIX),
        rest: 0,
    })
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
