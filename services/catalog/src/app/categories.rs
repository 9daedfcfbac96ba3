//! Writing and reading the tree of categories.

use chassis::call::Call;
use chassis::fault::Fault;
use journal::Tries;
use vocab::CategoryId;

use super::{App, unexpected};
use crate::db::{CategoryList, Freshness, Placed};
use crate::domain::category::{Category, CategoryContent, Lineage};
use crate::domain::command::{CategoryRemoval, CategoryRevision, NewCategory};
use crate::domain::{Answer, Command, Refusal};

impl App {
    /// Creates a category.
    pub async fn create_category(
        &self,
        call: &Call,
        content: CategoryContent,
    ) -> Result<(Category, Lineage), Fault> {
        let id = self.draw()?.id();
        let mut tries = Tries::default();
        loop {
            let around = self
                .db
                .surroundings(call.tenant, content.parent, None)
                .await?;
            let command = Command::CreateCategory(Box::new(NewCategory {
                id,
                content: content.clone(),
                above: around.above,
            }));
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                return category(done?);
            }
        }
    }

    /// Changes a category to what `revise` makes of it, as it is at that moment.
    pub async fn revise_category(
        &self,
        call: &Call,
        id: CategoryId,
        etag: Option<String>,
        revise: impl Fn(&Placed) -> Result<CategoryContent, Fault> + Send + Sync,
    ) -> Result<(Category, Lineage), Fault> {
        let mut tries = Tries::default();
        loop {
            let present = self.present_category(call, id).await?;
            let new = revise(&present)?;
            let around = self.db.surroundings(call.tenant, new.parent, Some(id));
            let around = around.await?;
            let command = Command::ReviseCategory(Box::new(CategoryRevision {
                id,
                version: present.category.version,
                old: present.category.content,
                new,
                above: around.above,
                revision: around.revision,
                height: around.height,
                etag: etag.clone(),
            }));
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                return category(done?);
            }
        }
    }

    /// Removes an empty category for good.
    pub async fn delete_category(
        &self,
        call: &Call,
        id: CategoryId,
        etag: Option<String>,
    ) -> Result<(), Fault> {
        let mut tries = Tries::default();
        loop {
            // One that is gone is read too: the request may be a repetition.
            let found = self.db.category_or_tombstone(call.tenant, id).await?;
            let content = found.ok_or(Refusal::CategoryMissing(id))?.content;
            let command = Command::DeleteCategory(CategoryRemoval {
                id,
                parent: content.parent,
                slug: content.slug,
                etag: etag.clone(),
            });
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                return match done? {
                    Answer::Done => Ok(()),
                    other => Err(unexpected(&other)),
                };
            }
        }
    }

    /// Lists a part of the tree.
    pub async fn list_categories(
        &self,
        call: &Call,
        list: CategoryList,
    ) -> Result<Vec<Placed>, Fault> {
        self.db.list_categories(call.tenant, list).await
    }

    async fn present_category(&self, call: &Call, id: CategoryId) -> Result<Placed, Fault> {
        let found = self.db.category(Freshness::Latest, call.tenant, id).await?;
        found.ok_or_else(|| Refusal::CategoryMissing(id).into())
    }
}

fn category(answer: Answer) -> Result<(Category, Lineage), Fault> {
    match answer {
        Answer::Category(category, lineage) => Ok((*category, lineage)),
        other => Err(unexpected(&other)),
    }
}
