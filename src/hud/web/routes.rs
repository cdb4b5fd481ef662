//! The routes: which answer belongs to which path. Every one of them only reads.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};

use super::{Site, api, asset, board::Look, drill_files, events, exposition, guard::guard, page, report_files};
use crate::{hud::state::drills_directory, text::Language};

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Returns the router of the page.
pub(super) fn router(site: Site) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/accounts", get(async |site, query| view(site, query, page::accounts)))
        .route("/experiments", get(async |site, query| view(site, query, page::experiments)))
        .route("/experiments/{id}", get(experiment))
        .route("/models", get(async |site, query| view(site, query, page::models)))
        .route("/data", get(async |site, query| view(site, query, page::data)))
        .route("/operations", get(async |site, query| view(site, query, page::operations)))
        .route("/drills", get(async |site, query| view(site, query, page::drills)))
        .route("/drills/{id}", get(drill))
        .route("/drills/{id}/{*file}", get(drill_file))
        .route("/reports/{name}", get(report))
        .route("/api/dashboard", get(async |site| json(site, |look| look.dashboard.clone())))
        .route("/api/experiments", get(async |site| json(site, |look| api::experiments(&look.facts))))
        .route("/api/experiments/{id}", get(api_experiment))
        .route("/api/drills", get(async |site| json(site, |look| api::drills(&look.facts))))
        .route("/api/monitor_summary", get(async |site| json(site, |look| api::monitor(&look.facts))))
        .route("/events", get(listen))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .route("/static/{name}", get(async |Path(name): Path<String>| asset::serve(&name)))
        .fallback(lost)
        .layer(middleware::from_fn_with_state(site.clone(), guard))
        .with_state(site)
}

/// Returns the language that a request asks for, else the server's.
fn language(site: &Site, query: Option<&str>) -> Language {
    let asked = query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("lang="));
    asked.and_then(|tag| tag.parse().ok()).unwrap_or(site.language)
}

/// Whoever asks for facts of a look that hangs gets them with a status that says so.
fn status(site: &Site, look: &Look) -> StatusCode {
    if look.is_fresh(site.station.clock.now()) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn overview(State(site): State<Site>, RawQuery(query): RawQuery) -> Response {
    let (look, language) = (site.board.last(), language(&site, query.as_deref()));
    let status = status(&site, &look);
    let page = if status == StatusCode::OK {
        Look::pick(&look.overview, language)
    } else {
        page::View::of(&look.facts, look.version, language).hanging().overview().into()
    };
    (status, [(header::CONTENT_TYPE, HTML)], page).into_response()
}

fn view(State(site): State<Site>, RawQuery(query): RawQuery, write: fn(&page::View<'_>) -> String) -> Response {
    let (look, language) = (site.board.last(), language(&site, query.as_deref()));
    answer(&site, &look, language, |view| Some(write(view)))
}

async fn experiment(State(site): State<Site>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let (look, language) = (site.board.last(), language(&site, query.as_deref()));
    answer(&site, &look, language, |view| page::experiment(view, &id))
}

async fn drill(State(site): State<Site>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let (look, language) = (site.board.last(), language(&site, query.as_deref()));
    answer(&site, &look, language, |view| page::drill(view, &id))
}

fn answer(
    site: &Site,
    look: &Arc<Look>,
    language: Language,
    write: impl FnOnce(&page::View<'_>) -> Option<String>,
) -> Response {
    let status = status(site, look);
    let view = page::View::of(&look.facts, look.version, language);
    let view = if status == StatusCode::OK { view } else { view.hanging() };
    match write(&view) {
        Some(page) => (status, [(header::CONTENT_TYPE, HTML)], page).into_response(),
        None => (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, HTML)], page::lost(&view)).into_response(),
    }
}

async fn lost(State(site): State<Site>, RawQuery(query): RawQuery) -> Response {
    let (look, language) = (site.board.last(), language(&site, query.as_deref()));
    answer(&site, &look, language, |_| None)
}

async fn drill_file(State(site): State<Site>, Path((id, file)): Path<(String, String)>) -> Response {
    match drill_files::find(&drills_directory(&site.station), &id, &file) {
        Some(path) => drill_files::serve(&path, drill_files::kind(&path)),
        None => (StatusCode::NOT_FOUND, "no such file of that drill\n").into_response(),
    }
}

async fn report(State(site): State<Site>, Path(name): Path<String>) -> Response {
    match (report_files::find(&site.station.reports(), &name), report_files::media_type(&name)) {
        (Some(path), Some(kind)) => drill_files::serve(&path, kind),
        _ => (StatusCode::NOT_FOUND, "no such report\n").into_response(),
    }
}

fn json(State(site): State<Site>, pick: fn(&Look) -> Bytes) -> Response {
    let look = site.board.last();
    (status(&site, &look), [(header::CONTENT_TYPE, JSON)], pick(&look)).into_response()
}

async fn api_experiment(State(site): State<Site>, Path(id): Path<String>) -> Response {
    let look = site.board.last();
    match api::experiment(&look.facts, &id) {
        Some(found) => (status(&site, &look), [(header::CONTENT_TYPE, JSON)], found).into_response(),
        None => (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, JSON)], "{\"error\":\"no such experiment\"}")
            .into_response(),
    }
}

async fn listen(State(site): State<Site>, RawQuery(query): RawQuery) -> Response {
    let language = language(&site, query.as_deref());
    events::stream(&site, language)
}

async fn health(State(site): State<Site>) -> Response {
    let look = site.board.last();
    if status(&site, &look) == StatusCode::OK {
        return "ok\n".into_response();
    }
    let since = format!("the last look at the workspace was at {}\n", look.facts.at);
    (StatusCode::SERVICE_UNAVAILABLE, since).into_response()
}

async fn metrics(State(site): State<Site>) -> Response {
    let look = site.board.last();
    match exposition::open_metrics(&look, site.board.listening(), site.station.clock.now()) {
        Ok(page) => ([(header::CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the page was not made: {error}\n")).into_response(),
    }
}
