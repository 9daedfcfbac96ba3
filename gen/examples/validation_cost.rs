//! What decoding and judging a typical request cost: `cargo run --release -p contracts --example
//! validation_cost`. Both are measured in one run, because only their ratio travels.

#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use contracts::common::{ContactAddress, Money, PostalAddress};
use contracts::order::{CreateOrderRequest, Order, OrderLine};
use contracts::validate::Validate;
use prost::Message;

const ROUNDS: u32 = 200_000;

fn main() -> std::io::Result<()> {
    let request = request();
    let bytes = request.encode_to_vec();
    let mut rows = Vec::new();
    // Several passes, the best of each counts: others use the machine too.
    for _ in 0..7 {
        let decode = nanos(|| {
            black_box(CreateOrderRequest::decode(black_box(bytes.as_slice())).is_ok());
        });
        let judge = nanos(|| {
            black_box(black_box(&request).validate().is_ok());
        });
        rows.push((decode, judge));
    }
    let decode = rows.iter().map(|row| row.0).fold(f64::MAX, f64::min);
    let judge = rows.iter().map(|row| row.1).fold(f64::MAX, f64::min);
    writeln!(
        std::io::stdout(),
        "CreateOrder, 3 lines, {} bytes, valid: {}; decode {decode:.0} ns, validate {judge:.0} ns, \
         ratio {:.2}",
        bytes.len(),
        request.validate().is_ok(),
        judge / decode
    )
}

fn nanos(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..ROUNDS {
        work();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
}

/// What a shop sends: three lines, an address, a payment method, the total that the shopper saw.
fn request() -> CreateOrderRequest {
    let id = |prefix: &str| format!("{prefix}_01h455vb4pex5vsknk084sn02q");
    let line = OrderLine {
        product_id: id("prd"),
        quantity: 2,
        ..Default::default()
    };
    let place = PostalAddress {
        address_lines: vec!["Bahnhofstrasse 1".to_owned()],
        locality: "Zürich".to_owned(),
        postal_code: "8001".to_owned(),
        region_code: "CH".to_owned(),
        ..Default::default()
    };
    let address = ContactAddress {
        recipient: "Jane Doe".to_owned(),
        phone_number: "+41446681800".to_owned(),
        address: Some(place),
    };
    let order = Order {
        customer_id: id("cus"),
        currency_code: "CHF".to_owned(),
        lines: vec![line; 3],
        shipping_address: Some(address),
        payment_method_id: id("pmt"),
        expected_total: Some(Money {
            currency_code: "CHF".to_owned(),
            units: 59,
            nanos: 0,
        }),
        ..Default::default()
    };
    let request_id = "0193ab12-0000-7000-8000-0123456789ab".to_owned();
    CreateOrderRequest {
        order: Some(order),
        request_id,
    }
}
