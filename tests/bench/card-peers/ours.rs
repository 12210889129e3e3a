//! Our production reader as a program that reads one card for each line of its input, beside other readers.
//!
//! Each answer is one line of JSON: what was read, and after how many milliseconds. Time runs from the order
//! on, so opening the service, finding the card and connecting to it are a part of it. Everybody on the
//! cards is invented: nothing is masked.

use std::io::{self, BufRead as _, Write as _};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use agent::ports::{Devices as _, Presence, ReaderError, Start};
use agent::reading;
use card::{CardError, CardReading, Flow, ReadPlan};
use citizen::{BirthDate, Citizen, Date, Expiry, Name, Text};
use dipchip::devices::RealDevices;
use serde_json::{Map, Value, json};

/// pcscd sees a new card within 0.4 s.
const CARD_WITHIN: Duration = Duration::from_secs(5);
/// The slowest card takes 7 s.
const READ_WITHIN: Duration = Duration::from_secs(12);

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for order in io::stdin().lock().lines() {
        let order = order?;
        let (sender, receiver) = mpsc::channel();
        // As in the program: a call that never returns keeps its thread, and nobody waits for it.
        thread::spawn(move || sender.send(read(&order)).unwrap_or_default());
        let answer = match receiver.recv_timeout(READ_WITHIN) {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => json!({ "error": error }),
            Err(error) => json!({ "error": format!("reading the card: {error}") }),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// `text` or `all`.
fn read(order: &str) -> Result<Value, String> {
    let started = Instant::now();
    let milliseconds = || started.elapsed().as_secs_f64() * 1e3;
    let devices = RealDevices::any_reader();
    let name = card(&devices).map_err(|error| error.to_string())?;
    let mut reader = devices.card_reader().map_err(|error| error.to_string())?;
    let mut connection = reader.connect(&name, Start::AsItIs).map_err(|error| error.to_string())?;
    let connection = connection.as_mut();
    let mut card = CardReading::new(ReadPlan::default());
    let identity = reading::identity(connection, &mut card).map_err(words)?;
    let identity_ms = milliseconds();
    let citizen = reading::citizen(connection, &mut card, &identity).map_err(words)?;
    let text_ms = milliseconds();
    let mut answer = record(&citizen);
    answer.insert("identity_ms".to_owned(), json!(identity_ms));
    answer.insert("text_ms".to_owned(), json!(text_ms));
    if order == "all" {
        let photo =
            reading::photo(connection, &mut card, &mut |_| Flow::Continue).map_err(words)?;
        answer.insert("all_ms".to_owned(), json!(milliseconds()));
        let hex: String = photo.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        answer.insert("photoHex".to_owned(), json!(hex));
    }
    Ok(answer.into())
}

/// The name of the reader with a card.
fn card(devices: &RealDevices) -> Result<String, ReaderError> {
    let mut monitor = devices.card_monitor()?;
    let mut presence = monitor.watch(&Presence::NoReader, CARD_WITHIN)?;
    if presence == Presence::Empty {
        presence = monitor.watch(&Presence::Empty, CARD_WITHIN)?;
    }
    match presence {
        Presence::Card { reader, .. } => Ok(reader),
        Presence::Mute { .. } => Err(ReaderError::Mute),
        Presence::Empty => Err(ReaderError::NoCard),
        Presence::NoReader => Err(ReaderError::Gone),
    }
}

/// The error and its causes.
fn words(error: CardError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(&error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// What the bank gets, by its names.
fn record(citizen: &Citizen) -> Map<String, Value> {
    let address = &citizen.address;
    let record = json!({
        "chipNo": citizen.identity.chip_number.as_str(),
        "bp1No": citizen.bp1_number.as_str(),
        "citizenId": citizen.identity.citizen_id.as_str(),
        "nameTH": name(&citizen.thai_name),
        "nameEN": name(&citizen.english_name),
        "dateOfBirth": match citizen.birth_date {
            BirthDate::Year(year) => format!("{year:04}0000"),
            BirthDate::YearMonth { year, month } => format!("{year:04}{month:02}00"),
            BirthDate::Full(date) => day(date),
        },
        "citizenIdCardIssueDate": citizen.issue_date.map(day).unwrap_or_default(),
        "citizenIdCardExpireDate": match citizen.expiry {
            Expiry::On(date) => day(date),
            Expiry::ForLife => "99999999".to_owned(),
        },
        "fullAddress": address.full.as_str(),
        "addrNo": address.house_number.as_str(),
        "moo": address.moo.as_str(),
        "trok": address.trok.as_str(),
        "soi": address.soi.as_str(),
        "road": address.road.as_str(),
        "subDistrict": address.sub_district.as_str(),
        "district": address.district.as_str(),
        "province": address.province.as_str(),
    });
    if let Value::Object(fields) = record { fields } else { Map::new() }
}

fn name(name: &Name) -> Value {
    json!([&name.prefix, &name.first, &name.middle, &name.last].map(Text::as_str))
}

fn day(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}
