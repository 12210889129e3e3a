//! Answers that no bank would give: each ends in one decided condition, within bounds of time and memory.
//!
//! Every answer comes once to E5, whose data is shown, and once to E3, where a mistaken success is worst.

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::{Condition, Endpoint};

use super::papers::{Paper, papers};
use super::server::{Seen, Step, head, json, start, with_token};
use super::{SILENCE, Trust, client};
use crate::bank::{AttemptError, Call};

/// A full second on top of the client's own deadline, for a busy machine.
const TIME_MOST: Duration = SILENCE.saturating_mul(2).saturating_add(Duration::from_secs(1));
/// What the client may take of an endless answer: its own bound, and the buffers of two sockets.
const WRITTEN_BYTES_MAX: usize = 12 * 1024 * 1024;

/// What E5 and E3 made of the same answer.
async fn ask(steps: Vec<Step>) -> (String, String) {
    let papers = papers(Paper::Good);
    let (port, seen) = start(Arc::clone(&papers.config), with_token(steps)).await;
    let bank = client(port, &Trust::in_authority(&papers.ca_pem));
    let begun = Instant::now();
    let shown = bank.consents().await.map(drop).map_err(|failed| failed.condition);
    let submit = Call { endpoint: Endpoint::Submit, reference: None, body: Some(b"{}") };
    let sent =
        bank.send(submit, &mut |_: &str| Ok(())).await.map(drop).map_err(|error| match error {
            AttemptError::Failed(failed) => failed.condition,
            AttemptError::NotJournaled => unreachable!("this journal always writes"),
        });
    assert!(begun.elapsed() < TIME_MOST * 2, "took {:?}", begun.elapsed());
    assert!(Seen::count(&seen.written_bytes) < WRITTEN_BYTES_MAX, "took too much");
    let (_, asked) = seen.asked().await;
    assert_eq!(asked, 2, "never followed, never repeated");
    (written(shown), written(sent))
}

fn written(came: Result<(), Condition>) -> String {
    came.map_or_else(|condition| condition.to_string(), |()| "0000".to_owned())
}

/// All of them at once: most wait for time to pass.
async fn check(cases: Vec<(&'static str, Vec<Step>, &'static str)>) {
    let asking: Vec<_> = cases
        .into_iter()
        .map(|(name, steps, expected)| (name, expected, tokio::spawn(ask(steps))))
        .collect();
    let mut wrong = Vec::new();
    for (name, expected, asking) in asking {
        // Two words where a success is judged by its data at E5 alone.
        let (shown, sent) = expected.split_once(' ').unwrap_or((expected, expected));
        match asking.await {
            Ok(came) if came == (shown.to_owned(), sent.to_owned()) => {}
            came => wrong.push(format!("{name}: expected {expected}, got {came:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn body(body: &[u8]) -> Vec<Step> {
    head("200 OK", "Content-Type: application/json\r\n", body)
}

fn raw(text: &str) -> Vec<Step> {
    vec![Step::Write(text.as_bytes().to_vec()), Step::Close]
}

fn success(data: &str) -> Vec<Step> {
    json(&format!(r#"{{"statusCode":"0000","data":{data}}}"#))
}

fn consent(fields: &str) -> Vec<Step> {
    success(&format!(r#"{{"consents":[{{{fields}}}]}}"#))
}

const GOOD: &str = r#"{"statusCode":"0000","data":{}}"#;
const OPEN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_huge_answer_is_left_where_the_bound_is() {
    let endless = |head: &str, piece: Vec<u8>| {
        vec![Step::Write(head.as_bytes().to_vec()), Step::Endless(piece)]
    };
    let kilobyte = vec![b' '; 1024];
    let chunk = [b"400\r\n".as_slice(), &kilobyte, b"\r\n"].concat();
    let declared = format!("{OPEN}Content-Length: 99999999999\r\n\r\n");
    let chunked = format!("{OPEN}Transfer-Encoding: chunked\r\n\r\n");
    let to_the_end = format!("{OPEN}Connection: close\r\n\r\n");
    let one_more = vec![b' '; protocol::BODY_BYTES_MAX + 1];
    let spaces_first = [&vec![b' '; 5_000_000], GOOD.as_bytes()].concat();
    check(vec![
        ("endless under a huge length", endless(&declared, kilobyte.clone()), "NET_TOO_LARGE"),
        ("endless in chunks", endless(&chunked, chunk), "NET_TOO_LARGE"),
        ("endless to the connection's end", endless(&to_the_end, kilobyte), "NET_TOO_LARGE"),
        ("one byte beyond the bound", body(&one_more), "NET_TOO_LARGE"),
        ("five megabytes of spaces first", body(&spaces_first), "NET_TOO_LARGE"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_answer_is_left_when_time_is_over() {
    let pause = Duration::from_millis(30);
    let drip = |text: &str| vec![Step::Drip(text.as_bytes().to_vec(), pause)];
    let declared = format!("{OPEN}Content-Length: 400\r\n\r\n");
    let part = |bytes: &str| vec![Step::Write(bytes.as_bytes().to_vec()), Step::Silence];
    check(vec![
        ("silence", vec![Step::Silence], "NET_TIMEOUT"),
        ("silence after the head", part(&declared), "NET_TIMEOUT"),
        ("silence within the head", part(OPEN), "NET_TIMEOUT"),
        ("a head that drips", drip(&format!("{OPEN}{}", "X-A: b\r\n".repeat(40))), "NET_TIMEOUT"),
        (
            "a body that drips",
            [vec![Step::Write(declared.into_bytes())], drip(&" ".repeat(400))].concat(),
            "NET_TIMEOUT",
        ),
        (
            "one interim answer after the other",
            vec![Step::Drip(
                b"HTTP/1.1 100 Continue\r\n\r\n".repeat(20),
                Duration::from_millis(10),
            )],
            "NET_TIMEOUT",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_or_breaks_http_is_cut() {
    let many = "X-Field: x\r\n".repeat(10_000);
    let long = format!("X-Field: {}\r\n", "x".repeat(1_000_000));
    check(vec![
        ("no answer at all", vec![Step::Close], "NET_CUT"),
        ("the head breaks off", raw(OPEN), "NET_CUT"),
        ("the body breaks off", raw(&format!("{OPEN}Content-Length: 90\r\n\r\n{GOOD}")), "NET_CUT"),
        (
            "the chunks break off",
            raw(&format!("{OPEN}Transfer-Encoding: chunked\r\n\r\n1f\r\n{GOOD}\r\n")),
            "NET_CUT",
        ),
        (
            "a chunk of no length",
            raw(&format!("{OPEN}Transfer-Encoding: chunked\r\n\r\nzz\r\n{GOOD}\r\n0\r\n\r\n")),
            "NET_CUT",
        ),
        ("ten thousand fields", head("200 OK", &many, GOOD.as_bytes()), "NET_CUT"),
        ("a field of a megabyte", head("200 OK", &long, GOOD.as_bytes()), "NET_CUT"),
        (
            "a bare carriage return",
            head("200 OK", "X-A: b\rX-C: d\r\n", GOOD.as_bytes()),
            "NET_CUT",
        ),
        ("a zero byte in a field", head("200 OK", "X-A: b\0\r\n", GOOD.as_bytes()), "NET_CUT"),
        ("a space before the colon", head("200 OK", "X-A : b\r\n", GOOD.as_bytes()), "NET_CUT"),
        ("two lengths", head("200 OK", "Content-Length: 3\r\n", GOOD.as_bytes()), "NET_CUT"),
        ("a length below zero", raw(&format!("{OPEN}Content-Length: -1\r\n\r\n{GOOD}")), "NET_CUT"),
        ("a status of two digits", head("20 OK", "", GOOD.as_bytes()), "NET_CUT"),
        ("another protocol", raw("SSH-2.0-server\r\n"), "NET_CUT"),
        ("HTTP/2 unasked", raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "NET_CUT"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_json_is_a_foreign_page() {
    let deep = "[".repeat(100_000);
    let nested = format!(r#"{{"statusCode":"0000","data":{}1{}}}"#, "[".repeat(16), "]".repeat(16));
    let wide: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let thai_windows = b"{\"statusCode\":\"0000\",\"data\":{\"ref1\":\"\xa1\xd2\xc3\"}}";
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x2a\x2e\x49\x2c\x29\x2d\x06";
    let html = b"<html><body><form action=\"/login\"></form></body></html>";
    check(vec![
        ("a page", head("200 OK", "Content-Type: text/html\r\n", html), "NET_NOT_JSON"),
        ("a page that calls itself JSON", body(html), "NET_NOT_JSON"),
        ("a hundred thousand brackets", body(deep.as_bytes()), "NET_NOT_JSON"),
        ("one level too many", body(nested.as_bytes()), "NET_NOT_JSON"),
        ("a byte order mark", body(format!("\u{feff}{GOOD}").as_bytes()), "NET_NOT_JSON"),
        ("UTF-16", body(&wide), "NET_NOT_JSON"),
        ("a Thai code page", body(thai_windows), "NET_NOT_JSON"),
        ("gzip", head("200 OK", "Content-Encoding: gzip\r\n", gzip), "NET_NOT_JSON"),
        ("half of the JSON", json(r#"{"statusCode":"0000","da"#), "NET_NOT_JSON"),
        ("two values", json(&format!("{GOOD}{GOOD}")), "NET_NOT_JSON"),
        ("a comma too many", json(r#"{"statusCode":"0000",}"#), "NET_NOT_JSON"),
        ("a control character", json("{\"statusCode\":\"0000\",\"a\":\"\u{7}\"}"), "NET_NOT_JSON"),
        ("half of a surrogate pair", json(r#"{"statusCode":"0000","a":"\ud800"}"#), "NET_NOT_JSON"),
        ("a number beyond all bounds", json(r#"{"statusCode":"0000","a":1e999}"#), "NET_NOT_JSON"),
        ("not a number", json(r#"{"statusCode":"0000","a":NaN}"#), "NET_NOT_JSON"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_without_its_code_is_none() {
    check(vec![
        ("an empty body", body(b""), "NET_NO_CODE"),
        ("no content", raw("HTTP/1.1 204 No Content\r\n\r\n"), "NET_NO_CODE"),
        ("an empty object", json("{}"), "NET_NO_CODE"),
        ("a list", json(r#"["0000"]"#), "NET_NO_CODE"),
        ("a bare text", json(r#""0000""#), "NET_NO_CODE"),
        ("a bare null", json("null"), "NET_NO_CODE"),
        ("a null code", json(r#"{"statusCode":null}"#), "NET_NO_CODE"),
        ("a code within an object", json(r#"{"statusCode":{"code":"0000"}}"#), "NET_NO_CODE"),
        ("five digits", json(r#"{"statusCode":"00000"}"#), "NET_NO_CODE"),
        ("full-width digits", json(r#"{"statusCode":"００００"}"#), "NET_NO_CODE"),
        ("a zero byte behind the code", json(r#"{"statusCode":"0000\u0000"}"#), "NET_NO_CODE"),
        ("another spelling", json(r#"{"StatusCode":"0000"}"#), "NET_NO_CODE"),
        ("a success that failed", head("500 X", "", GOOD.as_bytes()), "NET_NO_CODE"),
        ("an error in words", json(r#"{"error":"invalid_client"}"#), "NET_NO_CODE"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_comes_twice_is_no_answer() {
    check(vec![
        ("first refused", json(r#"{"statusCode":"1101","statusCode":"0000"}"#), "NET_NOT_JSON"),
        ("first accepted", json(r#"{"statusCode":"0000","statusCode":"1101"}"#), "NET_NOT_JSON"),
        ("within the data", success(r#"{"ref1":"a","ref1":"b"}"#), "NET_NOT_JSON"),
        (
            "spelled by escapes",
            json(r#"{"statusCode":"1101","\u0073tatusCode":"0000"}"#),
            "NET_NOT_JSON",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_of_another_shape_is_never_shown() {
    let long = format!(r#""type":"105","contentTh":"{}""#, "x".repeat(70_000));
    check(vec![
        ("a text for the data", success(r#""<consents/>""#), "NET_DRIFT 0000"),
        ("a list for the data", success("[]"), "NET_DRIFT 0000"),
        ("a number for the data", success("1"), "NET_DRIFT 0000"),
        ("an object for the texts", success(r#"{"consents":{}}"#), "NET_DRIFT 0000"),
        ("a text for a text", success(r#"{"consents":["105"]}"#), "NET_DRIFT 0000"),
        ("a text without a type", consent(r#""contentTh":"x""#), "NET_DRIFT 0000"),
        ("a text beyond reading", consent(&long), "NET_DRIFT 0000"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_document_leaves_open_is_taken() {
    check(vec![
        ("null data", success("null"), "0000"),
        ("no data", json(r#"{"statusCode":"0000"}"#), "0000"),
        ("an empty text for the data", success(r#""""#), "0000"),
        ("a number for the code", json(r#"{"statusCode":0}"#), "0000"),
        ("numbers for texts", consent(r#""type":105,"version":2"#), "0000"),
        ("a number for a refusal", json(r#"{"statusCode":1101}"#), "1101"),
        ("a gateway's code as a number", json(r#"{"statusCode":-102}"#), "-102"),
        ("a gateway's code without sign", json(r#"{"error":{"code":"103"}}"#), "-103"),
        ("a refusal under a failed status", head("500 X", "", br#"{"statusCode":"1700"}"#), "1700"),
        (
            "an unknown field of any size",
            success(&format!(r#"{{"x":"{}"}}"#, "x".repeat(90_000))),
            "0000",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_tells_where_the_body_does_not() {
    let elsewhere = "Location: https://elsewhere.invalid/\r\n";
    let again = "Location: /native/ndid/alternativeSource/submit\r\n";
    check(vec![
        ("a page under 502", head("502 X", "", b"<html/>"), "HTTP_502"),
        ("a redirect", head("302 Found", elsewhere, b""), "NET_REDIRECTED"),
        ("a redirect to the bank itself", head("307 X", again, GOOD.as_bytes()), "NET_REDIRECTED"),
        ("a status that nobody knows", head("999 X", "", b""), "HTTP_999"),
        (
            "a date of another age",
            head("503 X", "Date: Fri, 01 Jan 2569 00:00:00 GMT\r\n", b""),
            "HTTP_503",
        ),
        (
            "a second answer behind the first",
            vec![Step::Write(
                [
                    &b"HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n"[..],
                    format!("{OPEN}Content-Length: 31\r\n\r\n{GOOD}").as_bytes(),
                ]
                .concat(),
            )],
            "HTTP_403",
        ),
    ])
    .await;
}
