//! The person's data as checked types: the citizen's number, names, dates, address, photo.
//!
//! Whoever holds one of these values has checked it. All of them print `‹redacted›` in Debug, and what
//! lives on the heap is wiped on drop. How the card writes them is partly here (dates, `#` slots, prefixes);
//! where they lie on the card is the crate `card`'s, what the bank calls them is `protocol`'s.

mod address;
mod birth_date;
mod bp1_number;
mod chip_number;
mod citizen_id;
mod date;
mod expiry;
mod name;
mod person;
mod photo;
pub mod postal;
mod redacted;
mod text;

pub use address::{Address, AddressError};
pub use birth_date::BirthDate;
pub use bp1_number::{Bp1Number, Bp1NumberError};
pub use chip_number::{ChipNumber, ChipNumberError};
pub use citizen_id::{CitizenId, CitizenIdError};
pub use date::{Date, DateError};
pub use expiry::Expiry;
pub use name::{Name, NameError, NamePart, Script};
pub use person::{Citizen, Identity, Sex};
pub use photo::{Photo, PhotoError};
pub use postal::{PostalCode, PostalCodeError};
pub use text::Text;
