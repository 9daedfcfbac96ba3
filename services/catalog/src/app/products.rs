//! Writing products: create, revise, delete, bring back, and move between states.

use journal::Tries;
use std::sync::Arc;

use chassis::call::Call;
use chassis::fault::Fault;
use vocab::{PriceId, ProductId};

use super::{App, actor, unexpected};
use crate::db::Freshness;
use crate::domain::command::{NewProduct, OnSnapshot, Revision, Step, Transition};
use crate::domain::price::Wanted;
use crate::domain::product::{Content, Product, Unit};
use crate::domain::{Answer, Command, Refusal};

/// What a product is to become.
#[derive(Clone, Debug)]
pub struct Revised {
    /// Its whole content.
    pub content: Content,
    /// All its prices.
    pub prices: Wanted,
}

impl App {
    /// Creates a product as DRAFT.
    pub async fn create_product(
        &self,
        call: &Call,
        unit: Unit,
        new: Revised,
    ) -> Result<Product, Fault> {
        let mut draw = self.draw()?;
        let offers = new.prices.offers()?;
        let command = Command::CreateProduct(Box::new(NewProduct {
            id: draw.id(),
            unit,
            content: new.content,
            prices: new.prices,
            price_ids: offers.iter().map(|_| draw.id()).collect(),
            actor: actor(call),
        }));
        product(self.submit(call, command).await?)
    }

    /// Changes a product to what `revise` makes of it, as it is at that moment.
    pub async fn revise_product(
        &self,
        call: &Call,
        id: ProductId,
        etag: Option<String>,
        revise: impl Fn(&Product) -> Result<Revised, Fault> + Send + Sync,
    ) -> Result<Product, Fault> {
        let mut tries = Tries::default();
        loop {
            let snapshot = self.snapshot(call, id).await?;
            let revised = revise(&snapshot)?;
            let command = self.revision(call, snapshot, etag.clone(), revised)?;
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                return product(done?);
            }
        }
    }

    fn revision(
        &self,
        call: &Call,
        snapshot: Arc<Product>,
        etag: Option<String>,
        revised: Revised,
    ) -> Result<Command, Fault> {
        let mut draw = self.draw()?;
        let ids = || -> PriceId { draw.id() };
        let moves = revised.prices.moves(&snapshot.prices, ids)?;
        let other_main = revised.prices.main.currency() != snapshot.prices.main;
        if (!moves.is_empty() || other_main) && !call.caller.may("price.write") {
            return Err(Fault::denied("price.write"));
        }
        Ok(Command::ReviseProduct(Box::new(Revision {
            on: OnSnapshot { snapshot, etag },
            content: revised.content,
            main: revised.prices.main,
            moves,
            actor: actor(call),
        })))
    }

    /// Hides a product.
    pub async fn delete_product(
        &self,
        call: &Call,
        id: ProductId,
        etag: Option<String>,
    ) -> Result<Product, Fault> {
        self.on_snapshot(call, id, etag, Command::DeleteProduct)
            .await
    }

    /// Brings a product back.
    pub async fn undelete_product(
        &self,
        call: &Call,
        id: ProductId,
        etag: Option<String>,
    ) -> Result<Product, Fault> {
        self.on_snapshot(call, id, etag, Command::UndeleteProduct)
            .await
    }

    /// Puts prices in force whose time has come.
    pub async fn enforce_prices(&self, call: &Call, id: ProductId) -> Result<Product, Fault> {
        self.on_snapshot(call, id, None, Command::EnforcePrices)
            .await
    }

    /// Moves a product to another state.
    pub async fn step_product(
        &self,
        call: &Call,
        id: ProductId,
        etag: Option<String>,
        step: Step,
    ) -> Result<Product, Fault> {
        let command = Command::MoveProduct(Transition {
            product: id,
            etag,
            step,
        });
        product(self.submit(call, command).await?)
    }

    async fn on_snapshot(
        &self,
        call: &Call,
        id: ProductId,
        etag: Option<String>,
        command: fn(OnSnapshot) -> Command,
    ) -> Result<Product, Fault> {
        let mut tries = Tries::default();
        loop {
            let snapshot = self.snapshot(call, id).await?;
            let etag = etag.clone();
            let command = command(OnSnapshot { snapshot, etag });
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                return product(done?);
            }
        }
    }

    /// The product as it is, for a command that rests on it.
    pub(super) async fn snapshot(&self, call: &Call, id: ProductId) -> Result<Arc<Product>, Fault> {
        let found = self.db.product(Freshness::Latest, call.tenant, id).await?;
        found
            .map(Arc::new)
            .ok_or_else(|| Refusal::ProductMissing(id).into())
    }
}

fn product(answer: Answer) -> Result<Product, Fault> {
    match answer {
        Answer::Product(product) => Ok(*product),
        other => Err(unexpected(&other)),
    }
}
