//! A partner made by hand for the tests: seals and sends what it is told, right or wrong.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::sync::Arc;

use aes::Aes256;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, RgbImage};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use rsa::pkcs8::DecodePublicKey;
use rsa::{Oaep, PublicKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use sha1::Sha1;

use super::super::{Bank, identifier};

pub(super) const SOMCHAI: &str = "1111111111119";
pub(super) const SOMYING: &str = "2222222222227";

const ROOT: &str = "/native/ndid/alternativeSource";

/// The client side of one bank.
pub(super) struct Partner {
    pub base_url: String,
    client: reqwest::Client,
    key: PublicKey,
    pub headers: BTreeMap<&'static str, String>,
    pub ahead: SignedDuration,
    form: String,
    admin_token: String,
}

/// What came back: HTTP status and the body's JSON.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub json: Value,
    pub text: String,
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    /// The code, wherever it is: `statusCode`, `error.code` with its minus, or `error`.
    pub fn code(&self) -> String {
        let text = |pointer: &str| self.json.pointer(pointer).and_then(Value::as_str);
        match (text("/statusCode"), text("/error/code"), text("/error")) {
            (Some(code), _, _) => code.to_owned(),
            (_, Some(code), _) => format!("-{code}"),
            (_, _, Some(name)) => name.to_owned(),
            _ => format!("HTTP_{}", self.status),
        }
    }
}

impl Partner {
    /// A partner who trusts the bank and has its credentials and a token.
    pub async fn of(bank: &Bank) -> Self {
        let mut partner = Self::stranger(bank);
        let answer = partner.token(&partner.form.clone()).await.unwrap();
        let token = answer.json["access_token"].as_str().unwrap().to_owned();
        partner.headers.insert("Authorization", format!("Bearer {token}"));
        partner
    }

    /// The same without a token.
    pub fn stranger(bank: &Bank) -> Self {
        let mut roots = RootCertStore::empty();
        let pem = BufReader::new(bank.ca_pem().as_bytes());
        for certificate in CertificateDer::pem_reader_iter(pem) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            base_url: bank.base_url(),
            client,
            key: PublicKey::from_public_key_pem(&bank.public_key_pem()).unwrap(),
            headers: BTreeMap::from([
                ("Content-Type", "application/json; charset=UTF-8".to_owned()),
                ("Accept", "application/json".to_owned()),
                ("API-Key", bank.api_key().to_owned()),
            ]),
            ahead: SignedDuration::ZERO,
            form: format!(
                "grant_type=client_credentials&scope=ndid%3Aalternative&client_id={}\
                 &client_secret={}",
                bank.client_id(),
                bank.client_secret()
            ),
            admin_token: bank.admin_token().to_owned(),
        }
    }

    pub async fn token(&self, form: &str) -> reqwest::Result<Answer> {
        let request = self
            .client
            .post(format!("{}/auth/oauth/v2/token", self.base_url))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.to_owned());
        read(request).await
    }

    /// Sends a body with the usual headers, a fresh transaction id and the time.
    pub async fn send(&self, method: Method, path: &str, body: String) -> reqwest::Result<Answer> {
        let mut headers = self.headers.clone();
        headers.entry("X-Client-Transaction-ID").or_insert_with(identifier::uuid);
        headers.entry("X-Client-Transaction-DateTime").or_insert_with(|| {
            let now = Timestamp::now().saturating_add(self.ahead).unwrap();
            let bangkok = TimeZone::fixed(Offset::constant(7));
            now.to_zoned_datetime(bangkok).strftime("%Y-%m-%dT%H%M%S%.3f%z").to_string()
        });
        let mut request = self.client.request(method, format!("{}{path}", self.base_url));
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, value);
        }
        read(request.body(body)).await
    }

    pub async fn validate(&self, reference: &str, citizen_id: &str) -> reqwest::Result<Answer> {
        self.validate_plain(&qr(reference, citizen_id).to_string()).await
    }

    pub async fn validate_plain(&self, plaintext: &str) -> reqwest::Result<Answer> {
        let body = self.seal(plaintext).to_string();
        self.send(Method::POST, &format!("{ROOT}/qr/validation"), body).await
    }

    pub async fn submit(&self, plaintext: &Value) -> reqwest::Result<Answer> {
        self.submit_body(self.seal(&plaintext.to_string()).to_string()).await
    }

    pub async fn submit_body(&self, body: String) -> reqwest::Result<Answer> {
        self.send(Method::POST, &format!("{ROOT}/submit"), body).await
    }

    pub async fn report_failure(
        &self,
        reference: &str,
        plaintext: &Value,
    ) -> reqwest::Result<Answer> {
        let mut body = self.seal(&plaintext.to_string());
        body["reference"] = reference.into();
        self.send(Method::PUT, &format!("{ROOT}/reference/status/failure"), body.to_string()).await
    }

    pub async fn check_dopa(&self, plaintext: &Value) -> reqwest::Result<Answer> {
        let body = self.seal(&plaintext.to_string()).to_string();
        self.send(Method::POST, &format!("{ROOT}/dopa"), body).await
    }

    pub async fn consents(&self, named: &str) -> reqwest::Result<Answer> {
        self.send(Method::GET, &format!("{ROOT}/consents/{named}"), String::new()).await
    }

    pub async fn admin(&self, method: Method, page: &str, body: &str) -> reqwest::Result<Answer> {
        let request = self
            .client
            .request(method, format!("{}/_sim/{page}", self.base_url))
            .header("Authorization", format!("Bearer {}", self.admin_token))
            .body(body.to_owned());
        read(request).await
    }

    /// With a fresh key.
    pub fn seal(&self, plaintext: &str) -> Value {
        let text = || identifier::uuid().replace('-', "");
        let (key, iv) = (text(), text());
        self.seal_with(plaintext, &key, &iv[..16])
    }

    pub fn seal_with(&self, plaintext: &str, key: &str, iv: &str) -> Value {
        let sealed = cbc::Encryptor::<Aes256>::new_from_slices(key.as_bytes(), iv.as_bytes())
            .unwrap()
            .encrypt_padded_vec::<Pkcs7>(plaintext.as_bytes());
        let secret = format!("{key}@{iv}");
        let wrapped =
            self.key.encrypt(&mut rand::rng(), Oaep::<Sha1>::new(), secret.as_bytes()).unwrap();
        json!({"data": STANDARD.encode(sealed), "crc": STANDARD.encode(wrapped)})
    }
}

async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    let json = serde_json::from_str(&text).unwrap_or_default();
    Ok(Answer { status, json, text, headers })
}

pub(super) fn qr(reference: &str, citizen_id: &str) -> Value {
    json!({"reference": reference, "identifier": citizen_id, "namespace": "citizen_id"})
}

pub(super) fn failure(citizen_id: &str) -> Value {
    json!({
        "identifier": citizen_id,
        "namespace": "citizen_id",
        "detailError": {"code": "01", "message": "card expired"},
    })
}

/// A submit as §4 has it, for a reference without face comparison.
pub(super) fn submission(reference: &str) -> Value {
    let now = Timestamp::now().to_zoned_datetime(TimeZone::fixed(Offset::constant(7)));
    let mut body = dopa();
    let object = body.as_object_mut().unwrap();
    object.remove("customerConsents");
    object.insert("transactionRef".to_owned(), reference.into());
    let stamp = now.strftime("%Y%m%d%H%M%S").to_string();
    object.insert("transactionDateTime".to_owned(), stamp.into());
    body
}

/// The same with consents and a selfie.
pub(super) fn submission_with_face(reference: &str) -> Value {
    let mut body = submission(reference);
    body["customerConsents"] = json!([
        {"type": "103", "version": "2.00.00", "consent": "Y"},
        {"type": "105", "version": "2.00.00", "consent": "Y"},
    ]);
    body["customerSelfieImage"] = STANDARD.encode(jpeg(640, 480)).into();
    body["customerSelfieImageFormat"] = "JPG".into();
    body
}

/// A DOPA check as §7 has it.
pub(super) fn dopa() -> Value {
    json!({
        "customerConsents": [{"type": "105", "version": "2.00.00", "consent": "Y"}],
        "chipNo": "6300c10e142f28a1",
        "bp1No": "10994078500",
        "branchId": "",
        "terminalId": "T1",
        "customerImage": STANDARD.encode(jpeg(148, 178)),
        "customerData": {
            "mobile": "0819999999",
            "citizenId": SOMCHAI,
            "prefixTH": "นาย",
            "firstNameTH": "ทดสอบชื่อ",
            "lastNameTH": "ทดสอบนามสกุล",
            "prefixEN": "Mr.",
            "firstNameEN": "firstNameTest",
            "lastNameEN": "lastNameTest",
            "dateOfBirth": "19810501",
            "religion": "",
            "citizenIdCardIssueDate": "20200101",
            "citizenIdCardExpireDate": "20280101",
            "fullAddress": "1222 สำโรง พระประแดง สมุทรปราการ",
            "countryCode": "TH",
            "zipCode": "10130",
            "province": "สมุทรปราการ",
            "district": "พระประแดง",
            "subDistrict": "สำโรง",
            "road": "",
            "soi": "",
            "moo": "",
            "addrNo": "1222",
        },
    })
}

pub(super) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 30)
        .write_image(&RgbImage::new(width, height), width, height, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}
