//! A customer who never hesitates: walks a journey through the agent's own `/v1`, as the page would.
//!
//! It knows the page's contract and nothing of the agent's inside, so it walks the demonstration, the tests
//! and the production program alike. What needs hands (card, code, face) goes through [`Hands`].

mod local;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thiserror::Error;
use tokio::time::sleep;

use local::Local;
pub use local::{LocalError, Watching};

/// Between two looks at the screen: stages are timed to this precision.
const LOOK: Duration = Duration::from_millis(10);
/// Longer than every deadline of a journey together.
const WALK_MOST: Duration = Duration::from_secs(240);

/// What a customer does beside touching the screen.
pub trait Hands {
    /// Puts the card in.
    fn insert_card(&mut self);
    /// Shows the code.
    fn show_code(&mut self);
    /// Looks into the camera.
    fn face_camera(&mut self);
}

/// What the customer answers where there is a choice.
#[derive(Clone)]
pub struct Manner {
    /// `th` or `en`.
    pub language: String,
    /// The answer to each consent.
    pub consent: Answer,
    /// A mobile number to give, if any.
    pub mobile: Option<String>,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Agrees.
    Yes,
    /// Refuses.
    No,
}

impl Default for Manner {
    fn default() -> Self {
        Self { language: "th".to_owned(), consent: Answer::Yes, mobile: None }
    }
}

/// How a walk went.
#[derive(Clone, Debug)]
pub struct Walk {
    /// `done`, `pending`, `refused`, `stopped`, `failed` or `unresolved`.
    pub outcome: String,
    /// The failure's code, `0000` without one.
    pub code: String,
    /// The failure's sentence in the chosen language, if there was one.
    pub sentence: Option<String>,
    /// The last trouble that a screen showed on the way, by its code.
    pub trouble: Option<String>,
    /// The stages, in order, with the time spent in each.
    pub stages: Vec<Stage>,
    /// The slip's lines, if one was printed.
    pub slip: Vec<String>,
}

/// One stage of a walk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stage {
    /// The session's word for it.
    pub name: String,
    /// How long it took.
    pub time: Duration,
}

/// Why a walk did not come to a result.
#[derive(Debug, Error)]
pub enum WalkError {
    /// The local API.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The journey stands still.
    #[error("the journey did not end within {} s; it stands at stage {stage}", WALK_MOST.as_secs())]
    StandsStill {
        /// Where.
        stage: String,
    },
}

/// A customer before one agent.
pub struct Customer {
    local: Local,
}

impl Customer {
    /// Opens the page by its address with the key.
    ///
    /// # Errors
    /// [`LocalError`] if the address is none, or the agent does not let this customer in.
    pub async fn arrive(page_url: &str) -> Result<Self, LocalError> {
        Ok(Self { local: Local::pair(page_url).await? })
    }

    /// The view as it is now.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn view(&self) -> Result<Value, LocalError> {
        self.local.get("/v1/view").await
    }

    /// Touches the screen.
    ///
    /// # Errors
    /// [`LocalError`] if the action is refused.
    pub async fn act(&self, action: &Value) -> Result<(), LocalError> {
        self.local.post("/v1/actions", action).await.map(drop)
    }

    /// Listens to the events and looks at the camera's pictures, as a page does.
    ///
    /// # Errors
    /// [`LocalError`] if the agent lets nobody listen or look.
    pub async fn look_on(&self) -> Result<[Watching; 2], LocalError> {
        let events = self.local.watch("/v1/events").await?;
        Ok([events, self.local.watch("/v1/preview.mjpeg").await?])
    }

    /// Leaves the result behind, so that the next journey can begin; the card must be out by then.
    ///
    /// # Errors
    /// [`WalkError`] if the API fails or the page does not become free.
    pub async fn leave(&self) -> Result<(), WalkError> {
        self.act(&json!({"action": "cancel"})).await?;
        let free = |view: &Value| {
            matches!(text(view, "/screen/name").as_str(), "attract" | "out_of_service")
        };
        self.until(free).await.map(drop)
    }

    /// Waits until a screen is shown.
    ///
    /// # Errors
    /// [`WalkError`] if the API fails or the screen does not come.
    pub async fn until_screen(&self, screen: &str) -> Result<Value, WalkError> {
        self.until(|view| text(view, "/screen/name") == screen).await
    }

    /// Waits until the view is as wanted.
    ///
    /// # Errors
    /// [`WalkError`] if the API fails or the view does not become so.
    pub async fn until(&self, wanted: impl Fn(&Value) -> bool) -> Result<Value, WalkError> {
        let begun = Instant::now();
        loop {
            let view = self.view().await?;
            if wanted(&view) {
                return Ok(view);
            }
            if begun.elapsed() > WALK_MOST {
                return Err(WalkError::StandsStill { stage: text(&view, "/stage") });
            }
            sleep(LOOK).await;
        }
    }

    /// Walks one journey to its result.
    ///
    /// # Errors
    /// [`WalkError`] if the API fails or the journey stands still.
    pub async fn walk(&self, hands: &mut dyn Hands, manner: &Manner) -> Result<Walk, WalkError> {
        let begun = Instant::now();
        let mut clock = Stopwatch::default();
        let mut last = String::new();
        let mut trouble = None;
        loop {
            let view = self.view().await?;
            let stage = text(&view, "/stage");
            clock.at(&stage);
            if begun.elapsed() > WALK_MOST {
                return Err(WalkError::StandsStill { stage });
            }
            let screen = text(&view, "/screen/name");
            let code = text(&view, "/screen/trouble/code");
            let moment = format!("{screen} {code}");
            if screen == "result" {
                let stages = clock.stages();
                return Ok(Walk { trouble, stages, ..result(&view, &manner.language) });
            }
            if !code.is_empty() {
                trouble = Some(code);
            }
            if moment != last {
                self.meet(&screen, &view, hands, manner).await?;
                last = moment;
            }
            sleep(LOOK).await;
        }
    }

    /// Does what a new screen asks for, once.
    async fn meet(
        &self,
        screen: &str,
        view: &Value,
        hands: &mut dyn Hands,
        manner: &Manner,
    ) -> Result<(), LocalError> {
        let action = match screen {
            "attract" => {
                self.act(&json!({"action": "start"})).await?;
                json!({"action": "language", "language": manner.language})
            }
            "scan" => {
                hands.show_code();
                return Ok(());
            }
            // A bank that wants another card gets none: there is only one.
            "insert_card" if !text(view, "/screen/trouble/code").is_empty() => {
                json!({"action": "cancel"})
            }
            "insert_card" => {
                hands.insert_card();
                return Ok(());
            }
            // Whoever never hesitates does not wait for a busy bank either.
            "busy" => json!({"action": "cancel"}),
            "selfie" => {
                hands.face_camera();
                return Ok(());
            }
            "consents" => {
                let texts = view.pointer("/screen/texts").and_then(Value::as_array);
                let answer = match manner.consent {
                    Answer::Yes => "Y",
                    Answer::No => "N",
                };
                json!({"action": "consents", "answers": vec![answer; texts.map_or(0, Vec::len)]})
            }
            "confirm" => {
                let mobile = manner.mobile.clone();
                json!({"action": "confirm", "postal_code": postal_code(view), "mobile": mobile})
            }
            _ => return Ok(()),
        };
        match self.act(&action).await {
            // The screen may have moved on by itself in the meantime.
            Err(LocalError::Refused { status: 409 }) => Ok(()),
            other => other,
        }
    }
}

/// The first code on offer; a rural one where the address is not in the table.
fn postal_code(view: &Value) -> Value {
    let postal = |pointer: &str| view.pointer(pointer).cloned();
    postal("/screen/postal/one")
        .or_else(|| postal("/screen/postal/several/0"))
        .unwrap_or_else(|| json!("40000"))
}

fn result(view: &Value, language: &str) -> Walk {
    let code = text(view, "/screen/failure/code");
    let sentence = text(view, &format!("/screen/failure/text/{language}"));
    let slip = view.pointer("/screen/slip").and_then(Value::as_array).into_iter().flatten();
    Walk {
        outcome: text(view, "/screen/outcome"),
        code: if code.is_empty() { "0000".to_owned() } else { code },
        sentence: (!sentence.is_empty()).then_some(sentence),
        trouble: None,
        stages: Vec::new(),
        slip: slip.filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}

fn text(view: &Value, pointer: &str) -> String {
    view.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Times the stages as they are seen.
#[derive(Default)]
struct Stopwatch {
    stages: Vec<Stage>,
    current: Option<(String, Instant)>,
}

impl Stopwatch {
    fn at(&mut self, stage: &str) {
        let now = Instant::now();
        match &self.current {
            Some((name, _)) if name == stage => {}
            _ => {
                self.close(now);
                self.current = Some((stage.to_owned(), now));
            }
        }
    }

    fn close(&mut self, now: Instant) {
        if let Some((name, since)) = self.current.take()
            && name != "idle"
        {
            self.stages.push(Stage { name, time: now - since });
        }
    }

    /// All stages but the result, which ends nothing.
    fn stages(mut self) -> Vec<Stage> {
        self.current = None;
        self.stages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_of_postal_codes_is_answered_with_the_first() {
        let view = json!({"screen": {"postal": {"several": ["10110", "10120"]}}});
        assert_eq!(postal_code(&view), json!("10110"));
    }

    #[test]
    fn a_result_is_read_with_its_sentence_in_the_right_language() {
        let failure = json!({"code": "1101", "text": {"th": "หมดอายุ", "en": "expired"}});
        let view = json!({"screen": {"name": "result", "outcome": "refused", "failure": failure}});
        let walk = result(&view, "en");
        assert_eq!((walk.outcome.as_str(), walk.code.as_str()), ("refused", "1101"));
        assert_eq!(walk.sentence.as_deref(), Some("expired"));
    }
}
