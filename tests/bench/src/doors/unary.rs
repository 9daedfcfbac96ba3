//! One rpc of a contract, served alone: the generated servers want all the rpcs of their service.

use std::convert::Infallible;
use std::future::Future;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use prost::Message;
use tonic::Status;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic_prost::ProstCodec;

/// One rpc.
pub trait Rpc: Clone + Send + Sync + 'static {
    /// The service of the contract.
    const SERVICE: &'static str;
    /// The name of the rpc.
    const METHOD: &'static str;
    /// What is asked.
    type Request: Message + Default + 'static;
    /// What is answered.
    type Response: Message + Default + 'static;

    /// Answers.
    fn answer(
        &self,
        request: tonic::Request<Self::Request>,
    ) -> impl Future<Output = Result<Self::Response, Status>> + Send;
}

/// A service of one rpc.
#[derive(Clone)]
pub struct One<R>(pub R);

struct Handler<R>(R);

impl<R: Rpc> NamedService for One<R> {
    const NAME: &'static str = R::SERVICE;
}

impl<R: Rpc> tower::Service<Request<Body>> for One<R> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let handler = Handler(self.0.clone());
        let known = request.uri().path().ends_with(R::METHOD);
        Box::pin(async move {
            if !known {
                return Ok(Status::unimplemented("there is no such rpc here").into_http());
            }
            let codec = ProstCodec::<R::Response, R::Request>::default();
            Ok(Grpc::new(codec).unary(handler, request).await)
        })
    }
}

impl<R: Rpc> UnaryService<R::Request> for Handler<R> {
    type Response = R::Response;
    type Future = BoxFuture<'static, Result<tonic::Response<R::Response>, Status>>;

    fn call(&mut self, request: tonic::Request<R::Request>) -> Self::Future {
        let rpc = self.0.clone();
        Box::pin(async move { Ok(tonic::Response::new(rpc.answer(request).await?)) })
    }
}
