//! Rules: those of positions, how a tenant's stock is held, and what that makes of a request.

use chassis::call::Call;
use chassis::pages::{Page, cut, size};
use contracts::inventory as pb;

use super::convert::{asked, etag, hold, position, rules};
use super::reads::{locations, place, products};
use super::{Rpc, Told};
use crate::app::{Candidate, ExplainedLine, Verdict};
use crate::db::{Condition, PositionList, PositionOrder};

impl Rpc {
    pub(super) async fn stock_policy(
        &self,
        call: &Call,
        request: pb::GetStockPolicyRequest,
    ) -> Told<pb::GetStockPolicyResponse> {
        let place = place(&request.product_id, &request.location_id)?;
        let policy = self.app.policy(call, place).await?;
        Ok(pb::GetStockPolicyResponse {
            policy: Some(position::policy(place, &policy)),
        })
    }

    pub(super) async fn list_stock_policies(
        &self,
        call: &Call,
        request: pb::ListStockPoliciesRequest,
    ) -> Told<pb::ListStockPoliciesResponse> {
        let filters = pb::ListStockPoliciesRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let list = PositionList {
            products: products(&request.product_ids)?,
            locations: locations(&request.location_ids)?,
            conditions: vec![Condition::Ruled],
            order: PositionOrder::Place,
            after: page.open(&request.page_token)?,
            limit: size(request.page_size) + 1,
        };
        let mut found = self.app.list_positions(call, list).await?;
        let last = cut(&mut found, size(request.page_size));
        let last = last.map(|it| PositionOrder::Place.cursor(it));
        let found = found.iter().map(|it| &it.position);
        Ok(pb::ListStockPoliciesResponse {
            policies: found
                .map(|it| position::policy(it.place, &it.policy))
                .collect(),
            next_page_token: page.seal(last.as_ref())?,
        })
    }

    pub(super) async fn update_stock_policy(
        &self,
        call: &Call,
        request: pb::UpdateStockPolicyRequest,
    ) -> Told<pb::UpdateStockPolicyResponse> {
        let sent = request.policy.unwrap_or_default();
        let place = place(&sent.product_id, &sent.location_id)?;
        let mask = request.update_mask;
        let of = (place, etag(&sent.etag));
        let policy = self.app.set_policy(call, of, |present| {
            rules::revised((place, present), &sent, mask.as_ref())
        });
        Ok(pb::UpdateStockPolicyResponse {
            policy: Some(position::policy(place, &policy.await?)),
        })
    }

    pub(super) async fn allocation_policy(
        &self,
        call: &Call,
        _: pb::GetAllocationPolicyRequest,
    ) -> Told<pb::GetAllocationPolicyResponse> {
        let policy = self.app.allocation_now(call).await?;
        Ok(pb::GetAllocationPolicyResponse {
            policy: Some(rules::allocation(call.tenant, &policy)),
        })
    }

    pub(super) async fn update_allocation_policy(
        &self,
        call: &Call,
        request: pb::UpdateAllocationPolicyRequest,
    ) -> Told<pb::UpdateAllocationPolicyResponse> {
        let sent = request.policy.unwrap_or_default();
        let wanted = (rules::allocation_of(&sent)?, etag(&sent.etag));
        let policy = self.app.set_allocation(call, wanted).await?;
        Ok(pb::UpdateAllocationPolicyResponse {
            policy: Some(rules::allocation(call.tenant, &policy)),
        })
    }

    pub(super) async fn explain_allocation(
        &self,
        call: &Call,
        request: pb::ExplainAllocationRequest,
    ) -> Told<pb::ExplainAllocationResponse> {
        let preference = request.preference.as_ref();
        let asked = asked::asked(&request.lines, preference, request.policy())?;
        let explained = self.app.explain(call, &asked).await?;
        Ok(pb::ExplainAllocationResponse {
            explanations: explained.lines.iter().map(line).collect(),
            shortages: explained.shortages.iter().map(hold::shortage).collect(),
            strategy: rules::strategy(explained.strategy).into(),
            policy: Some(rules::allocation(call.tenant, &explained.policy)),
            location_count: i32::try_from(explained.locations).unwrap_or(i32::MAX),
        })
    }
}

fn line(it: &ExplainedLine) -> pb::AllocationExplanation {
    pb::AllocationExplanation {
        line_number: it.number,
        quantity: it.quantity,
        candidates: it.candidates.iter().map(candidate).collect(),
    }
}

fn candidate(it: &Candidate) -> pb::AllocationCandidate {
    let verdict = match it.verdict {
        Verdict::Chosen => pb::AllocationVerdict::Chosen,
        Verdict::NotNeeded => pb::AllocationVerdict::NotNeeded,
        Verdict::NoStock => pb::AllocationVerdict::NoStock,
        Verdict::ShortfallOpen => pb::AllocationVerdict::ShortfallOpen,
        Verdict::Closed => pb::AllocationVerdict::LocationClosed,
        Verdict::Excluded => pb::AllocationVerdict::LocationExcluded,
        Verdict::TooMany => pb::AllocationVerdict::TooManyLocations,
    };
    pb::AllocationCandidate {
        product_id: it.product.to_string(),
        location_id: it.location.to_string(),
        lot_number: String::new(),
        expiry_date: None,
        promisable: it.room,
        quantity: it.quantity,
        verdict: verdict.into(),
        rank: it.rank,
    }
}
