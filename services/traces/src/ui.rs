//! The files of the Jaeger UI, which are somebody else's and lie in a folder.
//!
//! **Invariant:** nothing outside that folder's `index.html` and `static` is ever served. Files are
//! read when they are asked for, so that the folder may come later and change.

use std::path::PathBuf;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::stream::try_unfold;
use tokio::fs::{File, read_to_string};
use tokio::io::AsyncReadExt;

mod base;
mod page;

pub use base::{BasePath, NoBasePath};

/// How much of a file is in memory at a time; the largest has 4 MiB.
const PIECE: usize = 64 << 10;
/// The name of a file holds a hash of what is in it.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const TYPES: &[(&str, &str)] = &[
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/x-icon"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("map", "application/json"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("woff2", "font/woff2"),
];

/// The UI in its folder, below its base path.
#[derive(Clone, Debug)]
pub struct Ui {
    folder: PathBuf,
    base: BasePath,
}

impl Ui {
    /// Names the folder; it need not be there yet.
    pub fn new(folder: impl Into<PathBuf>, base: BasePath) -> Self {
        Self {
            folder: folder.into(),
            base,
        }
    }

    /// The path that everything is below, with a slash at both ends.
    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    /// Answers with the page that is every page of the UI.
    pub async fn index(&self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        match read_to_string(self.folder.join("index.html")).await {
            Ok(html) => (headers, page::adapted(&html, self.base())).into_response(),
            Err(_) => self.missing(),
        }
    }

    /// Answers with a file of its folder `static`.
    pub async fn asset(&self, name: &str) -> Response {
        let file = match is_plain(name) {
            true => File::open(self.folder.join("static").join(name)).await.ok(),
            false => None,
        };
        let Some(file) = file else {
            let said = "there is no such file in the Jaeger UI\n";
            return (StatusCode::NOT_FOUND, said).into_response();
        };
        let Ok(about) = file.metadata().await else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let headers = [
            (header::CONTENT_TYPE, content_type(name).to_owned()),
            (header::CONTENT_LENGTH, about.len().to_string()),
            (header::CACHE_CONTROL, FOR_EVER.to_owned()),
        ];
        (headers, in_pieces(file)).into_response()
    }

    fn missing(&self) -> Response {
        let folder = self.folder.display();
        let said = format!(
            "The Jaeger UI is not in {folder}: run `make tools`, which puts it into \
             .tools/jaeger-ui, or name its folder with --ui. Traces are received all the same; \
             {}api/latest lists them.\n",
            self.base()
        );
        (StatusCode::SERVICE_UNAVAILABLE, said).into_response()
    }
}

fn in_pieces(file: File) -> Body {
    let pieces = try_unfold(file, async |mut file| {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = file.read_buf(&mut piece).await?;
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    Body::from_stream(pieces)
}

/// Says whether a name cannot lead out of a folder.
fn is_plain(name: &str) -> bool {
    let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_');
    !name.starts_with('.') && name.chars().all(plain)
}

fn content_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let mut types = TYPES.iter().filter(|(it, _)| *it == ending);
    types
        .next()
        .map_or("application/octet-stream", |(_, it)| it)
}
