//! The list of everything that has an id: prefix, marker, type of the id, meaning.
//!
//! **Invariant:** a prefix stands for one kind, and never for another one later.

use std::fmt::Debug;
use std::hash::Hash;

/// A kind of thing that has ids. Only the kinds of this module are.
pub trait Kind: sealed::Listed + Copy + Debug + Ord + Hash + Send + Sync + 'static {
    /// What the text of such an id starts with, before the underscore.
    const PREFIX: &'static str;
}

mod sealed {
    pub trait Listed {}
}

macro_rules! kinds {
    ($($prefix:ident $kind:ident $alias:ident $meaning:literal;)+) => {
        /// Every prefix, in the order of the list.
        pub const PREFIXES: &[&str] = &[$(stringify!($prefix)),+];

        $(
            #[doc = concat!("Marks the id of ", $meaning, ".")]
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $kind {}

            impl sealed::Listed for $kind {}

            impl Kind for $kind {
                const PREFIX: &'static str = stringify!($prefix);
            }
        )+

        /// One name per kind of id.
        pub mod alias {
            $(
                #[doc = concat!("The id of ", $meaning, ": `", stringify!($prefix), "_…`.")]
                pub type $alias = crate::id::Id<super::$kind>;
            )+
        }
    };
}

kinds! {
    // auth
    ten Tenant TenantId "a tenant";
    usr User UserId "a member of a tenant's staff";
    rol Role RoleId "a role";
    key ApiKey ApiKeyId "an API key";
    aud Audit AuditId "an entry of the audit trail";
    svc ServiceAccount ServiceAccountId "a service's own account";
    ses Session SessionId "a session";
    inv Invitation InvitationId "an invitation";

    // catalog
    prd Product ProductId "a product";
    cat Category CategoryId "a category of products";
    ats AttributeSchema AttributeSchemaId "a schema of product attributes";
    pri Price PriceId "a price";
    imp Import ImportId "an import of products";

    // inventory
    stx StockTransaction StockTransactionId "a movement of stock";
    rsv Reservation ReservationId "a reservation of stock";
    trf Transfer TransferId "a transfer between locations";
    cnt CycleCount CycleCountId "a count of stock";
    shf Shortfall ShortfallId "a shortfall of promised stock";
    dis Discrepancy DiscrepancyId "a discrepancy between counted and recorded stock";
    srl Serial SerialId "a single piece with a serial number";
    lot Lot LotId "a lot of a product";

    // store
    loc Location LocationId "a location that holds or sells goods";
    sal Sale SaleId "a sale at a till";
    srt SaleReturn SaleReturnId "goods brought back to a till";
    crt Cart CartId "a shopping cart";
    cus Customer CustomerId "a customer";
    lin Line LineId "a line of a document";

    // order
    ord Order OrderId "an order";
    ful Fulfillment FulfillmentId "a fulfillment of an order";
    ret Return ReturnId "a return of ordered goods";
    cpn Coupon CouponId "a coupon";
    txr TaxRule TaxRuleId "a tax rule";
    shm ShippingMethod ShippingMethodId "a shipping method";

    // payment
    pay Payment PaymentId "a payment";
    att Attempt AttemptId "an attempt to authorize a payment";
    cap Capture CaptureId "a capture of authorized money";
    rfd Refund RefundId "a refund";
    pmt PaymentMethod PaymentMethodId "a stored payment method";
    lje LedgerEntry LedgerEntryId "an entry of the ledger";
    gft GiftCard GiftCardId "a gift card";
    crd StoreCredit StoreCreditId "a customer's store credit";
    dsp Dispute DisputeId "a dispute over a payment";
    pwh ProviderWebhook ProviderWebhookId "a webhook that a payment provider sent";

    // notification
    ntf Notification NotificationId "a notification";
    tpl Template TemplateId "a template of notifications";
    dev Device DeviceId "a device that receives notifications";
    spr Suppression SuppressionId "an address that gets no more messages";

    // every service
    evt Event EventId "an event";
    dlq DeadLetter DeadLetterId "a message that could not be applied";
    vrf Verification VerificationId "a comparison of stored states with their history";
}
