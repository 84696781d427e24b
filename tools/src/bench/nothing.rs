//! The yardstick for the cost of gRPC alone: a handler that decodes the request and always gives the same answer.

use std::future::{Ready, ready};

use axum::Router;
use axum::routing::post;
use prost::Message;
use tonic::server::{Grpc, UnaryService};
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

#[derive(Clone)]
struct Fixed<A>(A);

impl<Q, A: Clone> UnaryService<Q> for Fixed<A> {
    type Response = A;
    type Future = Ready<Result<Response<A>, Status>>;

    fn call(&mut self, _: Request<Q>) -> Self::Future {
        ready(Ok(Response::new(self.0.clone())))
    }
}

/// A service that answers every call of one method with this.
pub fn answering<Q, A>(path: &str, answer: A) -> Routes
where
    Q: Message + Default + Send + Sync + 'static,
    A: Message + Clone + Default + Send + Sync + 'static,
{
    let answer = Fixed(answer);
    let handler = move |request: axum::extract::Request| async move {
        Grpc::new(ProstCodec::<A, Q>::default()).unary(answer, request).await
    };
    Routes::from(Router::new().route(path, post(handler)))
}
