//! `simulator card`: a card in a reader of vpcd, with commands from stdin and an event line for each change.
//! The card itself is `crate::card`.

use std::io::{self, BufRead};
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::Args;
use thiserror::Error;

use super::Failure;
use crate::card::{
    Answering, Image, Inserted, LoadError, Manner, Pace, VpcdCard, VscardCard, Watch, evil_names,
    load, names,
};

#[derive(Args, Debug)]
#[command(after_long_help = long_help())]
pub(super) struct CardArguments {
    /// Where the vpcd driver of pcscd listens, such as 127.0.0.1:15000.
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    vpcd: Option<SocketAddr>,
    /// Where a virtual machine's USB reader listens, QEMU's ccid-card-passthru: a socket, or inside the
    /// machine a port that leads there.
    #[arg(long, value_name = "PATH", conflicts_with = "vpcd")]
    vscard: Option<PathBuf>,
    /// A carried card by name, or a card image.
    #[arg(long, value_name = "NAME|FILE.hex")]
    card: String,
    /// The speed of the card's wire, 12 bits for each byte; without it the bytes take no time.
    #[arg(long, value_name = "N")]
    baud: Option<NonZeroU32>,
    /// Added to each exchange.
    #[arg(long, value_name = "N", default_value_t = 0)]
    exchange_ms: u64,
    /// Answer with data and 90 00 at once instead of 61 xx, as some bridges and drivers do.
    #[arg(long)]
    direct: bool,
}

/// A line of stdin.
#[derive(Debug)]
enum Order {
    Eject,
    Insert,
    Swap(Image),
    Become(Image),
    RemoveAt(u32),
    MuteAt(u32),
    Count,
    Quit,
}

/// A line that is no order.
#[derive(Debug, Error)]
enum OrderError {
    #[error(
        "expected eject, insert, swap NAME, become NAME, remove-at K, mute-at K, count or quit"
    )]
    Unknown,
    #[error("expected an exchange counted from 1")]
    Exchange,
    #[error(transparent)]
    Card(#[from] LoadError),
}

/// There is a card and nowhere to put it.
#[derive(Debug, Error)]
#[error("inserting the card: expected a reader by --vpcd HOST:PORT or --vscard PATH, got none")]
struct NoReader;

/// Runs until `quit` or until the process is ended; the card then leaves the reader.
pub(super) fn run(arguments: &CardArguments) -> Result<(), Failure> {
    let image = load(&arguments.card).map_err(|error| Failure::Usage(Box::new(error)))?;
    let answering = if arguments.direct { Answering::Direct } else { Answering::T0 };
    let manner = Manner { answering, ..Manner::default() };
    let pace =
        Pace { exchange: Duration::from_millis(arguments.exchange_ms), baud: arguments.baud };
    let watch = Watch::new(|event| println!("{event}"));
    let inserted: Box<dyn Inserted> = match (arguments.vpcd, &arguments.vscard) {
        (Some(address), _) => Box::new(VpcdCard::new(address, image, manner, pace, watch)),
        (None, Some(path)) => {
            let card = VscardCard::new(path, image, manner, pace, watch);
            Box::new(card.map_err(|error| Failure::Fault(Box::new(error)))?)
        }
        (None, None) => return Err(Failure::Usage(Box::new(NoReader))),
    };
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| Failure::Fault(Box::new(error)))?;
        match order(&line) {
            Ok(None) => {}
            Ok(Some(Order::Eject)) => inserted.eject(),
            Ok(Some(Order::Insert)) => inserted.insert(),
            Ok(Some(Order::Swap(image))) => inserted.swap(image, manner),
            Ok(Some(Order::Become(image))) => {
                inserted.become_another(image, manner);
                println!("became another");
            }
            Ok(Some(Order::RemoveAt(at))) => {
                inserted.remove_at(at);
                println!("will be removed at exchange {at}, now at {}", inserted.exchanges());
            }
            Ok(Some(Order::MuteAt(at))) => {
                inserted.mute_at(at);
                println!("will be mute at exchange {at}, now at {}", inserted.exchanges());
            }
            Ok(Some(Order::Count)) => println!("exchanges {}", inserted.exchanges()),
            Ok(Some(Order::Quit)) => return Ok(()),
            Err(error) => println!("not understood: {error}"),
        }
    }
    // Started in the background there is nobody to give orders; the card stays in all the same.
    loop {
        thread::park();
    }
}

/// An empty line orders nothing.
fn order(line: &str) -> Result<Option<Order>, OrderError> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let exchange = |word: &str| word.parse().ok().filter(|at| *at > 0).ok_or(OrderError::Exchange);
    match words.as_slice() {
        [] => Ok(None),
        ["eject"] => Ok(Some(Order::Eject)),
        ["insert"] => Ok(Some(Order::Insert)),
        ["swap", name] => Ok(Some(Order::Swap(load(name)?))),
        ["become", name] => Ok(Some(Order::Become(load(name)?))),
        ["remove-at", at] => Ok(Some(Order::RemoveAt(exchange(at)?))),
        ["mute-at", at] => Ok(Some(Order::MuteAt(exchange(at)?))),
        ["count"] => Ok(Some(Order::Count)),
        ["quit"] => Ok(Some(Order::Quit)),
        _ => Err(OrderError::Unknown),
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.to_socket_addrs()
        .ok()
        .and_then(|mut addresses| addresses.next())
        .ok_or_else(|| "expected HOST:PORT".to_owned())
}

fn long_help() -> String {
    format!(
        "CARDS\n  {}\n  All holders are invented.\n\n\
         EVIL CARDS\n  {}\n\n\
         ORDERS ON STDIN, one a line\n  \
         eject | insert | swap NAME | become NAME | remove-at K | mute-at K | count | quit\n  \
         K counts exchanges from 1 since the card came in, and count says how many there were. What the\n  \
         next card shall do is ordered between eject and insert. After an eject the card stays out for at\n  \
         least 900 ms, since pcscd would not notice a shorter absence. To become another takes no time;\n  \
         whoever connects next must reset the card.",
        names().collect::<Vec<_>>().join(" "),
        evil_names().collect::<Vec<_>>().join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<&str, &str>) {
        let read = match order(line) {
            Ok(Some(order)) => Ok(format!("{order:?}")),
            Ok(None) => Ok(String::new()),
            Err(error) => Err(error.to_string()),
        };
        match expected {
            Ok(expected) => assert_eq!(read.as_deref(), Ok(expected)),
            Err(expected) => assert!(read.is_err_and(|error| error.contains(expected)), "{line}"),
        }
    }

    #[test]
    fn orders_are_read_line_by_line() {
        check("", Ok(""));
        check(" eject ", Ok("Eject"));
        check("swap somchai", Ok("Swap(Image(‹redacted›))"));
        check("remove-at 7", Ok("RemoveAt(7)"));
        check("mute-at 1", Ok("MuteAt(1)"));
        check("count", Ok("Count"));
    }

    #[test]
    fn what_is_no_order_is_explained() {
        check("jump", Err("expected eject, insert"));
        check("remove-at 0", Err("counted from 1"));
        check("mute-at soon", Err("counted from 1"));
        check("swap nobody", Err("somchai"));
    }
}
