//! Inserts a simulated card into a real pcscd: the client side of the vpcd protocol.
//!
//! A card is in while a TCP connection stands. Frames are a big-endian u16 length and that many bytes; one
//! byte is a control (0 power off, 1 power on, 2 reset, 4 the answer to reset is wanted), more are a command.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::slot::{Exchange, Slot};
use super::watch::{ABSENCE_MIN, Event, Inserted, SILENCE, Watch};
use super::{Image, Manner, Pace};

/// Between two tries to reach vpcd, which is away while pcscd restarts.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A card in a reader of vpcd. Dropping it takes the card out.
pub struct VpcdCard {
    reader: Arc<Reader>,
    card: Mutex<(Image, Manner)>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

struct Reader {
    address: SocketAddr,
    slot: Slot,
    watch: Watch,
    line: Mutex<Option<TcpStream>>,
    left_at: Mutex<Option<Instant>>,
}

/// Why a conversation ended.
enum End {
    Lost,
    Removed,
    Ejected,
}

impl VpcdCard {
    /// Puts a card into the reader at `address`. Returns at once; [`Event::Inserted`] follows.
    pub fn new(
        address: SocketAddr,
        image: Image,
        manner: Manner,
        pace: Pace,
        watch: Watch,
    ) -> Self {
        let reader = Reader {
            address,
            slot: Slot::new(pace),
            watch,
            line: Mutex::new(None),
            left_at: Mutex::new(None),
        };
        let inserted = Self {
            reader: Arc::new(reader),
            card: Mutex::new((image, manner)),
            worker: Mutex::new(None),
        };
        inserted.insert();
        inserted
    }

    fn join(&self) {
        let worker = lock(&self.worker).take();
        if let Some(worker) = worker {
            // A worker that panicked has let go of its connection.
            drop(worker.join());
        }
    }
}

impl Inserted for VpcdCard {
    fn insert(&self) {
        if self.reader.slot.insertion().is_some() {
            return;
        }
        self.join();
        if let Some(left_at) = *lock(&self.reader.left_at) {
            thread::sleep(ABSENCE_MIN.saturating_sub(left_at.elapsed()));
        }
        let (image, manner) = lock(&self.card).clone();
        self.reader.slot.insert(image, manner);
        let reader = Arc::clone(&self.reader);
        *lock(&self.worker) = Some(thread::spawn(move || reader.run()));
    }

    fn eject(&self) {
        if self.reader.slot.insertion().is_none() {
            return;
        }
        self.reader.slot.eject();
        self.reader.hang_up();
        *lock(&self.reader.left_at) = Some(Instant::now());
        self.join();
        self.reader.watch.tell(Event::Ejected);
    }

    fn replace(&self, image: Image, manner: Manner) {
        *lock(&self.card) = (image, manner);
    }

    fn slot(&self) -> &Slot {
        &self.reader.slot
    }
}

impl Drop for VpcdCard {
    fn drop(&mut self) {
        self.eject();
        self.join();
    }
}

impl Reader {
    /// Keeps the card in until it leaves the slot, through any restart of pcscd.
    fn run(&self) {
        let mut away = false;
        while let Some(insertion) = self.slot.insertion() {
            let Ok(stream) = TcpStream::connect_timeout(&self.address, CONNECT_TIMEOUT) else {
                if !away {
                    self.watch.tell(Event::NoReader);
                }
                away = true;
                self.slot.wait_for_change(Some(insertion), RETRY_PAUSE);
                continue;
            };
            away = false;
            if !self.pick_up(&stream) {
                return;
            }
            self.watch.tell(Event::Inserted);
            self.slot.reset();
            let end = self.converse(&stream);
            self.hang_up();
            match end {
                End::Lost => {}
                End::Removed => {
                    *lock(&self.left_at) = Some(Instant::now());
                    self.watch.tell(Event::Removed);
                }
                End::Ejected => return,
            }
        }
    }

    /// Makes the connection known to `hang_up`; false if the card has left meanwhile.
    fn pick_up(&self, stream: &TcpStream) -> bool {
        let mut line = lock(&self.line);
        *line = stream.try_clone().ok().filter(|_| self.slot.insertion().is_some());
        line.is_some()
    }

    fn hang_up(&self) {
        if let Some(line) = lock(&self.line).take() {
            // A connection that is closed already needs no shutdown.
            drop(line.shutdown(Shutdown::Both));
        }
    }

    fn converse(&self, mut stream: &TcpStream) -> End {
        loop {
            let Ok(frame) = receive(stream) else {
                return if self.slot.insertion().is_some() { End::Lost } else { End::Ejected };
            };
            let reply = match frame.as_slice() {
                [0..=2] => {
                    self.slot.reset();
                    continue;
                }
                [4] => self.slot.atr().unwrap_or_default(),
                [_] => continue,
                command => match self.slot.exchange(command) {
                    Exchange::Answer(answer, time) => {
                        thread::sleep(time);
                        answer
                    }
                    Exchange::Trapped => return End::Removed,
                    Exchange::Gone => return End::Ejected,
                    Exchange::Silent(_) => {
                        self.watch.tell(Event::Muted);
                        // The card that is silent now, which may not be the one that came in.
                        self.slot.wait_for_change(self.slot.insertion(), SILENCE);
                        return End::Ejected;
                    }
                },
            };
            if send(&mut stream, &reply).is_err() {
                return if self.slot.insertion().is_some() { End::Lost } else { End::Ejected };
            }
        }
    }
}

fn receive(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    fill(stream, &mut length)?;
    let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
    fill(stream, &mut frame)?;
    Ok(frame)
}

/// vpcd sends length and payload in two pieces with Nagle's algorithm on, so each exchange waits 40 ms for
/// a delayed acknowledgement unless it is asked for at once. The kernel forgets the wish: every read repeats it.
fn fill(mut stream: &TcpStream, mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        SockRef::from(stream).set_tcp_quickack(true)?;
        match stream.read(buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => buffer = buffer.get_mut(count..).unwrap_or_default(),
        }
    }
    Ok(())
}

fn send(stream: &mut &TcpStream, reply: &[u8]) -> io::Result<()> {
    let length = u16::try_from(reply.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend(reply);
    stream.write_all(&frame)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::mpsc::{self, Receiver};

    use super::*;

    const SELECT: &[u8] = &[0x00, 0xA4, 0x04, 0x00, 8, 0xA0, 0, 0, 0, 0x54, 0x48, 0, 1];
    const PATIENCE: Duration = Duration::from_secs(10);

    /// Plays vpcd: listens, and talks to the card that connects.
    struct Driver {
        listener: TcpListener,
        events: Receiver<Event>,
        inserted: VpcdCard,
    }

    impl Driver {
        fn with_card() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let (sender, events) = mpsc::channel();
            let inserted = VpcdCard::new(
                listener.local_addr().unwrap(),
                Image::parse("atr = 3B 68 00\n0000: 30 30 30 33\n").unwrap(),
                Manner::default(),
                Pace::default(),
                Watch::new(move |event| sender.send(event).unwrap_or_default()),
            );
            Self { listener, events, inserted }
        }

        fn accept(&self) -> TcpStream {
            let (stream, _) = self.listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            assert_eq!(self.events.recv_timeout(PATIENCE), Ok(Event::Inserted));
            stream
        }

        #[track_caller]
        fn check(&self, mut line: &TcpStream, frame: &[u8], expected: &[u8]) {
            send(&mut line, frame).unwrap();
            assert_eq!(receive(line).unwrap(), expected);
        }
    }

    fn is_closed(line: &TcpStream) -> bool {
        receive(line).is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock)
    }

    #[test]
    fn a_driver_gets_the_answer_to_reset_and_talks_to_the_card() {
        let driver = Driver::with_card();
        let line = driver.accept();
        send(&mut &line, &[1]).unwrap();
        driver.check(&line, &[4], &[0x3B, 0x68, 0x00]);
        driver.check(&line, SELECT, &[0x61, 0x0A]);
        send(&mut &line, &[0]).unwrap();
        send(&mut &line, &[1]).unwrap();
        driver.check(&line, &[0x80, 0xB0, 0, 0, 2, 0, 4], &[0x6D, 0x00]);
        assert_eq!(driver.inserted.exchanges(), 2);
    }

    #[test]
    fn an_ejected_card_hangs_up_and_can_come_again() {
        let driver = Driver::with_card();
        let line = driver.accept();
        driver.inserted.eject();
        assert!(is_closed(&line));
        assert_eq!(driver.events.recv_timeout(PATIENCE), Ok(Event::Ejected));
        driver.inserted.swap(Image::foreign(), Manner::default());
        let line = driver.accept();
        driver.check(&line, SELECT, &[0x6A, 0x82]);
    }

    #[test]
    fn a_card_becomes_another_without_leaving() {
        let driver = Driver::with_card();
        let line = driver.accept();
        driver.check(&line, SELECT, &[0x61, 0x0A]);
        driver.inserted.become_another(Image::foreign(), Manner::default());
        send(&mut &line, &[2]).unwrap();
        driver.check(&line, SELECT, &[0x6A, 0x82]);
        assert_eq!(driver.inserted.exchanges(), 1);
        driver.inserted.eject();
        assert_eq!(driver.events.recv_timeout(PATIENCE), Ok(Event::Ejected));
        driver.inserted.insert();
        driver.check(&driver.accept(), SELECT, &[0x6A, 0x82]);
    }

    #[test]
    fn a_card_that_became_another_is_as_silent_as_any() {
        let driver = Driver::with_card();
        let line = driver.accept();
        driver.inserted.become_another(Image::foreign(), Manner::default());
        driver.inserted.mute_at(1);
        send(&mut &line, SELECT).unwrap();
        assert_eq!(driver.events.recv_timeout(PATIENCE), Ok(Event::Muted));
        line.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        assert!(!is_closed(&line), "it left instead");
        driver.inserted.eject();
        assert!(is_closed(&line));
    }

    #[test]
    fn a_trap_hangs_up_inside_an_exchange() {
        let driver = Driver::with_card();
        driver.inserted.remove_at(2);
        let line = driver.accept();
        driver.check(&line, SELECT, &[0x61, 0x0A]);
        send(&mut &line, &[0x00, 0xC0, 0, 0, 0x0A]).unwrap();
        assert!(is_closed(&line));
        assert_eq!(driver.events.recv_timeout(PATIENCE), Ok(Event::Removed));
        driver.inserted.insert();
        let line = driver.accept();
        driver.check(&line, SELECT, &[0x61, 0x0A]);
    }

    #[test]
    fn a_silent_card_holds_the_line_until_it_is_pulled() {
        let driver = Driver::with_card();
        driver.inserted.mute_at(1);
        let line = driver.accept();
        send(&mut &line, SELECT).unwrap();
        assert_eq!(driver.events.recv_timeout(PATIENCE), Ok(Event::Muted));
        driver.inserted.eject();
        assert!(is_closed(&line));
    }

    #[test]
    fn a_card_survives_a_restart_of_the_driver() {
        let driver = Driver::with_card();
        drop(driver.accept());
        let line = driver.accept();
        driver.check(&line, SELECT, &[0x61, 0x0A]);
    }

    #[test]
    fn a_missing_driver_is_told_once() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (sender, events) = mpsc::channel();
        let inserted = VpcdCard::new(
            free,
            Image::foreign(),
            Manner::default(),
            Pace::default(),
            Watch::new(move |event| sender.send(event).unwrap_or_default()),
        );
        assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::NoReader));
        drop(inserted);
        assert_eq!(events.iter().collect::<Vec<_>>(), [Event::Ejected]);
    }
}
