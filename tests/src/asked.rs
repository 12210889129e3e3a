//! Was a stage asked for? Tests that need more than Rust look here first, and say loudly when they show
//! nothing. What a stage needs is said in `tests/run`.

use std::io::{self, Write as _};

/// Is `variable` 1, as `tests/run STAGE` sets it? Otherwise says that this test shows nothing.
#[must_use]
pub fn asked_for(variable: &str, stage: &str, test: &str) -> bool {
    let asked = std::env::var_os(variable).is_some_and(|value| value == "1");
    if !asked {
        // Not by a macro, whose output a passing test keeps to itself.
        let _ = writeln!(
            io::stderr(),
            "SKIPPED: {test}: {variable}=1 is not set, see tests/run {stage}"
        );
    }
    asked
}
