//! Imports of opening stock: as a stream of rows, and in one call.

use chassis::call::Call;
use chassis::fault::{Fault, Kind, Reason};
use chassis::pages::{Page, cut, size};
use contracts::inventory as pb;
use contracts::validate::Path;
use futures_util::StreamExt;
use tonic::{Status, Streaming};
use uuid::Uuid;
use vocab::{ImportId, Moment};

use super::convert::{import, own_id, unfit};
use super::{Rpc, Told};
use crate::app::Chunk;
use crate::db::{ImportList, ListCursor};
use crate::domain::command::ImportRow;
use crate::domain::import::Import;

/// What a missing import is called.
const IMPORT: &str = "retail.inventory.v1.StockImport";
/// How many rows are handed in together.
const CHUNK: usize = 200;

/// A stream of rows as far as it was read.
#[derive(Default)]
struct Reading {
    request: Option<Uuid>,
    last: i64,
    rows: Vec<ImportRow>,
}

impl Rpc {
    /// Takes rows as they come. What was read before a mistake stays applied.
    pub(super) async fn import_opening_stock(
        &self,
        call: Call,
        messages: Streaming<pb::ImportOpeningStockRequest>,
    ) -> Result<pb::ImportOpeningStockResponse, Status> {
        let mut reading = Reading::default();
        let mut chunks = messages.ready_chunks(CHUNK);
        while let Some(chunk) = chunks.next().await {
            let mut broken = None;
            for message in chunk {
                let read = message.and_then(|it| Ok(self.read(&call, &mut reading, &it)?));
                if let Err(status) = read {
                    broken = Some(status);
                    break;
                }
            }
            self.hand_in(&call, &mut reading, false).await?;
            if let Some(status) = broken {
                return Err(status);
            }
        }
        let done = self.hand_in(&call, &mut reading, true).await?;
        let shown = done.as_ref().map(|it| self.imported(&call, it, true));
        Ok(pb::ImportOpeningStockResponse {
            last_sequence: done.as_ref().map_or(0, |it| it.last),
            stock_import: shown,
        })
    }

    pub(super) async fn batch_import_opening_stock(
        &self,
        call: &Call,
        request: pb::BatchImportOpeningStockRequest,
    ) -> Told<pb::BatchImportOpeningStockResponse> {
        let uuid = request_id(&request.request_id)?;
        let id = self.app.import_of_request(call, uuid).to_string();
        let rows = (1..).zip(&request.rows).map(|(sequence, it)| ImportRow {
            sequence,
            row: import::row(it, &id),
        });
        let chunk = Chunk {
            request: uuid,
            rows: rows.collect(),
            end: true,
        };
        let done = self.app.import_rows(call, chunk).await?;
        Ok(pb::BatchImportOpeningStockResponse {
            stock_import: Some(self.imported(call, &done, true)),
        })
    }

    pub(super) async fn stock_import(
        &self,
        call: &Call,
        request: pb::GetStockImportRequest,
    ) -> Told<pb::GetStockImportResponse> {
        let id: ImportId = own_id("import_id", &request.import_id)?;
        let found = self.app.import(call, id).await?;
        let found = found.ok_or_else(|| Fault::missing(IMPORT, id.to_string()))?;
        Ok(pb::GetStockImportResponse {
            stock_import: Some(self.imported(call, &found, true)),
        })
    }

    pub(super) async fn list_stock_imports(
        &self,
        call: &Call,
        request: pb::ListStockImportsRequest,
    ) -> Told<pb::ListStockImportsResponse> {
        let filters = pb::ListStockImportsRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let list = ImportList {
            states: request.states().filter_map(import::state_of).collect(),
            abandoned_before: Moment::FIRST,
            since: Moment::FIRST,
            after: page.open(&request.page_token)?,
            limit: size(request.page_size) + 1,
        };
        let mut found = self.app.list_imports(call, list).await?;
        let last = cut(&mut found, size(request.page_size)).map(|it| ListCursor {
            at: it.created_at,
            id: it.id.uuid(),
        });
        let imports = found.iter().map(|it| self.imported(call, it, false));
        Ok(pb::ListStockImportsResponse {
            stock_imports: imports.collect(),
            next_page_token: page.seal(last.as_ref())?,
        })
    }

    fn imported(&self, call: &Call, it: &Import, failures: bool) -> pb::StockImport {
        let state = self.app.import_state(it);
        import::import(call.tenant, (it, state), failures)
    }

    /// Reads one message behind those before it.
    fn read(
        &self,
        call: &Call,
        reading: &mut Reading,
        message: &pb::ImportOpeningStockRequest,
    ) -> Result<(), Fault> {
        let request = request_id(&message.request_id)?;
        let first = *reading.request.get_or_insert(request);
        if first != request || message.sequence <= reading.last {
            let name = "IMPORT_OUT_OF_ORDER";
            let reason = Reason::new(Kind::Invalid, "retail.inventory", name);
            let fault = Fault::new(reason, "rows of one import come in their order");
            return Err(fault
                .with("sequence", message.sequence.to_string())
                .with("last_sequence", reading.last.to_string()));
        }
        let root = Path::Root;
        let row = message.row.as_ref();
        let row = row.ok_or_else(|| unfit(&root.field("row"), "required", "must be set"))?;
        let id = self.app.import_of_request(call, request).to_string();
        reading.last = message.sequence;
        reading.rows.push(ImportRow {
            sequence: message.sequence,
            row: import::row(row, &id),
        });
        Ok(())
    }

    /// Hands in what was read. Nothing, where no row ever came.
    async fn hand_in(&self, call: &Call, reading: &mut Reading, end: bool) -> Told<Option<Import>> {
        let rows = std::mem::take(&mut reading.rows);
        let Some(request) = reading.request else {
            return Ok(None);
        };
        if rows.is_empty() && !end {
            return Ok(None);
        }
        let chunk = Chunk { request, rows, end };
        self.app.import_rows(call, chunk).await.map(Some)
    }
}

fn request_id(text: &str) -> Result<Uuid, Fault> {
    let root = Path::Root;
    let at = root.field("request_id");
    Uuid::try_parse(text).map_err(|_| unfit(&at, "string.uuid", "must be a UUID"))
}
