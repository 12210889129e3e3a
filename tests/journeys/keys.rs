//! The bank changes its key: the announced one takes over, once for all.

use std::fs;
use std::path::Path;

use session::DopaPolicy;
use simulator::bank::{Endpoint, Options};
use tests::stage::Stage;

use crate::stage::{check, records};

/// A key that the bank cannot open with any more.
const OLD_KEY: &str = include_str!("../golden/2.2/test-only.spki.pem");

/// An agent that has the old key for the present one, and the bank's own under `next`.
async fn stage(lines: &str) -> Stage {
    let age = |files: &Path| {
        fs::rename(files.join("bank.pub.pem"), files.join("next.pub.pem")).expect("the bank's key");
        fs::write(files.join("bank.pub.pem"), OLD_KEY).expect("a key in its place");
        lines.to_owned()
    };
    Stage::open_by(DopaPolicy::Off, Options::default(), age).await
}

#[tokio::test]
async fn a_bank_that_has_changed_its_key_is_written_to_with_the_announced_one() {
    let stage = stage("next_public_key_file = \"bank/next.pub.pem\"\n").await;
    check(&stage.walk("somchai", "SIM-0000-KEYS-0001").await, "done", "0000");
    assert_eq!(records(&stage, Endpoint::ValidateQr).len(), 2, "sealed anew by the other key");
    check(&stage.walk("somchai", "SIM-0000-KEYS-0002").await, "done", "0000");
    assert_eq!(records(&stage, Endpoint::ValidateQr).len(), 3, "and it is remembered");
    assert_eq!(records(&stage, Endpoint::Submit).len(), 2);
}

#[tokio::test]
async fn a_bank_that_opens_with_neither_key_ends_the_journey() {
    let stage = stage("").await;
    check(&stage.walk("somchai", "SIM-0000-KEYS-0003").await, "failed", "1501");
    assert_eq!(records(&stage, Endpoint::ValidateQr).len(), 2, "once more and no longer");
}
