//! What the local API needs of the running agent: the view, where events go, the camera's last frame, health.
//!
//! Whatever shows a person is wiped when its last reader lets go of it.

use std::fmt;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use serde::Serialize;
use session::{Event, Failure};
use tokio::sync::{mpsc, watch};
use vision::Hint;
use zeroize::Zeroizing;

use crate::config::Profile;
use crate::journal::Standing;
use crate::ports::DeviceError;

/// The API's side of the running agent.
pub struct Desk {
    /// The view, as JSON, anew after every event.
    pub shown: watch::Receiver<Arc<Shown>>,
    /// What a person did.
    pub events: mpsc::Sender<Event>,
    /// The camera's last frame, only while a camera looks and somebody wants to see it: who subscribes does.
    pub preview: watch::Sender<Option<Arc<Preview>>>,
    /// How the parts of the machine are.
    pub health: watch::Receiver<Health>,
}

/// One view as JSON, ready to be sent. Dropping it wipes it.
pub struct Shown(Zeroizing<Vec<u8>>);

impl Shown {
    pub(super) fn new(json: Zeroizing<Vec<u8>>) -> Self {
        Self(json)
    }

    /// The JSON, UTF-8, on one line.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(‹redacted›)")
    }
}

/// A camera frame as JPEG. Dropping it wipes it.
pub struct Preview(Zeroizing<Vec<u8>>);

impl Preview {
    /// Takes the JPEG over.
    #[must_use]
    pub fn new(jpeg: Zeroizing<Vec<u8>>) -> Self {
        Self(jpeg)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Preview(‹redacted›)")
    }
}

/// Sends what is shared without copying it: the last of its readers wipes it.
pub(super) fn body<T: Sendable>(shared: Arc<T>) -> Body {
    Body::from(chunk(shared))
}

pub(super) fn chunk<T: Sendable>(shared: Arc<T>) -> Bytes {
    Bytes::from_owner(Held(shared))
}

/// What goes out as it is.
pub(super) trait Sendable: Send + Sync + 'static {
    fn bytes(&self) -> &[u8];
}

impl Sendable for Shown {
    fn bytes(&self) -> &[u8] {
        self.bytes()
    }
}

impl Sendable for Preview {
    fn bytes(&self) -> &[u8] {
        self.bytes()
    }
}

struct Held<T>(Arc<T>);

impl<T: Sendable> AsRef<[u8]> for Held<T> {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// What a screen shows beside the session's own view.
pub struct Extras {
    /// Counts the views, so that a reader sees which is newer.
    pub sequence: u64,
    /// Who stands before the page.
    pub profile: Profile,
    /// What the face before the camera should do.
    pub hint: Option<Hint>,
    /// What is wrong with the reader, if anything.
    pub reader_trouble: Option<Failure>,
    /// The slip of the journey that has just ended, line by line.
    pub last_slip: Option<Zeroizing<Vec<String>>>,
}

impl fmt::Debug for Extras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extras(‹redacted›)")
    }
}

impl Extras {
    /// Nothing to say yet.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self { sequence: 0, profile, hint: None, reader_trouble: None, last_slip: None }
    }
}

/// How the parts of the machine are. Nothing in it is of a person.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Health {
    /// The card reader.
    pub reader: DeviceState,
    /// The code scanner.
    pub scanner: DeviceState,
    /// The camera.
    pub camera: DeviceState,
    /// The journal and the audit, whichever is worse; they are no devices and stand beside them.
    #[serde(skip)]
    pub journal: Standing,
    /// The code of what keeps the machine from serving customers; `None` while it serves them.
    #[serde(skip)]
    pub out_of_service: Option<String>,
}

impl Health {
    pub(super) fn json(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let journal = self.journal.word();
        let service = if self.out_of_service.is_none() { "open" } else { "out_of_service" };
        let code = &self.out_of_service;
        serde_json::json!({
            "version": version, "devices": self, "journal": journal,
            "service": service, "service_code": code,
        })
        .to_string()
    }
}

/// How one device is, as far as the agent knows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Not looked at yet.
    #[default]
    Unknown,
    /// Works.
    Ready,
    /// The machine has none.
    NotConfigured,
    /// Unplugged, or held by another program.
    Missing,
    /// Does not deliver.
    Failed,
}

impl DeviceState {
    /// What an error of the device says of it.
    #[must_use]
    pub fn of(error: DeviceError) -> Self {
        match error {
            DeviceError::NotConfigured => Self::NotConfigured,
            DeviceError::Gone | DeviceError::Busy => Self::Missing,
            DeviceError::Refused | DeviceError::TimedOut | DeviceError::Faulty => Self::Failed,
        }
    }
}
