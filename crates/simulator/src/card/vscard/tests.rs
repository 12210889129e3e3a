//! Plays the reader of a virtual machine: listens on a socket, and talks to the card that connects.
//! Bytes are as QEMU sends them; that QEMU itself is content is shown in a machine, by `tests/run vm`.

use std::os::unix::net::UnixListener;
use std::sync::mpsc::{self, Receiver};

use super::*;

const SELECT: &[u8] = &[0x00, 0xA4, 0x04, 0x00, 8, 0xA0, 0, 0, 0, 0x54, 0x48, 0, 1];
const ATR: &[u8] = &[0x3B, 0x68, 0x00];
const TAKEN: &[u8] = &[0, 0, 0, 0];
const PATIENCE: Duration = Duration::from_secs(10);

struct Machine {
    listener: UnixListener,
    events: Receiver<Event>,
    card: VscardCard,
    _folder: tempfile::TempDir,
}

/// The machine's end of the line.
struct Usb {
    stream: UnixStream,
    inbox: Inbox,
}

impl Machine {
    fn with_card() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reader");
        let listener = UnixListener::bind(&path).unwrap();
        let (card, events) = card(&path);
        Self { listener, events, card, _folder: folder }
    }

    /// A machine that has started, with the card in.
    fn started() -> (Self, Usb) {
        let machine = Self::with_card();
        let mut usb = machine.accept();
        usb.plug_in();
        machine.check(Event::Inserted);
        (machine, usb)
    }

    fn accept(&self) -> Usb {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut usb = Usb { stream, inbox: Inbox::default() };
        usb.check(Kind::Init, &Message::init().payload);
        usb
    }

    #[track_caller]
    fn check(&self, expected: Event) {
        assert_eq!(self.events.recv_timeout(PATIENCE), Ok(expected));
    }
}

impl Usb {
    fn plug_in(&mut self) {
        self.send(Kind::Init, &Message::init().payload);
        self.takes_card(ATR, TAKEN);
    }

    #[track_caller]
    fn takes_card(&mut self, atr: &[u8], answer: &[u8]) {
        self.check(Kind::ReaderAdd, b"simulated\0");
        self.send(Kind::Error, TAKEN);
        self.check(Kind::Atr, atr);
        self.send(Kind::Error, answer);
    }

    fn send(&mut self, kind: Kind, payload: &[u8]) {
        let message = Message { kind, payload: payload.to_vec() };
        self.stream.write_all(&message.bytes()).unwrap();
    }

    #[track_caller]
    fn check(&mut self, kind: Kind, payload: &[u8]) {
        let message = self.next();
        assert_eq!((message.kind, message.payload.as_slice()), (kind, payload));
    }

    fn next(&mut self) -> Message {
        loop {
            if let Some(message) = self.inbox.next().unwrap() {
                return message;
            }
            let mut chunk = [0; CHUNK];
            let count = self.stream.read(&mut chunk).unwrap();
            assert_ne!(count, 0, "the card has hung up");
            self.inbox.add(chunk.get(..count).unwrap());
        }
    }

    #[track_caller]
    fn exchange(&mut self, command: &[u8], answer: &[u8]) {
        self.send(Kind::Apdu, command);
        self.check(Kind::Apdu, answer);
    }
}

fn card(path: &Path) -> (VscardCard, Receiver<Event>) {
    let (sender, events) = mpsc::channel();
    let image = Image::parse("atr = 3B 68 00\n0000: 30 30 30 33\n").unwrap();
    let watch = Watch::new(move |event| sender.send(event).unwrap_or_default());
    let card = VscardCard::new(path, image, Manner::default(), Pace::default(), watch).unwrap();
    (card, events)
}

#[test]
fn a_reader_gets_the_answer_to_reset_and_talks_to_the_card() {
    let (machine, mut usb) = Machine::started();
    usb.exchange(SELECT, &[0x61, 0x0A]);
    usb.exchange(&[0x80, 0xB0, 0, 0, 2, 0, 4], &[0x61, 0x04]);
    usb.exchange(&[0x00, 0xC0, 0, 0, 4], &[0x30, 0x30, 0x30, 0x33, 0x90, 0x00]);
    assert_eq!(machine.card.exchanges(), 3);
}

#[test]
fn a_reader_that_is_plugged_in_again_gets_the_card_anew_without_its_selection() {
    let (machine, mut usb) = Machine::started();
    usb.exchange(SELECT, &[0x61, 0x0A]);
    usb.plug_in();
    machine.check(Event::Inserted);
    usb.exchange(&[0x80, 0xB0, 0, 0, 2, 0, 4], &[0x6D, 0x00]);
}

#[test]
fn a_card_leaves_and_another_comes_on_the_same_line() {
    let (machine, mut usb) = Machine::started();
    machine.card.eject();
    machine.check(Event::Ejected);
    usb.check(Kind::CardRemove, &[]);
    usb.send(Kind::Error, TAKEN);
    let other = Image::foreign();
    machine.card.swap(other.clone(), Manner::default());
    usb.takes_card(other.atr(), TAKEN);
    machine.check(Event::Inserted);
    usb.exchange(SELECT, &[0x6A, 0x82]);
}

#[test]
fn a_card_becomes_another_without_leaving() {
    let (machine, mut usb) = Machine::started();
    usb.exchange(SELECT, &[0x61, 0x0A]);
    machine.card.become_another(Image::foreign(), Manner::default());
    usb.exchange(SELECT, &[0x6A, 0x82]);
    assert_eq!(machine.card.exchanges(), 1);
}

#[test]
fn an_empty_slot_is_told_to_nobody() {
    let machine = Machine::with_card();
    machine.card.eject();
    let mut usb = machine.accept();
    usb.send(Kind::Init, &Message::init().payload);
    machine.card.insert();
    usb.takes_card(ATR, TAKEN);
    machine.check(Event::Ejected);
    machine.check(Event::Inserted);
}

#[test]
fn an_answer_to_reset_that_the_reader_refuses_is_told() {
    let machine = Machine::with_card();
    let mut usb = machine.accept();
    usb.send(Kind::Init, &Message::init().payload);
    usb.takes_card(ATR, &[0, 0, 0, 1]);
    machine.check(Event::Refused);
}

#[test]
fn a_trap_takes_the_card_out_inside_an_exchange() {
    let (machine, mut usb) = Machine::started();
    machine.card.remove_at(2);
    usb.exchange(SELECT, &[0x61, 0x0A]);
    usb.send(Kind::Apdu, &[0x00, 0xC0, 0, 0, 0x0A]);
    usb.check(Kind::Error, BROKEN_OFF);
    usb.check(Kind::CardRemove, &[]);
    machine.check(Event::Removed);
}

#[test]
fn a_silent_card_is_silent_until_it_is_pulled() {
    let (machine, mut usb) = Machine::started();
    machine.card.mute_at(1);
    usb.send(Kind::Apdu, SELECT);
    machine.check(Event::Muted);
    machine.card.eject();
    usb.check(Kind::Error, BROKEN_OFF);
    usb.check(Kind::CardRemove, &[]);
}

#[test]
fn a_card_survives_a_restart_of_the_machine() {
    let (machine, usb) = Machine::started();
    drop(usb);
    let mut usb = machine.accept();
    usb.plug_in();
    usb.exchange(SELECT, &[0x61, 0x0A]);
}

#[test]
fn what_is_no_vscard_message_ends_the_line() {
    let (machine, mut usb) = Machine::started();
    usb.stream.write_all(&[0xFF; 12]).unwrap();
    machine.accept().plug_in();
    machine.check(Event::Inserted);
}

#[test]
fn a_missing_reader_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let (card, events) = card(&folder.path().join("nobody"));
    assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::NoReader));
    drop(card);
    assert_eq!(events.iter().collect::<Vec<_>>(), [Event::Ejected]);
}
