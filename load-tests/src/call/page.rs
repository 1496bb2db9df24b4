//! A run as one HTML page without anything from elsewhere.

use std::fmt::Write as _;

use super::{Report, Sample};
use crate::chart::{Chart, Curve, escape};

/// The page.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut page = head(&report.about);
    let _ = writeln!(page, "<pre>{}</pre>", escape(&report.text()));
    for chart in charts(report) {
        page.push_str(&chart.svg());
    }
    page.push_str("</body></html>\n");
    page
}

/// The beginning of a page.
pub(crate) fn head(title: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>body{{font:16px/1.5 sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}}\
         pre{{overflow-x:auto}}svg{{max-width:100%;height:auto}}\
         table{{border-collapse:collapse}}th,td{{padding:.3rem .8rem;text-align:right;\
         border-bottom:1px solid #ccc}}th:first-child,td:first-child{{text-align:left}}</style>\n\
         </head><body>\n<h1>{title}</h1>\n"
    )
}

/// The course of a run.
pub(crate) fn charts(report: &Report) -> Vec<Chart> {
    let of = |value: fn(&Sample) -> f64| -> Vec<(f64, f64)> {
        report.samples.iter().map(|sample| (sample.at, value(sample))).collect()
    };
    let mut charts = vec![
        Chart::new("Delivered", "1000 packets/s")
            .with(Curve::new("packets", of(|it| it.packets_per_second / 1e3))),
        Chart::new("Participants with keys", "")
            .with(Curve::new("participants", of(|it| it.connected as f64))),
        Chart::new("Delay, 99 of 100 packets", "ms")
            .with(Curve::new("delay", of(|it| it.delay_p99))),
        Chart::new("Never came", "packets/s").with(Curve::new("lost", of(|it| it.lost as f64))),
    ];
    if report.server.is_some() {
        charts.push(
            Chart::new("The server's processor time", "% of one")
                .with(Curve::new("processor", of(|it| it.server_processors * 100.0))),
        );
        charts.push(
            Chart::new("The server's memory", "MiB")
                .with(Curve::new("resident", of(|it| it.server_rss as f64 / 1_048_576.0))),
        );
    }
    charts
}
