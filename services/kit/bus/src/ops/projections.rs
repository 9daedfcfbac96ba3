//! The views of a log, and the command to build one anew.

use chassis::fault::Fault;
use contracts::common::Actor;
use contracts::convert::id;
use contracts::ops as pb;
use sqlx::PgConnection;
use time::OffsetDateTime;
use vocab::{EventId, Id};

use super::listing::page;
use super::once::Begun;
use super::times::{age, timestamp};
use super::{Asker, Ops, PROJECTION_UNKNOWN, REBUILD_RUNNING, damaged, page_size};
use crate::projector::{ProjectionStatus, projection_status, projection_statuses, request_rebuild};

const REBUILD: &str = "retail.ops.v1.OpsService/RebuildProjection";

impl Ops {
    /// Lists the views that the service derives from its own log.
    pub async fn list_projections(
        &self,
        asker: &Asker,
        message: pb::ListProjectionsRequest,
    ) -> Result<pb::ListProjectionsResponse, Fault> {
        self.here(&message.service)?;
        let after = self.opened(asker, "ListProjections", &message.page_token)?;
        let mut connection = self.of_log().await?;
        let all = projection_statuses(&mut connection)
            .await
            .map_err(journal::fault)?;
        let size = page_size(message.page_size);
        let (page, last) = page(all, |it| it.name.as_str(), after, size);
        let now = now(&mut connection).await?;
        let projections = page
            .into_iter()
            .map(|it| self.projection(it, now))
            .collect();
        let next_page_token = match last {
            Some(last) => self.sealed(asker, "ListProjections", &last)?,
            None => String::new(),
        };
        Ok(pb::ListProjectionsResponse {
            projections,
            next_page_token,
        })
    }

    /// Returns one projection.
    pub async fn find_projection(
        &self,
        message: pb::GetProjectionRequest,
    ) -> Result<pb::GetProjectionResponse, Fault> {
        self.here(&message.service)?;
        let projection = Some(self.named_projection(&message.name).await?);
        Ok(pb::GetProjectionResponse { projection })
    }

    /// Asks for a rebuild, which the leading replica begins.
    pub async fn rebuild_projection(
        &self,
        asker: &Asker,
        message: pb::RebuildProjectionRequest,
    ) -> Result<pb::RebuildProjectionResponse, Fault> {
        self.here(&message.service)?;
        let mut once = match self.once(asker, REBUILD).await? {
            Begun::Known(answer) => return Ok(answer),
            Begun::First(once) => once,
        };
        let before = self.projection_on(once.connection(), &message.name).await?;
        let kind: i32 = asker.actor.kind.into();
        let kind = i16::try_from(kind).map_err(Fault::bug)?;
        let actor = (kind, asker.actor.id.as_str());
        let begun = request_rebuild(once.connection(), &message.name, actor).await;
        if !begun.map_err(journal::fault)? {
            let rebuild = before.rebuild.unwrap_or_default();
            let fault = Fault::new(REBUILD_RUNNING, "the projection is being rebuilt already");
            return Err(fault
                .with("position", rebuild.position.to_string())
                .with("end_position", rebuild.end_position.to_string()));
        }
        let projection = self.projection_on(once.connection(), &message.name).await?;
        let projection = Some(projection);
        once.keep(pb::RebuildProjectionResponse { projection })
            .await
    }

    async fn named_projection(&self, name: &str) -> Result<pb::Projection, Fault> {
        let mut connection = self.of_log().await?;
        self.projection_on(&mut connection, name).await
    }

    async fn projection_on(
        &self,
        connection: &mut PgConnection,
        name: &str,
    ) -> Result<pb::Projection, Fault> {
        let status = projection_status(&mut *connection, name).await;
        let status = status.map_err(journal::fault)?.ok_or_else(|| {
            let message = "the service has no projection of this name";
            Fault::new(PROJECTION_UNKNOWN, message).with("name", name)
        })?;
        let now = now(connection).await?;
        Ok(self.projection(status, now))
    }

    /// What the clock of the database says.
    pub(super) async fn now(&self) -> Result<OffsetDateTime, Fault> {
        let mut connection = self.of_log().await?;
        now(&mut connection).await
    }

    fn projection(&self, status: ProjectionStatus, now: OffsetDateTime) -> pb::Projection {
        let lag_age = age(status.oldest_at, now);
        let behind = lag_age.as_ref().is_some_and(|it| it.seconds >= 1);
        let state = match (status.state.as_str(), &status.rebuild_version, behind) {
            ("failed", _, _) => pb::ProjectionState::Failed,
            (_, Some(_), _) => pb::ProjectionState::Rebuilding,
            (_, None, true) => pb::ProjectionState::CatchingUp,
            (_, None, false) => pb::ProjectionState::Live,
        };
        let rebuild = status.rebuild_version.map(|_| pb::ProjectionRebuild {
            start_time: timestamp(status.rebuild_began_at),
            position: status.rebuild_position,
            end_position: status.rebuild_end_position,
            actor: Some(Actor {
                r#type: status.rebuild_actor_type.into(),
                actor_id: status.rebuild_actor_id,
            }),
        });
        let failed: Option<EventId> = status.failed_event.map(Id::from_uuid);
        pb::Projection {
            name: status.name,
            service: self.parts().service.to_owned(),
            state: state.into(),
            position: status.position,
            lag: status.lag,
            update_time: timestamp(status.applied_at),
            lag_age,
            projector_version: status.projector_version,
            failed_event_id: failed.map(|it| it.to_string()).unwrap_or_default(),
            rebuild,
            build_time: timestamp(status.built_at),
            ..pb::Projection::default()
        }
    }
}

async fn now(connection: &mut PgConnection) -> Result<OffsetDateTime, Fault> {
    let read = sqlx::query_scalar("SELECT clock_timestamp()");
    let read: Result<Option<OffsetDateTime>, _> = read.fetch_one(connection).await;
    let now = read.map_err(journal::fault)?;
    now.ok_or_else(|| damaged("no time"))
}

/// Reads an id of a request that its contract has judged.
pub(super) fn judged<K: vocab::Kind>(text: &str) -> Option<Id<K>> {
    id(text).ok()
}
