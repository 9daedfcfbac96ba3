//! Gate: no change that breaks generated code or JSON, as buf judges it, image against image.

use std::path::Path;
use std::process::Command;

use generator::code;

/// Both images hold the same third-party files, which are not ours to keep stable.
const CONFIG: &str =
    r#"{"version":"v2","breaking":{"use":["FILE"],"ignore":["google","buf","grpc"]}}"#;

#[test]
fn nothing_breaks_against_the_baseline() {
    let folder = std::env::temp_dir().join(format!("retail-breaking-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let image = folder.join("present.binpb");
    std::fs::write(
        &image,
        code::comparable_image(&crate::compiled::SCHEMA).unwrap(),
    )
    .unwrap();
    let found = breaking(&image, &mesh::root().join(code::BASELINE));
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(found, "", "see `make surface-accept`");
}

/// What buf finds broken between two images; empty when nothing is.
pub(crate) fn breaking(image: &Path, baseline: &Path) -> String {
    let buf = mesh::tool("buf");
    assert!(
        buf.exists(),
        "{} is missing: run `make tools`",
        buf.display()
    );
    let out = Command::new(buf)
        .args(["breaking", "--config", CONFIG, "--against"])
        .arg(baseline)
        .arg(image)
        .current_dir(std::env::temp_dir())
        .output()
        .expect("buf starts");
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}
