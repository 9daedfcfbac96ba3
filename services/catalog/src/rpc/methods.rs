//! The methods of the contract, one by one: open, convert, ask the app, convert back.

use chassis::call::Call;
use contracts::catalog as pb;
use contracts::catalog::catalog_service_server::CatalogService;
use futures_util::stream::BoxStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::convert::{category, etag, price, product, update};
use super::{Answer, Rpc, id, sent, shown, unserved, viewer};
use crate::domain::command::Step;

#[async_trait]
impl CatalogService for Rpc {
    type WatchProductsStream = BoxStream<'static, Result<pb::WatchProductsResponse, Status>>;

    async fn create_product(
        &self,
        request: Request<pb::CreateProductRequest>,
    ) -> Answer<pb::CreateProductResponse> {
        let (call, request) = Call::open(request)?;
        let (unit, new) = product::created(&sent("product", request.product)?)?;
        let product = shown(&call, &self.app.create_product(&call, unit, new).await?);
        Ok(Response::new(pb::CreateProductResponse { product }))
    }

    async fn get_product(
        &self,
        request: Request<pb::GetProductRequest>,
    ) -> Answer<pb::GetProductResponse> {
        let (call, request) = Call::open(request)?;
        update::readable(request.read_mask.as_ref())?;
        let id = id("product_id", &request.product_id)?;
        let found = self
            .app
            .product(&call, viewer(&call), id, request.min_version)
            .await?;
        let whole = product::product(call.tenant, &found);
        let product = Some(update::projected(&whole, request.read_mask.as_ref())?);
        Ok(Response::new(pb::GetProductResponse { product }))
    }

    async fn batch_get_products(
        &self,
        request: Request<pb::BatchGetProductsRequest>,
    ) -> Answer<pb::BatchGetProductsResponse> {
        let (call, request) = Call::open(request)?;
        Ok(Response::new(self.batch(&call, request).await?))
    }

    async fn list_products(
        &self,
        request: Request<pb::ListProductsRequest>,
    ) -> Answer<pb::ListProductsResponse> {
        let (call, request) = Call::open(request)?;
        Ok(Response::new(self.products(&call, request).await?))
    }

    async fn search_products(
        &self,
        request: Request<pb::SearchProductsRequest>,
    ) -> Answer<pb::SearchProductsResponse> {
        let (call, request) = Call::open(request)?;
        Ok(Response::new(self.search(&call, request).await?))
    }

    async fn watch_products(
        &self,
        request: Request<pb::WatchProductsRequest>,
    ) -> Answer<Self::WatchProductsStream> {
        let (call, request) = Call::open(request)?;
        Ok(Response::new(self.watch(call, request).await?))
    }

    async fn update_product(
        &self,
        request: Request<pb::UpdateProductRequest>,
    ) -> Answer<pb::UpdateProductResponse> {
        let (call, request) = Call::open(request)?;
        let sent = sent("product", request.product)?;
        let id = id("product.product_id", &sent.product_id)?;
        let mask = request.update_mask.as_ref();
        let revise = |present: &_| update::revised(call.tenant, present, &sent, mask);
        let revised = self
            .app
            .revise_product(&call, id, etag(&sent.etag), revise)
            .await?;
        let product = shown(&call, &revised);
        Ok(Response::new(pb::UpdateProductResponse { product }))
    }

    async fn delete_product(
        &self,
        request: Request<pb::DeleteProductRequest>,
    ) -> Answer<pb::DeleteProductResponse> {
        let (call, request) = Call::open(request)?;
        let id = id("product_id", &request.product_id)?;
        let done = self
            .app
            .delete_product(&call, id, etag(&request.etag))
            .await?;
        let product = shown(&call, &done);
        Ok(Response::new(pb::DeleteProductResponse { product }))
    }

    async fn undelete_product(
        &self,
        request: Request<pb::UndeleteProductRequest>,
    ) -> Answer<pb::UndeleteProductResponse> {
        let (call, request) = Call::open(request)?;
        let id = id("product_id", &request.product_id)?;
        let done = self
            .app
            .undelete_product(&call, id, etag(&request.etag))
            .await?;
        let product = shown(&call, &done);
        Ok(Response::new(pb::UndeleteProductResponse { product }))
    }

    async fn publish_product(
        &self,
        request: Request<pb::PublishProductRequest>,
    ) -> Answer<pb::PublishProductResponse> {
        let (call, request) = Call::open(request)?;
        let (id, etag) = (id("product_id", &request.product_id)?, etag(&request.etag));
        let product = shown(
            &call,
            &self
                .app
                .step_product(&call, id, etag, Step::Publish)
                .await?,
        );
        Ok(Response::new(pb::PublishProductResponse { product }))
    }

    async fn unpublish_product(
        &self,
        request: Request<pb::UnpublishProductRequest>,
    ) -> Answer<pb::UnpublishProductResponse> {
        let (call, request) = Call::open(request)?;
        let (id, etag) = (id("product_id", &request.product_id)?, etag(&request.etag));
        let product = shown(
            &call,
            &self
                .app
                .step_product(&call, id, etag, Step::Unpublish)
                .await?,
        );
        Ok(Response::new(pb::UnpublishProductResponse { product }))
    }

    async fn archive_product(
        &self,
        request: Request<pb::ArchiveProductRequest>,
    ) -> Answer<pb::ArchiveProductResponse> {
        let (call, request) = Call::open(request)?;
        let (id, etag) = (id("product_id", &request.product_id)?, etag(&request.etag));
        let product = shown(
            &call,
            &self
                .app
                .step_product(&call, id, etag, Step::Archive)
                .await?,
        );
        Ok(Response::new(pb::ArchiveProductResponse { product }))
    }

    async fn set_product_price(
        &self,
        request: Request<pb::SetProductPriceRequest>,
    ) -> Answer<pb::SetProductPriceResponse> {
        let (call, request) = Call::open(request)?;
        let (id, etag) = (id("product_id", &request.product_id)?, etag(&request.etag));
        let (wanted, beside) = (request.price.as_ref(), request.compare_at_price.as_ref());
        let offer = price::set(wanted, beside)?;
        let at = price::effective(request.effective_time.as_ref())?;
        let (product, entry) = self.app.set_price(&call, id, etag, (offer, at)).await?;
        Ok(Response::new(pb::SetProductPriceResponse {
            product: shown(&call, &product),
            price_change: Some(price::entry(&entry)),
        }))
    }

    async fn list_product_prices(
        &self,
        request: Request<pb::ListProductPricesRequest>,
    ) -> Answer<pb::ListProductPricesResponse> {
        let (call, request) = Call::open(request)?;
        Ok(Response::new(self.prices(&call, request).await?))
    }

    async fn cancel_scheduled_price(
        &self,
        request: Request<pb::CancelScheduledPriceRequest>,
    ) -> Answer<pb::CancelScheduledPriceResponse> {
        let (call, request) = Call::open(request)?;
        let id_of_price = id("price_change_id", &request.price_change_id)?;
        let (id, etag) = (id("product_id", &request.product_id)?, etag(&request.etag));
        let entry = self.app.cancel_price(&call, id, id_of_price, etag).await?;
        let price_change = Some(price::entry(&entry));
        Ok(Response::new(pb::CancelScheduledPriceResponse {
            price_change,
        }))
    }

    async fn import_products(
        &self,
        _: Request<Streaming<pb::ImportProductsRequest>>,
    ) -> Answer<pb::ImportProductsResponse> {
        unserved()
    }

    async fn batch_import_products(
        &self,
        _: Request<pb::BatchImportProductsRequest>,
    ) -> Answer<pb::BatchImportProductsResponse> {
        unserved()
    }

    async fn get_product_import(
        &self,
        _: Request<pb::GetProductImportRequest>,
    ) -> Answer<pb::GetProductImportResponse> {
        unserved()
    }

    async fn list_product_imports(
        &self,
        _: Request<pb::ListProductImportsRequest>,
    ) -> Answer<pb::ListProductImportsResponse> {
        unserved()
    }

    async fn create_category(
        &self,
        request: Request<pb::CreateCategoryRequest>,
    ) -> Answer<pb::CreateCategoryResponse> {
        let (call, request) = Call::open(request)?;
        let content = category::created(&sent("category", request.category)?)?;
        let (created, lineage) = self.app.create_category(&call, content).await?;
        let category = Some(category::category(call.tenant, &created, &lineage));
        Ok(Response::new(pb::CreateCategoryResponse { category }))
    }

    async fn get_category(
        &self,
        request: Request<pb::GetCategoryRequest>,
    ) -> Answer<pb::GetCategoryResponse> {
        let (call, request) = Call::open(request)?;
        let id = id("category_id", &request.category_id)?;
        let found = self.app.category(&call, id, request.min_version).await?;
        let category = Some(category::placed(call.tenant, &found));
        Ok(Response::new(pb::GetCategoryResponse { category }))
    }

    async fn list_categories(
        &self,
        request: Request<pb::ListCategoriesRequest>,
    ) -> Answer<pb::ListCategoriesResponse> {
        let (call, request) = Call::open(request)?;
        Ok(Response::new(self.categories(&call, request).await?))
    }

    async fn update_category(
        &self,
        request: Request<pb::UpdateCategoryRequest>,
    ) -> Answer<pb::UpdateCategoryResponse> {
        let (call, request) = Call::open(request)?;
        let sent = sent("category", request.category)?;
        let id = id("category.category_id", &sent.category_id)?;
        let mask = request.update_mask.as_ref();
        let revise = |present: &_| update::content(call.tenant, present, &sent, mask);
        let revised = self
            .app
            .revise_category(&call, id, etag(&sent.etag), revise)
            .await?;
        let category = Some(category::category(call.tenant, &revised.0, &revised.1));
        Ok(Response::new(pb::UpdateCategoryResponse { category }))
    }

    async fn delete_category(
        &self,
        request: Request<pb::DeleteCategoryRequest>,
    ) -> Answer<pb::DeleteCategoryResponse> {
        let (call, request) = Call::open(request)?;
        let id = id("category_id", &request.category_id)?;
        self.app
            .delete_category(&call, id, etag(&request.etag))
            .await?;
        Ok(Response::new(pb::DeleteCategoryResponse {}))
    }

    async fn create_attribute_schema(
        &self,
        _: Request<pb::CreateAttributeSchemaRequest>,
    ) -> Answer<pb::CreateAttributeSchemaResponse> {
        unserved()
    }

    async fn get_attribute_schema(
        &self,
        _: Request<pb::GetAttributeSchemaRequest>,
    ) -> Answer<pb::GetAttributeSchemaResponse> {
        unserved()
    }

    async fn list_attribute_schemas(
        &self,
        _: Request<pb::ListAttributeSchemasRequest>,
    ) -> Answer<pb::ListAttributeSchemasResponse> {
        unserved()
    }

    async fn update_attribute_schema(
        &self,
        _: Request<pb::UpdateAttributeSchemaRequest>,
    ) -> Answer<pb::UpdateAttributeSchemaResponse> {
        unserved()
    }

    async fn validate_attributes(
        &self,
        _: Request<pb::ValidateAttributesRequest>,
    ) -> Answer<pb::ValidateAttributesResponse> {
        unserved()
    }
}
