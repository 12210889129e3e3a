//! What a whole journey leaves on the wire and on the disk: one connection, and no token anywhere.
//!
//! The agent and the simulated bank are real; what the client does with single answers is shown beside it.

use session::DopaPolicy;
use simulator::bank::Endpoint;
use tests::personal::files_below;
use tests::stage::Stage;

fn holds(bytes: &[u8], value: &str) -> bool {
    bytes.windows(value.len()).any(|window| window == value.as_bytes())
}

fn asked(stage: &Stage, endpoint: Endpoint) -> usize {
    stage.bank.records().iter().filter(|record| record.endpoint() == endpoint).count()
}

#[tokio::test]
async fn one_connection_and_one_token_serve_all_five_calls_of_a_journey() {
    let stage = Stage::open(DopaPolicy::BeforeSubmit).await;
    let walk = stage.walk("somchai", "SIM-0000-FACE-8101").await;
    assert_eq!(walk.outcome, "done");
    for endpoint in [
        Endpoint::Token,
        Endpoint::ValidateQr,
        Endpoint::Consents,
        Endpoint::CheckDopa,
        Endpoint::Submit,
    ] {
        assert_eq!(asked(&stage, endpoint), 1, "{endpoint}");
    }
    assert_eq!(stage.bank.handshakes(), 1);
}

#[tokio::test]
async fn the_next_customer_finds_the_connection_open() {
    let stage = Stage::open(DopaPolicy::BeforeSubmit).await;
    for reference in ["SIM-0000-WIRE-8201", "SIM-0000-WIRE-8202", "SIM-0000-WIRE-8203"] {
        assert_eq!(stage.walk("somchai", reference).await.outcome, "done");
    }
    assert_eq!(asked(&stage, Endpoint::Token), 1);
    assert_eq!(stage.bank.handshakes(), 1);
}

#[tokio::test]
async fn a_token_that_the_bank_ends_is_renewed_unseen() {
    let stage = Stage::open(DopaPolicy::BeforeSubmit).await;
    assert_eq!(stage.walk("somchai", "SIM-0000-WIRE-8302").await.outcome, "done");
    stage.bank.expire_tokens();
    assert_eq!(stage.walk("somchai", "SIM-0000-WIRE-8303").await.outcome, "done");
    assert_eq!(asked(&stage, Endpoint::Token), 2);
}

#[tokio::test]
async fn no_file_and_no_log_line_holds_a_token_or_a_secret_that_was_sent() {
    let captured = agent::log::captured();
    let mut stage = Stage::open(DopaPolicy::BeforeSubmit).await;
    assert_eq!(stage.walk("somchai", "SIM-0000-WIRE-8401").await.outcome, "done");
    let mut tokens = stage.bank.tokens();
    assert!(!tokens.is_empty(), "there was a token to search for");
    let look = |stage: &Stage, secrets: &[String]| {
        let bank_files = stage.folder.path().join("bank");
        for (path, bytes) in files_below(stage.folder.path()) {
            // The credentials' own files are where the operator put them.
            let ours = !path.starts_with(&bank_files);
            assert!(!ours || !secrets.iter().any(|one| holds(&bytes, one)), "{path:?}");
        }
        assert!(!secrets.iter().any(|one| holds(&captured.bytes(), one)), "the log");
    };
    tokens.push(stage.bank.client_secret().to_owned());
    tokens.push(stage.bank.api_key().to_owned());
    look(&stage, &tokens);
    stage.stop_agent().await;
    look(&stage, &tokens);
}
