//! How long the camera's thread needs for a frame: codes, the selfie's verdict, the selfie's JPEG.
//!
//! One table a subject, each in a file of its own beside this one. All work is done on one thread, and of
//! several turns at a frame the shortest counts, because a busy machine makes the others longer. Ends with
//! an error if a target is missed, so that it can stand in a build.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod codes;
mod selfie;
mod table;

use std::error::Error;
use std::io;

use table::Table;

fn main() -> Result<(), Box<dyn Error>> {
    let mut table = Table::new(io::stdout().lock());
    codes::measure(&mut table)?;
    selfie::measure(&mut table)?;
    table.end()
}
