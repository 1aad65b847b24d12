//! Measures `adw`: the release binary under a closed loop of clients, and its parts alone.
//!
//! `cargo xtask bench` builds both and calls this. How the figures are to be read is told in docs/benchmarks.md.

mod disk;
mod fanout;
mod feed;
mod figures;
mod history;
mod http;
mod ids;
mod journal;
mod options;
mod plugins;
mod process;
mod report;
mod server;
mod store;
mod workflows;

use anyhow::Result;
use clap::Parser;

use figures::Figures;
use options::{Options, Part};
use report::Report;

/// One thread: the load must leave the processors to what is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    // Before the minutes of measuring, so that a wrong path costs none.
    let earlier = options.compare.as_deref().map(Report::read).transpose()?;
    let report = Report::new(options.quick, measure(&options).await?);
    report.print(earlier.as_ref());
    options.json.as_deref().map_or(Ok(()), |file| report.write(file))
}

/// Every part that was asked for, in an order in which none disturbs the next.
async fn measure(options: &Options) -> Result<Figures> {
    std::fs::create_dir_all(&options.scratch)?;
    let mut figures = Figures::default();
    for part in options.parts() {
        anstream::eprintln!("measuring: {part}");
        match part {
            Part::Disk => disk::measure(options, &mut figures).await?,
            Part::Plugins => plugins::measure(options, &mut figures).await?,
            Part::Store => store::measure(options, &mut figures).await?,
            Part::Journal => journal::measure(options, &mut figures).await?,
            Part::Workflows => workflows::measure(options, &mut figures).await?,
            Part::Feed => fanout::measure(options, &mut figures).await?,
        }
    }
    Ok(figures)
}
