//! Another program at the same reader: on orders from stdin it waits for the card, holds it, and lets go.
//!
//! `rival READER`, then a line `look` or `reset` for each turn; the answer is how many milliseconds it had to
//! wait, or why there was no turn. It uses the production reader, whose ways are those of every program.

use std::env;
use std::io::{self, BufRead as _, Write as _};
use std::time::Instant;

use agent::ports::{Devices, Start};
use dipchip::devices::RealDevices;

fn main() -> io::Result<()> {
    let reader = env::args().nth(1).unwrap_or_default();
    let mut out = io::stdout().lock();
    for order in io::stdin().lock().lines() {
        let start = match order?.as_str() {
            "look" => Start::AsItIs,
            "reset" => Start::Warm,
            _ => return Err(io::Error::other("expected look or reset")),
        };
        match turn(&reader, start) {
            Ok(waited) => writeln!(out, "{waited}")?,
            Err(error) => writeln!(out, "no turn: {error}")?,
        }
        out.flush()?;
    }
    Ok(())
}

fn turn(reader: &str, start: Start) -> Result<u128, Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let mut devices = RealDevices::any_reader().card_reader()?;
    let mut connection = devices.connect(reader, start)?;
    drop(connection.hold()?);
    Ok(begun.elapsed().as_millis())
}
