//! `[api] [journal] [log]`: what the agent uses of the machine itself.
//!
//! Owns the checked values; serving, writing and logging is done where they are handed to.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::fault::Fault;
use super::section::{Given, Section};

/// Where the page is served, if nothing else is said.
const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8470);

/// The local API and the page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Api {
    /// A loopback address; port 0 takes any free one.
    pub listen: SocketAddr,
    /// How often the key in the page's address opens it.
    pub page_key: PageKeyUse,
    /// Where the address of the page is written, for the browser's starter.
    pub url_file: Option<PathBuf>,
}

/// How often the key in the page's address opens the page.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PageKeyUse {
    /// By the first browser only.
    #[default]
    Once,
    /// By any browser that has the address; for counters and tests.
    Reusable,
}

/// The journal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Journal {
    /// The directory that only the agent writes to.
    pub dir: PathBuf,
}

/// The log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Log {
    /// The least severe level that is written.
    pub level: LogLevel,
}

/// Severity, most severe first.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum LogLevel {
    /// Work is halted.
    Error,
    /// Worth waking someone.
    Warn,
    /// Stages of journeys.
    #[default]
    Info,
    /// Decisions.
    Debug,
    /// Every exchange.
    Trace,
}

pub(super) fn api(top: &mut Section<'_>) -> Api {
    top.section("api", |table| {
        let uses = [("once", PageKeyUse::Once), ("reusable", PageKeyUse::Reusable)];
        Api {
            listen: table.optional("listen", listen).unwrap_or(LISTEN_DEFAULT),
            page_key: table.optional("page_key", |given| given.word(&uses)).unwrap_or_default(),
            url_file: table.optional("url_file", Given::path),
        }
    })
}

fn listen(given: &Given<'_>) -> Result<SocketAddr, Fault> {
    let expected = "a loopback address such as \"127.0.0.1:8470\"";
    let address = given.text(expected)?.parse::<SocketAddr>().ok();
    address.filter(|address| address.ip().is_loopback()).ok_or_else(|| given.refuse(expected))
}

pub(super) fn journal(top: &mut Section<'_>) -> Option<Journal> {
    top.section("journal", |table| {
        let dir = table.required("dir", "a directory that only the agent writes to", Given::path);
        Some(Journal { dir: dir? })
    })
}

pub(super) fn log(top: &mut Section<'_>) -> Log {
    let levels = [
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ];
    top.section("log", |table| Log {
        level: table.optional("level", |given| given.word(&levels)).unwrap_or_default(),
    })
}
