//! The power goes while a customer stands here: whoever still does is told what became of the journey (§1.9).

use serde_json::{Value, json};
use session::DopaPolicy;
use tests::stage::Stage;

use crate::stage::{until, up_to_the_data};

async fn restarted(stage: &mut Stage) -> Value {
    stage.stop_agent().await;
    stage.start_agent().await;
    let customer = stage.customer().await;
    customer.until_screen("result").await.expect("the customer is told")
}

#[tokio::test]
async fn a_restart_before_anything_was_sent_says_that_the_code_is_still_valid() {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    up_to_the_data(&stage, "SIM-0000-BOOT-0001").await;
    let view = restarted(&mut stage).await;
    assert_eq!(view["screen"]["failure"]["code"], "INTERRUPTED");
    assert_eq!(view["screen"]["copies"], 0);
    stage.world.slot().eject();
    stage.customer().await.until_screen("attract").await.expect("the card is out");
    let again = restarted_empty(&mut stage).await;
    assert_eq!(again["screen"]["name"], "attract", "told once");
}

/// After a restart with nothing in the reader.
async fn restarted_empty(stage: &mut Stage) -> Value {
    stage.stop_agent().await;
    stage.start_agent().await;
    stage.customer().await.view().await.expect("a view")
}

#[tokio::test]
async fn a_restart_after_the_banks_answer_shows_it_again_with_a_copy_of_the_slip() {
    let mut stage = Stage::open(DopaPolicy::Off).await;
    let (_, view) = up_to_the_data(&stage, "SIM-0000-BOOT-0002").await;
    let customer = stage.customer().await;
    let postal_code = view.pointer("/screen/postal/several/0");
    let confirm = json!({"action": "confirm", "postal_code": postal_code, "mobile": null});
    customer.act(&confirm).await.expect("confirmed");
    let view = customer.until_screen("result").await.expect("done");
    assert_eq!(view["screen"]["outcome"], "done");
    until(|| (stage.world.printed().len() == 1).then_some(())).await;
    let view = restarted(&mut stage).await;
    assert_eq!(
        (&view["screen"]["outcome"], &view["screen"]["copies"]),
        (&json!("done"), &json!(1))
    );
    let customer = stage.customer().await;
    for _ in 0..2 {
        customer.act(&json!({"action": "reprint"})).await.expect("taken");
    }
    let slips = until(|| Some(stage.world.printed()).filter(|slips| slips.len() > 1)).await;
    let copy = slips.get(1).expect("two").join("\n");
    assert!(copy.contains("COPY") && copy.contains("0002"), "{copy}");
    let view = customer.until(|view| view["screen"]["copies"] == 0).await.expect("used up");
    assert_eq!(view["screen"]["name"], "result");
    assert_eq!(stage.world.printed().len(), 2, "one copy and no more");
}
