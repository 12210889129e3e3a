//! A stage: the real agent, the simulated bank over HTTPS and simulated devices, in this process.

use std::path::Path;
use std::sync::Arc;

use agent::config::{BaseUrl, Config};
use agent::{Agent, Running};
use session::DopaPolicy;
use simulator::bank::{Bank, Options};
use simulator::card::{self, Image, Manner as CardManner, Pace, Trap};
use simulator::customer::{Customer, Hands, Manner, Walk};
use simulator::world::World;

/// The demonstration's configuration, which stands beside the kiosk's and the counter's.
const CONFIG: &str = include_str!("../../config/demo.toml");

/// Everything that one test's journeys need, on ports of its own.
pub struct Stage {
    /// The bank, with its memory.
    pub bank: Bank,
    /// The devices.
    pub world: World,
    /// Where journal and credentials are.
    pub folder: tempfile::TempDir,
    agent: Option<Running>,
    dopa: DopaPolicy,
    /// Lines of the section [bank] beyond the demonstration's.
    bank_lines: String,
}

impl Stage {
    /// Starts a bank of the document's kind, and the agent before it.
    pub async fn open(dopa: DopaPolicy) -> Self {
        Self::open_with(dopa, Options::default()).await
    }

    /// As [`Self::open`], with another bank.
    ///
    /// # Panics
    /// If something cannot be started.
    pub async fn open_with(dopa: DopaPolicy, options: Options) -> Self {
        Self::open_by(dopa, options, |_| String::new()).await
    }

    /// As [`Self::open_with`], and by another way to the bank: `prepare` is handed the folder of the bank's
    /// files and returns lines for the agent's section [bank].
    ///
    /// # Panics
    /// If something cannot be started.
    pub async fn open_by(
        dopa: DopaPolicy,
        options: Options,
        prepare: impl FnOnce(&Path) -> String,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        // Every test's log is kept, so that the search for personal values searches them all.
        let _ = agent::log::captured();
        let bank = Bank::start(options).expect("the simulated bank starts");
        let files = folder.path().join("bank");
        bank.write_files(&files).expect("the credentials are written");
        let bank_lines = prepare(&files);
        let world = World::new(Pace::default());
        let mut stage = Self { bank, world, folder, agent: None, dopa, bank_lines };
        stage.start_agent().await;
        stage
    }

    /// Starts the agent, again if it was stopped.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start_agent(&mut self) {
        let config = self.config();
        let agent = Agent::start(config, Arc::new(self.world.clone()), None).await;
        self.agent = Some(agent.expect("the agent starts"));
    }

    /// Stops the agent as a service manager would.
    pub async fn stop_agent(&mut self) {
        if let Some(agent) = self.agent.take() {
            agent.stop().await;
        }
    }

    fn config(&self) -> Config {
        let file = Path::new("demo.toml");
        let text = CONFIG.replacen("[bank]\n", &format!("[bank]\n{}", self.bank_lines), 1);
        let mut config = Config::parse(&text, file, self.folder.path())
            .expect("the demo configuration is valid");
        config.bank.base_url = BaseUrl::parse(&self.bank.base_url()).expect("an https address");
        config.api.listen.set_port(0);
        config.journey.dopa = self.dopa;
        config
    }

    /// The page's address.
    ///
    /// # Panics
    /// If the agent is stopped.
    #[must_use]
    pub fn page_url(&self) -> &str {
        self.agent.as_ref().expect("the agent runs").page_url()
    }

    /// A customer before the page.
    ///
    /// # Panics
    /// If the page does not open.
    pub async fn customer(&self) -> Customer {
        Customer::arrive(self.page_url()).await.expect("the page opens")
    }

    /// Hands with a card and a code.
    ///
    /// # Panics
    /// If there is no such card.
    #[must_use]
    pub fn hands(&self, card: &str, reference: &str) -> StageHands {
        let image = card::named(card).expect("a card of tests/cards");
        let reference = reference.to_owned();
        StageHands { world: self.world.clone(), image, reference, trap: None }
    }

    /// Walks one journey and takes the card out afterwards.
    ///
    /// # Panics
    /// If the journey does not end.
    pub async fn walk(&self, card: &str, reference: &str) -> Walk {
        let mut hands = self.hands(card, reference);
        self.walk_with(&mut hands).await
    }

    /// As [`Self::walk`], with given hands.
    ///
    /// # Panics
    /// If the journey does not end.
    pub async fn walk_with(&self, hands: &mut dyn Hands) -> Walk {
        let customer = self.customer().await;
        let walk = customer.walk(hands, &Manner::default()).await.expect("the journey ends");
        self.world.slot().eject();
        self.world.stand_before_camera(None);
        customer.leave().await.expect("the page is free again");
        walk
    }
}

/// Hands that do what they are asked, once each time.
pub struct StageHands {
    world: World,
    image: Image,
    reference: String,
    /// Sprung by the card each time it is inserted.
    pub trap: Option<Trap>,
}

impl Hands for StageHands {
    fn insert_card(&mut self) {
        if let Some(trap) = self.trap {
            self.world.slot().set_trap(trap);
        }
        self.world.slot().insert(self.image.clone(), CardManner::default());
    }

    fn show_code(&mut self) {
        self.world.show_code(&self.reference);
    }

    fn face_camera(&mut self) {
        self.world.turn_before_camera();
    }
}
