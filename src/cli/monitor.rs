//! `lighthunter monitor`: watches the event bus and serves what it sees.

use clap::Args;

use super::{console::Console, session::Session};
use crate::{
    exit::{AnyFailure, Exit},
    ops::{
        metrics::MonitorState,
        monitor::{self, Listening, MonitorOptions},
    },
};

/// Watch the event bus: latency, errors, queues, risk and heartbeats, as metrics lines and at /metrics
#[derive(Debug, Args)]
pub(super) struct MonitorArgs {
    /// Seconds between two metrics lines [default: monitor.summary_interval_sec]
    #[arg(long, value_name = "SECONDS")]
    interval: Option<f64>,
    /// Collect for one interval, write one line, print it, end; hosts neither the bus nor a page
    #[arg(long)]
    once: bool,
}

pub(super) fn run(session: &Session, args: &MonitorArgs) -> Result<Exit, AnyFailure> {
    let station = session.station("monitor")?;
    let console = session.console;
    let options = MonitorOptions { interval: args.interval, once: args.once };
    let ended = monitor::run(&station, &options, |listening| announce(console, listening))?;
    if args.once {
        summarize(console, &ended.state);
    }
    console.document(&ended.state);
    if ended.exit == Exit::Degraded {
        let bus = &station.settings().event_bus;
        console.note(format!("warning: nothing was heard at {}: no process hosts the event bus", bus.sub_endpoint));
    }
    Ok(ended.exit)
}

fn announce(console: Console, listening: &Listening) {
    if let Some(address) = listening.metrics {
        console.line(format!("metrics: http://{address}/metrics"));
        let role = if listening.hosts_bus { "hosts" } else { "joined" };
        console.line(format!("monitor {role} the event bus; a line every {} s; Ctrl-C ends it", listening.interval));
    }
}

fn summarize(console: Console, state: &MonitorState) {
    let health = &state.monitor;
    console.line(format!(
        "{} events heard, {} missed, {} malformed, {} replayed",
        health.events_total, state.bus.missed_total, state.bus.malformed_total, state.bus.replayed_total
    ));
    for (topic, latency) in &state.latency {
        let ewma = latency.ewma_latency_ms.map_or_else(|| "latency unknown".into(), |ms| format!("latency {ms:.1} ms"));
        console.line(format!("  {topic}: {} events, {ewma}", latency.count));
    }
    console.line(format!("{} errors since the workspace was made", state.errors_total));
    for (component, errors) in state.errors.iter().filter(|(_, errors)| errors.count > 0) {
        console.line(format!("  {component}: {}, last: {}", errors.count, errors.last_message));
    }
    for episode in &health.episodes {
        console.line(format!("blind: {}", episode.reason));
    }
}
