//! Pages: what a token is good for, and what comes back out of it.

use std::time::Duration;

use contracts::auth::ListSessionsRequest;
use proptest::prelude::{any, proptest};
use uuid::Uuid;
use vocab::{Moment, TenantId};

use super::{Page, PageKeys, Position, cut, key, size};
use crate::call::Call;
use crate::settings::Secret;

const LIST: &str = "retail.auth.v1.SessionService/ListSessions";

fn keys(secret: &str) -> PageKeys {
    PageKeys::new(key(&Secret::new(secret.to_owned())), None)
}

fn call(tenant: u8, method: &'static str) -> Call {
    let tenant = TenantId::at(1, [tenant; 10]);
    Call::of_service("auth", tenant, method, Duration::from_secs(1))
}

fn filters(user: &str) -> ListSessionsRequest {
    ListSessionsRequest {
        user_id: user.to_owned(),
        ..ListSessionsRequest::default()
    }
}

#[test]
fn a_token_is_good_for_its_tenant_list_and_filters_alone() {
    let (ours, others) = (keys("ours"), keys("others"));
    let call_of_one = call(1, LIST);
    let page = Page::of(&ours, &call_of_one, &filters("a"));
    let token = page.seal(Some(&7_i64)).unwrap();
    assert_eq!(page.open::<i64>(&token).unwrap(), Some(7));
    let elsewhere = call(1, "retail.auth.v1.UserService/ListUsers");
    let foreign = [
        Page::of(&ours, &call(2, LIST), &filters("a")).open::<i64>(&token),
        Page::of(&ours, &elsewhere, &filters("a")).open(&token),
        Page::of(&ours, &call_of_one, &filters("b")).open(&token),
        Page::of(&others, &call_of_one, &filters("a")).open(&token),
        page.open("anything"),
    ];
    for it in foreign {
        assert_eq!(it.unwrap_err().reason().name, "PAGE_TOKEN_INVALID");
    }
}

#[test]
fn the_first_page_needs_no_token_and_the_last_gives_none() {
    let (keys, call) = (keys("ours"), call(1, LIST));
    let page = Page::of(&keys, &call, &filters("a"));
    assert_eq!(page.open::<i64>("").unwrap(), None);
    assert_eq!(page.seal::<i64>(None).unwrap(), "");
}

#[test]
fn a_page_is_cut_where_more_was_read() {
    assert_eq!((size(0), size(7)), (50, 7));
    let mut items = vec![1, 2, 3];
    assert_eq!(cut(&mut items, 3), None);
    assert_eq!(cut(&mut items, 2), Some(&2));
    assert_eq!(items, [1, 2]);
}

proptest! {
    #[test]
    fn every_place_comes_back_as_it_was_written(
        number in any::<i64>(),
        id in any::<u128>(),
        micros in 0_i64..4_000_000_000_000_000,
        text in ".{0,40}",
    ) {
        let place = (number, (Uuid::from_u128(id), (number, text)));
        assert_eq!(Position::read(&place.write()), Some(place));
        let place = (Moment::from_micros(micros).unwrap(), Uuid::from_u128(id));
        assert_eq!(Position::read(&place.write()), Some(place));
    }

    #[test]
    fn bytes_that_are_no_place_are_refused(bytes in any::<Vec<u8>>()) {
        let fits = bytes.len() == 24;
        assert_eq!(<(i64, Uuid)>::read(&bytes).is_some(), fits);
    }
}
