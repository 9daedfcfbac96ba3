//! Writing and listing prices.

use chassis::call::Call;
use chassis::fault::Fault;
use journal::Tries;
use vocab::{Moment, PriceId, ProductId};

use super::{App, actor, unexpected};
use crate::db::PriceList;
use crate::domain::command::{OnSnapshot, PriceCancelling, PriceSetting};
use crate::domain::price::{Offer, PriceEntry};
use crate::domain::product::Product;
use crate::domain::{Answer, Command};

impl App {
    /// Sets a price, at once or from a future instant on.
    pub async fn set_price(
        &self,
        call: &Call,
        id: ProductId,
        etag: Option<String>,
        (offer, at): (Offer, Option<Moment>),
    ) -> Result<(Product, PriceEntry), Fault> {
        let mut tries = Tries::default();
        loop {
            let snapshot = self.snapshot(call, id).await?;
            let etag = etag.clone();
            let command = Command::SetPrice(Box::new(PriceSetting {
                on: OnSnapshot { snapshot, etag },
                id: self.draw()?.id(),
                offer,
                at,
                actor: actor(call),
            }));
            if let Some(done) = tries.settle(self.submit(call, command).await) {
                return match done? {
                    Answer::Priced(product, entry) => Ok((*product, *entry)),
                    other => Err(unexpected(&other)),
                };
            }
        }
    }

    /// Cancels a price that waits.
    pub async fn cancel_price(
        &self,
        call: &Call,
        product: ProductId,
        price: PriceId,
        etag: Option<String>,
    ) -> Result<PriceEntry, Fault> {
        let command = Command::CancelPrice(PriceCancelling {
            product,
            price,
            etag,
        });
        match self.submit(call, command).await? {
            Answer::Price(entry) => Ok(*entry),
            other => Err(unexpected(&other)),
        }
    }

    /// Lists a part of a product's price history.
    pub async fn list_prices(
        &self,
        call: &Call,
        list: PriceList,
    ) -> Result<Vec<PriceEntry>, Fault> {
        self.snapshot(call, list.product).await?;
        self.db.list_prices(call.tenant, list).await
    }
}
