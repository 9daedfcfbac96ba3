//! Page tokens of lists that go from the newest to the oldest: the time and the id behind which
//! the next page begins, sealed for its tenant, list and filters.

use chassis::call::Call;
use chassis::fault::Fault;
use contracts::common::ErrorReason;
use prost::Message;
use uuid::Uuid;
use vocab::{Moment, PageBinding};

use super::{Rpc, Told};

/// Items of a page where none are asked for.
const PAGE_SIZE: i32 = 50;

/// Where a page begins.
pub type Behind = Option<(Moment, Uuid)>;

/// How many items a page has.
pub fn size(asked: i32) -> usize {
    let asked = if asked == 0 { PAGE_SIZE } else { asked };
    usize::try_from(asked).unwrap_or_default()
}

impl Rpc {
    /// Where a page begins; `filters` is the request without token and size.
    pub(super) fn behind(&self, call: &Call, filters: &impl Message, token: &str) -> Told<Behind> {
        if token.is_empty() {
            return Ok(None);
        }
        let filters = filters.encode_to_vec();
        let opened = self.pages.open(&binding(call, &filters), token);
        let read = opened.ok().and_then(|it| read(&it));
        read.map(Some).ok_or_else(|| {
            let text = "the page token was not given out for this call";
            Fault::shared(ErrorReason::PageTokenInvalid, text)
        })
    }

    /// The token of the next page.
    pub(super) fn next(&self, call: &Call, filters: &impl Message, at: Behind) -> Told<String> {
        let Some((moment, id)) = at else {
            return Ok(String::new());
        };
        let place = [&moment.micros().to_be_bytes()[..], id.as_bytes()].concat();
        let filters = filters.encode_to_vec();
        let sealed = self.pages.seal(&binding(call, &filters), &place);
        sealed.map_err(Fault::bug)
    }
}

fn binding<'a>(call: &'a Call, filters: &'a [u8]) -> PageBinding<'a> {
    PageBinding {
        tenant: call.tenant,
        list: &call.method,
        filters,
    }
}

fn read(bytes: &[u8]) -> Option<(Moment, Uuid)> {
    let (micros, id) = bytes.split_first_chunk::<8>()?;
    let moment = Moment::from_micros(i64::from_be_bytes(*micros)).ok()?;
    Some((moment, Uuid::from_slice(id).ok()?))
}
