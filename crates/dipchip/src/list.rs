//! `dipchip read --list`: the readers that are plugged in, what lies in them, and what the notes say of both.
//!
//! No card is connected to: what a card answered to reset is told by the service.

use std::io;

use agent::explain::of_reader;
use agent::quirks::{Note, Quirks};
use dipchip::card_reader::{self, Listed};

use crate::Exit;
use crate::read::{Form, say, write};
use crate::sheet::{Sheet, Sight};

/// Prints the readers that are plugged in and what lies in them.
///
/// # Errors
/// If the list cannot be written.
pub fn list(form: Form) -> io::Result<Exit> {
    let readers = match card_reader::list() {
        Ok(readers) => readers,
        Err(error) => {
            eprintln!("dipchip: {error}");
            say(&of_reader(error), form)?;
            return Ok(Exit::Fault);
        }
    };
    for reader in &readers {
        write(&listed(reader), form)?;
    }
    if readers.is_empty() {
        eprintln!("dipchip: no card reader is plugged in");
    }
    Ok(Exit::Done)
}

/// A reader, what lies in it, and what the notes say of both.
fn listed(reader: &Listed) -> Sheet {
    let quirk = Quirks::builtin().for_reader(&reader.name);
    let mut sheet = Sheet::new(Sight::Revealed);
    // A name comes from a device, and a terminal obeys control characters.
    let name: String = reader.name.chars().filter(|character| !character.is_control()).collect();
    sheet.plain("reader", &name);
    sheet.plain("state", reader.word);
    sheet.plain("grade", quirk.grade.word());
    noted(&mut sheet, ["device", "note"], &quirk.notes);
    if !reader.atr.is_empty() {
        let atr: String = reader.atr.iter().map(|byte| format!("{byte:02X}")).collect();
        sheet.plain("atr", &atr);
        noted(&mut sheet, ["card", "card_note"], &Quirks::builtin().for_card(&reader.atr).notes);
    }
    sheet
}

/// Title and path of the notes, if there are any.
fn noted(sheet: &mut Sheet, [title, path]: [&'static str; 2], notes: &[Note]) {
    if let Some(first) = notes.first() {
        sheet.plain(title, &first.title);
        let paths: Vec<_> = notes.iter().map(|note| note.path.as_str()).collect();
        sheet.plain(path, &paths.join(", "));
    }
}
