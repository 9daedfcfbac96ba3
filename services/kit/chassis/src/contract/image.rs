//! Reads contracts out of a descriptor image, for tests and tools; the only place that reflects.

use std::sync::atomic::AtomicU64;

use contracts::common::{FaultKind, RpcContract};
use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{
    DescriptorError, DescriptorPool, EnumDescriptor, EnumValueDescriptor, ExtensionDescriptor,
    MethodDescriptor,
};
use thiserror::Error;

use super::declared::Declared;
use super::policy::{self, Access, Idempotency};
use super::{Contract, deadline, domain};
use crate::fault::Kind;

/// The packages whose rpcs must have a contract. Others, such as health, are not ours.
const OURS: &str = "retail.";

/// Says why a server cannot start on an image.
#[derive(Debug, Error)]
pub enum ContractError {
    /// The image is not a complete set of descriptors.
    #[error("the descriptor image cannot be read")]
    Image(#[source] Box<DescriptorError>),
    /// The image lacks the options themselves.
    #[error("the descriptor image does not know {0}")]
    NoOption(&'static str),
    /// Rpcs without a contract, or with one that makes no sense, a line for each.
    #[error("contracts are missing or broken: {}", .0.join("; "))]
    Broken(Vec<String>),
    /// A service that the image does not hold.
    #[error("the descriptor image has no service {0}")]
    NoService(String),
}

struct Image {
    rpc: ExtensionDescriptor,
    fault: ExtensionDescriptor,
}

/// Reads all contracts, or says everything that is wrong with any of them.
pub(super) fn contracts(bytes: &[u8]) -> Result<Vec<Contract>, ContractError> {
    let pool = DescriptorPool::decode(bytes).map_err(|it| ContractError::Image(Box::new(it)))?;
    let image = Image {
        rpc: extension(&pool, "retail.common.v1.rpc")?,
        fault: extension(&pool, "retail.common.v1.fault")?,
    };
    let ours = pool
        .services()
        .filter(|it| it.package_name().starts_with(OURS));
    let (mut read, mut broken) = (Vec::new(), Vec::new());
    for method in ours.flat_map(|service| service.methods().collect::<Vec<_>>()) {
        match image.contract(&method) {
            Ok(contract) => read.push(contract),
            Err(why) => broken.push(format!("{} {why}", path(&method))),
        }
    }
    if broken.is_empty() {
        Ok(read)
    } else {
        Err(ContractError::Broken(broken))
    }
}

fn extension(
    pool: &DescriptorPool,
    name: &'static str,
) -> Result<ExtensionDescriptor, ContractError> {
    pool.get_extension_by_name(name)
        .ok_or(ContractError::NoOption(name))
}

impl Image {
    fn contract(&self, method: &MethodDescriptor) -> Result<Contract, String> {
        let options = method.options();
        if !options.has_extension(&self.rpc) {
            return Err("has no contract".to_owned());
        }
        let value = options.get_extension(&self.rpc);
        let message = value.as_message().ok_or("has no contract")?;
        let rpc: RpcContract = message.transcode_to().map_err(|it| it.to_string())?;
        Ok(Contract {
            path: path(method),
            method: path(method).trim_start_matches('/').into(),
            access: Access::of(&rpc)?,
            priority: policy::priority(rpc.priority()).ok_or("names no priority")?,
            deadline: deadline(rpc.deadline_ms)?,
            idempotency: idempotency(method),
            streams: method.is_server_streaming(),
            declared: self.declared(method, &rpc.reasons)?,
            undeclared: AtomicU64::new(0),
        })
    }

    fn declared(
        &self,
        method: &MethodDescriptor,
        names: &[String],
    ) -> Result<Vec<Declared>, String> {
        let service = method.parent_service();
        let enums: Vec<EnumDescriptor> = service
            .parent_pool()
            .all_enums()
            .filter(|it| it.package_name() == service.package_name())
            .filter(|it| it.name().ends_with("ErrorReason"))
            .collect();
        let mut declared = Vec::with_capacity(names.len());
        for name in names {
            let kind = enums.iter().find_map(|it| self.kind(it, name));
            let kind = kind.ok_or_else(|| format!("declares the unknown reason {name}"))?;
            let domain = domain(service.package_name());
            declared.push(Declared {
                name: name.clone(),
                domain,
                kind,
            });
        }
        declared.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(declared)
    }

    /// The kind of a reason that a contract names without its prefix.
    fn kind(&self, reasons: &EnumDescriptor, name: &str) -> Option<Kind> {
        let unset = reasons.default_value();
        let prefix = unset.name().strip_suffix("UNSPECIFIED")?;
        let full = format!("{prefix}{name}");
        let value = reasons.get_value_by_name(&full)?;
        self.fault_of(&value)
    }

    fn fault_of(&self, value: &EnumValueDescriptor) -> Option<Kind> {
        let options = value.options();
        let number = options.get_extension(&self.fault).as_enum_number()?;
        Kind::of_contract(FaultKind::try_from(number).ok()?)
    }
}

fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

fn idempotency(method: &MethodDescriptor) -> Idempotency {
    let proto = method.method_descriptor_proto();
    let options = proto.options.as_ref();
    match options.map(|it| it.idempotency_level()) {
        Some(IdempotencyLevel::NoSideEffects) => Idempotency::NoSideEffects,
        Some(IdempotencyLevel::Idempotent) => Idempotency::Idempotent,
        Some(IdempotencyLevel::IdempotencyUnknown) | None => Idempotency::Unknown,
    }
}
