//! The list of what is not served says what is so: it is compared with the running service.

use std::collections::BTreeSet;

use chassis::contract::Contracts;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::{Bytes, Service, http};

use crate::bed::{Bed, tenant};

/// The list, as it stands for the whole mesh.
const LIST: &str = include_str!("../../../../tests/unserved.txt");
/// A message without fields, as it goes over the wire.
const EMPTY: &[u8] = &[0; 5];

#[tokio::test]
async fn what_is_not_served_is_listed_and_nothing_else() {
    let bed = Bed::new().await;
    let mut edge = bed.running.edge("inventory").unwrap();
    let contracts = Contracts::built().unwrap();
    let everything = contracts.permissions();
    let everything: Vec<&str> = everything.iter().map(|it| it.as_ref()).collect();
    let token = bed.token(tenant(1), &everything, &[]);
    let mut unserved = BTreeSet::new();
    let services = [
        "retail.inventory.v1.InventoryService",
        "retail.inventory.v1.OrderHoldService",
        "retail.inventory.v1.TraceabilityService",
        "retail.inventory.v1.CycleCountService",
        "retail.ops.v1.OpsService",
    ];
    for contract in services
        .iter()
        .flat_map(|it| contracts.of_service(it).unwrap())
    {
        let request = http::Request::post(format!("http://inventory{}", contract.path))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::new(http_body_util::Full::new(Bytes::from_static(
                EMPTY,
            ))))
            .unwrap();
        let answer = edge.call(request).await.unwrap();
        let status = answer.headers().get("grpc-status");
        let status = status.map(|it| it.to_str().unwrap().parse::<i32>().unwrap());
        if status == Some(Code::Unimplemented.into()) {
            unserved.insert(contract.path.trim_start_matches('/').to_owned());
        }
    }
    let ours = LIST.lines().filter(|it| it.contains(".inventory."));
    let listed: BTreeSet<String> = ours.map(str::to_owned).collect();
    assert_eq!(unserved, listed);
}
