//! What the clients have in common, and how they are told what to do. All of it
//! is used by one thread.

use std::cell::{Cell, Ref, RefCell};
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;
use std::task::Waker;
use std::time::Instant;

use wirechat::proto::handshake::Uri;

use super::args::{Kind, LoadArgs, Pace};
use super::content::{Content, Stamp};
use super::dial::Refusal;
use super::ear::{Ear, Hearing};
use super::frames::Frames;
use super::log::Log;
use super::pace::Schedule;
use super::sender::{Sender, Share};
use super::sequence::Sequence;
use super::stats::{Stats, count};

/// Bytes that one read may take.
const READ: usize = 64 << 10;

/// Bytes of messages that are kept for comparing, in all rooms together.
const KEPT: usize = 64 << 20;

/// Bytes of a chat's message beside its content, at most.
const USUAL_REST: usize = 512;

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Connecting,
    Sending,
    /// Nothing is sent any more; what is on the way still comes.
    Draining,
    Closing,
}

/// Everybody, and everything that they share.
#[derive(Debug)]
pub(super) struct Crew {
    pub(super) kind: Kind,
    pub(super) uri: Uri,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) size: usize,
    pace: Pace,
    /// When the run began: times are nanoseconds since then.
    pub(super) began: Instant,
    /// The run's number, which tells it from another one beside it.
    pub(super) run: u16,
    pub(super) content: Content,
    stage: Cell<Stage>,
    logs: Vec<Rc<RefCell<Log>>>,
    /// What a relay sends.
    frames: Rc<RefCell<Frames>>,
    pub(super) seats: Vec<Seat>,
    pub(super) stats: RefCell<Stats>,
    /// Clients whose first attempt to connect has succeeded or failed.
    pub(super) settled: Cell<u32>,
    pub(super) first_refusal: RefCell<Option<Refusal>>,
    /// When the newest connection was made.
    pub(super) last_made: Cell<Instant>,
    /// The buffer that every read goes to.
    pub(super) buffer: RefCell<Box<[u8]>>,
}

/// One client's place, whatever connection it has at the moment.
#[derive(Debug)]
pub(super) struct Seat {
    waker: RefCell<Option<Waker>>,
    pub(super) reads: bool,
    pub(super) is_open: Cell<bool>,
    /// Whether it is to drop its connection and come back.
    pub(super) must_vanish: Cell<bool>,
    pub(super) ear: RefCell<Ear>,
    pub(super) sender: RefCell<Sender>,
}

impl Seat {
    fn is_reader(&self) -> bool {
        self.reads && self.is_open.get()
    }

    /// Has the client look what there is to do.
    pub(super) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Whom to wake from now on.
    pub(super) fn register(&self, waker: &Waker) {
        let mut registered = self.waker.borrow_mut();
        if !registered.as_ref().is_some_and(|registered| registered.will_wake(waker)) {
            *registered = Some(waker.clone());
        }
    }
}

impl Crew {
    pub(super) fn new(args: &LoadArgs, addresses: Vec<SocketAddr>, run: u16) -> Crew {
        let (size, rooms) = (args.size as usize, args.rooms());
        let capacity = (KEPT / rooms as usize / (size + USUAL_REST)).clamp(4, 65_536);
        let log = |room| Rc::new(RefCell::new(Log::new(room, rooms, capacity)));
        let mut crew = Crew {
            kind: args.kind,
            uri: args.uri.clone(),
            addresses,
            size,
            pace: args.pace(),
            began: Instant::now(),
            run,
            content: Content::new(run, args.clients, size),
            stage: Cell::new(Stage::Connecting),
            logs: (0..rooms).map(log).collect(),
            frames: Rc::new(RefCell::new(Frames::starting_at(0, capacity))),
            seats: Vec::new(),
            stats: RefCell::new(Stats::new()),
            settled: Cell::new(0),
            first_refusal: RefCell::default(),
            last_made: Cell::new(Instant::now()),
            buffer: RefCell::new(vec![0; READ].into_boxed_slice()),
        };
        crew.seats = (0..args.clients + args.never_read)
            .map(|index| Seat {
                waker: RefCell::default(),
                reads: index < args.clients,
                is_open: Cell::new(false),
                must_vanish: Cell::new(false),
                ear: RefCell::new(crew.fresh_ear(index, args.clients)),
                sender: RefCell::default(),
            })
            .collect();
        crew
    }

    fn fresh_ear(&self, index: u32, clients: u32) -> Ear {
        match self.kind {
            Kind::Chat => {
                Ear::Chat { log: Rc::clone(&self.logs[self.room_of(index) as usize]), place: None }
            }
            Kind::Relay => Ear::Relay {
                frames: Rc::clone(&self.frames),
                due: 0,
                hearing: Hearing::of(clients),
            },
            Kind::Echo => Ear::Echo { own: index, sequence: Sequence::starting_at(0) },
        }
    }

    /// The time in nanoseconds since the run began.
    pub(super) fn at(&self, instant: Instant) -> u64 {
        instant.saturating_duration_since(self.began).as_nanos() as u64
    }

    pub(super) fn room_of(&self, index: u32) -> u32 {
        index % self.logs.len() as u32
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage.get()
    }

    /// A client has got a connection.
    pub(super) fn sit_down(&self, index: u32) {
        let seat = &self.seats[index as usize];
        seat.is_open.set(true);
        seat.must_vanish.set(false);
        seat.sender.borrow_mut().skip(self.at(Instant::now()));
        self.last_made.set(Instant::now());
        self.stats.borrow_mut().open += 1;
    }

    /// A client's connection has ended.
    pub(super) fn stand_up(&self, index: u32) {
        let seat = &self.seats[index as usize];
        seat.is_open.set(false);
        let abandoned = seat.sender.borrow_mut().abandon();
        if !abandoned.is_empty() {
            self.excuse(index, &abandoned);
        }
        let missed = seat.ear.borrow_mut().hang_up();
        let mut stats = self.stats.borrow_mut();
        stats.open -= 1;
        stats.lost = stats.lost.saturating_add(missed);
    }

    /// Nobody is to miss these messages of this sender.
    fn excuse(&self, sender: u32, numbers: &Range<u64>) {
        let excuse = |seat: &Seat| seat.ear.borrow_mut().excuse(sender, numbers.clone());
        match self.kind {
            Kind::Relay => self.seats.iter().for_each(excuse),
            Kind::Chat | Kind::Echo => excuse(&self.seats[sender as usize]),
        }
    }

    /// Begins a stage, and has everybody look what that means for them.
    pub(super) fn enter(&self, stage: Stage) {
        self.stage.set(stage);
        self.seats.iter().for_each(Seat::wake);
    }

    /// Whether nobody is connected and nobody will come back.
    pub(super) fn is_deserted(&self) -> bool {
        let stats = self.stats.borrow();
        stats.open == 0 && stats.away == 0
    }

    /// The clients that are connected and read.
    pub(super) fn readers(&self) -> impl Iterator<Item = (u32, &Seat)> {
        (0..).zip(&self.seats).filter(|(_, seat)| seat.is_reader())
    }

    /// Divides what is to be sent from `now` on among those who are there, as
    /// evenly as can be. At a fixed rate, gives the timetable and who has what turn.
    pub(super) fn deal(&self, now: u64) -> Option<(Schedule, Vec<u32>)> {
        let there: Vec<u32> = self.readers().map(|(index, _)| index).collect();
        let count = there.len() as u32;
        let schedule = match self.pace {
            Pace::Rate(rate) => Some(Schedule::new(now, rate)),
            _ => None,
        };
        for (rank, index) in (0..).zip(&there) {
            let share = match (self.pace, schedule) {
                (Pace::InFlight(all), _) => {
                    Share::Window(all / count + u32::from(rank < all % count))
                }
                (_, Some(schedule)) => {
                    Share::Turns { schedule, next: rank.into(), step: count.into() }
                }
                (_, None) => Share::Nothing,
            };
            self.seats[*index as usize].sender.borrow_mut().share = share;
        }
        schedule.map(|schedule| (schedule, there))
    }

    /// Counts those who are connected still, though they sent a Close.
    pub(super) fn count_unanswered(&self) {
        for _ in self.readers() {
            count(&mut self.stats.borrow_mut().broken, "no answer to the Close");
        }
    }

    /// Counts what was due by then and has not been sent.
    pub(super) fn count_unsent(&self, then: u64) {
        let unsent = self.readers().map(|(_, seat)| seat.sender.borrow_mut().skip(then)).sum();
        self.stats.borrow_mut().unsent = unsent;
    }

    /// Writes a message: in a chat an object, otherwise the content alone.
    pub(super) fn write_message(&self, stamp: Stamp, out: &mut String) {
        out.clear();
        if self.kind != Kind::Chat {
            return self.content.write(stamp, out);
        }
        out.push_str(r#"{"type":"message","content":""#);
        self.content.write(stamp, out);
        out.push_str("\"}");
    }

    /// How many deliveries are missing now. What was missed by those whose
    /// connection has ended is in the stats.
    pub(super) fn lost(&self) -> u64 {
        let sent_by = |sender| self.sender(sender).sent();
        let readers = self.seats.iter().filter(|seat| seat.reads);
        let by_seats = readers.map(|seat| seat.ear.borrow().lost(sent_by));
        let in_rooms = (0..).zip(&self.logs).map(|(room, log)| self.lost_in(room, &log.borrow()));
        by_seats.chain(in_rooms).fold(0, u64::saturating_add)
    }

    fn sender(&self, index: u32) -> Ref<'_, Sender> {
        self.seats[index as usize].sender.borrow()
    }

    /// How many deliveries are missing of messages that got no place in the
    /// room's log, so that no client can miss them there.
    fn lost_in(&self, room: u32, log: &Log) -> u64 {
        if self.kind != Kind::Chat {
            return 0;
        }
        let members = || {
            (room..)
                .step_by(self.logs.len())
                .map_while(|index| self.seats.get(index as usize).map(|seat| (index, seat)))
        };
        let missing_of = |(index, _): (u32, &Seat)| {
            let sender = self.sender(index);
            log.lost_of(index, sender.sent()).saturating_sub(sender.refused())
        };
        let missing = members().map(missing_of).fold(0, u64::saturating_add);
        let readers = members().filter(|(_, seat)| seat.is_reader()).count() as u64;
        missing.saturating_sub(log.unheard()).saturating_mul(readers)
    }

    /// How many messages stand in a room's log twice, and how many in the wrong order.
    pub(super) fn disorder(&self) -> (u64, u64) {
        self.logs.iter().fold((0, 0), |(duplicated, out_of_order), log| {
            let log = log.borrow();
            (duplicated + log.duplicated, out_of_order + log.out_of_order)
        })
    }
}

#[cfg(test)]
mod tests;
