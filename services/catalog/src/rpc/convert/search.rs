//! What searches ask for, and what they found.

use chassis::fault::Fault;
use chassis::pages::{Page, size};
use contracts::catalog as pb;
use contracts::validate::Path;
use vocab::{CategoryId, Currency, Money};

use super::{id, money, optional_id, product, unfit};
use crate::app::{Asked, Defaults, Viewer, currencies_differ};
use crate::db::{FacetAsked, FacetCounts, SearchOrder, SearchQuery};

/// Reads what a search asks for, as its viewer may see it.
pub fn asked(
    request: &pb::SearchProductsRequest,
    viewer: Viewer,
    defaults: &Defaults,
    page: &Page<'_>,
) -> Result<Asked, Fault> {
    let root = Path::Root;
    let categories = root.field("category_ids");
    let each = request.category_ids.iter().enumerate();
    let ids = each.map(|(place, text)| id(&categories.index(place), text));
    let awaited = &root.field("awaited_product_id");
    let awaited = optional_id::<vocab::kind::Product>(awaited, &request.awaited_product_id)?;
    let query = query(request, viewer, defaults, page)?;
    let first = query.after.is_none();
    Ok(Asked {
        categories: ids.collect::<Result<_, _>>()?,
        awaited: awaited.map(|it| (it, request.min_version)),
        facets: if first { facets(request) } else { Vec::new() },
        query,
    })
}

fn query(
    request: &pb::SearchProductsRequest,
    viewer: Viewer,
    defaults: &Defaults,
    page: &Page<'_>,
) -> Result<SearchQuery, Fault> {
    let (low, high, currency) = prices(request, defaults)?;
    let order = order(&request.order_by, &request.query);
    let attributes = request.attribute_filters.iter();
    let mut states = product::states(&request.states);
    if states.is_empty() || viewer == Viewer::Shopper {
        states = product::states(&[pb::ProductState::Active.into()]);
    }
    Ok(SearchQuery {
        words: request.query.trim().to_owned(),
        locale: request.locale.clone(),
        default_locale: defaults.locale.clone(),
        categories: None,
        brands: request.brands.clone(),
        currency: currency.to_string(),
        price_min: low.map(Money::amount_minor),
        price_max: high.map(Money::amount_minor),
        in_stock_only: request.in_stock_only,
        attributes: attributes
            .map(|it| (it.name.clone(), it.values.clone()))
            .collect(),
        without_variants: request.exclude_variants,
        states,
        order,
        after: page.open(&request.page_token)?,
        limit: size(request.page_size),
    })
}

fn order(asked: &str, words: &str) -> SearchOrder {
    match asked {
        "relevance" => SearchOrder::Relevance,
        "title" => SearchOrder::Title,
        "title desc" => SearchOrder::TitleDescending,
        "price" => SearchOrder::Price,
        "price desc" => SearchOrder::PriceDescending,
        "publish_time desc" => SearchOrder::Newest,
        _ if words.trim().is_empty() => SearchOrder::Title,
        _ => SearchOrder::Relevance,
    }
}

/// The bounds of prices, and the currency of all prices: they must agree.
fn prices(
    request: &pb::SearchProductsRequest,
    defaults: &Defaults,
) -> Result<(Option<Money>, Option<Money>, Currency), Fault> {
    let root = Path::Root;
    let bound = |name, wire: &Option<_>| {
        let at = root.field(name);
        wire.as_ref().map(|it| money(&at, it)).transpose()
    };
    let low = bound("min_price", &request.min_price)?;
    let high = bound("max_price", &request.max_price)?;
    let named = match request.currency_code.as_str() {
        "" => None,
        code => Some(code.parse::<Currency>().map_err(|_| {
            let at = root.field("currency_code");
            unfit(&at, "currency.known", "must be an active ISO 4217 currency")
        })?),
    };
    let bounds = [low, high].into_iter().flatten().map(Money::currency);
    let mut currencies = named.into_iter().chain(bounds);
    let currency = currencies.next().unwrap_or(defaults.currency);
    match currencies.find(|other| *other != currency) {
        Some(other) => Err(currencies_differ(other.code())),
        None => Ok((low, high, currency)),
    }
}

/// Kinds first, then attributes. The kind for attributes names none by itself.
pub fn facets(request: &pb::SearchProductsRequest) -> Vec<FacetAsked> {
    let kinds = request.facets.iter().filter_map(|kind| {
        match pb::FacetKind::try_from(*kind).unwrap_or_default() {
            pb::FacetKind::Category => Some(FacetAsked::Category),
            pb::FacetKind::Brand => Some(FacetAsked::Brand),
            pb::FacetKind::Price => Some(FacetAsked::Price),
            pb::FacetKind::Availability => Some(FacetAsked::Availability),
            pb::FacetKind::Attribute | pb::FacetKind::Unspecified => None,
        }
    });
    let attributes = request.attribute_facets.iter().cloned();
    kinds.chain(attributes.map(FacetAsked::Attribute)).collect()
}

/// Writes one facet.
pub fn facet(asked: &FacetAsked, counted: FacetCounts, currency: Currency) -> pb::Facet {
    let (kind, name) = match asked {
        FacetAsked::Category => (pb::FacetKind::Category, String::new()),
        FacetAsked::Brand => (pb::FacetKind::Brand, String::new()),
        FacetAsked::Price => (pb::FacetKind::Price, String::new()),
        FacetAsked::Availability => (pb::FacetKind::Availability, String::new()),
        FacetAsked::Attribute(name) => (pb::FacetKind::Attribute, name.clone()),
    };
    let mut facet = pb::Facet {
        kind: kind.into(),
        attribute_name: name,
        ..pb::Facet::default()
    };
    match counted {
        FacetCounts::Prices(Some((low, high))) => {
            facet.min_price = Some(Money::new(low, currency).into());
            facet.max_price = Some(Money::new(high, currency).into());
        }
        FacetCounts::Prices(None) => {}
        FacetCounts::Values(values) => {
            let values = values.into_iter().map(|it| pb::FacetValue {
                value: if kind == pb::FacetKind::Category {
                    category(&it.value)
                } else {
                    it.value
                },
                hit_count: it.count,
            });
            facet.values = values.collect();
        }
    }
    facet
}

/// The id of a category that was counted by its stored form.
fn category(stored: &str) -> String {
    let uuid = uuid::Uuid::parse_str(stored).unwrap_or_default();
    CategoryId::from_uuid(uuid).to_string()
}
