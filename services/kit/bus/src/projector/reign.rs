//! One lead of a projector: rounds over the log, for the served copy and the one being built.

use journal::Recorded;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::cursor::{self, Cursor, Progress};
use super::tenants::{after, announce, announce_all};
use super::{ApplyError, Copy, Ended, Projector};
use crate::leader::Lead;
use crate::log::{Bounded, Log, Pass, session};

/// How many chunks of a rebuild are applied before the served copy has its turn again.
const CHUNKS_MAX: usize = 100;

/// A projector that leads.
pub(super) struct Reign<'a> {
    projector: &'a Projector,
    log: Log,
    service: PgConnection,
    cursor: Cursor,
}

/// How a pass over one copy ended.
enum Came {
    /// Up to its target.
    Through,
    /// Not yet; more is to be read.
    PartOfTheWay,
    /// To an event that cannot be applied.
    Stuck,
}

impl<'a> Reign<'a> {
    pub async fn begin(projector: &'a Projector, lead: Lead) -> Result<Self, Ended> {
        let mut log = Log::on(lead.into_connection()).await?;
        let service = session(&projector.service);
        let service = PgConnection::connect_with(&service).bounded().await?;
        let projection = &projector.projection;
        let (name, version) = (projection.name(), projection.version());
        let cursor = Cursor::take(log.connection(), name, version, &projector.instance).await?;
        Ok(Self {
            projector,
            log,
            service,
            cursor,
        })
    }

    /// Brings both copies further. True if there is more to do at once.
    pub async fn round(&mut self) -> Result<bool, Ended> {
        let projection = self.projector.projection.clone();
        self.cursor
            .again(self.log.connection(), projection.name())
            .await?;
        let newer = self.cursor.version < projection.version();
        match &self.cursor.rebuild {
            None if newer => self.begin_rebuild().await?,
            Some((_, None)) => self.begin_rebuild().await?,
            Some((version, Some(_))) if *version < projection.version() => {
                self.begin_rebuild().await?;
            }
            _ => (),
        }
        let mut more = false;
        if !self.cursor.failed {
            let progress = self.cursor.progress.clone();
            let came = self.bring(self.cursor.served, progress, false).await?;
            more |= matches!(came, Came::PartOfTheWay);
        }
        if let Some((_, Some(progress))) = self.cursor.rebuild.clone() {
            more |= self.rebuild(progress).await?;
        }
        Ok(more)
    }

    async fn rebuild(&mut self, progress: Progress) -> Result<bool, Ended> {
        let caught_up = progress.target.is_none();
        let copy = self.cursor.served.other();
        match self.bring(copy, progress, true).await? {
            // Once through and then once more, so that little is missing at the exchange.
            Came::Through if caught_up => {
                let name = self.projector.projection.name();
                cursor::exchange(self.log.connection(), name, self.cursor.epoch).await?;
                tracing::info!(projection.name = name, "projection was rebuilt");
                Ok(true)
            }
            Came::Through | Came::PartOfTheWay => Ok(true),
            Came::Stuck => Ok(false),
        }
    }

    /// Empties the second copy, tenant by tenant, and begins to fill it.
    async fn begin_rebuild(&mut self) -> Result<(), Ended> {
        let projection = self.projector.projection.clone();
        let copy = self.cursor.served.other();
        let mut last = Uuid::nil();
        loop {
            let tenants = after(self.log.connection(), last).await?;
            let Some(end) = tenants.last() else { break };
            last = *end;
            let mut tx = self.service.begin().bounded().await?;
            announce_all(&mut tx, &tenants).await?;
            projection.clear(&mut tx, copy).bounded().await?;
            tx.commit().bounded().await?;
        }
        let (name, version) = (projection.name(), projection.version());
        cursor::begin_rebuild(self.log.connection(), name, self.cursor.epoch, version).await?;
        self.cursor.again(self.log.connection(), name).await
    }

    /// Applies what a copy misses.
    async fn bring(
        &mut self,
        copy: Copy,
        mut progress: Progress,
        rebuilding: bool,
    ) -> Result<Came, Ended> {
        let resumed = progress.target.is_some();
        let target = match progress.target.take() {
            Some(target) => target,
            None => self.log.settled().await?,
        };
        let mut pass = self.log.between(&progress.snapshot, &target).await?;
        let mut work = Work {
            projector: self.projector,
            service: &mut self.service,
            epoch: self.cursor.epoch,
            copy,
            rebuilding,
        };
        let from = if resumed { progress.position } else { 0 };
        progress.target = Some(target);
        let came = work.through(&mut pass, progress, from).await;
        match came {
            Ok(Came::Through) => pass.end().await.map(|_| ())?,
            _ => pass.give_up().await?,
        }
        came
    }
}

/// One pass over one copy.
struct Work<'a> {
    projector: &'a Projector,
    service: &'a mut PgConnection,
    epoch: i64,
    copy: Copy,
    rebuilding: bool,
}

impl Work<'_> {
    async fn through(
        &mut self,
        pass: &mut Pass<'_>,
        mut progress: Progress,
        from: i64,
    ) -> Result<Came, Ended> {
        let mut chunks = 0;
        while let Some(mut chunk) = pass.next().await? {
            let last = pass.is_last(&chunk);
            chunk.retain(|it| it.position > from);
            if let Some(event) = chunk.last() {
                progress.position = event.position;
            }
            if last {
                settle(&mut progress);
            }
            if !self.apply(&chunk, &progress).await? {
                return Ok(Came::Stuck);
            }
            chunks += 1;
            if last {
                return Ok(Came::Through);
            }
            if chunks == CHUNKS_MAX {
                return Ok(Came::PartOfTheWay);
            }
        }
        if from > 0 || chunks > 0 {
            settle(&mut progress);
            self.apply(&[], &progress).await?;
        }
        Ok(Came::Through)
    }

    /// Applies and saves in one commit. False if an event cannot be applied.
    async fn apply(&mut self, chunk: &[Recorded], progress: &Progress) -> Result<bool, Ended> {
        let projection = &self.projector.projection;
        let mut tx = self.service.begin().bounded().await?;
        announce(&mut tx, chunk).await?;
        let applied = projection.apply(&mut tx, self.copy, chunk).await;
        match applied {
            Ok(()) => {
                let name = projection.name();
                cursor::save(&mut tx, name, self.epoch, self.rebuilding, progress).await?;
                tx.commit().bounded().await?;
                Ok(true)
            }
            Err(ApplyError::Database(error)) => Err(error.into()),
            Err(ApplyError::Inapplicable { event, why }) => {
                tx.rollback().bounded().await?;
                let name = projection.name();
                tracing::error!(projection.name = name, event.id = %event, why, "stands still");
                let failure = (event.uuid(), why.as_str());
                cursor::fail(self.service, name, self.epoch, failure).await?;
                Ok(false)
            }
        }
    }
}

/// The pass has come to its end: what its target shows is applied.
fn settle(progress: &mut Progress) {
    if let Some(target) = progress.target.take() {
        progress.snapshot = target;
    }
}
