//! Every screen as JSON, compared with the files that the browser tests show (`tests/browser/views`).
//!
//! So the page is tried with what the agent really says. `DIPCHIP_WRITE_VIEWS=1` writes them anew.

use std::path::PathBuf;
use std::time::Duration;

use citizen::{
    Address, BirthDate, Bp1Number, ChipNumber, Citizen, CitizenId, Date, Expiry, Identity, Name,
    Photo, PostalCode, Script, Sex,
};
use protocol::{Condition, ConsentText, WrongCode};
use serde_json::Value;
use session::{CardFault, EnglishNameSource, LocalFailure, PostalChoice};
use zeroize::Zeroizing;

use super::*;

fn views() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/browser/views"))
}

fn citizen() -> Citizen {
    Citizen {
        identity: Identity {
            citizen_id: CitizenId::parse("1111111111119").unwrap(),
            chip_number: ChipNumber::from_bytes([0x1d; 8]),
        },
        bp1_number: Bp1Number::parse("10990000000001").unwrap(),
        thai_name: Name::from_slots("นางสาว#มะลิวรรณ##ทดสอบดีเสมอ", Script::Thai).unwrap(),
        english_name: Name::from_slots("Miss#Maliwan##Thotsopdisamoe", Script::Latin).unwrap(),
        birth_date: BirthDate::Full(Date::new(1981, 7, 4).unwrap()),
        sex: Sex::Female,
        issue_date: Some(Date::new(2024, 7, 5).unwrap()),
        expiry: Expiry::On(Date::new(2033, 7, 3).unwrap()),
        address: Address::from_slots(
            "99/9#หมู่ที่ 4##ซอยทดลอง 12#ถนนตัวอย่าง#ตำบลคลองหนึ่ง#อำเภอคลองหลวง#จังหวัดปทุมธานี",
        )
        .unwrap(),
    }
}

fn photo() -> Photo {
    Photo::new(std::fs::read(views().join("portrait.jpg")).unwrap()).unwrap()
}

fn consent(kind: &str, thai: &str, english: &str) -> ConsentText {
    let version = "1.00.00".to_owned();
    ConsentText {
        kind: kind.to_owned(),
        version,
        thai: thai.to_owned(),
        english: english.to_owned(),
    }
}

fn texts() -> [ConsentText; 3] {
    let thai = "ข้าพเจ้ายินยอมให้ธนาคารเก็บรวบรวมและใช้ข้อมูลภาพใบหน้าของข้าพเจ้า \
                เพื่อเปรียบเทียบกับภาพถ่ายบนบัตรประจำตัวประชาชน สำหรับการยืนยันตัวตนในครั้งนี้";
    let english = "I allow the bank to collect and use a picture of my face to compare it with the \
                   photo on my ID card, for this identity check.";
    let more = |text: &str| {
        let paragraph = format!("{text}\n");
        paragraph.repeat(9)
    };
    [
        consent("103", &more(thai), &more(english)),
        consent(
            "104",
            "ข้าพเจ้ายินยอมให้เปิดเผยข้อมูลแก่ผู้ให้บริการในต่างประเทศ",
            "I allow my data to be disclosed to a provider abroad.",
        ),
        consent(
            "101",
            "ข้าพเจ้ายินยอมให้ตรวจสอบสถานะบัตรกับกรมการปกครอง",
            "I allow my card's status to be checked with the Department of Provincial Administration.",
        ),
    ]
}

fn bank(code: u16, text: &'static str) -> Failure {
    Failure::Bank { condition: Condition::Diis(code), text }
}

fn local(fault: CardFault) -> Failure {
    Failure::Local(LocalFailure::Card(fault))
}

/// A moment with a card in; a table case changes what is particular to it.
fn moment(screen: Screen<'_>) -> View<'_> {
    View {
        flow: Flow::Ekyc,
        language: Language::Thai,
        screen,
        card: CardStatus::Present,
        idle_warning: None,
        channel_code: None,
    }
}

fn extras() -> Extras {
    Extras { sequence: 7, ..Extras::new(Profile::Kiosk) }
}

#[track_caller]
fn check(name: &str, stage: Stage, view: &View<'_>, extras: &Extras) {
    let shown = render(view, stage, extras);
    let mut rendered: Value = serde_json::from_slice(shown.bytes()).unwrap();
    assert!(rendered["screen"]["name"].is_string(), "{name}: a field hides the screen's name");
    // The files name the picture, so that they stay readable.
    let portrait = rendered.pointer_mut("/screen/portrait").map(Value::take);
    if let Some(portrait) = portrait {
        let expected = format!("data:image/jpeg;base64,{}", base64(photo().bytes()));
        assert_eq!(portrait, Value::from(expected));
        rendered["screen"]["portrait"] = Value::from("portrait.jpg");
    }
    let path = views().join(format!("{name}.json"));
    if std::env::var_os("DIPCHIP_WRITE_VIEWS").is_some() {
        let text = serde_json::to_string_pretty(&rendered).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let file = std::fs::read(&path).unwrap_or_else(|_| panic!("{name} has no file"));
    let expected: Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(rendered, expected, "{name}");
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn nobody_here_is_the_attract_screen_with_or_without_a_working_reader() {
    let view = View { card: CardStatus::Absent, ..moment(Screen::Attract) };
    check("attract", Stage::Idle, &view, &extras());
    let trouble = Some(local(CardFault::ReaderGone));
    let extras = Extras { reader_trouble: trouble, ..extras() };
    check("attract-reader-trouble", Stage::Idle, &view, &extras);
}

#[test]
fn a_machine_out_of_service_says_why_and_what_to_do() {
    let trouble = Failure::Bank { condition: Condition::Gateway(103), text: "out_of_service" };
    let view = View { card: CardStatus::Absent, ..moment(Screen::OutOfService { trouble }) };
    check("out-of-service", Stage::Idle, &view, &extras());
}

#[test]
fn the_scan_screen_explains_a_wrong_code() {
    let scan =
        |wrong_code| View { card: CardStatus::Absent, ..moment(Screen::Scan { wrong_code }) };
    check("scan", Stage::Gather, &scan(None), &extras());
    let wrong = scan(Some(WrongCode::Payment));
    check("scan-wrong-code", Stage::Gather, &wrong, &extras());
}

#[test]
fn the_card_screen_explains_why_a_card_does_not_do() {
    let insert =
        |trouble| View { card: CardStatus::Absent, ..moment(Screen::InsertCard { trouble }) };
    check("insert-card", Stage::Gather, &insert(None), &extras());
    let mute = insert(Some(local(CardFault::Mute)));
    check("insert-card-trouble", Stage::Gather, &mute, &extras());
}

#[test]
fn progress_is_shown_while_reading_and_waiting() {
    let reading = moment(Screen::Reading { percent: 40 });
    check("reading", Stage::Read, &reading, &extras());
    for (name, again) in [("checking", false), ("checking-again", true)] {
        check(name, Stage::Validate, &moment(Screen::Checking { again }), &extras());
    }
    let dopa = moment(Screen::CheckingDopa { again: false });
    check("checking-dopa", Stage::Dopa, &dopa, &extras());
    let sending = View { channel_code: Some("KMA"), ..moment(Screen::Sending { again: false }) };
    check("sending", Stage::Submit, &sending, &extras());
}

#[test]
fn consent_texts_come_whole_and_in_both_languages() {
    let texts = texts();
    let screen = Screen::Consents { texts: texts.iter().collect() };
    let view = View { channel_code: Some("KMA"), ..moment(screen) };
    check("consents", Stage::Consent, &view, &extras());
}

#[test]
fn the_data_is_shown_with_what_is_known_of_the_postal_code() {
    let (citizen, photo) = (citizen(), photo());
    let codes = ["12120", "12121"].map(|code| PostalCode::parse(code).unwrap());
    let confirm = |postal| View {
        channel_code: Some("KMA"),
        ..moment(Screen::Confirm {
            citizen: &citizen,
            photo: &photo,
            postal,
            english_name: EnglishNameSource::Known,
        })
    };
    let one = confirm(PostalChoice::One(codes[0]));
    check("confirm", Stage::Confirm, &one, &extras());
    check("confirm-several", Stage::Confirm, &confirm(PostalChoice::Several(&codes)), &extras());
    check("confirm-unknown", Stage::Confirm, &confirm(PostalChoice::Unknown), &extras());
    let warned = View { idle_warning: Some(Duration::from_millis(9_300)), ..one };
    check("confirm-idle", Stage::Confirm, &warned, &extras());
}

#[test]
fn a_name_that_the_card_lacks_is_asked_for() {
    let (mut citizen, photo) = (citizen(), photo());
    citizen.english_name = Name::default();
    let view = moment(Screen::Confirm {
        citizen: &citizen,
        photo: &photo,
        postal: PostalChoice::Unknown,
        english_name: EnglishNameSource::Keyed,
    });
    check("confirm-nameless", Stage::Confirm, &view, &extras());
}

#[test]
fn a_counter_gets_the_whole_number_and_a_kiosk_does_not() {
    let (citizen, photo) = (citizen(), photo());
    let postal = PostalChoice::Unknown;
    let view = moment(Screen::Confirm {
        citizen: &citizen,
        photo: &photo,
        postal,
        english_name: EnglishNameSource::Known,
    });
    let counter = Extras { profile: Profile::Counter, ..extras() };
    check("confirm-counter", Stage::Confirm, &view, &counter);
    let kiosk = render(&view, Stage::Confirm, &extras());
    let text = String::from_utf8(kiosk.bytes().to_vec()).unwrap();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    assert!(!text.contains("1111111111119") && !digits.contains("1111111111119"));
}

#[test]
fn the_selfie_screen_has_one_hint_at_a_time() {
    let selfie = |trouble| moment(Screen::Selfie { left: 4, trouble });
    let hint = |hint| Extras { hint: Some(hint), ..extras() };
    check("selfie", Stage::Selfie, &selfie(None), &extras());
    check("selfie-hint", Stage::Selfie, &selfie(None), &hint(Hint::ComeCloser));
    let again = selfie(Some(bank(9301, "face_mismatch")));
    check("selfie-trouble", Stage::Selfie, &again, &hint(Hint::HoldStill));
}

#[test]
fn a_busy_bank_leaves_the_choice_to_the_customer() {
    let view = moment(Screen::Busy { trouble: bank(9999, "bank_busy") });
    check("busy", Stage::Validate, &view, &extras());
}

#[test]
fn every_outcome_says_what_to_do() {
    let outcomes = [
        Outcome::Done,
        Outcome::Pending(bank(1301, "done_pending")),
        Outcome::Refused(bank(1101, "qr_expired")),
        Outcome::Stopped(Failure::Local(LocalFailure::Cancelled)),
        Outcome::Failed(local(CardFault::Unreadable)),
        Outcome::Unresolved(bank(9997, "result_unknown")),
    ];
    for outcome in outcomes {
        let has_slip = matches!(outcome, Outcome::Done);
        let slip =
            has_slip.then(|| ["e-KYC", "", "REF-0001", "CUST-77"].map(str::to_owned).to_vec());
        let extras = Extras { last_slip: slip.map(Zeroizing::new), ..extras() };
        let view = moment(Screen::Result { outcome: &outcome, copies: u8::from(has_slip) });
        check(&format!("result-{}", outcome.word()), Stage::Result, &view, &extras);
    }
}

#[test]
fn a_submit_found_out_by_repetition_looks_like_any_other_success() {
    let text = |outcome: &Outcome| {
        let view = moment(Screen::Result { outcome, copies: 1 });
        render(&view, Stage::Result, &extras()).bytes().to_vec()
    };
    assert_eq!(text(&Outcome::Done), text(&Outcome::DoneInferred));
}

#[test]
fn every_hint_has_a_word_of_its_own() {
    let hints = [
        Hint::NoFace,
        Hint::OneFaceOnly,
        Hint::ComeCloser,
        Hint::MoveBack,
        Hint::Centre,
        Hint::Upright,
        Hint::MoreLight,
        Hint::LessLight,
        Hint::Uncover,
        Hint::HoldStill,
        Hint::TurnLeft,
        Hint::TurnRight,
        Hint::LookAhead,
    ];
    let words: std::collections::BTreeSet<_> = hints.map(hint_word).into();
    assert_eq!(words.len(), hints.len());
}

#[test]
fn a_channel_code_that_is_no_plain_word_is_left_out() {
    for code in ["../etc", "<b>", "A B", "", "ABCDEFGHIJKLMNOP", "ธนาคาร"] {
        assert!(!is_word(code), "{code}");
    }
    assert!(is_word("KMA") && is_word("KRUNGSRI-APP_2"));
}
