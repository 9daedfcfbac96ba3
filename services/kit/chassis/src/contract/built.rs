//! Contracts from the constants that the generator wrote: what a process that serves starts with.

use std::sync::atomic::AtomicU64;

use contracts::common::{FaultKind, RpcContract};
use contracts::rpc::{self, Rpc};

use super::declared::Declared;
use super::policy::{self, Access, Idempotency};
use super::{Contract, ContractError, deadline, domain};
use crate::fault::Kind;

/// Takes all contracts, or says everything that is wrong with any of them.
pub(super) fn contracts(rpcs: &[Rpc]) -> Result<Vec<Contract>, ContractError> {
    let (mut taken, mut broken) = (Vec::with_capacity(rpcs.len()), Vec::new());
    for rpc in rpcs {
        match contract(rpc) {
            Ok(contract) => taken.push(contract),
            Err(why) => broken.push(format!("{} {why}", rpc.path)),
        }
    }
    if broken.is_empty() {
        Ok(taken)
    } else {
        Err(ContractError::Broken(broken))
    }
}

fn contract(rpc: &Rpc) -> Result<Contract, String> {
    let option = RpcContract {
        permission: rpc.permission.to_owned(),
        public: rpc.public,
        scope: rpc.scope.into(),
        scope_field: rpc.scope_field.to_owned(),
        priority: rpc.priority.into(),
        deadline_ms: rpc.deadline_ms,
        reasons: Vec::new(),
    };
    if option == RpcContract::default() {
        return Err("has no contract".to_owned());
    }
    Ok(Contract {
        path: rpc.path.to_owned(),
        method: rpc.path.trim_start_matches('/').into(),
        access: Access::of(&option)?,
        priority: policy::priority(rpc.priority).ok_or("names no priority")?,
        deadline: deadline(rpc.deadline_ms)?,
        idempotency: idempotency(rpc.idempotency),
        streams: rpc.streams,
        declared: declared(rpc)?,
        undeclared: AtomicU64::new(0),
    })
}

fn declared(rpc: &Rpc) -> Result<Vec<Declared>, String> {
    let domain = domain(package(rpc.path));
    let reason = |(name, kind): &(&str, FaultKind)| -> Result<Declared, String> {
        let kind = Kind::of_contract(*kind);
        Ok(Declared {
            name: (*name).to_owned(),
            domain: domain.clone(),
            kind: kind.ok_or_else(|| format!("declares the unknown reason {name}"))?,
        })
    };
    let declared: Result<Vec<_>, _> = rpc.reasons.iter().map(reason).collect();
    let mut declared = declared?;
    declared.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(declared)
}

/// The package of `/retail.order.v1.OrderService/CreateOrder`.
fn package(path: &str) -> &str {
    let service = path.trim_start_matches('/').split('/').next();
    let package = service.and_then(|it| it.rsplit_once('.'));
    package.map_or("", |(package, _)| package)
}

fn idempotency(of: rpc::Idempotency) -> Idempotency {
    match of {
        rpc::Idempotency::NoSideEffects => Idempotency::NoSideEffects,
        rpc::Idempotency::Idempotent => Idempotency::Idempotent,
        rpc::Idempotency::IdempotencyUnknown => Idempotency::Unknown,
    }
}
