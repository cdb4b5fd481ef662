//! The style and the script of the pages, built into the executable: nothing is read at run time.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

const STYLE: &str = include_str!("asset/hud.css");
const SCRIPT: &str = include_str!("asset/hud.js");
const ICON: &str = include_str!("asset/icon.svg");

/// Returns a file by its name.
pub(super) fn serve(name: &str) -> Response {
    let (kind, text) = match name {
        "hud.css" => ("text/css; charset=utf-8", STYLE),
        "hud.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return (StatusCode::NOT_FOUND, "no such file\n").into_response(),
    };
    // Asked for again with each page: the file may be that of another version of the executable.
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}
