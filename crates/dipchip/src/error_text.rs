//! An error with its causes, for standard error.
//!
//! Our errors keep their cause out of their own text; here the two meet again.

use std::error::Error;

/// The error and its causes, separated by `: `.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
