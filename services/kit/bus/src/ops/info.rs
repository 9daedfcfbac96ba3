//! What exactly is running.

use chassis::fault::Fault;
use contracts::convert::timestamp;
use contracts::ops as pb;
use vocab::Moment;

use super::Ops;
use super::times;

/// What is known of a build and of the replica that runs it.
#[derive(Clone, Debug)]
pub struct Build {
    /// The release, as in `1.4.2`.
    pub version: String,
    /// The commit it was built from.
    pub source_revision: String,
    /// When it was built, if that is known.
    pub built_at: Option<Moment>,
    /// SHA-256 of the descriptor image, in hex.
    pub contract_hash: String,
    /// The proto packages that are served.
    pub packages: Vec<String>,
    /// This replica.
    pub instance: String,
    /// When it started.
    pub started_at: Moment,
}

impl Ops {
    /// Returns what exactly is running.
    pub async fn service_info(
        &self,
        message: pb::GetServiceInfoRequest,
    ) -> Result<pb::GetServiceInfoResponse, Fault> {
        self.here(&message.service)?;
        let build = self.parts().build.clone();
        let history = self.history().await?;
        let now = self.now().await?;
        let revisions = self.parts().publish.revisions().into_iter();
        let event_schemas = revisions.map(|(event_type, schema_revision)| pb::EventSchema {
            event_type: event_type.to_owned(),
            schema_revision,
        });
        let service_info = Some(pb::ServiceInfo {
            service: self.parts().service.to_owned(),
            version: build.version,
            source_revision: build.source_revision,
            build_time: build.built_at.map(timestamp),
            contract_hash: build.contract_hash,
            packages: build.packages,
            event_schemas: event_schemas.collect(),
            history,
            instance: build.instance,
            start_time: Some(timestamp(build.started_at)),
            database_time: times::timestamp(Some(now)),
            ..pb::ServiceInfo::default()
        });
        Ok(pb::GetServiceInfoResponse { service_info })
    }
}
