//! One story with many seeds, on both cores, and the worst of them.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use load_tests::{
    plan::Plan,
    run::{self, Report},
};
use protocol::Duration;

/// How many seeds each promise is kept with.
pub(crate) const SEEDS: u64 = 20;

/// Runs one story for each seed, on both cores, and hands back what each told, by seed.
pub(crate) fn told<T: Send>(seeds: u64, story: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let told = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let one = story(seed);
                    told.lock().expect("no story panicked").push((seed, one));
                }
            });
        }
    });
    let mut told = told.into_inner().expect("no story panicked");
    told.sort_by_key(|(seed, _)| *seed);
    told.into_iter().map(|(_, one)| one).collect()
}

/// Runs a plan with every seed.
pub(crate) fn runs(plan: &str) -> Vec<Report> {
    let plan = Plan::read(plan).expect("a plan");
    told(SEEDS, |seed| run::run(&plan, seed).expect("it runs"))
}

/// The worst of all runs by a measure, with its seed.
pub(crate) fn worst(reports: &[Report], measure: impl Fn(&Report) -> f64) -> (u64, f64) {
    let measured = reports.iter().map(|report| (report.seed, measure(report)));
    measured.max_by(|a, b| a.1.total_cmp(&b.1)).expect("there are runs")
}

/// A line to a receiver of two cameras of 1.5 Mb/s each.
pub(crate) fn line(seconds: u32, rate_kbps: u32, delay_ms: u32, loss_percent: u32) -> String {
    format!(
        "seconds = {seconds}\n[room]\npeople = 3\ntiles = 720\n[[network]]\n\
         rate_kbps = {rate_kbps}\ndelay_ms = {delay_ms}\nloss_percent = {loss_percent}\n"
    )
}

/// The mean of a rate from `from` to `to` seconds.
pub(crate) fn mean(report: &Report, from: u64, to: u64, of: impl Fn(&run::Sample) -> u64) -> f64 {
    let inside = |sample: &&run::Sample| {
        sample.at > Duration::from_secs(from) && sample.at <= Duration::from_secs(to)
    };
    let rates: Vec<u64> = report.samples.iter().filter(inside).map(of).collect();
    rates.iter().sum::<u64>() as f64 / rates.len().max(1) as f64
}
