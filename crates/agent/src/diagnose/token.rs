//! An access token through the agent's own client, and what its answer says of this machine's clock.
//!
//! The clock is compared by that client, with every answer, whether it brings a token or not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::{Condition, Endpoint, ruling};
use tokio::time::timeout;

use super::finding::{Advice, Check, Finding};
use crate::bank::Bank;
use crate::clock::{Clock, Skew};
use crate::config::{Config, Transport};

/// Token and clock.
pub(super) async fn check(config: &Config, clock: &Arc<Clock>, bound: Duration) -> [Finding; 2] {
    let token = token(config, clock, bound).await;
    [token, compared(clock.last_skew())]
}

async fn token(config: &Config, clock: &Arc<Clock>, bound: Duration) -> Finding {
    let Ok(secrets) = config.secrets() else {
        return Finding::skipped(Check::Token, "not tried, because a secret is missing");
    };
    let fault = |finding, advice| Finding::fault(Check::Token, finding, advice);
    let (bank, dialect) = (config.bank.clone(), config.dialect().clone());
    let bank = match Bank::new(bank, dialect, &secrets, Arc::clone(clock)) {
        Ok(bank) => bank,
        Err(error) => {
            let remedy = "correct the section [bank] of the configuration";
            return fault("no token can be asked for", Advice::new(error.to_string(), remedy));
        }
    };
    let begun = Instant::now();
    if config.bank.transport == Transport::Relay {
        return match timeout(bound, bank.consents()).await {
            Ok(Ok(_)) => {
                let took = begun.elapsed().as_millis();
                Finding::ok(Check::Token, format!("the relay asked the bank for us in {took} ms"))
            }
            Ok(Err(failed)) => fault("the relay did not ask the bank", refused(failed.condition)),
            Err(_) => fault("the relay does not answer", silent(bound)),
        };
    }
    match timeout(bound, bank.warm_up()).await {
        Ok(Ok(())) => {
            let finding = format!("the bank gave a token in {} ms", begun.elapsed().as_millis());
            Finding::ok(Check::Token, finding)
        }
        Ok(Err(failed)) => fault("the bank gave no token", refused(failed.condition)),
        Err(_) => fault("no answer to the request for a token", silent(bound)),
    }
}

fn silent(bound: Duration) -> Advice {
    let cause = format!("nobody answered within {bound:?}");
    Advice::new(cause, "run this again in some minutes, then ask the bank")
}

fn refused(condition: Condition) -> Advice {
    let cause = format!("{condition}: {}", ruling(condition, Endpoint::Token).meaning);
    let remedy = match condition {
        Condition::OAuth(_) => {
            "compare client_id, client_secret and bank.scope with what the bank assigned"
        }
        Condition::Gateway(_) | Condition::Http(401 | 403) => {
            "compare the secrets with what the bank assigned, \
             and ask whether this machine's address is on its list"
        }
        Condition::Http(404 | 405) | Condition::Diis(_) => {
            "compare bank.base_url and bank.paths.token with what the bank named"
        }
        Condition::Http(_) | Condition::Transport(_) => {
            "run this again in some minutes, then ask the bank, naming the code"
        }
    };
    Advice::new(cause, remedy)
}

/// What the bank's time, read off any answer, says of this machine's.
fn compared(skew: Option<Skew>) -> Finding {
    let remedy = "turn time synchronisation on: timedatectl set-ntp true";
    match skew {
        None => Finding::skipped(Check::Clock, "no answer of the bank stated a time"),
        Some(Skew::None) => {
            Finding::ok(Check::Clock, "this machine's clock is within 2 s of the bank's")
        }
        Some(Skew::Corrected { by_ms }) => Finding::warning(
            Check::Clock,
            format!("this machine's clock is {}", off(by_ms)),
            Advice::new("it is not synchronised; the agent corrects up to 5 minutes", remedy),
        ),
        Some(Skew::BuddhistEra { by_ms }) => Finding::fault(
            Check::Clock,
            format!("this machine's clock is {}", off(by_ms)),
            Advice::new("it counts years in the Buddhist Era", format!("set it to UTC; {remedy}")),
        ),
        Some(Skew::TooLarge { by_ms }) => Finding::fault(
            Check::Clock,
            format!("this machine's clock is {}", off(by_ms)),
            Advice::new(
                "a wrong time zone, a wrong year, or an empty clock battery",
                format!("{remedy}; if it is wrong again after a restart, replace the battery"),
            ),
        ),
    }
}

fn off(by_ms: i64) -> String {
    let direction = if by_ms > 0 { "behind" } else { "ahead of" };
    let seconds = by_ms.unsigned_abs() / 1_000;
    let amount = match seconds {
        0..7_200 => format!("{seconds} s"),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    };
    format!("{amount} {direction} the bank's")
}

#[cfg(test)]
mod tests {
    use protocol::Transport;

    use super::super::finding::Verdict;
    use super::*;

    #[track_caller]
    fn check(skew: Option<Skew>, verdict: Verdict, finding: &str) {
        let found = compared(skew);
        assert_eq!((found.verdict, found.finding.as_str()), (verdict, finding));
    }

    #[test]
    fn a_clock_is_right_behind_ahead_or_years_away() {
        check(Some(Skew::None), Verdict::Ok, "this machine's clock is within 2 s of the bank's");
        let minute = Some(Skew::Corrected { by_ms: 60_000 });
        check(minute, Verdict::Warning, "this machine's clock is 60 s behind the bank's");
        let hours = Some(Skew::TooLarge { by_ms: 7 * 3_600_000 });
        check(hours, Verdict::Fault, "this machine's clock is 7 h behind the bank's");
        let years = Some(Skew::TooLarge { by_ms: -543 * 365 * 86_400_000 });
        check(years, Verdict::Fault, "this machine's clock is 198195 days ahead of the bank's");
        check(None, Verdict::Skipped, "no answer of the bank stated a time");
    }

    #[test]
    fn a_refused_token_names_the_code_and_what_to_compare() {
        let text = |condition| {
            let finding = Finding::fault(Check::Token, "", refused(condition));
            (finding.cause.unwrap(), finding.remedy.unwrap())
        };
        let (cause, remedy) = text("OAUTH_INVALID_CLIENT".parse().unwrap());
        assert!(cause.starts_with("OAUTH_INVALID_CLIENT: "), "{cause}");
        assert!(remedy.contains("client_secret"), "{remedy}");
        let (cause, remedy) = text(Condition::Transport(Transport::TimedOut));
        assert!(cause.starts_with("NET_"), "{cause}");
        assert!(remedy.contains("ask the bank"), "{remedy}");
    }
}
