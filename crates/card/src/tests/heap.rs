//! Decoding allocates the texts that are kept, and nothing else: counted by an allocator that counts.

use citizen::{Address, Citizen, Name};
use zeroize::Zeroizing;

use super::images::{Image, LAWFUL};
use crate::{
    decode::{self, Section},
    map::{ADDRESS_STRETCH, HOLDER, Stretch, VALIDITY},
};

/// As if it had been read.
fn section(image: &Image, stretch: &'static Stretch) -> Section {
    let start = usize::from(stretch.offset());
    let bytes = &image.bytes[start..start + usize::from(stretch.length())];
    Section { stretch, bytes: Zeroizing::new(bytes.to_vec()) }
}

/// Texts that have memory of their own; an empty one has none.
fn kept(citizen: &Citizen) -> usize {
    let Citizen { thai_name, english_name, address, .. } = citizen;
    let names = [thai_name, english_name].into_iter().flat_map(|name| {
        let Name { prefix, first, middle, last } = name;
        [prefix, first, middle, last]
    });
    let Address { full, house_number, moo, trok, soi, road, sub_district, district, province } =
        address;
    let parts = [full, house_number, moo, trok, soi, road, sub_district, district, province];
    // Never empty, and never moved by value: citizen id, chip number, request number.
    3 + names.chain(parts).filter(|text| !text.is_empty()).count()
}

#[test]
fn decoding_allocates_nothing_but_the_texts_that_are_kept() {
    for (name, ..) in LAWFUL {
        let image = Image::of(name);
        let [holder, validity, address] =
            [&HOLDER, &VALIDITY, &ADDRESS_STRETCH].map(|stretch| section(&image, stretch));
        let identity = citizen::Identity {
            citizen_id: decode::citizen_id(&holder).unwrap(),
            chip_number: citizen::ChipNumber::from_bytes([7; 8]),
        };
        let mut citizen = None;
        let heap = allocation_counter::measure(|| {
            citizen = decode::citizen(&identity, &holder, &validity, &address).ok();
        });
        let kept = kept(&citizen.expect("a lawful card"));
        assert_eq!(usize::try_from(heap.count_total), Ok(kept), "{name}: {heap:?}");
        assert_eq!(usize::try_from(heap.count_current), Ok(kept), "{name}: {heap:?}");
    }
}
