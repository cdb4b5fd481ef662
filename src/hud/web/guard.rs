//! Stands before every route: refuses what no reader of the page sends, and puts on every answer what
//! keeps a browser from doing more with it than showing it.

use axum::{
    body::HttpBody as _,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::Site;

/// Nothing but this page's own style, script and pictures, and no script within the page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What every answer carries, unless its route says otherwise.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Lets a request through, or answers it here.
pub(super) async fn guard(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&site, &request) {
        Some(refused) => refused,
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn refusal(site: &Site, request: &Request) -> Option<Response> {
    if !site.access.names_us(request.headers(), request.uri(), site.address.port()) {
        let words = "this page is not known under that name; see --allow-host\n";
        return Some((StatusCode::FORBIDDEN, words).into_response());
    }
    if !site.access.lets_in(request.headers()) {
        let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"LightHunter HUD\", charset=\"UTF-8\"")];
        return Some((StatusCode::UNAUTHORIZED, ask, "a token is needed\n").into_response());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, "GET, HEAD"), (header::CONNECTION, "close")];
        return Some((StatusCode::METHOD_NOT_ALLOWED, allow, "this page only shows\n").into_response());
    }
    if !request.body().is_end_stream() {
        // The connection is given up: what is still to come is not read.
        let close = [(header::CONNECTION, "close")];
        return Some((StatusCode::PAYLOAD_TOO_LARGE, close, "a question has no body\n").into_response());
    }
    None
}
