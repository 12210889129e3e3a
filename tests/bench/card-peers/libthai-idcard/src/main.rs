//! `libthai-idcard` as a program that reads one card for each line of its input.
//!
//! It has one call that reads everything and one setting that leaves the photo out; nothing is handed over
//! before the end, so its first text is that of a reading without the photo. It waits for a card by itself.

use std::io::{self, BufRead as _, Write as _};
use std::time::Instant;

use serde_json::{Value, json};
use thaiidcard::model::{Name, Personal};
use thaiidcard::{Options, SmartCard};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for order in io::stdin().lock().lines() {
        let answer = match read(&order?) {
            Ok(answer) => answer,
            Err(error) => json!({ "error": error }),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// `text` or `all`.
fn read(order: &str) -> Result<Value, String> {
    let started = Instant::now();
    let all = order == "all";
    let options = Options { show_face_image: all, ..Options::default() };
    let card = SmartCard::new().read(None, &options).map_err(|error| error.to_string())?;
    let took = started.elapsed().as_secs_f64() * 1e3;
    let personal = card.personal.ok_or("nothing was read")?;
    let mut answer = record(&personal);
    answer["text_ms"] = json!(took);
    if all {
        answer["all_ms"] = json!(took);
        answer["photoBase64"] = json!(personal.face_image);
    }
    Ok(answer)
}

/// Its fields by the bank's names; what it does not have is left out.
fn record(personal: &Personal) -> Value {
    let address = &personal.address;
    json!({
        "citizenId": personal.cid,
        "nameTH": name(&personal.name),
        "nameEN": name(&personal.name_en),
        "dateOfBirth": personal.dob,
        "citizenIdCardIssueDate": personal.issue_date,
        "citizenIdCardExpireDate": personal.expire_date,
        "fullAddress": address.full_address,
        "addrNo": address.house_no,
        "moo": address.moo,
        "soi": address.soi,
        "road": address.street,
        "subDistrict": address.subdistrict,
        "district": address.district,
        "province": address.province,
    })
}

fn name(name: &Name) -> Value {
    json!([name.prefix, name.first_name, name.middle_name, name.last_name])
}
