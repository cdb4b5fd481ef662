//! Hands out the files of a drill: its report and its evidence, from its own directory and nowhere else.
//! They were written by other programs, so a browser gets them without any right to run something.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use axum::{
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A larger file is to be looked at on the disk, bytes.
const FILE_MAX: u64 = 32 << 20;
/// A report brings its style with it; no script of it runs here, and it can send nothing anywhere.
const POLICY: &str = "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// Finds a file of a drill under the directory of all drills; none where it is not inside.
pub(super) fn find(drills: &Path, id: &str, file: &str) -> Option<PathBuf> {
    let named = Path::new(id).join(file);
    let plain = named.components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || id.is_empty() || id.contains(['/', '\0']) || file.contains('\0') {
        return None;
    }
    let root = drills.canonicalize().ok()?;
    // A link may lead to another drill (`latest` does), but not out of the drills.
    let found = root.join(named).canonicalize().ok()?;
    (found.starts_with(&root) && found.is_file()).then_some(found)
}

/// Answers with a file of a media type.
pub(super) fn serve(path: &Path, kind: &str) -> Response {
    match read(path) {
        Ok(bytes) => {
            let headers: [(HeaderName, &str); 2] =
                [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)];
            (headers, bytes).into_response()
        }
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, format!("{}: look at it on the disk\n", path.display())).into_response()
        }
        Err(error) => (StatusCode::NOT_FOUND, format!("it cannot be read: {error}\n")).into_response(),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > FILE_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read(path)
}

/// Returns the media type; what is not known is text, which a browser shows and does not run.
pub(super) fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::find;
    use crate::durable;

    #[test]
    fn nothing_outside_the_drills_is_found() {
        let room = tempfile::tempdir().expect("a directory");
        let drills = room.path().join("drills");
        durable::make_directory(&drills.join("d1/evidence")).expect("made");
        durable::replace(&room.path().join("secret"), "s").expect("written");
        durable::replace(&drills.join("d1/report.html"), "r").expect("written");
        durable::replace(&drills.join("d1/evidence/a.txt"), "a").expect("written");
        durable::point(&drills.join("latest"), Path::new("d1")).expect("linked");
        durable::point(&drills.join("d1/out"), Path::new("../../secret")).expect("linked");
        for (id, file) in [("d1", "report.html"), ("d1", "evidence/a.txt"), ("latest", "report.html")] {
            assert!(find(&drills, id, file).is_some(), "{id}/{file}");
        }
        for (id, file) in [
            ("d1", "../../secret"),
            ("..", "secret"),
            ("d1", "out"),
            ("d1", "/etc/passwd"),
            ("/etc", "passwd"),
            ("d1/../..", "secret"),
            ("", "secret"),
            (".", "secret"),
            ("d1", "evidence"),
            ("d1", "none"),
            ("d1", "report.html\0"),
        ] {
            assert!(find(&drills, id, file).is_none(), "{id}/{file}");
        }
    }
}
