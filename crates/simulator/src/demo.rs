//! `simulator demo`: the real agent around simulated devices and the simulated bank, in one process.
//!
//! By hand in a browser, with buttons that stand in for hands, or once by itself with a line for each stage.

mod hands;
mod panel;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use agent::config::{BaseUrl, Config, ConfigError, LogLevel};
use agent::log::LogForm;
use agent::{Agent, Running, StartError};
use clap::{Args, ValueEnum};
use serde_json::json;
use session::DopaPolicy;
use thiserror::Error;

use crate::bank::{Bank, BankError, Face, FilesError, Options};
use crate::card::{self, LoadError, Pace};
use crate::customer::{Customer, LocalError, Manner, Stage, Walk, WalkError};
use crate::world::World;

use hands::DemoHands;

/// The reference that is shown if none is named.
const REFERENCE: &str = "SIM-0000-DEMO-0001";
/// As a file so that the demonstration and `dipchip serve` read the same one.
const CONFIG: &str = include_str!("../../../config/demo.toml");

/// What to demonstrate.
#[derive(Args, Clone)]
pub struct Demo {
    /// Walks one journey without a browser, prints each stage and the outcome.
    #[arg(long)]
    once: bool,
    /// With --once: the last line is one JSON object.
    #[arg(long, requires = "once")]
    json: bool,
    /// The reference that the customer's code holds; `SIM-1101` and the like force that code.
    #[arg(long, default_value = REFERENCE)]
    reference: String,
    /// The card: the name of an image, or a file of one.
    #[arg(long, value_name = "NAME|FILE.hex", default_value = "somchai")]
    card: String,
    /// Does the bank ask for a selfie?
    #[arg(long, value_enum, default_value_t = YesNo::N)]
    face: YesNo,
    /// When DOPA is asked.
    #[arg(long, value_enum, default_value_t = Dopa::BeforeSubmit)]
    dopa: Dopa,
    /// The customer's language.
    #[arg(long, value_enum, default_value_t = Lang::Th)]
    lang: Lang,
    /// Where the page is served; 0 takes any free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum YesNo {
    Y,
    N,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Dopa {
    BeforeSubmit,
    Off,
    Only,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Lang {
    Th,
    En,
}

/// How a demonstration ended, for the exit code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// The bank has the data, or the browser demonstration was stopped.
    Done,
    /// The bank refused, or the card may not be used.
    Refused,
    /// The customer stopped, or time ran out.
    Stopped,
    /// This machine failed.
    Failed,
}

/// Why there is no demonstration.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The card's image.
    #[error(transparent)]
    Card(#[from] LoadError),
    /// A folder for credentials and journal.
    #[error("making a folder for the demonstration")]
    Folder(#[source] io::Error),
    /// The simulated bank.
    #[error(transparent)]
    Bank(#[from] BankError),
    /// Its credentials.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The configuration that is built in.
    #[error("reading the demonstration's configuration")]
    Config(#[from] ConfigError),
    /// The agent.
    #[error("starting the agent")]
    Agent(#[from] StartError),
    /// The page.
    #[error("opening the page")]
    Page(#[from] LocalError),
    /// The journey.
    #[error("walking the journey")]
    Walk(#[from] WalkError),
    /// The terminal.
    #[error("waiting for Ctrl-C")]
    Signal(#[source] io::Error),
}

impl Demo {
    /// Runs until the journey, or somebody with Ctrl-C, ends it.
    ///
    /// # Errors
    /// [`DemoError`]: whatever keeps the bank or the agent from starting, in words for the terminal.
    pub async fn run(&self) -> Result<Ended, DemoError> {
        let level = if self.once { LogLevel::Error } else { LogLevel::Info };
        agent::log::init(level, LogForm::Text);
        let card = card::load(&self.card)?;
        let folder = tempfile::Builder::new().prefix("dipchip-demo-").tempdir();
        let folder = folder.map_err(DemoError::Folder)?;
        let bank = Bank::start(Options { face: self.bank_face(), ..Options::default() })?;
        bank.write_files(&folder.path().join("bank"))?;
        let world = World::new(Pace::default());
        let slips = folder.path().join("slips");
        fs::create_dir(&slips).map_err(DemoError::Folder)?;
        world.print_to(&slips);
        let config = self.config(folder.path(), &bank.base_url())?;
        let hands = DemoHands::new(world.clone(), card, self.reference.clone());
        let panel = (!self.once).then(|| panel::panel(hands.clone()));
        let agent = Agent::start(config, Arc::new(world), panel).await?;
        let ended =
            if self.once { self.walk(&agent, hands).await } else { show(&agent, &slips).await };
        agent.stop().await;
        ended
    }

    fn bank_face(&self) -> Face {
        match self.face {
            YesNo::Y => Face::Required,
            YesNo::N => Face::NotRequired,
        }
    }

    fn config(&self, folder: &Path, bank: &str) -> Result<Config, ConfigError> {
        let mut config = Config::parse(CONFIG, Path::new("config/demo.toml"), folder)?;
        if let Some(address) = BaseUrl::parse(bank) {
            config.bank.base_url = address;
        }
        config.api.listen.set_port(self.port);
        config.journal.dir = folder.join("journal");
        config.journey.dopa = match self.dopa {
            Dopa::BeforeSubmit => DopaPolicy::BeforeSubmit,
            Dopa::Off => DopaPolicy::Off,
            Dopa::Only => DopaPolicy::Only,
        };
        Ok(config)
    }

    async fn walk(&self, agent: &Running, mut hands: DemoHands) -> Result<Ended, DemoError> {
        let customer = Customer::arrive(agent.page_url()).await?;
        let language = match self.lang {
            Lang::Th => "th",
            Lang::En => "en",
        };
        let manner = Manner { language: language.to_owned(), ..Manner::default() };
        let mut walk = customer.walk(&mut hands, &manner).await?;
        // The screen shows no code that would tell of a blacklist, and is looked at too seldom to time a
        // stage of a few milliseconds; whoever runs a demonstration may know.
        if let Some(journey) = agent.last_journey() {
            walk.code = journey.outcome.failure().map_or(walk.code, |failure| failure.to_string());
            let stages = journey.stages.into_iter();
            walk.stages =
                stages.map(|(stage, time)| Stage { name: stage.word().to_owned(), time }).collect();
        }
        tell(&walk);
        if self.json {
            println!("{}", summary(&walk));
        }
        Ok(ended(&walk))
    }
}

async fn show(agent: &Running, slips: &Path) -> Result<Ended, DemoError> {
    println!("Open this page:  {}", agent.page_url());
    println!("Slips are printed to {}; Ctrl-C ends the demonstration.", slips.display());
    tokio::signal::ctrl_c().await.map_err(DemoError::Signal)?;
    Ok(Ended::Done)
}

fn ended(walk: &Walk) -> Ended {
    match walk.outcome.as_str() {
        "done" | "pending" => Ended::Done,
        "refused" => Ended::Refused,
        "stopped" => Ended::Stopped,
        _ => Ended::Failed,
    }
}

fn tell(walk: &Walk) {
    let total: Duration = walk.stages.iter().map(|stage| stage.time).sum();
    for stage in &walk.stages {
        println!("{:<10} {:>6} ms", stage.name, stage.time.as_millis());
    }
    println!("{:<10} {:>6} ms", "total", total.as_millis());
    println!("outcome    {} ({})", walk.outcome, walk.code);
    if let Some(sentence) = &walk.sentence {
        println!("           {sentence}");
    }
}

fn summary(walk: &Walk) -> serde_json::Value {
    let stages = walk.stages.iter();
    let stages: Vec<_> = stages
        .map(|stage| json!({"name": stage.name, "ms": u64::try_from(stage.time.as_millis()).unwrap_or(u64::MAX)}))
        .collect();
    json!({"outcome": walk.outcome, "code": walk.code, "stages": stages})
}
