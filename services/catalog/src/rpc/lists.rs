//! Answers with more than one resource: batches, pages and hits.

use chassis::call::Call;
use chassis::fault::Fault;
use chassis::pages::{Page, cut, size};
use contracts::catalog as pb;
use vocab::ProductId;

use super::convert::update::{projected, readable};
use super::convert::{category, list, price, product, search};
use super::{Rpc, id, viewer};
use crate::db::PriceCursor;

impl Rpc {
    pub(super) async fn batch(
        &self,
        call: &Call,
        request: pb::BatchGetProductsRequest,
    ) -> Result<pb::BatchGetProductsResponse, Fault> {
        let mask = request.read_mask.as_ref();
        readable(mask)?;
        let ids = request.product_ids.iter().map(|it| id("product_ids", it));
        let ids: Vec<ProductId> = ids.collect::<Result<_, _>>()?;
        let found = self.app.products(call, viewer(call), &ids).await?;
        let mut response = pb::BatchGetProductsResponse::default();
        for id in ids {
            match found.get(&id) {
                Some(it) => {
                    let whole = product::product(call.tenant, it);
                    response.products.push(projected(&whole, mask)?);
                }
                None => response.missing_product_ids.push(id.to_string()),
            }
        }
        Ok(response)
    }

    pub(super) async fn products(
        &self,
        call: &Call,
        request: pb::ListProductsRequest,
    ) -> Result<pb::ListProductsResponse, Fault> {
        let mask = request.read_mask.as_ref();
        readable(mask)?;
        let filters = pb::ListProductsRequest {
            page_token: String::new(),
            page_size: 0,
            read_mask: None,
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let Some(list) = list::products(&request, viewer(call), &page)? else {
            return Ok(pb::ListProductsResponse::default());
        };
        let order = list.order;
        let mut products = self.app.list_products(call, list).await?;
        let last = cut(&mut products, size(request.page_size)).map(|it| order.cursor(it));
        let written = products.iter().map(|it| {
            let whole = product::product(call.tenant, it);
            projected(&whole, mask)
        });
        Ok(pb::ListProductsResponse {
            products: written.collect::<Result<_, _>>()?,
            next_page_token: page.seal(last.as_ref())?,
        })
    }

    pub(super) async fn search(
        &self,
        call: &Call,
        request: pb::SearchProductsRequest,
    ) -> Result<pb::SearchProductsResponse, Fault> {
        let mask = request.read_mask.as_ref();
        readable(mask)?;
        let filters = pb::SearchProductsRequest {
            page_token: String::new(),
            page_size: 0,
            read_mask: None,
            awaited_product_id: String::new(),
            min_version: 0,
            facets: Vec::new(),
            attribute_facets: Vec::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let asked = search::asked(&request, viewer(call), self.app.defaults(), &page)?;
        let facets = asked.facets.clone();
        let currency = asked.query.currency.parse().map_err(Fault::bug)?;
        let found = self.app.search(call, asked).await?;
        let hits = found.searched.hits.iter().map(|it| {
            let whole = product::product(call.tenant, &it.product);
            Ok(pb::SearchHit {
                product: Some(projected(&whole, mask)?),
                score: it.score,
            })
        });
        let counted = facets.iter().zip(found.facets);
        Ok(pb::SearchProductsResponse {
            hits: hits.collect::<Result<_, Fault>>()?,
            facets: counted
                .map(|(facet, it)| search::facet(facet, it, currency))
                .collect(),
            hit_count: found.searched.count,
            next_page_token: page.seal(found.searched.next.as_ref())?,
        })
    }

    pub(super) async fn prices(
        &self,
        call: &Call,
        request: pb::ListProductPricesRequest,
    ) -> Result<pb::ListProductPricesResponse, Fault> {
        let filters = pb::ListProductPricesRequest {
            page_token: String::new(),
            page_size: 0,
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let list = list::prices(&request, &page)?;
        let mut entries = self.app.list_prices(call, list).await?;
        let last = cut(&mut entries, size(request.page_size)).map(|it| PriceCursor {
            at: it.start,
            id: it.id,
        });
        Ok(pb::ListProductPricesResponse {
            price_changes: entries.iter().map(price::entry).collect(),
            next_page_token: page.seal(last.as_ref())?,
        })
    }

    pub(super) async fn categories(
        &self,
        call: &Call,
        request: pb::ListCategoriesRequest,
    ) -> Result<pb::ListCategoriesResponse, Fault> {
        let filters = pb::ListCategoriesRequest {
            page_token: String::new(),
            page_size: 0,
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let list = list::categories(&request, &page)?;
        let mut placed = self.app.list_categories(call, list).await?;
        let last = cut(&mut placed, size(request.page_size)).map(|it| it.cursor());
        Ok(pb::ListCategoriesResponse {
            categories: placed
                .iter()
                .map(|it| category::placed(call.tenant, it))
                .collect(),
            next_page_token: page.seal(last.as_ref())?,
        })
    }
}
